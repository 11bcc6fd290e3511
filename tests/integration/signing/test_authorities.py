"""Authorities asked over real sockets: believed only if they are right, and nothing that they do holds up a letter."""

import hashlib
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from chalicelib.kernel.errors import Unavailable
from chalicelib.signing.authorities import MAX_REPLY, HttpStates, HttpTimeStamps, Urllib3Post
from chalicelib.signing.check import check_sealed
from chalicelib.signing.cms import Chain, signature_value
from chalicelib.signing.levels import seal_cms, stamped
from infra.local.authority import TestAuthority
from infra.local.serving import serving
from infra.local.trust import TestTrust
from tests.integration.signing.conftest import Room

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

DIGEST = hashlib.sha256(b"a signature").digest()


@pytest.fixture(scope="module")
def authority() -> TestAuthority:
    return TestAuthority(trust=TestTrust())


@pytest.fixture(scope="module")
def address(authority: TestAuthority) -> Iterator[str]:
    with serving(authority) as url:
        yield url


def stamps(address: str, authority: TestAuthority, path: str = "/tsa") -> HttpTimeStamps:
    return HttpTimeStamps(url=address + path, roots=authority.roots, post=Urllib3Post())


def states(address: str, *lists: str) -> HttpStates:
    return HttpStates(ocsp_url=address + "/ocsp", crl_urls=[address + one for one in lists], post=Urllib3Post())


def test_a_time_stamp_comes_over_the_wire(address: str, authority: TestAuthority) -> None:
    stamp = stamps(address, authority).stamp(DIGEST)
    assert abs(stamp.at - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_state_of_a_certificate_and_the_lists_come_over_the_wire(
    address: str, authority: TestAuthority, room: Room
) -> None:
    trust = authority.trust
    seal, issuing, _ = Chain.from_pem(trust.issue_seal_certificate(room.signer.public_key_pem(), "Office")).certificates
    told = states(address, "/crl")
    assert abs(told.status(seal, issuing).as_of - datetime.now(UTC)) < timedelta(minutes=1)
    assert len(told.lists()) == 1


def test_an_authority_that_is_down_or_elsewhere_is_unavailable(address: str, authority: TestAuthority) -> None:
    authority.down = True
    try:
        with pytest.raises(Unavailable, match="503"):
            stamps(address, authority).stamp(DIGEST)
        with pytest.raises(Unavailable, match="503"):
            states(address, "/crl").lists()
    finally:
        authority.down = False
    with pytest.raises(Unavailable, match="404"):
        stamps(address, authority, "/elsewhere").stamp(DIGEST)


def test_nobody_at_the_address_is_unavailable(authority: TestAuthority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Unavailable, match="did not answer"):
        stamps(f"http://127.0.0.1:{port}", authority).stamp(DIGEST)


def test_one_that_takes_the_question_and_says_nothing_is_left_in_time(authority: TestAuthority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        asking = HttpTimeStamps(url=url, roots=authority.roots, post=Urllib3Post(seconds=0.3))
        with pytest.raises(Unavailable, match="did not answer"):
            asking.stamp(DIGEST)


@contextmanager
def answering(status: str, body: bytes, **headers: str) -> Iterator[str]:
    """An authority that says one thing to everybody."""

    def app(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start(status, [("Content-Length", str(len(body))), *headers.items()])
        return [body]

    with serving(app) as url:
        yield url


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("200 OK", b""),
        ("200 OK", b"<html>log in first</html>"),
        ("200 OK", b"\x30\x03\x02\x01\x02"),  # TimeStampResp: rejection
        ("200 OK", b"\x30\x80" * 5_000),
        ("200 OK", b"\0" * (MAX_REPLY + 1)),
        ("500 Internal Server Error", b"\x30\x00"),
    ],
    ids=["nothing", "a page", "a refusal", "nested for ever", "too long", "an error"],
)
def test_what_is_no_answer_is_unavailable(authority: TestAuthority, status: str, body: bytes) -> None:
    with answering(status, body) as url:
        for ask in (lambda: stamps(url, authority).stamp(DIGEST), lambda: states(url, "/crl").lists()):
            with pytest.raises(Unavailable):
                ask()


def test_nobody_sends_us_elsewhere(address: str, authority: TestAuthority) -> None:
    asked = len(authority.asked)
    with answering("307 Temporary Redirect", b"", Location=f"{address}/tsa") as url, pytest.raises(Unavailable, match="307"):
        stamps(url, authority).stamp(DIGEST)
    assert len(authority.asked) == asked


@pytest.mark.parametrize("change", [lambda token: token[:-1], lambda token: token[:-1] + bytes([token[-1] ^ 1])])
def test_a_token_that_was_touched_is_not_believed(authority: TestAuthority, change: Callable[[bytes], bytes]) -> None:
    def app(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        question = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        answer = change(authority.time_stamp(question))
        start("200 OK", [("Content-Length", str(len(answer)))])
        return [answer]

    with serving(app) as url, pytest.raises(Unavailable):
        stamps(url, authority).stamp(DIGEST)


def test_an_authority_that_our_trust_does_not_name_is_not_believed(address: str) -> None:
    stranger = TestAuthority(trust=TestTrust())
    with pytest.raises(Unavailable):
        stamps(address, stranger).stamp(DIGEST)


def test_a_letter_stamped_under_another_root_is_checked_with_that_root(
    address: str, authority: TestAuthority, room: Room
) -> None:
    digest = hashlib.sha256(signature_value(seal_cms(room.sealed))).digest()
    letter = stamped(room.sealed, stamps(address, authority).stamp(digest).token)
    apart = authority.trust.roots()
    assert check_sealed(letter, room.trust.roots(), stamp_roots_pem=apart).level == "B-T"
    assert check_sealed(letter, room.trust.roots(), stamp_roots_pem=apart).valid
    assert not check_sealed(letter, room.trust.roots()).valid
    assert not check_sealed(letter, apart, stamp_roots_pem=room.trust.roots()).valid


def test_many_ask_at_once(address: str, authority: TestAuthority) -> None:
    asking, got = stamps(address, authority), []
    threads = [threading.Thread(target=lambda: got.append(asking.stamp(DIGEST))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(threads)
