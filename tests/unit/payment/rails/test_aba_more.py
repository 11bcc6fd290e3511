"""ABA beyond QR and check: detail, list, refund, the bank's own page. Numbers are cases of payments.md section 12."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.kernel.money import Money
from chalicelib.payment.model import BadConfiguration, HttpFailed, HttpReply, Refund, Status, Trust
from chalicelib.payment.rails import aba, aba_wire
from chalicelib.payment.rails.aba_refund import CHUNK, outcome
from tests.unit.payment.orders import DUE, FIRST, NOW, SECOND
from tests.unit.payment.rails.setting import DAY, DOLLARS, RIEL, SECRET, Answering, Silent, rail

OLD_BILL = replace(RIEL, opened_at=NOW - 7 * DAY)


def row(**changes: Any) -> dict[str, Any]:
    values = {
        "transaction_id": FIRST, "transaction_date": "2026-11-25 09:33:30", "apv": "753786",
        "payment_status": "APPROVED", "payment_status_code": 0, "original_amount": DUE, "original_currency": "KHR",
        "total_amount": DUE, "discount_amount": 0, "refund_amount": 0, "payment_amount": DUE,
        "payment_currency": "KHR", "bank_ref": "100FT30153179430", "payer_account": "*898", **changes,
    }  # fmt: skip
    return {name: value for name, value in values.items() if value is not ...}


def detail(**changes: Any) -> dict[str, Any]:
    return {"data": row(**changes), "status": {"code": "00", "message": "Success!", "tran_id": "gateway-own-1"}}


@pytest.mark.parametrize(
    ("opened", "call"),
    [(None, "check-transaction-2"), (NOW, "check-transaction-2"), (NOW - 7 * DAY, "transaction-detail"),
     (NOW - 30 * DAY, "transaction-detail")],
)  # fmt: skip
def test_case_72_beyond_the_checks_seven_days_the_detail_is_asked(opened: Any, call: str) -> None:
    http = Answering(detail())
    rail("aba").query(replace(RIEL, opened_at=opened), now=NOW, http=http)
    assert http.sent[0][0].endswith(f"/payments/{call}")
    signed = [str(http.body.get(name, "")) for name in aba_wire.SIGNED_ORDER[call]]
    assert http.body["hash"] == aba_wire.sign(SECRET.encode(), signed)


def test_case_72_the_detail_proves_and_names_its_currency() -> None:
    told = rail("aba").query(OLD_BILL, now=NOW, http=Answering(detail()))
    assert (told.status, told.trust, told.amount_minor, told.currency) == (Status.PAID, Trust.AUTHORITATIVE, DUE, "KHR")
    assert (told.bank_ref, told.paid_at) == (f"{FIRST}:753786", None)


DETAILS: list[tuple[str, dict[str, Any], Status]] = [
    ("69 another transaction", detail(transaction_id=SECOND), Status.UNKNOWN),
    ("69 no transaction named", detail(transaction_id=...), Status.UNKNOWN),
    ("48 no currency named", detail(original_currency=...), Status.UNKNOWN),
    ("59 pre-authorised", detail(payment_status="PRE-AUTH"), Status.HELD),
    ("61 pending", detail(payment_status="PENDING", payment_status_code=2), Status.PENDING),
    ("67 part refunded", detail(payment_status="REFUNDED", payment_status_code=4, refund_amount=9), Status.PART_REFUNDED),
    ("60 not found", {"status": {"code": "6", "message": "not found"}}, Status.UNKNOWN),
]


@pytest.mark.parametrize(("body", "wanted"), [case[1:] for case in DETAILS], ids=[case[0] for case in DETAILS])
def test_adversarial_details(body: dict[str, Any], wanted: Status) -> None:
    assert rail("aba").query(OLD_BILL, now=NOW, http=Answering(body)).status is wanted


class Pages:
    """A list in pages."""

    def __init__(self, *pages: Any) -> None:
        self.pages = list(pages)
        self.asked: list[dict[str, Any]] = []

    def post(self, url: str, *, json: bytes | None, headers: Any, timeout: float) -> HttpReply:
        self.asked.append(parse(json or b"{}"))
        page = self.pages[len(self.asked) - 1]
        return HttpReply(200, {}, page if isinstance(page, bytes) else dump(page))


parse = json.loads


def dump(value: Any) -> bytes:
    return json.dumps(value).encode()


def listed(rows: list[Any], code: Any = "00") -> dict[str, Any]:
    return {"data": rows, "page": "1", "pagination": "500", "status": {"code": code, "message": "m"}}


def test_the_list_of_a_day_is_asked_with_the_days_beside_it_in_pages_and_each_transaction_told_once() -> None:
    full = [row()] + [row(transaction_id="not ours")] * (aba.PAGE - 1)
    http = Pages(listed(full), listed([row(), row(transaction_id=SECOND, payment_amount=DUE - 1)]))
    told = list(rail("aba").list_day(NOW.date(), now=NOW, http=http))
    assert [(one.order_ref, one.status, one.amount_minor) for one in told] == [
        (FIRST, Status.PAID, DUE), (SECOND, Status.PAID, DUE - 1),
    ]  # fmt: skip
    assert told[0].bank_ref == f"{FIRST}:753786"
    first = http.asked[0]
    assert (first["from_date"], first["to_date"]) == ("2026-11-24 00:00:00", "2026-11-26 23:59:59")
    assert [asked["page"] for asked in http.asked] == ["1", "2"]
    signed = [str(first.get(name, "")) for name in aba_wire.SIGNED_ORDER["transaction-list-2"]]
    assert first["hash"] == aba_wire.sign(SECRET.encode(), signed)


def test_case_49_the_list_compares_the_bills_own_currency() -> None:
    http = Pages(listed([row(original_amount=85.5, original_currency="USD", total_amount=85.5,
                             payment_amount=342000, payment_currency="KHR")]))  # fmt: skip
    (told,) = rail("aba").list_day(NOW.date(), now=NOW, http=http)
    assert (told.amount_minor, told.currency) == (8550, "USD")


def test_a_row_that_cannot_be_read_does_not_hide_the_others() -> None:
    http = Pages(listed([[], row(original_amount="x"), row(original_currency=...), row(transaction_id=SECOND)]))
    assert [one.order_ref for one in rail("aba").list_day(NOW.date(), now=NOW, http=http)] == [SECOND]


@pytest.mark.parametrize("page", [listed([], "1"), listed([], 429), b"<html>", {"status": {"code": "00"}}])
def test_a_list_that_does_not_come_is_said_to_be_missing(page: Any) -> None:
    with pytest.raises(HttpFailed):
        list(rail("aba").list_day(NOW.date(), now=NOW, http=Pages(page)))


def test_a_list_without_end_is_stopped() -> None:
    with pytest.raises(HttpFailed, match="does not end"):
        list(rail("aba").list_day(NOW.date(), now=NOW, http=Pages(*[listed([row()] * aba.PAGE)] * aba.MAX_PAGES)))


# ---------------------------------------------------------------- refund


def keys() -> tuple[Any, str]:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = rsa.generate_private_key(65537, 1024)  # noqa: S505 - the length of the bank's
    return key, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_a_refund_is_sealed_in_chunks_for_the_bank_and_signed() -> None:
    from cryptography.hazmat.primitives.asymmetric import padding

    private, public = keys()
    http = Answering({"status": {"code": "00", "message": "Success!"}})
    made = rail("aba", refund_public_key=public).refund(DOLLARS, Money(1050, "USD"), now=NOW, http=http)
    assert made == (Refund.DONE, "00")
    assert http.sent[0][0] == (
        "https://checkout.payway.com.kh/api/merchant-portal/merchant-access/online-transaction/refund"
    )
    sealed = base64.b64decode(http.body["merchant_auth"])
    clear = b"".join(private.decrypt(sealed[at : at + 128], padding.PKCS1v15()) for at in range(0, len(sealed), 128))
    assert parse(clear) == {"mc_id": "ipoffice", "tran_id": FIRST, "refund_amount": "10.50"}
    joined = http.body["request_time"] + "ipoffice" + http.body["merchant_auth"]
    assert http.body["hash"] == aba_wire.sign(SECRET.encode(), (joined,))
    assert CHUNK == 117


@pytest.mark.parametrize(
    ("body", "status", "wanted"),
    [({"status": {"code": "PTL168"}}, 200, Refund.LATER), ({"status": {"code": "PTL02"}}, 200, Refund.REFUSED),
     ({"status": {"code": "PTL37"}}, 200, Refund.REFUSED), ({"status": {"code": "00"}}, 500, Refund.UNKNOWN),
     ({"status": {"code": 0}}, 200, Refund.UNKNOWN), (b"<html>", 200, Refund.UNKNOWN), ([], 200, Refund.UNKNOWN)],
)  # fmt: skip
def test_codes_of_a_refund_mean_what_they_mean_there(body: Any, status: int, wanted: Refund) -> None:
    assert outcome(HttpReply(status, {}, body if isinstance(body, bytes) else dump(body)))[0] is wanted


def test_nothing_is_refunded_without_the_banks_key_or_an_amount() -> None:
    with pytest.raises(BadConfiguration, match="public key"):
        rail("aba").refund(RIEL, Money(1, "KHR"), now=NOW, http=Silent())
    _, public = keys()
    for amount in (0, -1):
        with pytest.raises(ValueError, match="something"):
            rail("aba", refund_public_key=public).refund(RIEL, Money(amount, "KHR"), now=NOW, http=Silent())


def test_a_key_that_is_not_rsa_is_a_mistake_in_the_configuration() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with pytest.raises(BadConfiguration, match="RSA"):
        rail("aba", refund_public_key=pem).refund(RIEL, Money(1, "KHR"), now=NOW, http=Silent())


# ---------------------------------------------------------------- the bank's own page


def test_the_banks_page_gets_a_signed_form_without_any_person_and_its_expiry_is_not_believed() -> None:
    one = rail("aba", product="checkout")
    issued = one.create(DOLLARS, now=NOW, http=Silent())
    fields = dict(issued.form.fields)
    assert issued.form.action == "https://checkout.payway.com.kh/api/payment-gateway/v1/payments/purchase"
    assert (fields["tran_id"], fields["amount"], fields["currency"], fields["return_params"]) == (
        FIRST, "85.50", "USD", FIRST,
    )  # fmt: skip
    assert not {"firstname", "lastname", "email", "phone", "items", "ctid", "token_flag", "frequency"} & set(fields)
    signed = [fields.get(name, "") for name in aba_wire.SIGNED_ORDER["purchase"]]
    assert fields["hash"] == aba_wire.sign(SECRET.encode(), signed)
    told = one.query(OLD_BILL, now=NOW, http=Answering(detail()))
    assert not told.bank_keeps_expiry
