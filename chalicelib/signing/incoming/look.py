"""What is signed in a PDF that nobody trusts, by whom, and whether it still stands. Every signature for itself, by these rules:

1. /ByteRange has four numbers, begins at 0, leaves out /Contents and nothing else, and does not run past the file; the room of
   /Contents is bounded. What lies is `broken`, before anything is computed over it.
2. The digest over what is covered is the one in the CMS, else `changed`; the signature over the attributes is right, else
   `broken`.
3. What was added after it: nothing, or nothing but other signatures and what an archive needs, each rule of the signature
   kept, else `changed`. The last signature of a file covers all of it, or what follows is an archive's alone.
4. The certificate leads to a root that was given, at the time a trusted time-stamp tells, else now. No revocation is asked:
   nothing is fetched. Then it is `valid`; if it would have been at the time that the signer claims, `expired`; else
   `unknown-signer`.
Whatever goes wrong while reading a hostile file makes the signature `broken`, never an exception.
"""

import hashlib
import itertools
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

MOST = 8  # signatures looked at: more are counted as more
MOST_FIELDS = 2_000  # fields walked through
MOST_CMS = 256 * 1024  # bytes; a CMS with a long chain and revocation lists has a tenth
MOST_NAME = 200
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
_PADES = "/ETSI.CAdES.detached"


def look(path: Path, roots: Sequence[bytes], at: datetime) -> dict[str, Any]:
    """`signatures` (each a plain JSON value) and whether there are `more`. Any exception if the file as a whole cannot be read:
    then nothing was checked."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    with path.open("rb") as file, path.open("rb") as again:
        reader = PdfFileReader(file, strict=False)
        found = _signed(reader)
        seen = [_seen(reader, again, field, roots, at, last=field is found[-1]) for field in found[:MOST]]
    return {"signatures": seen, "more": len(found) > MOST}


def _signed(reader: Any) -> list[Any]:
    """Filled signature fields that are no document time-stamps, in the order in which they were signed if that can be told."""
    from pyhanko.sign.fields import enumerate_sig_fields

    fields: list[tuple[int, int, str, Any]] = []
    for name, _, reference in itertools.islice(enumerate_sig_fields(reader, filled_status=True), MOST_FIELDS):
        field = reference.get_object()
        if _is_signature(field):
            fields.append((_end(field["/V"]), len(fields), name, field))
    return sorted(fields, key=lambda one: one[:2])


def _is_signature(field: Any) -> bool:
    """Whether a field holds a dictionary that is no document time-stamp."""
    try:
        value = field["/V"]
        return not ("/Type" in value and value["/Type"] == "/DocTimeStamp")
    except Exception:  # noqa: BLE001 - a field that holds no dictionary holds no signature
        return False


def _end(value: Any) -> int:
    try:
        ranges = [int(number) for number in value["/ByteRange"]]
        return ranges[2] + ranges[3]
    except Exception:  # noqa: BLE001 - one that lies comes first
        return 0


def _seen(reader: Any, file: BinaryIO, found: Any, roots: Sequence[bytes], at: datetime, *, last: bool) -> dict[str, Any]:
    _, _, name, field = found
    said: dict[str, Any] = {"result": "broken", "level": "other", "covers": "part", "signer": ""}
    try:
        value = field["/V"]
        said["level"] = _format(value)
        said["claimed_at"] = _claimed(value)
        if not _honest(value, file):
            return _known(said)
        from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

        signature = EmbeddedPdfSignature(reader, field, name)
        certificate = signature.signer_cert
        said["certificate_sha256"] = hashlib.sha256(certificate.dump()).hexdigest()
        said["signer"] = _name(certificate)
        said |= _judged(reader, signature, roots, at, last=last)
    except Exception:  # noqa: BLE001 - readers of hostile files fail in any way; the answer is still "broken"
        said["result"] = "broken"
    return _known(said)


def _known(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value is not None}


def _format(value: Any) -> str:
    return {_PADES: "b-b", "/adbe.pkcs7.detached": "pkcs7"}.get(str(value["/SubFilter"]), "other")


def _honest(value: Any, file: BinaryIO) -> bool:
    """Rule 1."""
    ranges = [int(number) for number in value["/ByteRange"]]
    if len(ranges) != 4 or ranges[0] != 0 or min(ranges) < 0:
        return False
    _, first, second, rest = ranges
    size = file.seek(0, os.SEEK_END)
    if not first < second <= second + rest <= size or second - first > 2 * MOST_CMS + 2:
        return False
    file.seek(first)
    hole = file.read(second - first)
    contents = bytes(value.raw_get("/Contents", decrypt=_as_it_lies()))
    if hole[:1] != b"<" or hole[-1:] != b">":
        return False
    return bytes.fromhex(hole[1:-1].decode("ascii")) == contents


def _as_it_lies() -> Any:
    from pyhanko.pdf_utils.generic import EncryptedObjAccess

    return EncryptedObjAccess.RAW


def _claimed(value: Any) -> str | None:
    from pyhanko.pdf_utils.generic import parse_pdf_date

    try:
        return _stamp(parse_pdf_date(str(value["/M"])))
    except Exception:  # noqa: BLE001 - one that says no time, or none that can be read, claims none
        return None


def _stamp(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _name(certificate: Any) -> str:
    """The common name, else the organisation, without what hides or reorders text."""
    named = certificate.subject.native
    chosen = named.get("common_name") or named.get("organization_name") or ""
    chosen = chosen if isinstance(chosen, str) else " / ".join(map(str, chosen))
    return _CONTROLS.sub("", chosen).strip()[:MOST_NAME]


def _judged(reader: Any, signature: Any, roots: Sequence[bytes], at: datetime, *, last: bool) -> dict[str, Any]:
    """Rules 2 to 4."""
    from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, ModificationLevel
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    def checked(moment: datetime) -> Any:
        return validate_pdf_signature(
            signature, signer_validation_context=_context(roots, moment), ts_validation_context=_context(roots, None),
            diff_policy=DEFAULT_DIFF_POLICY, key_usage_settings=_signs(),
        )  # fmt: skip

    status = checked(at)
    said: dict[str, Any] = {"revisions": reader.xrefs.total_revisions, "revision": signature.signed_revision + 1}
    whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    said["covers"] = "whole" if whole else "revision" if status.coverage == SignatureCoverageLevel.ENTIRE_REVISION else "part"
    stamped = status.timestamp_validity
    trusted = stamped is not None and stamped.intact and stamped.valid and stamped.trusted
    said["stamped_at"] = _stamp(stamped.timestamp) if stamped is not None and trusted else None
    if str(signature.sig_object["/SubFilter"]) == _PADES:
        archived = "/DSS" in reader.root and any(True for _ in reader.embedded_timestamp_signatures)
        said["level"] = "b-b" if stamped is None else "b-lta" if archived else "b-t"
    if not status.intact:
        return {**said, "result": "changed"}
    if not status.valid:
        return {**said, "result": "broken"}
    allowed = {ModificationLevel.NONE, ModificationLevel.LTA_UPDATES, *([] if last else [ModificationLevel.FORM_FILLING])}
    if said["covers"] == "part" or status.docmdp_ok is False or status.seed_value_ok is False:
        return {**said, "result": "changed"}
    if not whole and (status.modification_level not in allowed or (last and not _archived_only(reader, signature))):
        return {**said, "result": "changed"}
    if status.trusted or (stamped is not None and trusted and checked(stamped.timestamp).trusted):
        return {**said, "result": "valid"}
    claimed = signature.self_reported_timestamp
    if claimed is not None and claimed.tzinfo is not None and claimed < at and checked(claimed).trusted:
        return {**said, "result": "expired"}
    return {**said, "result": "unknown-signer"}


def _archived_only(reader: Any, signature: Any) -> bool:
    """Whether every field that came after the signature is a document time-stamp: an empty one can be drawn over a page."""
    before = {str(one) for one in _fields(reader.get_historical_root(signature.signed_revision))}
    added = [one.get_object() for one in _fields(reader.root) if str(one) not in before]
    return all("/V" in one and one["/V"].get("/Type") == "/DocTimeStamp" for one in added)


def _fields(root: Any) -> list[Any]:
    if "/AcroForm" not in root:
        return []
    listed = root["/AcroForm"]["/Fields"]
    return [listed.raw_get(at) for at in range(len(listed))]


def _context(roots: Sequence[bytes], at: datetime | None) -> Any:
    from asn1crypto import x509
    from pyhanko_certvalidator import ValidationContext

    known: Any = [x509.Certificate.load(der) for der in roots]
    return ValidationContext(trust_roots=known, allow_fetching=False, moment=at)


def _signs() -> Any:
    """A certificate for digital signatures or for commitments: other offices and authorities use either."""
    from pyhanko.sign.validation.settings import KeyUsageConstraints

    return KeyUsageConstraints(key_usage={"non_repudiation", "digital_signature"}, match_all_key_usages=False)
