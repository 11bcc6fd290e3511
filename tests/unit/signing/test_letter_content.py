"""The letter's content is plain, checked, and has one digest."""

import dataclasses
import json
from datetime import datetime

import pytest

from chalicelib.kernel.digest import Digest, canonical
from tests.unit.signing.letters import full_letter


def test_content_becomes_plain_json_with_money_as_minor_units_and_times_as_stamps() -> None:
    plain = full_letter().to_json()

    assert json.loads(canonical(plain)) == plain
    assert plain["received_at"] == "2026-11-25T02:33:30.123Z"
    assert plain["filing_date"] == "2026-11-25"
    assert plain["payment"]["total"] == {"minor": 400_000, "currency": "KHR"}
    assert plain["files"][0]["sha256"] == Digest.of(b"chair-front.png").hex
    assert plain["ipas_number"] == ["KH", "D", "2026", "10"]


def test_same_content_has_the_same_digest_and_any_other_content_another() -> None:
    assert full_letter().digest == full_letter().digest
    assert full_letter().digest != full_letter(reference="TD-2026-118/KH").digest


def test_naive_times_are_refused() -> None:
    naive = datetime(2026, 11, 25, 9, 0, 0)  # noqa: DTZ001 - the point of the test

    with pytest.raises(ValueError, match="aware"):
        full_letter(received_at=naive)
    payment = full_letter().payment
    assert payment is not None
    with pytest.raises(ValueError, match="aware"):
        full_letter(payment=dataclasses.replace(payment, paid_at=naive))


def test_a_letter_without_a_language_is_refused() -> None:
    with pytest.raises(ValueError, match="language"):
        full_letter(languages=())
