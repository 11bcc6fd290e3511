"""The simulated banks over HTTP: their APIs, and one page on which a person pays with one click and switches faults.

Loopback only. The page is for trying the office out and is part of no deployment.
"""

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from email.utils import format_datetime
from html import escape
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from chalicelib.payment.model import Form
from infra.local.banks.acleda import AcledaApp
from infra.local.banks.bakong import BakongBank
from infra.local.banks.counter import PHNOM_PENH, Counter
from infra.local.banks.model import SLOW_SECONDS, Bank, Fault, Payable, Pushback
from infra.local.banks.wing import WingApp

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

MAX_BODY = 65_536
CALLBACK_SECONDS = 5  # the real bank waits about as long, and does not retry
ACTS = ("/pay", "/fault", "/scan", "/counter", "/follow", "/bridge")
CURRENCIES = ("KHR", "USD")
SILENCE_SECONDS = 20.0  # longer than any caller waits

_FAULTS = {
    Fault.NO_CALLBACK: ("មិនជូនដំណឹង", "no notification"),
    Fault.CALLBACK_TWICE: ("ជូនដំណឹងពីរដង", "notification twice"),
    Fault.CALLBACK_EARLY: ("ជូនដំណឹងមុនពេលកត់ត្រា", "paid and notified before the QR is answered"),
    Fault.CALLBACK_LATE: ("ជូនដំណឹងយឺត", "notification two minutes late"),
    Fault.BAD_SIGNATURE: ("ហត្ថលេខាមិនត្រឹមត្រូវ", "notification with a wrong signature"),
    Fault.OVER_AMOUNT: ("ចំនួនទឹកប្រាក់លើស", "one unit over"),
    Fault.WRONG_PAYEE: ("អ្នកទទួលខុស", "paid to another account"),
    Fault.PAID_TWICE: ("បង់ពីរដង", "paid twice"),
    Fault.TAKES_LATE: ("ទទួលប្រាក់ក្រោយផុតកំណត់", "takes money after the expiry"),
    Fault.WRONG_ENVELOPE: ("ពាក្យជោគជ័យគ្មានទិន្នន័យ", "words of success around nothing"),
    Fault.SHORT_AMOUNT: ("ចំនួនទឹកប្រាក់ខ្វះ", "one unit short"),
    Fault.WRONG_CURRENCY: ("រូបិយប័ណ្ណខុស", "wrong currency"),
    Fault.PRE_AUTH: ("ទឹកប្រាក់ត្រូវបានទប់ទុក", "money only held (PRE-AUTH)"),
    Fault.THROTTLED: ("សំណើច្រើនពេក (429)", "too many requests (429)"),
    Fault.BROKEN: ("ប្រព័ន្ធធនាគារខូច (502)", "bank out of order (502)"),
    Fault.TIMEOUT_AFTER_SUCCESS: ("ធ្វើរួចតែមិនឆ្លើយ", "does its work, never answers"),
    Fault.HTML_PAGE: ("ឆ្លើយជាទំព័រ HTML", "answers with an HTML page"),
    Fault.OTHER_TRANSACTION: ("ឆ្លើយអំពីប្រតិបត្តិការផ្សេង", "answers about another transaction"),
    Fault.SLOW: ("ឆ្លើយយឺត (១២ វិនាទី)", "answers after twelve seconds"),
    Fault.REFUND_BUSY: ("ការសងប្រាក់ផ្សេងកំពុងដំណើរការ", "refund: another one runs, later"),
    Fault.REFUND_REFUSED: ("បដិសេធការសងប្រាក់", "refund refused"),
}

_STYLE = """
:root{color-scheme:light dark;--line:#8885;--go:#0b5d3b}
*{box-sizing:border-box}
body{font:16px/1.6 "Noto Sans Khmer","Khmer OS",system-ui,sans-serif;margin:0 auto;max-width:44rem;padding:1rem}
h1{font-size:1.3rem;margin:.2rem 0}h2{font-size:1.1rem;margin:1.6rem 0 .4rem}
p.note{margin:.2rem 0;opacity:.8}
article{border:1px solid var(--line);border-radius:.6rem;padding:1rem;margin:.8rem 0;display:flex;gap:1rem;
flex-wrap:wrap;align-items:center}
article div{flex:1 1 12rem;min-width:0}
.amount{font-size:1.5rem;font-weight:600}
code{overflow-wrap:anywhere}
svg{background:#fff;border-radius:.3rem;max-width:100%;height:auto}
textarea,input,select{font:inherit;min-height:44px;max-width:100%}textarea{width:100%}
button{font:inherit;min-height:44px;padding:.4rem 1.2rem;border-radius:.5rem;border:1px solid var(--line);
cursor:pointer}
button.pay{background:var(--go);color:#fff;border-color:var(--go);width:100%;font-weight:600}
table{border-collapse:collapse;width:100%}td{border-top:1px solid var(--line);padding:.4rem .2rem;vertical-align:middle}
td:last-child{text-align:right}
[aria-pressed=true]{background:#a33;color:#fff;border-color:#a33}
"""


def bank_app(*banks: Bank, silence: Callable[[float], None] = time.sleep) -> "WSGIApplication":
    """The WSGI application of these banks. `silence` is how a lost answer is waited out."""

    def app(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        path, method = environ.get("PATH_INFO", "/"), environ["REQUEST_METHOD"]
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > MAX_BODY:
            return _send(start, "413 Content Too Large", "text/plain", b"too large")
        body = environ["wsgi.input"].read(length) if length else b""
        for bank in banks:
            if method == "POST" and bank.takes_form(path):
                return _enter(bank, path, body, start)
            if bank.hears(path):
                return _api(bank, environ, body, start, silence)
        if method == "POST" and path in ACTS:
            form = parse_qs(body.decode("ascii", "replace"))
            _act(banks, path, {name: values[0] for name, values in form.items()})
            return _home(start)
        if method == "GET" and path == "/":
            return _send(start, "200 OK", "text/html; charset=utf-8", _page(banks).encode())
        if method == "GET" and path == "/statement":
            return _statement(banks, parse_qs(environ.get("QUERY_STRING", "")), start)
        if method == "GET" and path == "/v2/online/payment/confirm":
            return _home(start)  # Wing's payer confirms here
        return _send(start, "404 Not Found", "text/plain", b"not found")

    return app


def _api(
    bank: Bank, environ: "WSGIEnvironment", body: bytes, start: "StartResponse", silence: Callable[[float], None]
) -> Iterable[bytes]:
    query = environ.get("QUERY_STRING", "")
    headers = {"authorization": environ.get("HTTP_AUTHORIZATION", "")}
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    reply = bank.answer(environ["PATH_INFO"] + (f"?{query}" if query else ""), body, headers)
    if reply is None:
        silence(SILENCE_SECONDS)
        return _send(start, "504 Gateway Timeout", "text/plain", b"")
    if Fault.SLOW in bank.faults:
        silence(SLOW_SECONDS)
    date = format_datetime(bank.clock(), usegmt=True)  # the bank's clock, not this machine's
    return _send(start, f"{reply.status} Bank", reply.headers["content-type"], reply.body, date=date)


def _enter(bank: Bank, path: str, body: bytes, start: "StartResponse") -> Iterable[bytes]:
    fields = parse_qs(body.decode("ascii", "replace"), keep_blank_values=True)
    try:
        bank.enter(Form(path, tuple((name, values[0]) for name, values in fields.items())))
    except (ValueError, KeyError) as error:
        return _send(start, "400 Bad Request", "text/plain", f"{type(error).__name__}".encode())
    return _home(start)


def _home(start: "StartResponse") -> Iterable[bytes]:
    start("303 See Other", [("Location", "/"), ("Content-Length", "0")])
    return [b""]


def _act(banks: Sequence[Bank], path: str, form: dict[str, str]) -> None:
    if path == "/fault" and form.get("fault") in set(Fault):
        for bank in banks:
            bank.faults ^= {Fault(form["fault"])}
    for bank in banks:
        if path == "/pay" and any(one.tran_id == form.get("tran_id") for one in bank.open_payments()):
            bank.pay(form["tran_id"])
        if path == "/scan" and isinstance(bank, BakongBank):
            with suppress(ValueError, KeyError):
                bank.scan(form.get("qr", ""))
        if path == "/follow" and isinstance(bank, AcledaApp):
            with suppress(ValueError, KeyError, IndexError):
                bank.follow(form.get("link", ""))
        if path == "/bridge" and isinstance(bank, WingApp) and form.get("currency") in CURRENCIES:
            with suppress(ArithmeticError):
                bank.bridge(form.get("reference", "")[:40], Decimal(form.get("amount", "")), form["currency"])
        if path == "/counter" and isinstance(bank, Counter) and form.get("currency") in CURRENCIES:
            with suppress(ArithmeticError):
                bank.take(form.get("reference", "")[:40], Decimal(form.get("amount", "")), form["currency"])


def _statement(banks: Sequence[Bank], asked: Mapping[str, list[str]], start: "StartResponse") -> Iterable[bytes]:
    currency = asked.get("currency", ["KHR"])[0]
    for bank in banks:
        if isinstance(bank, Counter):
            day = bank.clock().astimezone(PHNOM_PENH).date()
            return _send(start, "200 OK", "text/csv; charset=utf-8", bank.statement(day, currency).encode())
    return _send(start, "404 Not Found", "text/plain", b"not found")


def _page(banks: Sequence[Bank]) -> str:
    payments = "".join(_payment(bank.name, one) for bank in banks for one in bank.open_payments())
    done = [(bank.name, one) for bank in banks for one in bank.done_payments()[-10:]]
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td><code>{escape(one.tran_id)}</code></td>"
        f"<td>{one.amount:,} {escape(one.currency)}</td><td>{escape(one.status)}</td></tr>"
        for name, one in reversed(done)
    )
    switches = "".join(_switch(fault, any(fault in bank.faults for bank in banks)) for fault in Fault)
    return (
        '<!doctype html><html lang="km"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>ធនាគារសាកល្បង · Demo bank</title><style>{_STYLE}</style>"
        "<h1>ធនាគារសាកល្បង · Demo bank</h1>"
        '<p class="note">គ្មានប្រាក់ពិតទេ។ · No real money: this bank exists on this machine only.</p>'
        "<h2>រង់ចាំការទូទាត់ · Waiting to be paid</h2>"
        + (payments or "<p>មិនមានការទូទាត់រង់ចាំទេ។ · Nothing waits to be paid.</p>")
        + (_SCAN if any(isinstance(bank, BakongBank) for bank in banks) else "")
        + (_FOLLOW if any(isinstance(bank, AcledaApp) for bank in banks) else "")
        + (_BRIDGE if any(isinstance(bank, WingApp) for bank in banks) else "")
        + (_COUNTER if any(isinstance(bank, Counter) for bank in banks) else "")
        + f"<h2>ចុងក្រោយ · Recent</h2><table>{rows}</table>"
        f"<h2>បញ្ហាសាកល្បង · Things that go wrong</h2><table>{switches}</table></html>"
    )


_SCAN = (
    '<form method="post" action="/scan"><label>ស្កេន KHQR · Scan a KHQR (its text)<br>'
    '<textarea name="qr" rows="4" required></textarea></label><button>ស្កេន · Scan</button></form>'
)
_FOLLOW = (
    '<form method="post" action="/follow"><label>តំណក្នុងកម្មវិធី ACLEDA · Follow a link of the ACLEDA app<br>'
    '<textarea name="link" rows="3" required></textarea></label><button>បើក · Open</button></form>'
)
_WHAT = (
    '<label>លេខយោង · Reference<br><input name="reference" required></label> '
    '<label>ចំនួន · Amount<br><input name="amount" inputmode="decimal" required></label> '
    '<label>រូបិយប័ណ្ណ · Currency<br><select name="currency"><option>KHR<option>USD</select></label> '
)
_BRIDGE = (
    '<form method="post" action="/bridge"><h2>កម្មវិធី Wing · In the Wing app</h2>'
    f"{_WHAT}<button>ចាប់ផ្តើម · Begin</button></form>"
)
_COUNTER = (
    '<form method="post" action="/counter"><h2>បញ្ជរធនាគារ · At a bank\'s counter</h2>'
    f"{_WHAT}<button>បង់ប្រាក់ · Pay in cash</button></form>"
    '<p><a href="/statement?currency=KHR">របាយការណ៍ KHR · statement</a> '
    '<a href="/statement?currency=USD">របាយការណ៍ USD · statement</a></p>'
)


def _payment(bank: str, one: Payable) -> str:
    import segno  # late: the API side does not need it

    picture = segno.make(one.qr, error="m").svg_inline(scale=3, border=2) if one.qr else ""
    return (
        f'<article>{picture}<div><p>{escape(bank)}</p><p class="amount">{one.amount:,} {escape(one.currency)}</p>'
        f"<p><code>{escape(one.tran_id)}</code></p>"
        f'<form method="post" action="/pay"><input type="hidden" name="tran_id" value="{escape(one.tran_id)}">'
        '<button class="pay">ទូទាត់ · Pay</button></form></div></article>'
    )


def _switch(fault: Fault, on: bool) -> str:
    khmer, english = _FAULTS[fault]
    word = "បើក · on" if on else "បិទ · off"
    return (
        f'<tr><td><span lang="km">{khmer}</span><br><span lang="en">{english}</span></td><td>'
        f'<form method="post" action="/fault"><button name="fault" value="{fault}" aria-pressed="{str(on).lower()}" '
        f'aria-label="{english}">{word}</button></form></td></tr>'
    )


def _send(start: "StartResponse", status: str, media_type: str, body: bytes, *, date: str = "") -> Iterable[bytes]:
    start(
        status,
        [
            ("Content-Type", media_type),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            *([("Date", date)] if date else []),
        ],
    )
    return [body]


def post_pushback(pushback: Pushback) -> None:
    """Carry one pushback to the office, once, as the bank does. What becomes of it is not the bank's concern."""
    request = urllib.request.Request(pushback.url, pushback.body, dict(pushback.headers), method="POST")  # noqa: S310
    try:
        urllib.request.urlopen(request, timeout=CALLBACK_SECONDS).close()  # noqa: S310 - the office's own address
    except (urllib.error.URLError, OSError):
        return


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing: the page shows all."""


class BankServer:
    """The banks on one loopback port, with a courier for late call-backs. `port` 0 takes a free one."""

    def __init__(self, *banks: Bank, host: str = "127.0.0.1", port: int = 0) -> None:
        for bank in banks:
            bank.deliver = bank.deliver or post_pushback
        self._banks = banks
        self._server = make_server(host, port, bank_app(*banks), _Server, _Quiet)
        self.address = f"http://{host}:{self._server.server_port}"
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True),
            threading.Thread(target=self._carry, daemon=True),
        ]

    def start(self) -> "BankServer":
        """Begin to serve."""
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Stop and close the port."""
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join(5)

    def _carry(self) -> None:
        while not self._stopped.wait(0.5):
            for bank in self._banks:
                for pushback in bank.take_due():
                    (bank.deliver or post_pushback)(pushback)
