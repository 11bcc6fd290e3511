"""A bank's key that ends soon is a case in time, and worth an alarm later."""

from datetime import datetime, timedelta

from chalicelib.payment.cases import OWNER
from chalicelib.payment.keys import WatchKeys
from tests.unit.payment.finance import Finance
from tests.unit.payment.orders import NOW
from tests.unit.payment.rails.setting import config

ENDS = NOW + timedelta(days=16)


class Watched:
    """An office whose Bakong token ends in sixteen days."""

    def __init__(self) -> None:
        self.finance = Finance()
        self.told: list[int] = []

    def after(self, days: int, *more: dict[str, str]) -> "Watched":
        key = {"id": "now", "not_before": (ENDS - timedelta(days=90)).isoformat(), "not_after": ENDS.isoformat()}
        self.finance.desk.clock.now = NOW + timedelta(days=days)

        def told(ending: int, at: datetime) -> None:
            assert at == self.finance.desk.clock.now
            self.told.append(ending)

        configs = [config("khqr", keys=[key, *more]), config("statement")]
        WatchKeys(
            register=self.finance.desk.register, configs=configs, told=told, clock=self.finance.desk.clock
        )()
        return self


def test_a_young_key_is_nobodys_concern() -> None:
    place = Watched().after(0)
    assert (place.told, place.finance.open_cases()) == ([0], [])


def test_fifteen_days_before_its_end_the_desk_has_one_case_and_ten_days_before_the_alarm_rings() -> None:
    place = Watched().after(1).after(1).after(5).after(6).after(20)
    (case,) = place.finance.open_cases()
    assert (case["reason"], case["owner"], case["rail"], case["day"]) == (
        "key-ends", OWNER, "khqr", ENDS.date().isoformat(),
    )  # fmt: skip
    assert place.told == [0, 0, 0, 1, 1]


def test_a_key_that_follows_ends_the_concern() -> None:
    follows = {"id": "next", "not_before": (ENDS - timedelta(days=5)).isoformat(),
               "not_after": (ENDS + timedelta(days=80)).isoformat()}  # fmt: skip
    place = Watched().after(12, follows)
    assert (place.told, place.finance.open_cases()) == ([0], [])


def test_killed_beside_another_run_the_case_is_opened_once() -> None:
    place = Watched()
    place.finance.desk.register.rivals = [lambda: place.after(2) and None]
    place.after(2)
    assert len(place.finance.open_cases()) == 1
