"""From B-B to B-T to B-LTA (ETSI EN 319 142-1): what the office's own sealed letters get later. The signed bytes never change.

B-T: a time-stamp over the signature's value goes into the room that the seal left in /Contents. That room lies outside the
signed byte range: same length, same signature, no new revision.

B-LTA, one more revision (`archive`), in an order that was measured (without it, checks in ten years fail):
1. the state of the seal's certificate is newer than the signature's time-stamp;
2. certificates, the root among them, states and lists go into the document security store;
3. a document time-stamp in the same revision covers the whole file.
A renewal (`renew`) adds what checks the newest time-stamp, and a time-stamp over all of it.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.proof.der import read
from chalicelib.signing import answers, cms
from chalicelib.signing.authorities import TimeStamps
from chalicelib.signing.pades import ROOM, repeatable_writer

ARCHIVE_FIELD = "ArchiveTimeStamp"
ARCHIVE_ROOM = 14_000  # hexadecimal digits: a token takes 1,400 to 5,300 bytes
_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")


class NoRoom(ValueError):
    """A token does not fit the room that was kept for it: stop, and measure the authority's tokens."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a later checker needs, DER: certificates with the root among them, OCSP responses, lists."""

    certificates: Sequence[bytes]
    ocsps: Sequence[bytes]
    lists: Sequence[bytes]


def sealed_bytes(pdf: bytes) -> bytes:
    """The bytes that the seal (the first signature) covers: the same at every level of a letter."""
    start, end = _hole(pdf)
    first, length, second, rest = _range(pdf)
    if (start, end) != (first + length, second):
        raise ValueError("a byte range that is not ours")
    return pdf[first : first + length] + pdf[second : second + rest]


def seal_cms(pdf: bytes) -> bytes:
    """The seal's CMS without the zeros after it."""
    start, end = _hole(pdf)
    room = bytes.fromhex(pdf[start + 1 : end - 1].decode("ascii"))
    return next(read(room))[2]


def stamped(pdf: bytes, token: bytes) -> bytes:
    """A B-B with `token` over its signature's value put in: B-T, byte for byte the same elsewhere. NoRoom; ValueError if
    the seal carries a time-stamp already."""
    start, end = _hole(pdf)
    if end - start - 2 != ROOM:
        raise ValueError("the room for a time-stamp is not ours")
    body = cms.with_time_stamp(seal_cms(pdf), token).hex().upper().encode("ascii")
    if len(body) > ROOM:
        raise NoRoom(f"a signature of {len(body) // 2} bytes does not fit {ROOM // 2}")
    return pdf[: start + 1] + body.ljust(ROOM, b"0") + pdf[end - 1 :]


def archived(pdf: bytes, evidence: Evidence, stamps: TimeStamps, *, run: int = 1) -> bytes:
    """A letter with `evidence` and a time-stamp over the whole: B-LTA. `run` counts from 1; a renewal is 2 and more.

    Unavailable if the authority does not answer; NoRoom.
    """
    from pyhanko.pdf_utils import generic
    from pyhanko.sign.fields import SigFieldSpec
    from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
    from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp

    seed = hashlib.sha256(pdf).digest() + b"".join([*evidence.certificates, *evidence.ocsps, *evidence.lists])
    writer: Any = repeatable_writer(pdf, seed)
    _store(writer, generic, evidence)
    name = ARCHIVE_FIELD if run == 1 else f"{ARCHIVE_FIELD}{run}"
    steps = PdfCMSEmbedder(new_field_spec=SigFieldSpec(sig_field_name=name)).write_cms(name, writer)
    next(steps)
    placeholder: Any = DocumentTimestamp
    steps.send(SigObjSetup(sig_placeholder=placeholder(bytes_reserved=ARCHIVE_ROOM)))
    prepared, out = steps.send(SigIOSetup(md_algorithm="sha256"))
    token = stamps.stamp(prepared.document_digest).token
    if 2 * len(token) > ARCHIVE_ROOM:
        raise NoRoom(f"a time-stamp of {len(token)} bytes does not fit {ARCHIVE_ROOM // 2}")
    steps.send(token)
    return bytes(out.getvalue())


def _store(writer: Any, generic: Any, evidence: Evidence) -> None:
    """The document security store (EN 319 142-1 clause 5.4.2), with what an earlier one holds."""
    name = generic.pdf_name
    root = writer.root
    store = root["/DSS"] if "/DSS" in root else generic.DictionaryObject()
    known = _known(store)
    for key, added in (("/Certs", evidence.certificates), ("/OCSPs", evidence.ocsps), ("/CRLs", evidence.lists)):
        listed = store[key] if key in store else generic.ArrayObject()
        for der in dict.fromkeys(added):
            if hashlib.sha256(der).digest() not in known:
                stream = generic.StreamObject(stream_data=der)
                stream.compress()
                listed.append(writer.add_object(stream))
        if key in store:
            writer.update_container(listed)
        elif len(listed):
            store[name(key)] = writer.add_object(listed)
    if "/DSS" in root:
        writer.update_container(store)
    else:
        root[name("/DSS")] = writer.add_object(store)
        writer.update_root()


def _known(store: Any) -> set[bytes]:
    streams = [one for key in ("/Certs", "/OCSPs", "/CRLs") if key in store for one in store[key]]
    return {hashlib.sha256(one.get_object().data).digest() for one in streams}


def _range(pdf: bytes) -> tuple[int, int, int, int]:
    found = _BYTE_RANGE.search(pdf)
    if found is None:
        raise ValueError("a letter without a seal")
    first, length, second, rest = (int(number) for number in found.groups())
    return first, length, second, rest


def _hole(pdf: bytes) -> tuple[int, int]:
    """Where /Contents of the seal begins and ends, `<` and `>` included."""
    first, length, second, rest = _range(pdf)
    start, end = first + length, second
    if first != 0 or second + rest > len(pdf) or pdf[start : start + 1] != b"<" or pdf[end - 1 : end] != b">":
        raise ValueError("a byte range that is not ours")
    return start, end


@dataclass(frozen=True, kw_only=True)
class Newest:
    """The newest time-stamp of a letter: when, the certificates in it (DER), and when its own ends."""

    at: datetime
    certificates: tuple[bytes, ...]
    ends: datetime


def stamped_at(pdf: bytes) -> datetime:
    """The time in the seal's own time-stamp. ValueError if it has none."""
    return _newest(cms.time_stamp(seal_cms(pdf))).at


def newest_stamp(pdf: bytes) -> Newest:
    """The last archive time-stamp, or else the seal's own."""
    *_, last = _BYTE_RANGE.finditer(pdf)
    first, length, second, _ = (int(number) for number in last.groups())
    if first + length == _hole(pdf)[0]:
        return _newest(cms.time_stamp(seal_cms(pdf)))
    held = bytes.fromhex(pdf[first + length + 1 : second - 1].decode("ascii"))
    return _newest(next(read(held))[2])


def _newest(token: bytes) -> Newest:
    told = answers.told(token)
    return Newest(at=told.at, certificates=told.certificates, ends=told.ends)
