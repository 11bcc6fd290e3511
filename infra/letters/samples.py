"""Invented contents of every document, plain and odd: long names, many files, scripts from afar, signs that no font has."""

from dataclasses import replace
from datetime import UTC, date, datetime

from chalicelib.kernel.clock import stamp
from chalicelib.kernel.digest import Digest, canonical
from chalicelib.kernel.money import Money
from chalicelib.offices.model import Office
from chalicelib.proof.entries import receipt_entry
from chalicelib.proof.paper import packed
from chalicelib.signing.documents import ACKNOWLEDGEMENT, RECEIPT, Case, Writing
from chalicelib.signing.model import (
    AmountDue,
    Defect,
    DerivedFile,
    FeeLine,
    LetterContent,
    Particular,
    Payment,
    ReceivedFile,
    Table,
    Texts,
)
from infra.letters.log import SampleLog

AT = datetime(2026, 11, 25, 2, 41, 7, tzinfo=UTC)
RECEIPT_JSON = canonical({"files": [], "receiptId": "01JDT0000000000000000000AA", "title": "កៅអី"})
ODD = "北京大学 トヨタ 삼성전자 บริษัท ລາວ မြန်မာ भारत Đặng עברית 🙂👨‍👩‍👧 \u202egnp.exe #panic() *b* $x$ Z̸̢a̵l̷g̶o̵ ក្រុមហ៊ុន"
LONG = "ក្រុមហ៊ុនអភិវឌ្ឍន៍បច្ចេកវិទ្យាកម្ពុជាអន្តរជាតិ" * 8


def contents(office: Office, *, public_url: str = "https://tra.example") -> dict[str, LetterContent]:
    """Name → content, each document plain and odd."""
    writing = Writing(office=office, public_url=public_url, test_trust=True)
    return {**_documents(writing, "plain", case(), 4), **_documents(writing, "odd", odd_case(), 60)}


def case() -> Case:
    """A design application like any other."""
    return Case(
        number="KH/D/2026/10", ipas_number=("KH", "D", "2026", "10"), st13_number="302026000000010", kind_code="design",
        kind={"km": "គំនូរឧស្សាហកម្ម", "en": "Industrial design"}, route={"km": "ដាក់ពាក្យជាតិ", "en": "National filing"},
        received_at=AT, filing_date=date(2026, 11, 25),
        applicants=({"km": "សហករណ៍ឧទាហរណ៍", "en": "Example Rice Bowl Cooperative"},),
        agent={"km": "ការិយាល័យភ្នាក់ងារ មេគង្គ", "en": "Mekong Agents Office"}, reference="TD-2026-117/KH",
        title={"km": "កៅអីឫស្សីសម្រាប់ប្រើក្នុងផ្ទះ", "en": "Bamboo chair for household use"},
    )  # fmt: skip


def odd_case() -> Case:
    """The same with everything that a filer may write."""
    applicants = ({"km": LONG, "zh": ODD}, *({"en": f"Applicant {number} {ODD}"} for number in range(2, 13)))
    return replace(
        case(), applicants=applicants, agent={"x-y": ODD}, reference=ODD, title={"km": LONG, "en": "W" * 900}
    )


def _documents(writing: Writing, name: str, of: Case, files: int) -> dict[str, LetterContent]:
    at = AT
    made: dict[str, LetterContent] = {
        RECEIPT: _about(writing, of, RECEIPT, files),
        ACKNOWLEDGEMENT: _about(writing, of, ACKNOWLEDGEMENT, files),
        "request-documents": writing.request_documents(of, _points(), serial=1, issued_at=at),
        "invitation-to-pay": writing.invitation_to_pay(of, _due("design.registration"), serial=1, issued_at=at),
        "annuity-invoice": writing.annuity_invoice(
            of, _due("annuity.4"), serial=1, issued_at=at,
            years=Particular(label=_t("ឆ្នាំ", "Years"), values=(_t("ឆ្នាំទី៤ (២០២៧-២០២៨)", "Year 4 (2027-2028)"),)),
        ),
        "completeness": writing.completeness(of, serial=1, issued_at=at),
        "certificate-draft": writing.certificate_draft(of, _particulars(of), serial=1, issued_at=at),
        "journal": writing.journal(
            "D-2026/11", label=_t("លេខទិនានុប្បវត្តិ", "Journal number"), tables=(_registrations(of, files),), issued_at=at
        ),
    }  # fmt: skip
    return {f"{code}.{name}": content for code, content in made.items()}


def _about(writing: Writing, of: Case, code: str, files: int) -> LetterContent:
    payment = Payment(
        lines=_lines("design.filing"), total=Money(400_000, "KHR"), paid_at=AT, reference="TR26112500000010"
    )
    return writing.about(
        of, code, number=f"{of.number}-{code[:3].upper()}", issued_at=AT,
        anchor=f"#sha256={Digest.of(RECEIPT_JSON)}&at={stamp(AT)}",
        files=tuple(_file(seq) for seq in range(1, files + 1)),
        derived=(
            DerivedFile(from_seq=1, what="smaller-copy", tool="pillow-12.2", size=20_481, sha256=Digest.of(b"t")),
        ),
        form_sha256=Digest.of(b"form"), manifest_sha256=Digest.of(b"manifest"), receipt_sha256=Digest.of(RECEIPT_JSON),
        payment=payment if code == ACKNOWLEDGEMENT else None, defects=_points(),
        proof=_proof(of.number) if code == ACKNOWLEDGEMENT else "",
    )  # fmt: skip


def _proof(number: str) -> str:
    """Of the sample receipt: it verifies against the sample log's key."""
    digest = Digest.of(RECEIPT_JSON).hex
    return packed(SampleLog().receipt(receipt_entry(number=number, received_at=stamp(AT), receipt_sha256=digest)))


def _file(seq: int) -> ReceivedFile:
    name = ("chair-front.png", "កៅអី ខាងឆ្វេង.png", "power-of-attorney (signed).pdf", ODD, "W" * 300)[(seq - 1) % 5]
    return ReceivedFile(
        seq=seq, role=_t("រូបតំណាងគំនូរ", "Representation of the design"), name=name, media_type="application/pdf",
        size=1_204_331 + seq, sha256=Digest.of(str(seq).encode()),
    )  # fmt: skip


def _points() -> tuple[Defect, ...]:
    return (
        Defect(
            code="poa.original-missing", by=date(2027, 1, 25),
            message=_t("ច្បាប់ដើមនៃលិខិតប្រគល់សិទ្ធិមិនទាន់មាន។", "The original power of attorney is missing."),
            what_to_do=_t("សូមដាក់ច្បាប់ដើមដែលមានការបញ្ជាក់។", "File the notarised original."),
        ),
        Defect(
            code="priority.copy-missing", by=date(2027, 2, 25),
            message=_t("ច្បាប់ចម្លងនៃឯកសារអាទិភាពមិនទាន់មាន។", "The certified copy of the priority document is missing."),
            what_to_do=_t("សូមដាក់ច្បាប់ចម្លង និងការបកប្រែ។", "File the copy and its translation."),
        ),
    )  # fmt: skip


def _lines(code: str) -> tuple[FeeLine, ...]:
    return (
        FeeLine(code=code, label=_t("កម្រៃ (ចំនួនសាកល្បង)", "Fee (an invented amount)"), amount=Money(320_000, "KHR")),
        FeeLine(code="publication", label=_t("កម្រៃផ្សព្វផ្សាយ", "Publication"), amount=Money(80_000, "KHR")),
    )


def _due(code: str) -> AmountDue:
    return AmountDue(
        lines=_lines(code), total=Money(400_000, "KHR"), reference="TR26112500000027", by=date(2027, 1, 20), demo=True,
        how=(_t("តាម KHQR នៅក្នុងប្រព័ន្ធ", "By KHQR in the system"),
             _t("នៅបញ្ជរធនាគារ ដោយប្រើលេខយោង", "At a bank's counter, with the reference")),
    )  # fmt: skip


def _particulars(of: Case) -> tuple[Particular, ...]:
    return (
        Particular(inid="11", label=_t("លេខចុះបញ្ជី", "Registration number"), values=(_t("KH/D/10", "KH/D/10"),)),
        Particular(
            inid="15", label=_t("កាលបរិច្ឆេទចុះបញ្ជី", "Date of registration"), values=(_t("១០ កក្កដា ២០២៧", "10 July 2027"),)
        ),
        Particular(inid="51", label=_t("ចំណាត់ថ្នាក់ឡូកាណូ", "Locarno class"), values=({"en": "06-01"},)),
        Particular(inid="73", label=_t("ម្ចាស់", "Holder"), values=of.applicants[:2]),
        Particular(inid="54", label=_t("ផលិតផល", "Product"), values=(of.title,)),
    )


def _registrations(of: Case, count: int) -> Table:
    rows = tuple(
        (_t(f"KH/D/{number}", f"KH/D/{number}"), _t("១០ កក្កដា ២០២៧", "10 July 2027"), of.applicants[0], {"en": "06-01"})
        for number in range(1, count + 1)
    )
    return Table(
        title=_t("គំនូរឧស្សាហកម្មដែលបានចុះបញ្ជី", "Industrial designs registered"), widths=(2, 3, 6, 2), rows=rows,
        columns=(_t("(11) លេខ", "(11) Number"), _t("(15) កាលបរិច្ឆេទ", "(15) Date"), _t("(73) ម្ចាស់", "(73) Holder"),
                 _t("(51) ថ្នាក់", "(51) Class")),
    )  # fmt: skip


def _t(km: str, en: str) -> Texts:
    return {"km": km, "en": en}
