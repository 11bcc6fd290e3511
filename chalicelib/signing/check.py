"""Is a letter sealed by the office, whole and unchanged? The strict answer, for demonstrations, consumers and tests.

Numbered rules, all of which must hold (a valid signature alone says little about what a reader shows):
1. the file opens strictly and carries exactly one signature, PAdES (`ETSI.CAdES.detached`); whatever else is signed are
   document time-stamps, each intact, valid and trusted;
2. the signature is intact, its value is right, its certificate leads to a given root and may sign documents;
3. the last of them covers the entire file: nothing was added after it, and nothing but zeros fills the room in /Contents;
4. it certifies that no change is allowed;
5. a time-stamp in it, if there is one, is right and trusted: B-T, and with a security store and document time-stamps B-LTA
   (whether that will do in ten years is asked of an AdES validator: `tests/judges/ades.py`);
6. its CMS names the signing certificate (B-B: RFC 5035) and leaves the time to the PDF.

Whatever goes wrong while reading a hostile file is "not valid", never an exception: `problem` then names what was met.
"""

import io
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.proof.der import read

LEVELS = ("B-B", "B-T", "B-LTA")
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class SealReport:
    """What was found. `valid` is the verdict over all rules; the rest says which rule failed."""

    intact: bool = False
    signature_right: bool = False
    trusted: bool = False
    entire_file: bool = False
    locked: bool = False
    level: str = ""  # "B-B", "B-T", "B-LTA", or empty if the signature is none of PAdES
    sealed_by: str = ""
    sealed_at: datetime | None = None
    attachments: tuple[tuple[str, bytes], ...] = ()
    problem: str = ""

    @property
    def valid(self) -> bool:
        """True only if every rule holds."""
        rules = (self.intact, self.signature_right, self.trusted, self.entire_file, self.locked, self.level in LEVELS)
        return all(rules) and not self.problem


def check_sealed(
    pdf: bytes, roots_pem: bytes, *, stamp_roots_pem: bytes = b"", at: datetime | None = None
) -> SealReport:
    """The report on `pdf` at the time `at` (now, if not given). The seal may lead to `roots_pem` only; time-stamps to these
    or to `stamp_roots_pem`."""
    try:
        return _check(pdf, roots_pem, stamp_roots_pem, at)
    except Exception as error:  # noqa: BLE001 - readers of hostile files fail in any way; the answer is still "not valid"
        return SealReport(problem=type(error).__name__)


def _check(pdf: bytes, roots_pem: bytes, stamp_roots_pem: bytes, at: datetime | None) -> SealReport:
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY
    from pyhanko.sign.fields import MDPPerm
    from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
    from pyhanko.sign.validation.settings import KeyUsageConstraints
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    reader = PdfFileReader(io.BytesIO(pdf), strict=True)
    signatures = reader.embedded_regular_signatures
    archives = reader.embedded_timestamp_signatures
    if len(signatures) != 1:
        return SealReport(problem=f"{len(signatures)} signatures")
    signature = signatures[0]
    _, _, own = next(read(signature.pkcs7_content))
    if signature.pkcs7_content[len(own) :].strip(b"\x00"):
        return SealReport(problem="padding")
    roots = _roots(roots_pem)
    stamp_roots = [*roots, *_roots(stamp_roots_pem)]
    stamped = [validate_pdf_timestamp(one, _context(stamp_roots, None), diff_policy=DEFAULT_DIFF_POLICY) for one in archives]
    if not all(one.intact and one.valid and one.trusted for one in stamped):
        return SealReport(problem="archive time-stamp")
    last = stamped[-1] if stamped else None
    status = validate_pdf_signature(
        signature,
        signer_validation_context=_context(roots, at),
        ts_validation_context=_context(stamp_roots, None),
        key_usage_settings=KeyUsageConstraints(key_usage={"non_repudiation"}),
        diff_policy=DEFAULT_DIFF_POLICY,
    )
    return SealReport(
        intact=status.intact,
        signature_right=status.valid,
        trusted=status.trusted and status.bottom_line,
        entire_file=(last or status).coverage == SignatureCoverageLevel.ENTIRE_FILE,
        locked=signature.docmdp_level == MDPPerm.NO_CHANGES and status.docmdp_ok is True,
        level=_level(signature, status, "/DSS" in reader.root and bool(archives)),
        sealed_by=str(status.signing_cert.subject.native.get("common_name", "")),
        sealed_at=signature.self_reported_timestamp,
        attachments=tuple(_attachments(reader)),
    )


def _roots(roots_pem: bytes) -> list[Any]:
    from asn1crypto import pem, x509

    return [x509.Certificate.load(pem.unarmor(block)[2]) for block in _PEM.findall(roots_pem)]


def _context(roots: Any, at: datetime | None) -> Any:
    from pyhanko_certvalidator import ValidationContext

    return ValidationContext(trust_roots=roots, allow_fetching=False, moment=at)


def _level(signature: Any, status: Any, archived: bool) -> str:
    kinds = {attribute["type"].native for attribute in signature.signer_info["signed_attrs"]}
    needed = {"content_type", "message_digest", "signing_certificate_v2"}
    pades = signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    if not (pades and needed <= kinds and "signing_time" not in kinds):
        return ""
    stamp = status.timestamp_validity
    if stamp is None:
        return "" if archived else "B-B"
    if not (stamp.intact and stamp.valid and stamp.trusted):
        return ""
    return "B-LTA" if archived else "B-T"


def _attachments(reader: Any) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    if "/AF" not in reader.root:
        return found
    for specification in reader.root["/AF"]:
        entry = specification.get_object()
        found.append((str(entry["/UF"]), bytes(entry["/EF"]["/F"].get_object().data)))
    return found
