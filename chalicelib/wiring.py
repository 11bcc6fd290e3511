"""Where everything is joined, and nowhere else: one `Rooms` gives each use case its collaborators when first asked for.

Importing this does nothing; asking for a room imports what that room needs and no more, so that a function starts fast.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.aws import clients
from chalicelib.config import Settings
from chalicelib.contracts.envelope import Envelope
from chalicelib.kernel.clock import Clock, system_clock
from chalicelib.log import gauge
from chalicelib.offices.load import load_office
from chalicelib.offices.model import Office
from chalicelib.register.dynamodb import DynamoRegister
from chalicelib.register.model import StreamId
from chalicelib.wiring_proof import ProofRooms

if TYPE_CHECKING:
    from chalicelib.attachments.custody import TakeCustody
    from chalicelib.attachments.multipart import PartUploads
    from chalicelib.attachments.s3 import S3Records
    from chalicelib.attachments.service import ConfirmUpload
    from chalicelib.attachments.uploads import Uploads
    from chalicelib.aws.parameters import Parameters
    from chalicelib.aws.s3 import Bucket
    from chalicelib.filing.drafts import Drafts
    from chalicelib.filing.submission import Submit
    from chalicelib.filing.view import Filings
    from chalicelib.payment.daily import ReconcileDay
    from chalicelib.payment.desk import CaseDesk
    from chalicelib.payment.model import Http, Rail
    from chalicelib.payment.orders import Orders
    from chalicelib.payment.rails.config import RailConfig
    from chalicelib.payment.service import AskBank, AskDue, CreditFiling, Doorbell
    from chalicelib.payment.sqs import SqsBells
    from chalicelib.payment.statements.loading import LoadStatement
    from chalicelib.payment.statements.taking import TakeLines
    from chalicelib.registry.service import HandOver
    from chalicelib.relay.service import Relay
    from chalicelib.signing.receipts import SignedReceipts
    from chalicelib.signing.report import FetchReport, SealReport
    from chalicelib.signing.sealed import SealedLetters
    from chalicelib.signing.service import FetchLetter, SealLetter
    from chalicelib.signing.verification.model import Inspector
    from chalicelib.web.principal import KeySource, Principal, Tokens
    from chalicelib.web.request import Incoming

ROOT = Path(__file__).resolve().parents[1]


def fonts_folder() -> Path:
    """Where the fonts lie: `fonts` in a Lambda (Chalice unpacks `vendor/`), `vendor/fonts` in the tree."""
    return next(path for path in (ROOT / "fonts", ROOT / "vendor" / "fonts") if path.is_dir())


def subject(body: str) -> StreamId:
    """The stream that an event in a queue is about. ValidationError for what is not one of our events."""
    return StreamId.parse(Envelope.model_validate_json(body).subject)


class Rooms(ProofRooms):
    """One stage's use cases. `environment` is read when first needed."""

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
    ) -> None:
        """Begin afresh in another world (tests): forget all that was made, use these collaborators."""
        self.__dict__.clear()
        self.environment, self.clock = environment, clock
        self._http, self._issuer_keys, self._inspector = http, issuer_keys, inspector
        if office is not None:
            self.__dict__["office"] = office

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

    # ------------------------------------------------------------------ who calls

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

    # ------------------------------------------------------------------ 1 receive

    @cached_property
    def drafts(self) -> "Drafts":
        from chalicelib.filing.drafts import Drafts

        return Drafts(register=self.register, office=self.office, clock=self.clock)

    @cached_property
    def filings(self) -> "Filings":
        from chalicelib.filing.view import Filings

        return Filings(register=self.register, office=self.office)

    @cached_property
    def submit(self) -> "Submit":
        from chalicelib.filing.submission import Submit

        return Submit(register=self.register, office=self.office, quarantine=self.quarantine, signer=self.receipts)

    @cached_property
    def receipts(self) -> "SignedReceipts":
        from chalicelib.signing.cms import Chain
        from chalicelib.signing.kms import KmsSigner
        from chalicelib.signing.receipts import SignedReceipts

        return SignedReceipts(
            signer=KmsSigner(clients.kms(), self.settings.receipt_key_id),
            chain=Chain.from_pem(self.parameters(self.settings.receipt_certificate_parameter).encode()),
        )

    # ------------------------------------------------------------------ 2 store

    @cached_property
    def uploads(self) -> "Uploads":
        from chalicelib.attachments.uploads import Uploads

        return Uploads(
            register=self.register,
            office=self.office,
            quarantine=self.quarantine,
            parts=self.part_uploads,
            clock=self.clock,
        )

    @cached_property
    def part_uploads(self) -> "PartUploads":
        from chalicelib.attachments.multipart import PartUploads
        from chalicelib.attachments.s3 import S3Parts

        store = S3Parts(name=self.settings.quarantine_bucket, client=clients.s3())
        return PartUploads(register=self.register, store=store)

    @cached_property
    def confirm_upload(self) -> "ConfirmUpload":
        from chalicelib.attachments.screening import screen
        from chalicelib.attachments.service import ConfirmUpload

        return ConfirmUpload(register=self.register, quarantine=self.quarantine, screen=screen, clock=self.clock)

    @cached_property
    def take_custody(self) -> "TakeCustody":
        from chalicelib.attachments.custody import TakeCustody

        return TakeCustody(register=self.register, records=self.records, signer=self.receipts, clock=self.clock)

    # ------------------------------------------------------------------ 3 verify

    @cached_property
    def rail_configs(self) -> "Mapping[str, RailConfig]":
        from chalicelib.payment.rails import known

        return {config.rail: config for config in known.read(self.settings.payment_rails) if config.enabled}

    @property
    def rails(self) -> "Mapping[str, Rail]":
        """Made anew each time, so that changed keys are in force within minutes."""
        from chalicelib.payment.rails import known

        secrets = json.loads(self.parameters(self.settings.payment_secrets_parameter)) if self.rail_configs else {}
        return known.make(self.rail_configs.values(), secrets, public_url=self.settings.public_url)

    @cached_property
    def http(self) -> "Http":
        from chalicelib.payment.http import Urllib3Http
        from chalicelib.payment.rails import known

        return self._http or Urllib3Http(origins=known.origins(self.rail_configs.values()))

    @cached_property
    def bells(self) -> "SqsBells":
        from chalicelib.payment.sqs import SqsBells

        return SqsBells(queue_url=self.settings.bells_queue_url, client=clients.sqs())

    @property
    def windows(self) -> Mapping[str, int]:
        """For how many days each rail answers questions."""
        return {name: config.query_window_days for name, config in self.rail_configs.items()}

    @property
    def payees(self) -> Mapping[str, frozenset[str]]:
        """Our accounts on each rail."""
        return {name: frozenset(config.payee_accounts) for name, config in self.rail_configs.items()}

    @property
    def orders(self) -> "Orders":
        from chalicelib.payment.orders import Orders

        return Orders(
            register=self.register,
            office=self.office,
            rails=self.rails,
            windows=self.windows,
            http=self.http,
            bells=self.bells,
            clock=self.clock,
        )

    @property
    def doorbell(self) -> "Doorbell":
        from chalicelib.payment.service import Doorbell

        return Doorbell(register=self.register, rails=self.rails, bells=self.bells, clock=self.clock)

    @property
    def ask_bank(self) -> "AskBank":
        from chalicelib.payment.service import AskBank

        return AskBank(
            register=self.register,
            rails=self.rails,
            windows=self.windows,
            payees=self.payees,
            http=self.http,
            bells=self.bells,
            clock=self.clock,
        )

    @cached_property
    def ask_due(self) -> "AskDue":
        from chalicelib.payment.service import AskDue

        return AskDue(register=self.register, bells=self.bells, clock=self.clock)

    @cached_property
    def credit_filing(self) -> "CreditFiling":
        from chalicelib.payment.service import CreditFiling

        return CreditFiling(register=self.register, clock=self.clock)

    @cached_property
    def load_statement(self) -> "LoadStatement":
        from chalicelib.payment.statements.loading import LoadStatement

        return LoadStatement(register=self.register, office=self.office, clock=self.clock)

    @cached_property
    def take_lines(self) -> "TakeLines":
        from chalicelib.payment.statements.taking import TakeLines

        return TakeLines(
            register=self.register, waiting=self.register, office=self.office, payees=self.payees, clock=self.clock
        )

    @property
    def reconcile_day(self) -> "ReconcileDay":
        from chalicelib.payment.daily import ReconcileDay

        return ReconcileDay(
            register=self.register, waiting=self.register, office=self.office, rails=self.rails, payees=self.payees,
            http=self.http, clock=self.clock,
        )  # fmt: skip

    @cached_property
    def case_desk(self) -> "CaseDesk":
        from chalicelib.payment.desk import CaseDesk

        return CaseDesk(register=self.register, waiting=self.register, clock=self.clock)

    # ------------------------------------------------------------------ 4 seal

    @cached_property
    def letters(self) -> "SealedLetters":
        from chalicelib.signing.cms import Chain
        from chalicelib.signing.kms import KmsSigner
        from chalicelib.signing.letter import TypstLetters
        from chalicelib.signing.pades import PadesSealer
        from chalicelib.signing.sealed import SealedLetters

        sealer = PadesSealer(
            signer=KmsSigner(clients.kms(), self.settings.seal_key_id),
            chain=Chain.from_pem(self.parameters(self.settings.seal_certificate_parameter).encode()),
        )
        return SealedLetters(office=self.office, letters=TypstLetters(fonts_folder()), sealer=sealer)

    @cached_property
    def seal_letter(self) -> "SealLetter":
        from chalicelib.signing.service import SealLetter

        return SealLetter(
            register=self.register,
            office=self.office,
            records=self.records,
            letters=self.letters,
            public_url=self.settings.public_url,
            test_trust=self.settings.test_trust,
            clock=self.clock,
        )

    @cached_property
    def seal_report(self) -> "SealReport":
        from chalicelib.signing.report import SealReport

        return SealReport(
            register=self.register, office=self.office, records=self.records, reports=self.letters,
            test_trust=self.settings.test_trust, clock=self.clock,
        )  # fmt: skip

    def seal(self, stream: StreamId) -> None:
        """What a stream that waits in the sealing queue is to have: a day its report, a filing its letter."""
        (self.seal_report if stream.kind == "RECONCILIATION" else self.seal_letter)(stream)

    @cached_property
    def fetch_report(self) -> "FetchReport":
        from chalicelib.signing.report import FetchReport

        return FetchReport(register=self.register, links=self.records)

    @cached_property
    def fetch_letter(self) -> "FetchLetter":
        from chalicelib.signing.service import FetchLetter

        return FetchLetter(register=self.register, links=self.records)

    # ------------------------------------------------------------------ 5 emit

    @cached_property
    def relay(self) -> "Relay":
        from chalicelib.relay.service import Relay
        from chalicelib.relay.sns import SnsTopic

        topic = SnsTopic(arn=self.settings.facts_topic_arn, client=clients.sns())

        def waiting(seconds: float, at: datetime) -> None:
            gauge("OldestPendingSeconds", seconds, unit="Seconds", stage=self.settings.stage, at=at)

        return Relay(outbox=self.register, topic=topic, source=self.settings.source, clock=self.clock, waiting=waiting)

    # ------------------------------------------------------------------ 6 hand over

    @cached_property
    def hand_over(self) -> "HandOver":
        from chalicelib.registry.service import HandOver

        return HandOver(register=self.register, records=self.records, office=self.office, clock=self.clock)
