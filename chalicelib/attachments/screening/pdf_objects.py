"""Every object of a PDF against allow-lists: direct dictionaries, object streams and escaped names included.

Each indirect object is written out once by the parser, with direct children, names unescaped and strings taken away. Types,
subtypes and filters are then read off against lists of what a document may hold; only an object that mentions something that
can act, reach outward or carry a file is walked key by key. Lists of what is allowed follow ISO 32000-2 and what ordinary
programs write; what they do not name is refused.
"""

import re
from collections.abc import Iterator
from typing import Any

import pikepdf

from chalicelib.attachments.screening.model import Refusal

TYPES = frozenset(
    b"Catalog Pages Page Template Font FontDescriptor Encoding CMap XObject ExtGState Pattern Metadata ObjStm XRef Outlines "
    b"Outline Annot Border Action Sig DocTimeStamp SigRef SigFieldLock SV SVCert TransformParams StructTreeRoot StructElem "
    b"MCR OBJR Namespace Bead Thread PageLabel OutputIntent OCG OCMD Group Mask Halftone Trans NavNode ViewerPreferences "
    b"DSS VRI DeveloperExtensions Extensions MarkInfo UserProperties Measure NumberFormat Viewport PtData Pagination Layout "
    b"Background Artifact DPartRoot DPart Catalogue Names Dests Properties Shading ColorSpace Resources ProcSet Function "
    b"CIDSystemInfo PieceInfo Stm StructParents Filespec FontFile Image Nums Dest Destination AcroForm Field".split()
)
ANNOTATIONS = frozenset(
    b"Link Text FreeText Line Square Circle Polygon PolyLine Highlight Underline Squiggly StrikeOut Caret Stamp Ink Popup "
    b"Widget Watermark TrapNet Redact PrinterMark".split()
)
SUBTYPES = ANNOTATIONS | frozenset(
    b"Image Form Type0 Type1 MMType1 Type3 TrueType CIDFontType0 CIDFontType2 Type1C CIDFontType0C OpenType XML Artwork "
    b"Technical HF FG BG L Header Footer PageNum Bates LineNum DeviceN NChannel RL GEO Span Artifact".split()
)
FILTERS = frozenset(
    b"FlateDecode LZWDecode ASCII85Decode ASCIIHexDecode RunLengthDecode DCTDecode CCITTFaxDecode JBIG2Decode JPXDecode "
    b"Fl LZW A85 AHx RL DCT CCF".split()
)
ACTIONS = frozenset({"/GoTo", "/Named", "/URI"})
OTHER_ACTIONS = frozenset(
    [
        "/GoToR",
        "/GoToE",
        "/GoToDp",
        "/Launch",
        "/Thread",
        "/Sound",
        "/Movie",
        "/Hide",
        "/SubmitForm",
        "/ResetForm",
        "/ImportData",
        "/JavaScript",
        "/SetOCGState",
        "/Rendition",
        "/Trans",
        "/GoTo3DView",
        "/RichMediaExecute",
    ]
)
EMBEDDED = frozenset(
    {b"EmbeddedFile", b"Collection", b"CollectionItem", b"CollectionSchema", b"CollectionField", b"CollectionSort"}
)
_STRING = re.compile(rb"\((?:[^\\()]|\\.)*\)|<[0-9a-fA-F]*>", re.DOTALL)
_NAMED = re.compile(rb"/(Type|Subtype) /([^\s/\[\]<>()]*)")
_FILTER = re.compile(rb"/Filter (?:\[([^\]]*)\]|/([^\s/\[\]<>()]*))")
_TELLING = re.compile(
    rb"/(?:A|AA|PA|OpenAction|Next|JS|JavaScript|URI|Base|FFilter|FDecodeParms|EF|RF|XFA|OPI|Ref|Launch|ByteRange)(?=[\s/\[<(])"
    rb"|/F (?!\d+ (?:/|>>))|/S /(?:" + b"|".join(sorted(name[1:].encode() for name in OTHER_ACTIONS)) + rb")(?=[\s/>])"
)
_FILLED = re.compile(rb"/FT /Sig(?=[\s/>]).*/V (?=[^\s])", re.DOTALL)
_FONT = re.compile(rb"/Type /Font(?=[\s/>])")
_SIMPLE = re.compile(rb"/Subtype /(?:Type1|TrueType|MMType1|CIDFontType0|CIDFontType2)(?=[\s/>])")
_NUMBER = rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
_MATRIX = re.compile(rb"/FontMatrix (?!\[ *(?:" + _NUMBER + rb" +){5}" + _NUMBER + rb" *\])")
_WEB = re.compile(r"\s*(?:https?://|mailto:|tel:|www\.|#)", re.IGNORECASE)
DEPTH = 60


def walk(document: pikepdf.Pdf, *, embedded_files: bool) -> list[str]:
    """Findings. Refusal for what a filed document may not hold."""
    findings: list[str] = []
    for item in (document.trailer, *document.objects):
        if not isinstance(item, pikepdf.Object):
            continue
        stream = isinstance(item, pikepdf.Stream)
        thing: Any = item.stream_dict if isinstance(item, pikepdf.Stream) else item
        if not isinstance(thing, pikepdf.Dictionary | pikepdf.Array):
            continue
        text = _STRING.sub(b"()", thing.unparse(resolved=True))
        if _MATRIX.search(text):  # six numbers and nothing else: viewers have run what stood there as script
            raise Refusal("pdf.damaged")
        _named(text, stream=stream, embedded_files=embedded_files)
        if _TELLING.search(text):
            _keys(thing, stream=stream, embedded_files=embedded_files, depth=0)
        findings += _noted(thing, text)
    return findings


def _named(text: bytes, *, stream: bool, embedded_files: bool) -> None:
    embedded_here = False
    for key, name in _NAMED.findall(text):
        if key == b"Type" and name in EMBEDDED:
            if not embedded_files:
                raise Refusal("pdf.embedded-files")
            embedded_here = True
        elif key == b"Type" and name not in TYPES:
            raise Refusal("pdf.unknown-object")
        elif key == b"Subtype" and name not in SUBTYPES and not embedded_here and b"/Type /EmbeddedFile" not in text:
            raise Refusal("pdf.embedded-files" if name == b"FileAttachment" else "pdf.unknown-object")
    for several, one in _FILTER.findall(text):
        names = [name.strip(b"/") for name in several.split()] if several else [one]
        if stream and any(name not in FILTERS for name in names):  # elsewhere it names a signature's handler
            raise Refusal("pdf.external" if b"Crypt" in names else "pdf.unknown-object")


def _noted(thing: Any, text: bytes) -> Iterator[str]:
    if _FONT.search(text) and _SIMPLE.search(text) and not _embedded(thing):
        yield "pdf.fonts-not-embedded"
    if b"/OCProperties" in text:
        yield "pdf.layers"
    if (b"/ByteRange" in text and b"/Contents" in text) or _FILLED.search(text):
        yield "pdf.signed"
    kinds = [name for key, name in _NAMED.findall(text) if key == b"Subtype"]
    if b"/AP" in text and any(kind in ANNOTATIONS - {b"Link", b"Popup"} for kind in kinds) and b"/FT /Sig" not in text:
        yield "pdf.annotations"


def _embedded(font: Any) -> bool:
    """Whether the font's program lies in the file."""
    descriptor = font.get("/FontDescriptor") if isinstance(font, pikepdf.Dictionary) else None
    names = ("/FontFile", "/FontFile2", "/FontFile3")
    return isinstance(descriptor, pikepdf.Dictionary) and any(name in descriptor for name in names)


def _keys(thing: Any, *, stream: bool, embedded_files: bool, depth: int) -> None:
    """One object and its direct children, key by key."""
    if depth > DEPTH:
        raise Refusal("pdf.damaged")
    if isinstance(thing, pikepdf.Array):
        for value in thing:
            if _direct(value):
                _keys(value, stream=False, embedded_files=embedded_files, depth=depth + 1)
        return
    if thing.get("/S") in OTHER_ACTIONS and not _element(thing):
        raise Refusal("pdf.script" if thing.get("/S") == "/JavaScript" else "pdf.action")
    for key, value in thing.items():
        _key(thing, key, value, stream=stream, embedded_files=embedded_files)
        if _direct(value):
            _keys(value, stream=False, embedded_files=embedded_files, depth=depth + 1)


def _key(thing: Any, key: str, value: Any, *, stream: bool, embedded_files: bool) -> None:
    if (key == "/JS" and isinstance(value, pikepdf.String | pikepdf.Stream)) or key == "/JavaScript":
        raise Refusal("pdf.script")
    if key == "/XFA":
        raise Refusal("pdf.xfa")
    if key in {"/FFilter", "/FDecodeParms", "/OPI"} or (key == "/F" and stream):
        raise Refusal("pdf.external")
    if key == "/Ref" and thing.get("/Subtype") == "/Form":
        raise Refusal("pdf.external")
    if key in {"/EF", "/RF"} and not embedded_files:
        raise Refusal("pdf.embedded-files")
    if key in {"/URI", "/Base"} and isinstance(value, pikepdf.String) and not _web(str(value)):
        raise Refusal("pdf.file-link")
    if key == "/AA" and isinstance(value, pikepdf.Dictionary):
        for action in value.values():
            _action(action)
    if key in {"/A", "/PA", "/OpenAction", "/Next"}:
        _action(value)


def _action(value: Any) -> None:
    """An action, or several; a destination, or an attribute of a structure element, is none."""
    for one in list(value) if isinstance(value, pikepdf.Array) else [value]:
        if isinstance(one, pikepdf.Dictionary) and "/S" in one and one["/S"] not in ACTIONS:
            raise Refusal("pdf.script" if one["/S"] == "/JavaScript" else "pdf.action")


def _web(address: str) -> bool:
    """http, https, mailto, tel, or no scheme and no path of a file system."""
    return bool(_WEB.match(address)) or (":" not in address and not address.lstrip().startswith(("/", "\\", ".")))


def _element(thing: Any) -> bool:
    return bool(thing.get("/Type") == "/StructElem")


def _direct(value: Any) -> bool:
    return isinstance(value, pikepdf.Dictionary | pikepdf.Array) and not value.is_indirect
