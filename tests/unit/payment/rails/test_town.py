"""The local office's rails are configured as a real office's would be."""

import json

from chalicelib.payment.model import Status
from chalicelib.payment.rails import known
from infra.local.banks.town import Town
from tests.unit.payment.orders import NOW
from tests.unit.payment.rails.setting import RIEL
from tests.unit.payment.test_bank import Counting, Hands


def test_every_bank_of_the_local_office_is_a_rail_that_issues_and_can_be_asked() -> None:
    town = Town(clock=Hands(), randomness=Counting())
    configs = known.read(json.dumps(town.entries("http://127.0.0.1:8080")))
    rails = known.make(configs, town.secrets, public_url="http://127.0.0.1:4566/office")
    assert list(rails)[:2] == ["aba", "khqr"]
    assert rails["aba"].create(RIEL, now=NOW, http=town.aba).qr
    issued = rails["khqr"].create(RIEL, now=NOW, http=town.bakong)
    assert town.bakong.pay_qr(issued.qr)
    for name, bank, status in (("aba", town.aba, Status.PENDING), ("khqr", town.bakong, Status.PAID)):
        bill = type(RIEL)(RIEL.reference, RIEL.amount, qr_md5=issued.qr_md5)
        assert rails[name].query(bill, now=NOW, http=bank).status is status


def test_the_same_entries_are_given_each_time() -> None:
    town = Town()
    assert town.entries("http://127.0.0.1:1") == town.entries("http://127.0.0.1:1")
