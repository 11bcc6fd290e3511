"""Payment at a counter with our reference: nobody rings, nobody is asked. Numbers are cases of payments.md section 12."""

import pytest

from chalicelib.payment.model import BadConfiguration, Rejected, Status
from chalicelib.payment.schedule import next_question
from tests.unit.payment.orders import FIRST, NOW
from tests.unit.payment.rails.setting import DOLLARS, RIEL, Silent, config, posted, rail


def test_the_payer_is_told_an_account_of_the_currency_and_the_reference() -> None:
    assert rail("statement").create(RIEL, now=NOW, http=Silent()).payee == "001-234-567"
    issued = rail("statement").create(DOLLARS, now=NOW, http=Silent())
    assert (issued.payee, issued.bill.reference, issued.qr, issued.form) == ("001-234-568", FIRST, "", None)


def test_a_currency_without_an_account_is_no_configuration() -> None:
    with pytest.raises(BadConfiguration):
        config("statement", payee_accounts=["KHR 001-234-567"])
    assert config("statement", payee_accounts=["KHR 001-234-567"], currencies=["KHR"])


def test_nobody_rings_nobody_is_asked_and_no_question_is_planned() -> None:
    with pytest.raises(Rejected):
        rail("statement").verify(posted({"reference": FIRST, "paid": True}), now=NOW)
    told = rail("statement").query(RIEL, now=NOW, http=Silent())
    assert (told.status, told.remark) == (Status.UNKNOWN, "statement-only")
    assert next_question(NOW, NOW, window_days=config("statement").query_window_days) is None
