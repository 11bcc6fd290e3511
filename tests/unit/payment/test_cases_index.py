"""Every row of the adversarial table has tests that name it, where the index says they are."""

import pytest

from tests.unit.payment.cases import ROWS, main, rows_of


def test_the_index_has_every_row_of_the_table() -> None:
    assert sorted(ROWS) == list(range(1, 95))


@pytest.mark.parametrize("number", sorted(ROWS))
def test_every_file_named_for_a_row_holds_a_test_of_it(number: int) -> None:
    assert ROWS[number].files
    for file in ROWS[number].files:
        assert rows_of(file).get(number), f"{file} has no test that names row {number}"


def test_the_index_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main()
    told = capsys.readouterr().out
    assert "94 Prose against example" in told and "test_aba_pushback.py::[01 no signature]" in told
