"""The inspector's own work: open a file that nobody trusts, and say what is in it. Runs in a function without rights.

Whatever goes wrong is said, never raised (`problem` names the kind of error): readers of hostile files fail in any way.
Three looks, each for itself, so that one that fails leaves the others: the strict check (`signing/check.py`), the AdES
verdict of pyHanko, and what an appended revision changed.
"""

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.signing.check import check_sealed
from chalicelib.signing.verification.model import Inspection, Seal

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

MAX_SEALS = 8
MAX_ATTACHMENT = 1 << 20


def inspect(pdf: bytes, *, chain_pem: str, stamp_roots_pem: str, issued: int | None) -> Inspection:
    """See `Inspector`."""
    try:
        reader = _reader(pdf)
        found = list(reader.embedded_signatures)[: MAX_SEALS + 1]
    except Exception as error:  # noqa: BLE001 - the answer is what was met
        return Inspection(problem=type(error).__name__, changes=("structure",) if issued else ())
    trust = Trust.from_pem(chain_pem)
    seals = tuple(_seal(signature, trust) for signature in found[:MAX_SEALS])
    strict = check_sealed(pdf, trust.root.encode(), stamp_roots_pem=stamp_roots_pem.encode())
    problem = "too many seals" if len(found) > MAX_SEALS else strict.problem if seals else ""
    receipt = _receipt(reader)
    changes: tuple[str, ...] = ()
    if issued:
        changes = _differences(pdf[:issued], pdf)
    elif any(seal.ours and not seal.intact for seal in seals):
        changes = ("inside",)
    return Inspection(
        problem=problem,
        valid=strict.valid,
        level=strict.level,
        ades=_tried(lambda: _ades(found[0], trust.root), "") if found else "",
        seals=seals,
        receipt_sha256=hashlib.sha256(receipt).hexdigest() if receipt else "",
        receipt_number=_tried(lambda: str(json.loads(receipt)["application_number"]["display"])[:40], ""),
        changes=changes,
    )


def _tried(look: Callable[[], str], failed: str) -> str:
    try:
        return look()
    except Exception:  # noqa: BLE001 - one look that fails leaves the others
        return failed


def _reader(pdf: bytes, *, strict: bool = False) -> Any:
    from pyhanko.pdf_utils.reader import PdfFileReader

    return PdfFileReader(io.BytesIO(pdf), strict=strict)


@dataclass(frozen=True)
class Trust:
    """Our chain: the seal's certificate, those above it, the root last."""

    chain: tuple["Certificate", ...]

    @classmethod
    def from_pem(cls, pem: str) -> "Trust":
        """From PEM. ValueError if there is none."""
        from cryptography import x509

        return cls(tuple(x509.load_pem_x509_certificates(pem.encode())))

    @property
    def root(self) -> str:
        """The root, PEM."""
        from cryptography.hazmat.primitives.serialization import Encoding

        return self.chain[-1].public_bytes(Encoding.PEM).decode()

    def names_us(self, der: bytes) -> bool:
        """Whether a certificate carries our name, and one of the authorities above our seal gave it."""
        from cryptography import x509
        from cryptography.exceptions import InvalidSignature

        certificate = x509.load_der_x509_certificate(der)
        if certificate.subject != self.chain[0].subject:
            return False
        for authority in self.chain[1:]:
            try:
                certificate.verify_directly_issued_by(authority)
            except (InvalidSignature, ValueError, TypeError):
                continue
            return True
        return False


def _certificates(pem_text: str) -> list[Any]:
    from asn1crypto import pem, x509

    return [x509.Certificate.load(der) for _, _, der in pem.unarmor(pem_text.encode(), multiple=True)]


def _seal(signature: Any, trust: Trust) -> Seal:
    """One signature. `ours` says whose certificate it is; whether anything is right about it, the rest."""
    from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator import ValidationContext

    by, ours, intact, whole = "", False, False, False
    try:
        certificate = signature.signer_cert
        by = str(certificate.subject.native.get("common_name", ""))[:200]
        ours = trust.names_us(certificate.dump())
        context = ValidationContext(
            trust_roots=_certificates(trust.root), allow_fetching=False, moment=signature.self_reported_timestamp
        )
        status = validate_pdf_signature(
            signature, signer_validation_context=context, diff_policy=DEFAULT_DIFF_POLICY, skip_diff=False
        )
        intact = status.intact and status.valid and status.trusted
        whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    except Exception:  # noqa: BLE001 - a seal that cannot be read is not ours, not intact
        return Seal(by=by, ours=ours, intact=False, whole=False)
    return Seal(by=by, ours=ours, intact=intact, whole=whole)


def _ades(signature: Any, roots: str) -> str:
    """PyHanko's AdES verdict over the CMS (EN 319 102-1 section 5.3), certificates taken from the file, no revocation
    asked: `PASSED`, or the indication that it gave."""
    import asyncio

    from pyhanko.sign.validation.ades import ades_basic_validation
    from pyhanko.sign.validation.policy_decl import LocalKnowledge, SignatureValidationSpec
    from pyhanko.sign.validation.settings import KeyUsageConstraints
    from pyhanko_certvalidator.context import CertValidationPolicySpec
    from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, RevocationCheckingPolicy, RevocationCheckingRule
    from pyhanko_certvalidator.registry import SimpleTrustManager

    unchecked = RevocationCheckingPolicy(RevocationCheckingRule.NO_CHECK, RevocationCheckingRule.NO_CHECK)
    policy = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(_certificates(roots)),
        revinfo_policy=CertRevTrustPolicy(unchecked),
    )
    spec = SignatureValidationSpec(
        policy,
        local_knowledge=LocalKnowledge(known_certs=[one.chosen for one in signature.signed_data["certificates"]]),
        key_usage_settings=KeyUsageConstraints(key_usage={"non_repudiation"}),
    )
    result = asyncio.run(
        ades_basic_validation(signature.signed_data, spec, raw_digest=signature.compute_digest())
    )
    return str(getattr(result.ades_subindic, "standard_name", result.ades_subindic))


def _receipt(reader: Any) -> bytes:
    """`receipt.json` in the file; empty if there is none that can be read."""
    try:
        for specification in reader.root["/AF"]:
            entry = specification.get_object()
            if str(entry["/UF"]) == "receipt.json":
                data = bytes(entry["/EF"]["/F"].get_object().data)
                return data if len(data) <= MAX_ATTACHMENT else b""
    except Exception:  # noqa: BLE001 - a file without one, or with a broken one, has none
        return b""
    return b""


def _differences(before: bytes, after: bytes) -> tuple[str, ...]:
    """What the revisions after the issued one changed, by what a reader would notice. Never empty: `structure` if nothing
    else."""
    try:
        old, new = _reader(before), _reader(after)
        found = [code for code, look in LOOKS.items() if _look(look, old) != _look(look, new)]
        if len(list(new.embedded_signatures)) > len(list(old.embedded_signatures)):
            found.insert(0, "second-seal")
    except Exception:  # noqa: BLE001 - what cannot be read has at least another structure
        found = []
    return tuple(found) or ("structure",)


def _look(look: Callable[[Any], Any], reader: Any) -> Any:
    try:
        return look(reader)
    except Exception as error:  # noqa: BLE001 - a part that cannot be read differs from one that can
        return type(error).__name__


def _pages(reader: Any) -> list[Any]:
    count = int(reader.root["/Pages"]["/Count"])
    return [reader.find_page_for_modification(number)[0].get_object() for number in range(min(count, 500))]


def _content(reader: Any) -> list[str]:
    return [_shape(page.get("/Contents"), 4) + _shape(page.get("/Resources"), 6) for page in _pages(reader)]


def _metadata(reader: Any) -> str:
    info = reader.trailer_view.get("/Info") if hasattr(reader, "trailer_view") else reader.trailer.get("/Info")
    return _shape(info, 3) + _shape(reader.root.get("/Metadata"), 2)


def _actions(reader: Any) -> str:
    names = reader.root.get("/Names", {})
    return _shape([reader.root.get("/OpenAction"), reader.root.get("/AA"), names.get("/JavaScript")], 6)


LOOKS: dict[str, Callable[[Any], Any]] = {
    "pages": lambda reader: (int(reader.root["/Pages"]["/Count"]), [_shape(p.get("/MediaBox"), 2) for p in _pages(reader)]),
    "content": _content,
    "annotations": lambda reader: [_shape(page.get("/Annots"), 5) for page in _pages(reader)],
    "attachments": lambda reader: _shape([reader.root.get("/AF"), reader.root.get("/Names")], 8),
    "metadata": _metadata,
    "form": lambda reader: _shape(reader.root.get("/AcroForm"), 5),
    "actions": _actions,
    "archive": lambda reader: _shape(reader.root.get("/DSS"), 5),
}


def _shape(value: Any, depth: int) -> str:
    """A value with what it points at, to a depth, as text; streams by their digest."""
    value = value.get_object() if hasattr(value, "get_object") else value
    if hasattr(value, "data") and hasattr(value, "items"):
        return f"{hashlib.sha256(bytes(value.data)).hexdigest()}"
    if depth <= 0:
        return "…"
    if isinstance(value, dict):
        parts = (f"{key}:{_shape(value.get(key), depth - 1)}" for key in sorted(value) if key not in {"/Parent", "/P"})
        return "{" + ",".join(parts) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_shape(one, depth - 1) for one in value) + "]"
    return repr(value)
