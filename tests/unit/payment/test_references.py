"""References: fixed form, check character, not guessable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.kernel.ids import ALPHABET
from chalicelib.payment import references

chance = st.binary(min_size=9, max_size=9)


@given(chance)
def test_a_new_reference_is_valid_and_has_sixteen_characters(random: bytes) -> None:
    made = references.new(lambda size: random[:size])
    assert len(made) == references.LENGTH == 16
    assert made.startswith("TR")
    assert references.is_valid(made)
    assert references.is_valid(made, prefix="TR")
    assert not references.is_valid(made, prefix="TM")


@given(chance, st.integers(0, 15), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_noticed(random: bytes, place: int, character: str) -> None:
    made = references.new(lambda size: random[:size])
    wrong = made[:place] + character + made[place + 1 :]
    assert references.is_valid(wrong) == (wrong == made)


def test_nearly_every_swap_of_neighbours_is_noticed() -> None:
    missed = tried = 0
    for seed in range(300):
        made = references.new(lambda size, seed=seed: (seed * 7_919**4).to_bytes(size, "big"))  # type: ignore[misc]
        for place in range(2, 15):
            swapped = made[:place] + made[place + 1] + made[place] + made[place + 2 :]
            if swapped != made:
                tried += 1
                missed += references.is_valid(swapped)
    assert tried > 1000
    assert missed / tried < 0.05


@pytest.mark.parametrize(
    "text",
    ["", "TR", "tr" + "0" * 14, "12" + "0" * 14, "TR" + "0" * 13 + "I", "TR" + "O" * 14, "TR" + "០" * 14,
     "TR" + "\uff10" * 14, "TR" + "0" * 15, " TR" + "0" * 13],
)  # fmt: skip
def test_anything_of_another_form_is_no_reference(text: str) -> None:
    assert not references.is_valid(text)


@pytest.mark.parametrize("prefix", ["", "T", "T1", "tr", "TI", "TRX"])
def test_a_prefix_that_would_break_the_form_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="two letters"):
        references.new(prefix=prefix)


def test_sixty_five_bits_are_drawn() -> None:
    seen: list[int] = []
    references.new(lambda size: (seen.append(size), bytes(size))[1])  # type: ignore[func-returns-value]
    assert seen == [9]
    assert references.new(lambda size: b"\xff" * size)[2:15] == "Z" * 13
