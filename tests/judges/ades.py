"""The European rules for checking signatures (EN 319 102-1), as pyHanko has them: now, offline, and in ten years."""

import asyncio
import io
from datetime import UTC, datetime
from typing import Any

FUTURE = datetime(2035, 1, 1, tzinfo=UTC)


def ades_lta(pdf: bytes, roots: tuple[bytes, ...], *, at: datetime | None = None) -> str:
    """What the archive validation says of the seal, with the roots alone and no network; `at`: simulated then."""
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.ades.report import AdESPassed
    from pyhanko.sign.validation.ades import ades_lta_validation, simulate_future_ades_lta_validation

    signature = PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures[0]
    with_spec: Any = _policy(roots)
    if at is None:
        result = asyncio.run(ades_lta_validation(signature, with_spec))
    else:
        result = asyncio.run(simulate_future_ades_lta_validation(signature, with_spec, at))
    status: Any = result
    bottom_line = bool(status.api_status and status.api_status.bottom_line)
    later = at is not None  # then the certificates have ended, and only the archive speaks for the letter
    if status.ades_subindic is AdESPassed.OK and (bottom_line or later):
        return "valid"
    return f"{status.ades_subindic} {bottom_line} {status.failure_msg}"


def _policy(roots: tuple[bytes, ...]) -> Any:
    from asn1crypto import x509
    from pyhanko.sign.validation.policy_decl import (
        PdfSignatureValidationSpec,
        RevinfoOnlineFetchingRule,
        RevocationInfoGatheringSpec,
        SignatureValidationSpec,
    )
    from pyhanko.sign.validation.settings import KeyUsageConstraints
    from pyhanko_certvalidator.context import CertValidationPolicySpec
    from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
    from pyhanko_certvalidator.registry import SimpleTrustManager

    trust = SimpleTrustManager.build(trust_roots=[x509.Certificate.load(der) for der in roots])
    policy = CertValidationPolicySpec(trust_manager=trust, revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO))
    return PdfSignatureValidationSpec(
        SignatureValidationSpec(
            cert_validation_policy=policy,
            revinfo_gathering_policy=RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY),
            key_usage_settings=KeyUsageConstraints(key_usage={"non_repudiation"}),
        )
    )
