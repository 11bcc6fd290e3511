"""What a file is called, over HTTP, from exact to unreadable; and no attack on a letter is called exact, or valid, or ends in
a fault of ours."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.faults.ground import objects
from tests.faults.journey import FILES, archived, travel
from tests.faults.world import Reply, World, world
from tests.integration.signing.attacks import ATTACKS

GOOD = {"exact", "superseded", "registered"}
BOUNDARY = "----tra"


@dataclass(frozen=True)
class Office:
    """An office with one filing and its acknowledgement: every level, and the newest."""

    world: World
    levels: Mapping[str, bytes]
    number: str
    receipt: bytes

    @property
    def letter(self) -> bytes:
        """The newest level."""
        return self.levels["b-lta"]

    def ask(self, body: bytes, content_type: str = "application/pdf", path: str = "/v1/verifications") -> Reply:
        return self.world.request("POST", path, subject="", raw=body, headers={"Content-Type": content_type})

    def asked(self, body: bytes | Mapping[str, Any]) -> dict[str, Any]:
        reply = self.ask(body) if isinstance(body, bytes) else self.ask(json.dumps(body).encode(), "application/json")
        assert reply.status == 200, reply.body
        said: dict[str, Any] = reply.json
        return said

    def form(self, fields: list[tuple[str, bytes, bool]], path: str = "/verify") -> Reply:
        """Send a form as a browser without scripts does."""
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'.encode()
            + (b'; filename="x.pdf"\r\nContent-Type: application/pdf' if file else b"")
            + b"\r\n\r\n" + body + b"\r\n"
            for name, body, file in fields
        ]  # fmt: skip
        body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
        return self.ask(body, f"multipart/form-data; boundary={BOUNDARY}", path)


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with world() as made:
        travel(made)
        archived(made)
        receipt = made.memory.journey["receipt"]
        yield Office(made, acknowledgement(made), receipt["application_number"], receipt["receipt"].encode())


def acknowledgement(made: World) -> dict[str, bytes]:
    """Every level of the acknowledgement, as it lies in the records."""
    records = objects(made.environment["TRA_RECORDS_BUCKET"])
    return {
        name.removesuffix(".pdf").rpartition(".")[2]: body
        for name, versions in records.items()
        if "/letters/acknowledgement." in name
        for body in versions.values()
    }


def verdict_of(reply: Reply) -> str:
    found = re.search(r'data-verdict="([^"]+)"', reply.body.decode())
    assert found, reply.body
    return found[1]


def test_our_exact_bytes_are_called_so_by_file_and_by_digest(office: Office) -> None:
    by_file, by_digest = office.asked(office.letter), office.asked({"sha256": hashlib.sha256(office.letter).hexdigest()})

    assert by_file == by_digest
    assert by_file["verdict"] == "exact"
    assert set(by_file["message"]) == set(by_file["action"]) == {"km", "en"}
    letter = by_file["letter"]
    assert (letter["application_number"], letter["number"], letter["level"]) == (office.number, f"{office.number}-ACK", "b-lta")


@pytest.mark.parametrize("level", ["b-b", "b-t"])
def test_an_earlier_level_is_genuine_and_superseded_by_the_newest(office: Office, level: str) -> None:
    said = office.asked(office.levels[level])

    assert (said["verdict"], said["letter"]["level"]) == ("superseded", level)
    assert said["letter"]["newer"] == {"level": "b-lta", "sha256": hashlib.sha256(office.letter).hexdigest()}


def test_an_archive_whose_revision_was_cut_off_is_the_level_before_it(office: Office) -> None:
    assert office.letter.startswith(office.levels["b-t"])


def test_an_unknown_digest_asks_for_the_file(office: Office) -> None:
    assert office.asked({"sha256": "ab" * 32})["verdict"] == "unknown"


@pytest.mark.parametrize("level", ["b-b", "b-t", "b-lta"])
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attacked_letter_is_never_called_exact_or_valid(office: Office, name: str, level: str) -> None:
    attacked = ATTACKS[name](office.levels[level])
    assert attacked not in office.levels.values()

    said = office.asked(attacked)

    assert said["verdict"] in {"changed", "other-seal", "not-sealed", "unreadable"}, said
    assert not said.get("seal", {}).get("valid"), said
    assert "letter" not in said or said["verdict"] == "changed"


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("content replaced", {"appended", "content"}),
        ("content object swapped", {"appended", "content"}),
        ("page repeated", {"appended", "pages"}),
        ("stamp laid over", {"appended", "annotations"}),
        ("form field laid over", {"appended", "annotations", "form"}),
        ("second seal that covers", {"appended", "second-seal"}),
        ("title changed", {"appended", "metadata"}),
        ("XMP changed", {"appended", "metadata"}),
        ("receipt swapped", {"appended", "attachments"}),
        ("attachment added", {"appended", "attachments"}),
        ("script added", {"appended", "actions"}),
        ("archive data added", {"appended", "archive"}),
        ("bytes at the end", {"appended", "structure"}),
        ("unsealed", {"seal-removed"}),
        ("one byte in the sealed part", {"inside"}),
    ],
)
def test_what_was_changed_is_said(office: Office, name: str, changes: set[str]) -> None:
    said = office.asked(ATTACKS[name](office.levels["b-b"]))

    assert said["verdict"] == "changed", said
    assert changes <= {one["code"] for one in said["changes"]}, said["changes"]
    assert all(set(one["message"]) == {"km", "en"} for one in said["changes"])


def test_a_seal_of_somebody_of_our_name_is_another_seal(office: Office) -> None:
    said = office.asked(ATTACKS["sealed by a stranger of our name"](office.levels["b-b"]))

    assert said["verdict"] == "other-seal"


def test_a_pdf_without_a_seal_is_called_so(office: Office) -> None:
    assert office.asked(FILES[0][3])["verdict"] in {"not-sealed", "unreadable"}
    from infra.local.samples import patent_files

    assert office.asked(patent_files()[0].body)["verdict"] == "not-sealed"


@pytest.mark.parametrize("body", [b"", b"x", b"%PDF-", b"PK\x03\x04", b"%PDF-1.7\n%%EOF" * 50, b"\x00" * 5000])
def test_what_is_no_pdf_cannot_be_read(office: Office, body: bytes) -> None:
    assert office.asked(body)["verdict"] in {"unreadable", "not-sealed"}


def test_a_letter_of_another_case_is_no_answer(office: Office) -> None:
    said = office.asked({"sha256": hashlib.sha256(office.letter).hexdigest(), "number": "KH/D/2026/999"})

    assert said["verdict"] == "other-number"
    assert office.number in said["message"]["en"] and "KH/D/2026/999" in said["message"]["km"]


def test_dropped_attachments_are_compared_with_what_was_filed(office: Office) -> None:
    filed, other = hashlib.sha256(FILES[0][3]).hexdigest(), "cd" * 32

    said = office.asked({"sha256": hashlib.sha256(office.letter).hexdigest(), "attachments": [filed, other]})

    assert [(one["sha256"], one["filed"]) for one in said["attachments"]] == [(filed, True), (other, False)]


def test_number_and_code_from_paper_lead_to_the_register_and_a_wrong_code_does_not(office: Office) -> None:
    code = hashlib.sha256(office.receipt).hexdigest()

    for right in (code, code[:16]):
        said = office.asked({"number": office.number, "code": right})
        assert said["verdict"] == "registered"
        assert said["receipt_sha256"] == code
        assert [letter["code"] for letter in said["letters"]] == ["receipt", "acknowledgement"]
        assert said["letters"][1]["sha256"] == hashlib.sha256(office.levels["b-b"]).hexdigest()
        assert said["letters"][1]["newer"]["sha256"] == hashlib.sha256(office.letter).hexdigest()
    for number, wrong in ((office.number, "0" * 16), ("KH/D/2026/999", code)):
        assert office.asked({"number": number, "code": wrong})["verdict"] == "not-registered"


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 422), ({"number": "KH/D/2026/1"}, 422), ({"sha256": "x"}, 422), ({"sha256": "ab" * 32, "x": 1}, 422),
     ({"number": "KH/D/2026/1", "code": "0123"}, 422), ({"sha256": "ab" * 32, "attachments": ["x"]}, 422),
     ({"sha256": "ab" * 32, "attachments": 5}, 422)],
)  # fmt: skip
def test_what_asks_nothing_or_something_else_is_refused_with_words(office: Office, body: Any, status: int) -> None:
    reply = office.ask(json.dumps(body).encode(), "application/json")

    assert reply.status == status, reply.body


def test_a_file_over_the_limit_and_a_body_of_another_kind_are_refused(office: Office) -> None:
    assert office.ask(b"%PDF-" + b"0" * 4_000_001).status == 413
    assert office.ask(b"x", "text/plain").status == 415
    assert office.ask(b"x", "multipart/form-data; boundary=a").status == 400


# ------------------------------------------------------------------------------------------------ the page


@pytest.mark.parametrize("language", ["km", "en"])
def test_the_page_works_without_scripts_in_both_languages(office: Office, language: str) -> None:
    page = office.world.request("GET", f"/verify?lang={language}", subject="")
    exact = office.form([("lang", language.encode(), False), ("number", b"", False), ("file", office.letter, True)])
    changed = office.form([("lang", language.encode(), False), ("file", office.letter + b"\n", True)])
    paper = office.form(
        [
            ("lang", language.encode(), False),
            ("number", office.number.lower().encode(), False),
            ("code", hashlib.sha256(office.receipt).hexdigest()[:16].upper().encode(), False),
        ]
    )

    assert page.status == exact.status == changed.status == paper.status == 200
    assert f'<html lang="{language}">' in page.body.decode()
    assert 'enctype="multipart/form-data"' in page.body.decode()
    assert [verdict_of(one) for one in (exact, changed, paper)] == ["exact", "changed", "registered"]


def test_the_page_allows_nothing_from_elsewhere_and_escapes_what_it_is_given(office: Office) -> None:
    page = office.world.request("GET", "/verify?number=%3Cscript%3Ealert(1)%3C/script%3E&lang=xx", subject="")
    wrong = office.form([("number", b"<img src=x onerror=alert(1)>", False), ("code", b"x", False)])

    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "form-action 'self'" in policy
    assert "<script>alert" not in page.body.decode() and "<img" not in wrong.body.decode()
    assert wrong.status == 422
    assert 'style="' not in page.body.decode() and " onclick" not in page.body.decode()


def test_a_form_that_holds_digests_only_is_answered_as_the_scripts_want_it(office: Office) -> None:
    sha256 = hashlib.sha256(office.letter).hexdigest().encode()

    assert verdict_of(office.form([("sha256", sha256, False)])) == "exact"
    unknown = office.form([("sha256", b"ab" * 32, False)])
    assert verdict_of(unknown) == "unknown"
    assert 'id="send"' in unknown.body.decode()


def test_the_forms_api_answers_json(office: Office) -> None:
    reply = office.form([("file", office.letter, True)], "/v1/verifications")

    assert reply.json["verdict"] == "exact"
    packed = base64.b64encode(office.letter)
    assert office.form([("file_base64", packed, False)], "/v1/verifications").json["verdict"] == "exact"
    assert office.form([("file_base64", b"%%%", False)], "/v1/verifications").status == 400


def test_an_inspector_that_died_makes_an_unreadable_file_and_no_fault(office: Office) -> None:
    from chalicelib.signing.verification.model import Inspection
    from chalicelib.signing.verification.service import Asked, Verify

    verify = Verify(
        register=office.world.rooms.register, office=office.world.office, chain_pem="", stamp_roots_pem="",
        inspector=lambda pdf, *, chain_pem, stamp_roots_pem, issued: Inspection(
            problem="died", changes=("structure",) if issued else ()
        ),
    )  # fmt: skip

    assert verify.file(b"%PDF-1.7 deadly", Asked())["verdict"] == "unreadable"
    assert verify.file(office.letter + b"deadly", Asked())["verdict"] == "changed"
