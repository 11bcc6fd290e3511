"""Reading a KHQR string. Numbers are cases of payments.md section 12."""

import hashlib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.payment import khqr
from infra.local.banks.qr import dynamic
from infra.local.banks.till import Payment
from tests.unit.payment.orders import EXPIRES, FIRST, MERCHANT, NOW
from tests.unit.payment.vectors import vectors

QR = dynamic(
    Payment(FIRST, Decimal(320_000), "KHR", NOW, EXPIRES), account="ipoffice@abaa", bank="ABA Bank", merchant=MERCHANT
)


def closed(body: str) -> str:
    """`body` with its CRC."""
    return body + "6304" + khqr.crc(body + "6304")


def test_the_banks_string_is_read() -> None:
    fields = khqr.read(QR)
    assert (fields["53"], fields["54"], fields["62"]) == ("116", "320000", f"0116{FIRST}")


def test_lengths_count_characters_and_the_crc_runs_over_bytes() -> None:
    text = closed("000201" + "5904" + "ការិ")
    assert khqr.read(text)["59"] == "ការិ"


@pytest.mark.parametrize("vector", vectors("qr_crc_ok", "khqr"))
def test_vector_of_a_whole_string_is_read_as_its_source_does(vector: dict[str, Any]) -> None:
    assert khqr.read(vector["qr"]) == dict(vector["tlv"])
    assert hashlib.md5(vector["qr"].encode(), usedforsecurity=False).hexdigest() == vector["md5"]


@pytest.mark.parametrize(
    "text",
    [
        "", "000201", QR[:-1] + ("0" if QR[-1] != "0" else "1"), QR + " ", QR + "6304AAAA",
        QR.replace("320000", "320001"),
        closed("000201" + "5402" + "10" + "5402" + "10"), closed("000201" + "2901" + "a" + "3001" + "a"),
        closed("000201" + "5999" + "short"), closed("000201" + "59xx" + "a"), closed("000201" + "59០២" + "ab"),
        closed(closed("000201")), closed("000201" + "59" + "9" * 600), closed("010211"),
    ],
    ids=[
        "80 empty", "80 no CRC", "80 wrong CRC", "80 data after", "80 a second CRC after", "80 amount changed",
        "81 repeated tag", "81 tags 29 and 30", "81 length past the end", "81 length not a number", "81 Khmer length",
        "80 63 not last", "81 too long", "80 wrong beginning",
    ],
)  # fmt: skip
def test_adversarial(text: str) -> None:
    with pytest.raises(ValueError):
        khqr.read(text)


@given(st.integers(0, len(QR) - 1), st.characters(min_codepoint=32, max_codepoint=126))
def test_one_wrong_character_is_always_noticed(place: int, character: str) -> None:
    wrong = QR[:place] + character + QR[place + 1 :]
    if wrong == QR:
        return
    with pytest.raises(ValueError):
        khqr.read(wrong)
