"""Settings of one stage, read from the environment once, by whoever starts the program; never at import."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What differs between stages. Secrets are not here: they are parameters, fetched when needed."""

    stage: str
    office: str
    register_table: str
    quarantine_bucket: str
    records_bucket: str
    public_bucket: str
    facts_topic_arn: str
    bells_queue_url: str
    seal_key_id: str
    seal_certificate_parameter: str
    trust_roots_parameter: str  # roots that time-stamps may end in, PEM
    tsa_url: str  # a time-stamp authority (RFC 3161); empty: letters stay B-B
    ocsp_url: str  # the responder of the seal's certificate
    crl_urls: str  # lists of the authorities above, separated by spaces
    settle_seconds: str  # how long after a time-stamp the responder's answers tell of that time
    log_key_id: str
    receipt_key_id: str
    receipt_certificate_parameter: str
    oidc_issuer: str
    oidc_audience: str
    oidc_jwks_url: str
    public_url: str
    verify_function: str
    draw_function: str
    payment_rails: str
    payment_secrets_parameter: str
    scanner: str  # who looks for malware; no default, so that nobody goes without by forgetting it
    demo_fees: bool  # amounts of ours where the official one is unknown: never on a production stage
    test_trust: bool  # the seal is not one for use, and letters say so: the default until a real chain is installed

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> "Settings":
        """From `TRA_…` variables. KeyError names a missing one."""
        text = {
            name: environment[f"TRA_{name.upper()}"]
            for name in cls.__dataclass_fields__
            if name not in {"demo_fees", "test_trust"}
        }
        return cls(
            **text,
            demo_fees=environment.get("TRA_DEMO_FEES") == "1",
            test_trust=environment.get("TRA_TEST_TRUST") != "0",
        )

    @property
    def source(self) -> str:
        """CloudEvents source: which office's stage speaks."""
        return f"urn:tra:{self.office}-{self.stage}"

    @property
    def log_origin(self) -> str:
        """The name of the transparency log, for ever: it stands in everything that its key signs."""
        return f"{self.office}.{self.stage}.tra/log"
