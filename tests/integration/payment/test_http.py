"""The way out to banks, over real loopback sockets. Numbers are cases of payments.md section 12."""

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chalicelib.payment.http import Urllib3Http
from chalicelib.payment.model import HttpFailed


class _Bank(BaseHTTPRequestHandler):
    """Answers by path; remembers what it was asked."""

    seen: list[tuple[str, dict[str, str], bytes]] = []  # noqa: RUF012 - one server per test module

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        match self.path:
            case "/redirect":
                self._say(302, b"", {"Location": "/ok"})
            case "/large":
                self._say(200, b"x" * 5000)
            case "/compressed":
                self._say(200, b"\x1f\x8b", {"Content-Encoding": "gzip"})
            case "/short":
                self._say(200, b"half", {"Content-Length": "100"})
            case "/broken":
                self._say(503, b"<html>")
            case "/hangs-up":
                self.close_connection = True
            case _:
                self._say(200, b'{"ok":true}', {"X-Some": "Thing"})

    def _say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _serve(server: HTTPServer) -> Iterator[HTTPServer]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture(scope="module")
def server() -> Iterator[HTTPServer]:
    yield from _serve(HTTPServer(("127.0.0.1", 0), _Bank))


@pytest.fixture
def origin(server: HTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def client(origin: str, **changes: Any) -> Urllib3Http:
    return Urllib3Http(origins=frozenset({origin}), **{"max_reply": 1000, **changes})


def test_a_request_is_sent_as_given_and_the_answer_comes_back_whole(origin: str) -> None:
    reply = client(origin).post(origin + "/ok", json=b'{"a":1}', headers={"accept": "application/json"}, timeout=5)
    assert (reply.status, reply.body, reply.headers["x-some"]) == (200, b'{"ok":true}', "Thing")
    path, headers, body = _Bank.seen[-1]
    assert (path, body, headers["content-type"], headers["accept-encoding"]) == (
        "/ok", b'{"a":1}', "application/json", "identity",
    )  # fmt: skip


def test_case_71_an_error_status_is_an_answer_for_the_rail_to_judge(origin: str) -> None:
    assert client(origin).post(origin + "/broken", json=b"{}", headers={}, timeout=5).status == 503


def test_case_68_a_redirect_is_not_followed(origin: str) -> None:
    before = len(_Bank.seen)
    assert client(origin).post(origin + "/redirect", json=b"{}", headers={}, timeout=5).status == 302
    assert len(_Bank.seen) == before + 1


@pytest.mark.parametrize(
    "other",
    ["http://localhost:{port}/ok", "https://127.0.0.1:{port}/ok", "http://127.0.0.1/ok", "http://u@127.0.0.1:{port}/ok",
     "http://127.0.0.1:{port}@elsewhere.example/ok", "//127.0.0.1:{port}/ok", "file:///etc/hostname"],
)  # fmt: skip
def test_cases_68_and_74_a_host_that_is_not_listed_is_not_reached(server: HTTPServer, origin: str, other: str) -> None:
    before = len(_Bank.seen)
    with pytest.raises(HttpFailed, match="not in the list"):
        client(origin).post(other.format(port=server.server_port), json=b"{}", headers={}, timeout=5)
    assert len(_Bank.seen) == before


@pytest.mark.parametrize("path", ["/large", "/compressed", "/short", "/hangs-up"])
def test_an_answer_we_would_not_read_is_none(origin: str, path: str) -> None:
    with pytest.raises(HttpFailed):
        client(origin).post(origin + path, json=b"{}", headers={}, timeout=5)


def test_an_answer_that_drips_beyond_the_limit_is_none(origin: str) -> None:
    ticks = iter([0.0, 99.0, 99.0, 99.0])
    with pytest.raises(HttpFailed, match="too slow"):
        client(origin, monotonic=lambda: next(ticks)).post(origin + "/ok", json=b"{}", headers={}, timeout=5)


def test_nobody_at_home_is_no_answer() -> None:
    with pytest.raises(HttpFailed):
        client("http://127.0.0.1:9").post("http://127.0.0.1:9/ok", json=b"{}", headers={}, timeout=1)


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "impostor.pem"
    file.write_bytes(pem)
    return file


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[HTTPServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(tmp_path))
    server = HTTPServer(("127.0.0.1", 0), _Bank)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    yield from _serve(server)


def test_case_68_a_certificate_nobody_vouches_for_ends_the_call(impostor: HTTPServer) -> None:
    origin = f"https://localhost:{impostor.server_port}"
    before = len(_Bank.seen)
    with pytest.raises(HttpFailed):
        client(origin).post(origin + "/ok", json=b"{}", headers={}, timeout=5)
    assert len(_Bank.seen) == before
