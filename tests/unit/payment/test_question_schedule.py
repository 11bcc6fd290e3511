"""When the bank is asked next."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.payment.schedule import MIN_INTERVAL, may_ask, next_question
from tests.unit.payment.orders import NOW


def times(window_days: int = 7) -> list[timedelta]:
    found: list[timedelta] = []
    now = NOW
    while (planned := next_question(NOW, now, window_days=window_days)) is not None:
        found.append(planned - NOW)
        now = planned
    return found


def test_questions_start_close_and_grow_rare() -> None:
    minutes = [offset / timedelta(minutes=1) for offset in times()]
    assert minutes[:7] == [0.25, 1, 5, 15, 60, 120, 180]


def test_the_last_question_comes_inside_the_banks_window() -> None:
    assert times()[-1] == timedelta(days=6, hours=18)
    assert len(times()) < 40


def test_after_the_last_call_nothing_is_planned() -> None:
    assert next_question(NOW, NOW + timedelta(days=7), window_days=7) is None


@given(st.integers(0, 8 * 86_400), st.integers(1, 31))
def test_the_next_question_lies_ahead_and_inside_the_window(seconds: int, window: int) -> None:
    now = NOW + timedelta(seconds=seconds)
    planned = next_question(NOW, now, window_days=window)
    assert planned is None or now < planned < NOW + timedelta(days=window)


def test_case_79_a_flood_of_bells_asks_once_per_interval() -> None:
    assert may_ask(None, NOW)
    assert not may_ask(NOW, NOW + MIN_INTERVAL - timedelta(milliseconds=1))
    assert may_ask(NOW, NOW + MIN_INTERVAL)
