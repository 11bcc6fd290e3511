"""Every row of the table of hostile inputs that concerns files has tests, where the index says they are."""

import pytest

from tests.unit.attachments.hostile import ROWS, held_by, main

FILES = {place.partition("::")[0] for row in ROWS.values() for place in row.tests}


def test_the_index_has_every_row_on_files_of_the_table() -> None:
    assert set(ROWS) >= {*range(1, 38), *range(40, 45)}


@pytest.mark.parametrize("number", ROWS)
def test_every_place_named_for_a_row_holds_a_test_of_it(number: int) -> None:
    assert ROWS[number].tests
    for place in ROWS[number].tests:
        file, _, name = place.partition("::")
        there = held_by(file)
        assert name in there if name else any(number in rows for rows in there.values()), f"{place}: row {number}"


@pytest.mark.parametrize("file", sorted(FILES))
def test_no_test_names_a_row_that_the_index_does_not_send_there(file: str) -> None:
    said = {number for rows in held_by(file).values() for number in rows}
    sent = {number for number, row in ROWS.items() if any(place.startswith(file) for place in row.tests)}
    assert said <= sent


def test_the_index_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main()
    assert "24 Anti-virus" in capsys.readouterr().out
