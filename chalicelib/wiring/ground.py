"""What every room stands on: settings, the office, the register, the buckets, who calls, signed receipts.

Each is made when first asked for, and imports what it needs and no more, so that a function starts fast.
"""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.aws import clients
from chalicelib.config import Settings
from chalicelib.kernel.clock import Clock, system_clock
from chalicelib.offices.load import load_office
from chalicelib.offices.model import Office
from chalicelib.register.dynamodb import DynamoRegister

if TYPE_CHECKING:
    from chalicelib.attachments.s3 import S3Records
    from chalicelib.attachments.service import Screen
    from chalicelib.aws.parameters import Parameters
    from chalicelib.aws.s3 import Bucket
    from chalicelib.payment.model import Http
    from chalicelib.signing.authorities import Authority
    from chalicelib.signing.officers.drawing import Drawer
    from chalicelib.signing.receipts import SignedReceipts
    from chalicelib.signing.verification.model import Inspector
    from chalicelib.web.principal import KeySource, Principal, Tokens
    from chalicelib.web.request import Incoming

ROOT = Path(__file__).resolve().parents[2]


def fonts_folder() -> Path:
    """Where the fonts lie: in a Lambda's sealing layer, beside the code (local office), in the tree's `vendor/fonts`."""
    folders = (Path("/opt/fonts"), ROOT / "fonts", ROOT / "vendor" / "fonts")
    return next(path for path in folders if path.is_dir())


class Ground:
    """One stage's settings, stores and keys. `environment` is read when first needed."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.move(environment)

    def move(
        self,
        environment: Mapping[str, str],
        *,
        clock: Clock = system_clock,
        http: "Http | None" = None,
        issuer_keys: "KeySource | None" = None,
        inspector: "Inspector | None" = None,
        office: Office | None = None,
        screen: "Screen | None" = None,
        authority: "Authority | None" = None,
        drawer: "Drawer | None" = None,
    ) -> None:
        """Begin afresh in another world (tests): forget all that was made, use these collaborators."""
        self.__dict__.clear()
        self.environment, self.clock = environment, clock
        self._http, self._issuer_keys = http, issuer_keys
        if office is not None:
            self.__dict__["office"] = office
        if inspector is not None:
            self.__dict__["inspector"] = inspector
        if screen is not None:
            self.__dict__["screen"] = screen
        if drawer is not None:
            self.__dict__["drawer"] = drawer
        if authority is not None:
            self.__dict__["stamps"] = self.__dict__["states"] = authority

    @cached_property
    def settings(self) -> Settings:
        return Settings.from_env(self.environment)

    @cached_property
    def office(self) -> Office:
        return load_office(self.settings.office, demo_fees=self.settings.demo_fees)

    @cached_property
    def register(self) -> DynamoRegister:
        return DynamoRegister(table=self.settings.register_table, client=clients.dynamodb())

    @cached_property
    def parameters(self) -> "Parameters":
        from chalicelib.aws.parameters import Parameters

        return Parameters(client=clients.ssm(), clock=self.clock)

    @cached_property
    def quarantine(self) -> "Bucket":
        from chalicelib.aws.s3 import Bucket

        return Bucket(name=self.settings.quarantine_bucket, client=clients.s3())

    @cached_property
    def records(self) -> "S3Records":
        from chalicelib.attachments.s3 import S3Records

        return S3Records(name=self.settings.records_bucket, client=clients.s3(), quarantine=self.quarantine)

    @cached_property
    def public(self) -> "Bucket":
        from chalicelib.aws.s3 import Bucket

        return Bucket(name=self.settings.public_bucket, client=clients.s3())

    @cached_property
    def tokens(self) -> "Tokens":
        from chalicelib.web.jwks import PublishedKeys
        from chalicelib.web.principal import Tokens

        return Tokens(
            issuer=self.settings.oidc_issuer,
            audience=self.settings.oidc_audience,
            keys=self._issuer_keys or PublishedKeys(self.settings.oidc_jwks_url),
            clock=self.clock,
        )

    def principal(self, incoming: "Incoming") -> "Principal":
        """The caller of a request. Unauthenticated if there is none we know."""
        return self.tokens.principal(incoming.header)

    @cached_property
    def receipts(self) -> "SignedReceipts":
        from chalicelib.signing.cms import Chain
        from chalicelib.signing.kms import KmsSigner
        from chalicelib.signing.receipts import SignedReceipts

        return SignedReceipts(
            signer=KmsSigner(clients.kms(), self.settings.receipt_key_id),
            chain=Chain.from_pem(self.parameters(self.settings.receipt_certificate_parameter).encode()),
        )
