"""Messages of a registry: what is read, and every way of being refused before anything acts on it."""

import json
from typing import Any

import jsonschema
import pytest

from chalicelib.contracts.inbound import (
    MAX_BYTES,
    SAID,
    LetterIssued,
    Said,
    StatusChanged,
    Unreadable,
    example,
    inbox_key,
    read_envelope,
    read_said,
    schemas,
)


def said(kind: type[Said] = StatusChanged, **changes: Any) -> dict[str, Any]:
    """A good message, with changes; a field set to `...` is left out."""
    whole = {**example(kind), **changes}
    return {name: value for name, value in whole.items() if value is not ...}


def raw(message: Any) -> bytes:
    return json.dumps(message).encode()


def why(body: bytes) -> str:
    """The code with which a body is refused."""
    with pytest.raises(Unreadable) as refused:
        read_said(read_envelope(body))
    return refused.value.code


@pytest.mark.parametrize("kind", SAID.values(), ids=SAID)
def test_an_example_of_each_type_is_read_and_is_valid_by_its_schema(kind: type[Said]) -> None:
    message = example(kind)
    jsonschema.Draft202012Validator(schemas()[kind.TYPE]).validate(message)
    read = read_said(read_envelope(raw(message)))
    assert isinstance(read, kind) and read.to_data() == message["data"]


@pytest.mark.parametrize("sequence", [1, "1", "000001"])
def test_the_place_is_a_number_or_its_digits_and_means_the_same(sequence: Any) -> None:
    assert read_envelope(raw(said(sequence=sequence))).sha256 == read_envelope(raw(said())).sha256


def test_the_digest_is_of_what_is_said_however_it_was_written() -> None:
    one, other = said(), said(data={**example(StatusChanged)["data"], "status": "granted"})
    spaced = json.dumps(dict(reversed(one.items())), indent=4).encode()
    assert read_envelope(spaced).sha256 == read_envelope(raw(one)).sha256 != read_envelope(raw(other)).sha256


NESTED = b'{"a":' * 40 + b"1" + b"}" * 40
BODIES = {
    "nothing": (b"", "json.not-json"),
    "no json": (b"<xml/>", "json.not-json"),
    "half of it": (raw(said())[:-5], "json.not-json"),
    "two of them": (raw(said()) * 2, "json.not-json"),
    "no utf-8": (b'{"id":"\xff\xfe"}', "json.not-utf8"),
    "a byte order mark": (b"\xef\xbb\xbf" + raw(said()), "json.not-json"),
    "a key twice": (b'{"id":"a","id":"b"}', "json.duplicate-key"),
    "NaN": (b'{"sequence":NaN}', "json.not-a-number"),
    "infinity": (b'{"sequence":-Infinity}', "json.not-a-number"),
    "a fraction": (b'{"sequence":1.0}', "json.fraction"),
    "a huge number": (b'{"sequence":1' + b"0" * 400 + b"}", "json.integer"),
    "a lone surrogate": (b'{"id":"\\ud800"}', "json.surrogate"),
    "too deep": (NESTED, "json.too-deep"),
    "too long": (raw(said(id="x" * MAX_BYTES)), "body.too-large"),
    "a list": (raw([said()]), "message-malformed"),
    "null": (b"null", "message-malformed"),
}


@pytest.mark.parametrize("name", BODIES)
def test_what_is_no_plain_json_object_is_refused(name: str) -> None:
    body, code = BODIES[name]
    assert why(body) == code


OUTSIDES: dict[str, dict[str, Any]] = {
    "an unknown field": {"extra": "1"},
    "no version": {"specversion": ...},
    "another version": {"specversion": "0.3"},
    "no id": {"id": ...},
    "an id with a space": {"id": "a b"},
    "an id with a line's end": {"id": "a\n"},
    "a long id": {"id": "a" * 65},
    "an id that is a number": {"id": 1},
    "ourselves as source": {"source": "urn:tra:kh"},
    "a source with a path": {"source": "urn:registry:../x"},
    "a type of ours": {"type": "int.tra.filing.submitted.v1"},
    "an order as subject": {"subject": "ORDER#01JDJ0Z7Q8F0000000000000AA"},
    "a subject that is no identifier": {"subject": "FILING#1"},
    "a subject of other digits": {"subject": "FILING#٠1JDJ0Z7Q8F0000000000000AA"},
    "a time without milliseconds": {"time": "2026-11-25T02:33:30Z"},
    "a time that was never": {"time": "2026-02-31T02:33:30.000Z"},
    "no place": {"sequence": ...},
    "place nought": {"sequence": 0},
    "a place before": {"sequence": -1},
    "a place of seven digits": {"sequence": "1000000"},
    "a place that is true": {"sequence": True},
    "a place of other digits": {"sequence": "١"},
    "no data": {"data": ...},
    "data that is text": {"data": "{}"},
    "bytes beside it": {"data_base64": "e30="},
}


@pytest.mark.parametrize("name", OUTSIDES)
def test_an_envelope_that_is_not_as_agreed_is_refused(name: str) -> None:
    assert why(raw(said(**OUTSIDES[name]))) == "message-malformed"


def test_a_type_that_nobody_knows_is_readable_so_far_that_its_place_is_known() -> None:
    body = raw(said(type="int.registry.fee.doubled.v1"))
    assert read_envelope(body).sequence == 1
    assert why(body) == "type-unknown"


LETTER = example(LetterIssued)["data"]
INSIDES: list[tuple[str, dict[str, Any]]] = [
    ("int.registry.filing.accepted.v1", {}),
    ("int.registry.filing.accepted.v1", {"number": "KH/D/2026/10", "note": "Sok Sokha"}),
    ("int.registry.filing.accepted.v1", {"number": "Sok Sokha"}),
    ("int.registry.filing.rejected.v1", {"number": "KH/D/2026/10", "reason": "the applicant, Sok Sokha, is not known"}),
    ("int.registry.filing.rejected.v1", {"number": "KH/D/2026/10"}),
    ("int.registry.paper.accepted.v1", {"paper": "1", "number": "1"}),
    ("int.registry.paper.rejected.v1", {"paper": "01JDJ2A2B3C0000000000000AC", "number": "1"}),
    ("int.registry.status.changed.v1", {"status": "granted", "at": "today"}),
    ("int.registry.status.changed.v1", {"status": "ត្រូវបានទទួល", "at": "2026-11-25T02:33:30.123Z"}),
    ("int.registry.status.changed.v1", {"status": "granted", "st27": "a10", "at": "2026-11-25T02:33:30.123Z"}),
    ("int.registry.status.changed.v1", {"status": "x", "due": "2026-99-99T02:33:30.123Z", "at": "2026-11-25T02:33:30.123Z"}),
    *(
        ("int.registry.letter.issued.v1", {**LETTER, name: value})
        for name, value in {
            "size": 0, "media_type": "text/html", "sha256": "A" * 64, "key": "filings/x/letters/y",
        }.items()
    ),
    ("int.registry.letter.issued.v1", {**LETTER, "size": 1 << 40}),
    ("int.registry.letter.issued.v1", {**LETTER, "size": "48213"}),
    ("int.registry.letter.issued.v1", {**LETTER, "key": inbox_key("urn:registry:x", "a" * 64) + "/../y"}),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "data"), INSIDES)
def test_data_that_is_not_of_its_type_is_refused(type_: str, data: dict[str, Any]) -> None:
    assert why(raw(said(type=type_, data=data))) == "data-malformed"


@pytest.mark.parametrize(
    "key", [inbox_key("urn:registry:other", "a" * 64), inbox_key("urn:registry:example", "b" * 64)]
)
def test_a_letter_can_name_no_object_but_its_own(key: str) -> None:
    message = said(LetterIssued, data={**LETTER, "key": key})
    assert why(raw(message)) == "letter-key"
