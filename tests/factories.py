"""A desk to test use cases at: the office of Cambodia with demo fees, an empty register, two buckets, a bank and a clock.

Everything on it is a fake of tests/fakes.py or the local office's own bank; nothing leaves the process.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from chalicelib.attachments.custody import TakeCustody
from chalicelib.attachments.model import Accepted, Made, Upload, Verdict
from chalicelib.attachments.multipart import PartUploads
from chalicelib.attachments.service import ConfirmUpload, Screen
from chalicelib.attachments.uploads import Uploads
from chalicelib.contracts.attachment import PAGE, Attachment
from chalicelib.filing.drafts import Drafts, draft_of
from chalicelib.filing.submission import Confirmation, Submit, Submitted
from chalicelib.filing.view import Filings
from chalicelib.kernel.digest import Digest, of_stream
from chalicelib.kernel.errors import LostRace, Unavailable
from chalicelib.offices.load import load_office
from chalicelib.offices.model import Office
from chalicelib.payment.model import Rail
from chalicelib.payment.orders import Orders
from chalicelib.payment.rails.aba import AbaConfig, AbaPayWay
from chalicelib.payment.rails.config import KeyConfig, KeyRing
from chalicelib.payment.refunding import AskRefunds
from chalicelib.payment.service import AskBank, AskDue, CreditFiling, Doorbell
from chalicelib.payment.strangers import LookForOrders
from chalicelib.register.idempotency import Repeat
from chalicelib.register.model import Entry, Operation, Stream, StreamId, filing
from chalicelib.signing.transparency.model import Identity
from chalicelib.signing.transparency.publish import Publish
from chalicelib.signing.transparency.service import LogFacts
from infra.local.banks import aba_refund
from infra.local.banks.aba import AbaBank
from infra.local.samples import design_form
from tests.fakes import FakeReceiptSigner, FixedClock, InMemoryBucket, InMemoryParts, InMemoryRegister
from tests.unit.proof.keys import LOG_KEY, ORIGIN

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

ANNA, BOPHA = "account:anna", "account:bopha"
API_KEY, MERCHANT = "an api key only for tests 0123456789", "ipoffice"
CALLBACK = "https://office.example/v1/payments/aba/notifications"
PNG = b"\x89PNG\r\n\x1a\n" + b"a bowl" * 30


@cache
def cambodia() -> Office:
    """The reference office, with demo amounts."""
    return load_office("kh", demo_fees=True)


@cache
def refund_key() -> "RSAPrivateKey":
    """The bank's, for refunds: it takes a moment to make."""
    return aba_refund.new_key()


def asking(key: str, body: bytes = b"{}", account: str = ANNA) -> Repeat:
    """A request under this idempotency key."""
    return Repeat(account, key, Digest.of(body))


def sight(chunks: Iterator[bytes], announced: Attachment) -> Verdict:
    """A `Screen` that believes the announced type."""
    digest, size = of_stream(chunks)
    return Verdict(Accepted(announced.media_type, size, digest))


def sight_and_hand(chunks: Iterator[bytes], announced: Attachment) -> Verdict:
    """A `Screen` that believes the announced type, and makes a picture of a page and a smaller copy of every picture."""
    digest, size = of_stream(chunks)
    made = tuple(
        Made(what=what, page=page, media_type="image/png", tool="hand-1", body=f"{what} of {digest.hex}".encode())
        for what, page in ((PAGE, 1), ("smaller-copy", 0))
        if announced.media_type.startswith("image/")
    )
    return Verdict(Accepted(announced.media_type, size, digest, made=made))


@dataclass
class RememberedBells:
    """`payment.service.Bells` that remembers who rang. `broken`: the queue is out of order."""

    rung: list[tuple[str, bool, timedelta]] = field(default_factory=list)
    broken: bool = False

    def ring(self, reference: str, *, rung: bool, delay: timedelta = timedelta()) -> None:
        """See `Bells.ring`."""
        if self.broken:
            raise Unavailable("queue")
        self.rung.append((reference, rung, delay))


@dataclass
class RacingRegister(InMemoryRegister):
    """Another writer comes first: before each of the next commits one of `rivals` runs."""

    rivals: list[Any] = field(default_factory=list)
    commits: int = 0

    def commit(self, *operations: Operation) -> tuple[Entry, ...]:
        """See `Register.commit`."""
        self.commits += 1
        if self.rivals:
            self.rivals.pop(0)()
        return super().commit(*operations)


def lose() -> None:
    """A rival that makes a commit lose without changing anything."""
    raise LostRace("somebody")


def log_facts(register: InMemoryRegister, public: InMemoryBucket, clock: FixedClock) -> LogFacts:
    """The public log over a register, with the tests' key."""
    identity = Identity(origin=ORIGIN, key=LOG_KEY.public)
    publish = Publish(register=register, partitions=register, public=public, identity=identity, signer=LOG_KEY)
    return LogFacts(
        register=register, public=public, publish=publish, identity=identity, signer=LOG_KEY, clock=clock
    )


@dataclass
class Desk:
    """All use cases over one register."""

    office: Office = field(default_factory=cambodia)
    clock: FixedClock = field(default_factory=FixedClock)
    register: RacingRegister = field(default_factory=RacingRegister)
    quarantine: InMemoryBucket = field(default_factory=lambda: InMemoryBucket("quarantine"))
    bells: RememberedBells = field(default_factory=RememberedBells)
    public: InMemoryBucket = field(default_factory=lambda: InMemoryBucket("public"))
    records: InMemoryBucket = field(init=False)
    in_parts: InMemoryParts = field(init=False)
    bank: AbaBank = field(init=False)
    keys: int = 0
    screen: Screen = sight

    def __post_init__(self) -> None:
        self.records = InMemoryBucket("records", quarantine=self.quarantine)
        self.in_parts = InMemoryParts(self.quarantine)
        chance = iter(range(1, 10_000))
        self.bank = AbaBank(
            merchant_id=MERCHANT,
            api_key=API_KEY,
            clock=self.clock,
            randomness=lambda size: next(chance).to_bytes(size, "big"),
            refund_key=refund_key(),
        )

    # ------------------------------------------------------------------ use cases

    @property
    def drafts(self) -> Drafts:
        return Drafts(register=self.register, office=self.office, clock=self.clock)

    @property
    def uploads(self) -> Uploads:
        return Uploads(
            register=self.register,
            office=self.office,
            quarantine=self.quarantine,
            parts=self.part_uploads,
            clock=self.clock,
        )

    @property
    def part_uploads(self) -> PartUploads:
        return PartUploads(register=self.register, store=self.in_parts)

    @property
    def confirm_upload(self) -> ConfirmUpload:
        return ConfirmUpload(register=self.register, quarantine=self.quarantine, screen=self.screen, clock=self.clock)

    @property
    def submit(self) -> Submit:
        return Submit(
            register=self.register, office=self.office, quarantine=self.quarantine, signer=FakeReceiptSigner()
        )

    @property
    def filings(self) -> Filings:
        return Filings(register=self.register, office=self.office)

    @property
    def take_custody(self) -> TakeCustody:
        return TakeCustody(
            register=self.register,
            records=self.records,
            quarantine=self.quarantine,
            signer=FakeReceiptSigner(),
            clock=self.clock,
        )

    @property
    def rail(self) -> AbaPayWay:
        key = KeyConfig.model_validate({"id": "test", "not_before": "2026-01-01T00:00:00Z"})
        config = AbaConfig.model_validate(
            {
                "rail": "aba", "environment": "sandbox", "merchant_id": MERCHANT, "currencies": ["KHR", "USD"],
                "base_url": "https://checkout-sandbox.payway.com.kh", "keys": [key], "lifetime_minutes": 60,
                "refund_public_key": aba_refund.public(refund_key()),
            }
        )  # fmt: skip
        return AbaPayWay(config=config, keys=KeyRing.of(config.keys, {"test": API_KEY}), callback_url=CALLBACK)

    @property
    def rails(self) -> Mapping[str, Rail]:
        return {"aba": self.rail}

    @property
    def orders(self) -> Orders:
        return Orders(
            register=self.register,
            office=self.office,
            rails=self.rails,
            windows={"aba": 7},
            http=self.bank,
            bells=self.bells,
            clock=self.clock,
        )

    @property
    def doorbell(self) -> Doorbell:
        return Doorbell(register=self.register, rails=self.rails, bells=self.bells, clock=self.clock)

    @property
    def ask_bank(self) -> AskBank:
        return AskBank(
            register=self.register,
            rails=self.rails,
            windows={"aba": 7},
            payees={},
            http=self.bank,
            bells=self.bells,
            clock=self.clock,
        )

    @property
    def ask_due(self) -> AskDue:
        return AskDue(register=self.register, bells=self.bells, clock=self.clock)

    @property
    def ask_refunds(self) -> AskRefunds:
        return AskRefunds(
            register=self.register,
            waiting=self.register,
            rails=self.rails,
            payees={},
            http=self.bank,
            clock=self.clock,
        )

    @property
    def look_for_orders(self) -> LookForOrders:
        return LookForOrders(register=self.register, waiting=self.register, bells=self.bells, clock=self.clock)

    @property
    def credit_filing(self) -> CreditFiling:
        return CreditFiling(register=self.register, clock=self.clock)

    # ------------------------------------------------------------------ what a filer does

    @property
    def log_facts(self) -> LogFacts:
        return log_facts(self.register, self.public, self.clock)

    def repeat(self, account: str = ANNA) -> Repeat:
        """A request under a key of its own."""
        self.keys += 1
        return asking(f"key-{self.keys}", account=account)

    def begin(self, account: str = ANNA, form: Mapping[str, Any] | None = None) -> str:
        """A draft of a design, unless said otherwise."""
        return self.drafts.begin(account, form or design_form(), self.repeat(account))

    def reserve(self, identifier: str, body: bytes = PNG, account: str = ANNA, **said: Any) -> Upload:
        """Announce a picture of a design, unless said otherwise."""
        announced = {"document": "design-views", "name": "bowl.png", "media_type": "image/png", "size": len(body)}
        return self.uploads.reserve(account, identifier, announced | said, self.repeat(account))

    def attach(self, identifier: str, body: bytes = PNG, account: str = ANNA, **said: Any) -> Attachment:
        """Announce, send, and have it looked at."""
        upload = self.reserve(identifier, body, account, **said)
        self.send(upload, body)
        return upload.attachment

    def send(self, upload: Upload, body: bytes = PNG) -> None:
        """The browser sends, and S3 tells."""
        there = self.quarantine.put(upload.attachment.key, body)
        self.confirm_upload(there.key, there.version)

    def complete(self, account: str = ANNA) -> str:
        """A design that may be submitted."""
        identifier = self.begin(account)
        file = self.attach(identifier, account=account)
        version = draft_of(self.stream(identifier)).version
        self.drafts.edit(account, identifier, version, design_form((file.id,)))
        return identifier

    def confirmation(self, identifier: str) -> Confirmation:
        """What the filer sees now."""
        _, view = self.filings.one(self.stream(identifier).head.owner, identifier)
        return Confirmation(view["draft"]["version"], view["manifest"]["sha256"])

    def filed(self, account: str = ANNA, *, received_at: datetime | None = None) -> Submitted:
        """A design, submitted."""
        identifier = self.complete(account)
        return self.submit(
            account,
            identifier,
            self.confirmation(identifier),
            self.repeat(account),
            received_at=received_at or self.clock(),
        )

    # ------------------------------------------------------------------ what one looks at

    def stream(self, identifier: str) -> Stream:
        """A filing's stream."""
        return self.load(filing(identifier))

    def load(self, stream: StreamId) -> Stream:
        """A stream that is there."""
        found = self.register.load(stream)
        assert found is not None
        return found

    def types(self, identifier: str) -> list[str]:
        """The types of a filing's entries."""
        return [entry.type for entry in self.stream(identifier).entries]
