"""How a dossier is laid out, and harmless names for it. Pure: package in, plan out. A dossier is a bag (`bag`); a later
paper is a dossier of its own, under its own number.

    <number>/package.json bagit.txt bag-info.txt manifest-sha256.txt manifest-sha512.txt tagmanifest-sha256.txt(.p7s)
    <number>/data/form.json manifest.json receipt.json receipt.json.p7s edms.json
    <number>/data/files/01-plan.pdf …  derived/01-smaller.png …  letters/acknowledgement.pdf …  st96/bibliographic-data.xml …

A filer's file name is only ever the tail of a name that we begin (`01-`), so it cannot climb (`../`), be absolute, be a
device (`CON`, `NUL`), hide, or meet another. What a file is was established by content: an ending that says otherwise
(`drawing.pdf.exe`) gets the right one after it. Names are kept short enough for every file system, in bytes.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from hashlib import sha512

from pydantic import ValidationError

from chalicelib.kernel import strict
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Refused
from chalicelib.kernel.text import file_label
from chalicelib.registry.bag import SEAL, TAG_FILES, Payload
from chalicelib.registry.model import OF_THE_BAG, SINGLE_ROLES, Dossier, Package, PackageObject, Part, Unreadable

MAX_PACKAGE = 1_000_000  # bytes: 90 files of the longest names need a fifth
MAX_NAME = 120  # bytes of UTF-8; file systems allow 255, whole paths on Windows 260 characters
ENDINGS = {
    "application/pdf": (".pdf",),
    "application/json": (".json",),
    "application/xml": (".xml",),
    "text/xml": (".xml",),
    "text/plain": (".txt",),
    "application/zip": (".zip",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/tiff": (".tif", ".tiff"),
    "image/gif": (".gif",),
    "image/svg+xml": (".svg",),
}
OTHER_ENDING = ".bin"
_FIXED = {"form": "data/form.json", "manifest": "data/manifest.json", "receipt": "data/receipt.json",
          "receipt-signature": "data/receipt.json.p7s", "edms": "data/edms.json", "seal": SEAL}  # fmt: skip
_NOT_IN_NAMES = frozenset('<>:"/\\|?*~')  # Windows; the tilde is a short name's
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.ASCII | re.IGNORECASE)  # Windows
_LOOSE_TAIL = " .\u17d2\u200b\u200c\u200d"  # what means nothing at an end: dots, blanks, Khmer coeng, joiners

Fetch = Callable[[PackageObject], Iterable[bytes]]


def read_package(body: bytes) -> Package:
    """The package in its bytes. Unreadable if it is none, or not of schema `urn:tra:package:2`."""
    try:
        package = Package.model_validate(strict.loads(body, max_bytes=MAX_PACKAGE))
    except Refused as error:
        raise Unreadable(f"not a package: {error}") from error
    except ValidationError as error:
        fields = sorted({".".join(str(part) for part in fault["loc"]) for fault in error.errors()})
        raise Unreadable(f"not a package of ours: {', '.join(fields)[:300]!a}") from error
    roles = Counter(one.role for one in package.objects)
    if any(roles[role] != 1 for role in SINGLE_ROLES) or not (roles["letter"] or package.paper):
        raise Unreadable(f"package of {package.filing}: form, receipt, letter, seal or another is missing or there twice")
    if sorted(one.name for one in package.objects if one.role == "tag") != sorted(TAG_FILES):
        raise Unreadable(f"package of {package.filing}: not the tag files of a bag")
    return package


def dossier(package: Package, body: bytes, fetch: Fetch) -> Dossier:
    """What to lay where. `fetch` gives an object's bytes. Unreadable if two parts would lie in one place."""
    parts = [
        Part(
            path="package.json", sha256=Digest.of(body).hex, sha512=sha512(body).hexdigest(), size=len(body),
            chunks=lambda: (body,),
        )
    ]  # fmt: skip
    for one, path in placed(package.objects):
        parts.append(
            Part(path=path, sha256=one.sha256, sha512=one.sha512, size=one.size, chunks=_opener(fetch, one))
        )
    if len({part.path.casefold() for part in parts}) != len(parts):
        raise Unreadable(f"package of {package.filing}: two objects would lie in one place")
    return Dossier(name=folder_name(package.name), digest=Digest.of(body).hex, parts=tuple(parts))


def placed(objects: Iterable[PackageObject]) -> list[tuple[PackageObject, str]]:
    """Each object with its path in the bag. Unreadable if something was made of a file that is not there."""
    numbers: dict[str, int] = {}
    found = []
    for one in objects:
        if one.role == "file":
            numbers[one.attachment or one.key] = len(numbers) + 1
        found.append((one, _path(one, numbers)))
    return found


def payload(objects: Iterable[PackageObject]) -> list[Payload]:
    """What the bag's manifests must list."""
    return [
        Payload(path, one.size, one.sha256, one.sha512) for one, path in placed(objects) if one.role not in OF_THE_BAG
    ]


def folder_name(number: str) -> str:
    """`KH/D/2026/10` → `KH-D-2026-10`."""
    return _no_device(number.replace("/", "-").rstrip("."))


def clean_name(name: str, media_type: str) -> str:
    """A filer's file name as the tail of a file's name: `MAX_NAME` bytes at most, ending in keeping with what it is."""
    label = "".join("_" if character in _NOT_IN_NAMES else character for character in file_label(name, limit=MAX_NAME))
    endings = ENDINGS.get(media_type, (OTHER_ENDING,))
    ending = next((known for known in endings if label.casefold().endswith(known)), "")
    stem = label[: len(label) - len(ending)] if ending else label
    ending = ending or endings[0]
    stem = _cut(stem.strip(" .").rstrip(_LOOSE_TAIL), MAX_NAME - len(ending))
    return (stem or "file") + ending


def _cut(text: str, limit: int) -> str:
    return text.encode()[:limit].decode(errors="ignore").rstrip(_LOOSE_TAIL)


def _path(one: PackageObject, numbers: dict[str, int]) -> str:
    ending = ENDINGS.get(one.media_type, (OTHER_ENDING,))[0]
    match one.role:
        case "file":
            return f"data/files/{numbers[one.attachment or one.key]:02d}-{clean_name(one.name, one.media_type)}"
        case "derived":
            if one.attachment not in numbers:
                raise Unreadable(f"{one.key}: made of a file that is not in the package")
            return f"data/derived/{numbers[one.attachment]:02d}-{one.document}{ending}"
        case "letter":
            return f"data/letters/{_no_device(one.document)}{ending}"
        case "st96":
            return f"data/st96/{_no_device(one.document)}.xml"
        case "tag":
            if one.name not in TAG_FILES:
                raise Unreadable(f"{one.key}: not a tag file that we know")
            return one.name
        case role:
            return _FIXED[role]


def _no_device(name: str) -> str:
    return "_" + name if _DEVICE.match(name) else name


def _opener(fetch: Fetch, one: PackageObject) -> Callable[[], Iterable[bytes]]:
    return lambda: fetch(one)
