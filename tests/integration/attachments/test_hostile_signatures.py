"""Row 21, in depth: PDFs that come signed, rightly, wrongly and with malice. What is found is said; nothing is refused for it,
nothing raises, nothing takes longer than the cell allows, and no byte of the file is touched."""

import re
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.attachments.screening import cell
from chalicelib.attachments.screening.eicar import EicarOnly
from chalicelib.attachments.screening.model import PDF
from chalicelib.attachments.screening.service import Screening
from chalicelib.attachments.screening.signatures import NOT_CHECKED, Seen, SignatureCell, read
from chalicelib.contracts.attachment import Attachment
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.ids import ulid
from chalicelib.signing.incoming.look import look
from chalicelib.wiring.attachments import SIGNATURES
from tests.factories import cambodia
from tests.fakes import NOON
from tests.faults.journey import pdf
from tests.integration.attachments.looking import found, refused
from tests.signers import DER, YEAR, Authority, appended, pdf_objects

TRUSTED, STRANGER = Authority(), Authority("A Stranger's Root")
SOPHEA = TRUSTED.signer()
PLAIN = pdf("a power of attorney")
SIGNED = SOPHEA.sign(PLAIN)
RANGE = re.compile(rb"/ByteRange \[[^\]]*\]")


def seen(body: bytes, *authorities: Authority) -> list[dict[str, Any]]:
    """What the program says, in this process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_bytes(body)
        roots = [one.certificate.public_bytes(DER) for one in authorities or (TRUSTED,)]
        signatures: list[dict[str, Any]] = look(path, roots, NOON)["signatures"]
        assert path.read_bytes() == body
    return signatures


def results(body: bytes) -> list[str]:
    return [one["result"] for one in seen(body)]


def in_a_cell(body: bytes, program: str = SIGNATURES, **how: Any) -> Seen:
    """What screening learns, from a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_bytes(body)
        return SignatureCell(program=program, roots=[TRUSTED.pem], clock=lambda: NOON, **how)(path)


def put(body: bytes, old: bytes, new: bytes) -> bytes:
    """The same length, other bytes."""
    assert body.count(old) >= 1
    return body.replace(old, new.ljust(len(old)), 1)


def contents(body: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The CMS changed, in its place."""
    start = body.index(b"/Contents <") + 11
    end = body.index(b">", start)
    own = bytes.fromhex(body[start:end].decode())
    return body[:start] + change(own)[: len(own)].ljust(len(own), b"\0").hex().encode() + body[end:]


class TestRight:
    def test_21_a_signature_of_somebody_known_is_valid_and_says_who_when_and_over_what(self) -> None:
        (one,) = seen(SIGNED)
        assert (one["result"], one["level"], one["covers"], one["signer"]) == ("valid", "b-b", "whole", "Sok Sophea")
        assert one["certificate_sha256"] == SOPHEA.sha256 and one["claimed_at"].endswith("Z")

    def test_21_the_same_of_somebody_unknown_is_intact(self) -> None:
        (one,) = seen(SIGNED, STRANGER)
        assert one["result"] == "unknown-signer" and one["signer"] == "Sok Sophea"

    def test_21_another_s_root_of_the_same_name_makes_nobody_known(self) -> None:
        assert results(Authority(TRUSTED.name).signer().sign(PLAIN)) == ["unknown-signer"]

    def test_21_adobe_s_older_format_is_valid_too(self) -> None:
        assert [(one["result"], one["level"]) for one in seen(SOPHEA.sign(PLAIN, pades=False))] == [("valid", "pkcs7")]

    def test_21_a_certificate_for_digital_signatures_alone_may_sign(self) -> None:
        signer = TRUSTED.signer(commits=False)
        assert results(signer.sign(PLAIN, signer_key_usage={"digital_signature"})) == ["valid"]

    def test_21_a_second_signer_leaves_the_first_valid_over_its_revision(self) -> None:
        both = TRUSTED.signer("An Agent").sign(SIGNED, field="Signature2")
        assert [(one["result"], one["covers"], one["signer"]) for one in seen(both)] == [
            ("valid", "revision", "Sok Sophea"), ("valid", "whole", "An Agent")
        ]  # fmt: skip

    def test_21_a_certificate_that_has_ended_since_is_expired_not_unknown(self) -> None:
        import chalicelib.signing.incoming.look as at_look

        signer = TRUSTED.signer(ends=NOON + timedelta(days=1))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "file")
            path.write_bytes(signer.sign(PLAIN))
            said = at_look.look(path, [TRUSTED.certificate.public_bytes(DER)], NOON + YEAR)
        assert [one["result"] for one in said["signatures"]] == ["expired"]

    def test_21_a_file_without_signatures_has_none(self) -> None:
        assert seen(PLAIN) == []

    def test_21_the_screening_takes_a_signed_file_and_asks_about_it(self) -> None:
        assert "pdf.signed" in found(SIGNED)
        assert in_a_cell(SIGNED).findings == ("signature.valid",)


def overlay(writer: Any) -> None:
    generic = pdf_objects()
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    page[generic.pdf_name("/Contents")] = writer.add_object(generic.StreamObject(stream_data=b"1 0 0 rg 0 0 500 500 re f"))
    writer.update_container(page)


def note(writer: Any) -> None:
    generic = pdf_objects()
    name = generic.pdf_name
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    annotation = generic.DictionaryObject(
        {name("/Type"): name("/Annot"), name("/Subtype"): name("/Square"), name("/F"): generic.NumberObject(4),
         name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 300, 300)))}
    )  # fmt: skip
    page[name("/Annots")] = generic.ArrayObject([writer.add_object(annotation)])
    writer.update_container(page)


def field_value(writer: Any) -> None:
    """A text field appears and is filled: what some call form filling, after the last signature."""
    generic = pdf_objects()
    name = generic.pdf_name
    text = generic.DictionaryObject(
        {name("/FT"): name("/Tx"), name("/T"): generic.pdf_string("amount"), name("/V"): generic.pdf_string("1,000,000")}
    )
    fields = writer.root["/AcroForm"]["/Fields"]
    fields.append(writer.add_object(text))
    writer.update_container(fields)


def empty_fields(writer: Any, count: int, *, value: bool = False) -> None:
    """`count` signature fields more, empty or each with the value of the first."""
    generic = pdf_objects()
    name = generic.pdf_name
    fields = writer.root["/AcroForm"]["/Fields"]
    held = fields[0].get_object().raw_get("/V")
    for at in range(count):
        made = generic.DictionaryObject({name("/FT"): name("/Sig"), name("/T"): generic.pdf_string(f"S{at:05d}")})
        if value:
            made[name("/V")] = held
        fields.append(writer.add_object(made))
    writer.update_container(fields)


CHANGED: dict[str, bytes] = {
    "a page's content replaced in a later revision": appended(SIGNED, overlay),
    "a note laid over the page": appended(SIGNED, note),
    "a field filled in after the last signature": appended(SIGNED, field_value),
    "a byte of the page": put(SIGNED, b"/MediaBox", b"/MediaBoy"),
    "empty fields for signatures, drawn over nothing": appended(SIGNED, lambda writer: empty_fields(writer, 3)),
}


@pytest.mark.parametrize("body", CHANGED.values(), ids=CHANGED)
def test_21_what_was_changed_after_signing_is_never_valid(body: bytes) -> None:
    assert results(body) in (["changed"], ["broken"]), seen(body)


def lied(numbers: bytes) -> bytes:
    """The signed file with other numbers in its /ByteRange."""
    match = RANGE.search(SIGNED)
    assert match is not None
    return SIGNED[: match.start()] + (b"/ByteRange [" + numbers + b"]").ljust(len(match[0])) + SIGNED[match.end() :]


def numbers() -> list[int]:
    match = RANGE.search(SIGNED)
    assert match is not None
    return [int(one) for one in re.findall(rb"\d+", match[0])]


_, FIRST, SECOND, REST = numbers()
DATA_IN_CMS = bytes.fromhex("06092a864886f70d0107")  # what follows says signedData, or plain data
BROKEN: dict[str, bytes] = {
    "no range": lied(b""),
    "two numbers": lied(b"0 10"),
    "three": lied(b"0 10 20"),
    "five": lied(b"0 1 2 3 4"),
    "negative": lied(b"0 -1 5 5"),
    "begins later": lied(b"1 %d %d %d" % (FIRST - 1, SECOND, REST)),
    "overlaps": lied(b"0 %d %d %d" % (SECOND, FIRST, REST)),
    "runs past the end": lied(b"0 %d %d 99999999" % (FIRST, SECOND)),
    "huge": lied(b"0 99999999999999999999"),
    "a wider hole": lied(b"0 %d %d %d" % (FIRST - 200, SECOND, REST)),
    "words": lied(b"/a /b /c /d"),
    "null": lied(b"null null null null"),
    "itself": lied(b"0 0 0 0"),
    "no filter": put(SIGNED, b"/SubFilter", b"/SubFiltex"),
    "unknown format": put(SIGNED, b"/ETSI.CAdES.detached", b"/made.up.format.here"),
    "empty CMS": contents(SIGNED, lambda own: b""),
    "zeros": contents(SIGNED, lambda own: b"\0" * 10),
    "cut CMS": contents(SIGNED, lambda own: own[:200]),
    "noise": contents(SIGNED, lambda own: bytes(at * 7 % 256 for at in range(len(own)))),
    "deep": contents(SIGNED, lambda own: b"\x30\x80" * 2000),
    "lengths that lie": contents(SIGNED, lambda own: b"\x30\x84\xff\xff\xff\xff" + own[6:]),
    "another type": contents(SIGNED, lambda own: own.replace(DATA_IN_CMS + b"\x02", DATA_IN_CMS + b"\x01", 1)),
    "a signature value of zeros": contents(SIGNED, lambda own: own.rstrip(b"\0")[:-60] + b"\x01" * 60),
}  # fmt: skip


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_21_a_malformed_or_lying_signature_is_broken_or_changed_and_never_raises(body: bytes) -> None:
    assert set(results(body)) <= {"broken", "changed"}


def test_21_a_file_that_cannot_be_read_after_its_signature_is_not_checked() -> None:
    assert in_a_cell(SIGNED + b"\n% more\n%%EOF\n").findings == (NOT_CHECKED,)


def test_21_a_value_that_is_no_dictionary_is_no_signature() -> None:
    def change(writer: Any) -> None:
        generic = pdf_objects()
        field = writer.root["/AcroForm"]["/Fields"][0].get_object()
        field[generic.pdf_name("/V")] = generic.NumberObject(7)
        writer.update_container(field)

    assert seen(appended(SIGNED, change)) == []
    assert in_a_cell(appended(SIGNED, change)).findings == (NOT_CHECKED,)


def test_21_a_signature_in_no_field_is_said_to_be_unchecked() -> None:
    def change(writer: Any) -> None:
        generic = pdf_objects()
        fields = writer.root["/AcroForm"]["/Fields"]
        fields[:] = []
        writer.root["/AcroForm"][generic.pdf_name("/Fields")] = generic.ArrayObject()
        writer.update_container(writer.root["/AcroForm"])

    body = appended(SIGNED, change)
    assert refused(body) in {"", "pdf.damaged"}  # its widget belongs to no form: that is another fault of the file
    assert in_a_cell(body).findings == (NOT_CHECKED,)


def test_21_fields_that_lead_to_each_other_end() -> None:
    def change(writer: Any) -> None:
        generic = pdf_objects()
        name = generic.pdf_name
        field = generic.DictionaryObject({name("/T"): generic.pdf_string("loop")})
        reference = writer.add_object(field)
        field[name("/Kids")] = generic.ArrayObject([reference, reference])
        writer.root["/AcroForm"]["/Fields"].append(reference)
        writer.update_container(writer.root["/AcroForm"]["/Fields"])

    assert set(in_a_cell(appended(SIGNED, change)).findings) <= {NOT_CHECKED, "signature.changed", "signature.broken"}


@pytest.mark.parametrize("value", [True, False], ids=["each with a value", "empty"])
def test_21_thousands_of_fields_are_a_finding_within_the_bounds(value: bool) -> None:
    began = time.monotonic()
    told = in_a_cell(appended(SIGNED, lambda writer: empty_fields(writer, 5_000, value=value)))
    assert time.monotonic() - began < cell.WALL_SECONDS + 3
    assert "signature.valid" not in told.findings and len(told.signatures) <= 8
    assert told.findings


def test_21_more_signatures_than_are_looked_at_is_said() -> None:
    body = PLAIN
    for at in range(10):
        body = SOPHEA.sign(body, field=f"S{at}")
    told = in_a_cell(body)
    assert len(told.signatures) in {0, 8}  # none, if the machine was too slow for eight
    assert ("signature.too-many" in told.findings) == bool(told.signatures)


def test_21_a_huge_cms_is_not_read() -> None:
    body = SOPHEA.sign(PLAIN)
    start, end = body.index(b"/Contents <"), body.index(b">", body.index(b"/Contents <"))
    huge = body[:start] + b"/Contents <" + b"30" * 3_000_000 + body[end:]
    began = time.monotonic()
    assert set(in_a_cell(huge).findings) <= {NOT_CHECKED, "signature.broken"}
    assert time.monotonic() - began < cell.WALL_SECONDS + 3


def test_21_a_name_that_would_hide_or_turn_text_is_cleaned_and_cut() -> None:
    name = "Sok\u202egnp.\u200bexe" + "x" * 40
    (one,) = seen(TRUSTED.signer(name).sign(PLAIN))
    assert one["signer"].startswith("Sokgnp.exe") and "\u202e" not in one["signer"]


def test_21_a_bad_signature_refuses_no_file() -> None:
    for body in (*CHANGED.values(), lied(b"0 10"), contents(SIGNED, lambda own: own[:200])):
        assert refused(body) in {"", "pdf.unknown-object", "pdf.page-size"}, "refused for another reason than its signature"


class TestCell:
    def test_21_a_program_that_dies_hangs_or_is_not_there_checks_nothing_and_refuses_nothing(self) -> None:
        assert in_a_cell(SIGNED, program="chalicelib.no.such.program").findings == (NOT_CHECKED,)
        assert in_a_cell(b"not a PDF at all").findings == (NOT_CHECKED,)

    @pytest.mark.parametrize(
        "said",
        [
            "", "{", "null", "[]", "{}", '{"signatures": 7, "more": false}', '{"signatures": [{}], "more": false}',
            '{"signatures": [{"result": "fine", "level": "b-b", "covers": "whole"}], "more": false}',
            '{"signatures": [{"result": "valid", "level": "b-b", "covers": "whole", "x": 1}], "more": false}',
            '{"signatures": [{"result": "valid", "level": "b-b", "covers": "whole", "claimed_at": "Sok"}], "more": false}',
            '{"signatures": [{"result": "valid", "level": "b-b", "covers": "whole", "certificate_sha256": "Sok"}], "more": 1}',
            '{"signatures": ["valid"], "more": false}',
        ],
    )  # fmt: skip
    def test_21_what_a_program_says_is_believed_only_in_the_form_it_may_have(self, said: str) -> None:
        assert read(said) == Seen(signatures=(), findings=(NOT_CHECKED,))

    def test_21_no_more_than_eight_are_believed(self) -> None:
        one = '{"result": "valid", "level": "b-b", "covers": "whole", "signer": "A\\u202eB"}'
        told = read('{"more": false, "signatures": [' + ",".join([one] * 30) + "]}")
        assert len(told.signatures) == 8 and told.signatures[0].signer == "AB"


def test_21_the_whole_screening_accepts_a_signed_file_with_what_was_found_of_it() -> None:
    body, office = SIGNED, cambodia().model_copy(update={"signer_roots": (TRUSTED.pem,)})
    asks = SignatureCell(program=SIGNATURES, roots=office.signer_roots, clock=lambda: NOON)
    screening = Screening(office=office, scanner=EicarOnly(), signatures=asks)
    told = Attachment(id=ulid(NOON), document="power-of-attorney", name="poa.pdf", media_type=PDF, size=len(body), key="k")

    verdict = screening(iter([body]), told)

    assert verdict.accepted is not None and verdict.accepted.sha256 == Digest.of(body)
    assert "signature.valid" in verdict.accepted.findings and "pdf.signed" not in verdict.accepted.findings
    assert [one.signer for one in verdict.accepted.signatures] == ["Sok Sophea"]
