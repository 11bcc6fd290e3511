"""An office with three officers, and a desk at which they prepare letters and approve each other's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from chalicelib.contracts.form import parsed
from chalicelib.offices.model import Office
from chalicelib.offices.officers import Officer
from chalicelib.register.idempotency import Repeat
from chalicelib.register.model import Key, StreamId
from chalicelib.signing.contents import Contents
from chalicelib.signing.documents import Writing
from chalicelib.signing.model import LetterContent
from chalicelib.signing.officers.asked import Content, Preparation, Rejection, Seen
from chalicelib.signing.officers.model import PreparedLetter
from chalicelib.signing.officers.sealing import SealApproved
from chalicelib.signing.officers.service import LetterDesk
from chalicelib.signing.officers.view import LetterView
from chalicelib.signing.service import Letters
from chalicelib.signing.transparency.service import LoggedReceipts
from tests.factories import Desk, asking, cambodia

DARA, MALIS, VISAL, CLERK = "account:dara", "account:malis", "account:visal", "account:clerk"
FIRST = date(2026, 1, 1)


def person(account: str, km: str, en: str, title_km: str, title_en: str, *may: str, **dates: date) -> Officer:
    """One officer of the list."""
    return Officer.model_validate(
        {"account": account, "names": {"km": km, "en": en}, "title": {"km": title_km, "en": title_en}, "may": may,
         "first": FIRST, **dates}
    )  # fmt: skip


OFFICERS = (
    person(DARA, "សុខ ដារ៉ា", "Sok Dara", "មន្ត្រីពិនិត្យ", "Examiner", "prepare", "approve"),
    person(MALIS, "ចាន់ ម៉ាលីស", "Chan Malis", "ប្រធានការិយាល័យ", "Head of section", "prepare", "approve"),
    person(VISAL, "កែវ វិសាល", "Keo Visal", "អតីតប្រធាន", "Former head", "approve", last=date(2026, 6, 30)),
    person(CLERK, "លី ស្រីមុំ", "Ly Sreymom", "មន្ត្រីជំនួយការ", "Assistant", "prepare"),
)
POINT: Mapping[str, Any] = {
    "code": "power-of-attorney",
    "message": {"km": "ខ្វះលិខិតប្រគល់សិទ្ធិច្បាប់ដើម។", "en": "The original of the power of attorney is missing."},
    "what_to_do": {"km": "សូមដាក់ច្បាប់ដើម។", "en": "File the original."},
    "by": "2027-01-25",
}
TRANSLATION = {"km": "ខ្វះការបកប្រែ។", "en": "The translation is missing."}
OTHER: Mapping[str, Any] = {**POINT, "code": "translation", "message": TRANSLATION}


def staffed() -> Office:
    """Cambodia, with officers."""
    return cambodia().model_copy(update={"officers": OFFICERS})


def points(*these: Mapping[str, Any]) -> Content:
    """A content of points, as it comes in a request."""
    return parsed(Content, {"points": list(these)})


@dataclass
class Press:
    """`signing.service.Letters`: each seal is different, as real ones may be, so that a second letter would show."""

    sealed: list[tuple[LetterContent, bytes]] = field(default_factory=list)

    def __call__(self, content: LetterContent, receipt: bytes) -> bytes:
        """See `Letters`."""
        self.sealed.append((content, receipt))
        return f"letter {len(self.sealed)} of {content.digest}".encode()


@dataclass
class Bureau:
    """A filed design, and officers who write about it."""

    desk: Desk = field(default_factory=Desk)
    press: Press = field(default_factory=Press)

    def __post_init__(self) -> None:
        self.office = staffed()
        self.filing = self.desk.filed().filing
        self.asked = 0

    @property
    def contents(self) -> Contents:
        """What letters say."""
        writing = Writing(office=self.office, public_url="https://tra.example", test_trust=True)
        return Contents(
            register=self.desk.register, office=self.office, writing=writing,
            proofs=LoggedReceipts(public=self.desk.public),
        )  # fmt: skip

    def letters(self) -> LetterDesk:
        """The room."""
        return LetterDesk(
            register=self.desk.register, office=self.office, contents=self.contents, clock=self.desk.clock
        )

    def view(self) -> LetterView:
        """What officers see."""
        return LetterView(
            register=self.desk.register, waiting=self.desk.register, office=self.office, contents=self.contents,
            desk=self.letters(), drawer=lambda content, receipt: f"{content.letter_number}".encode(), clock=self.desk.clock,
        )  # fmt: skip

    def key(self, account: str = DARA, name: str = "") -> Repeat:
        """A new key, or the one of this name."""
        self.asked += 1
        return asking(name or f"officer-{self.asked}", account=account)

    def prepare(self, *these: Mapping[str, Any], by: str = DARA, key: str = "", document: str = "request-documents") -> str:
        """A letter, prepared."""
        content = points(*(these or (POINT,))) if document == "request-documents" else Content()
        asked = Preparation(number="KH/D/2026/1", document=document, content=content)
        return self.letters().prepare(by, asked, self.key(by, key))

    def letter(self, identifier: str) -> PreparedLetter:
        """As it stands."""
        return self.letters().one(identifier)

    def seen(self, identifier: str) -> Seen:
        """The letter as an officer reads it now."""
        return Seen(letter=identifier, content_sha256=self.letter(identifier).fact.content_sha256)

    def approve(self, *identifiers: str, by: str = MALIS, key: str = "") -> list[str]:
        """Approve as they stand; the codes of what was refused."""
        seen = tuple(self.seen(one) for one in identifiers)
        _, answers = self.letters().approve(by, seen, self.key(by, key))
        return [refused.findings[0].code for _, refused in answers if refused]

    def change(self, identifier: str, *these: Mapping[str, Any], by: str = DARA) -> None:
        """Prepare it again."""
        self.letters().change(by, identifier, points(*these), self.key(by))

    def reject(self, identifier: str, by: str = MALIS) -> None:
        """Send it back."""
        asked = Rejection(content_sha256=self.seen(identifier).content_sha256, ground="wrong-date")
        self.letters().reject(by, identifier, asked, self.key(by))

    def seal(self, identifier: str, letters: Letters | None = None) -> tuple[str, str] | None:
        """What the queue does."""
        room = SealApproved(
            register=self.desk.register, contents=self.contents, records=self.desk.records,
            letters=letters or self.press, clock=self.desk.clock,
        )  # fmt: skip
        return room(StreamId("LETTER", identifier))

    def types(self, identifier: str) -> list[str]:
        """The entries of a letter, by type."""
        return [entry.type for entry in self.letter(identifier).stream.entries]

    def stored(self, code: str = "request-documents.1") -> list[bytes]:
        """Every version of the sealed letter that was ever stored."""
        return [body for _, body in self.desk.records.objects.get(f"filings/{self.filing}/letters/{code}.b-b.pdf", [])]

    def waiting(self) -> list[str]:
        """Letters on the desk's list."""
        return [one["id"] for one in self.view().listed()["letters"]]

    def listed_codes(self) -> list[str]:
        """The letters begun about the filing."""
        return list(self.desk.register.items[Key(f"LETTERS#{self.filing}", "LETTERS")].attributes["codes"])
