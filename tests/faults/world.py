"""The whole office in this process: the world of `infra/template.yaml` on moto, `app.py` moved into it, and a bank.

Clock, bank and issuer are the world's own, so nothing depends on the machine. `remember` and `go_back` take the whole of it
to an earlier moment: stores, clock, bank, what was published, and whatever the test keeps in `memory`.
Every invocation is a cold start (`cold`), as after a crash: nothing that a process remembered carries over.
"""

import base64
import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.attachments.service import Screen
from chalicelib.offices.load import load_office
from chalicelib.offices.model import Office
from chalicelib.payment.model import Http
from chalicelib.signing.verification.inspection import inspect
from infra.local.apply import Ground
from infra.local.authority import TestAuthority
from infra.local.banks import aba_refund
from infra.local.banks.aba import AbaBank, Transaction
from infra.local.banks.model import Pushback
from infra.local.banks.town import ABA_KEY, MERCHANT
from infra.local.clients import Clients
from infra.local.office import put_certificates
from infra.local.trust import TestTrust
from tests.factories import refund_key, sight_and_hand
from tests.fakes import NOON, FixedClock
from tests.faults.calls import watching
from tests.faults.ground import Snapshot
from tests.faults.strict import strict
from tests.world import World as Made
from tests.world import moto_world

ISSUER = "https://issuer.test"
AUDIENCE = "tra"
PUBLIC_URL = "https://tra.test"
BANK_URL = "http://127.0.0.1:1"  # nobody listens: the bank is called in this process
API_KEY = "a bank's secret of the fault tests"
KEY = {"id": ABA_KEY, "not_before": "2026-01-01T00:00:00Z"}


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Memory:
    """All that is no store: it goes back with them."""

    now: datetime
    transactions: dict[str, Transaction] = field(default_factory=dict)
    pushbacks: list[Pushback] = field(default_factory=list)
    published: list[bytes] = field(default_factory=list)
    handled: list[tuple[str, dict[str, Any]]] = field(default_factory=list)  # every message of a queue, as delivered
    journey: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Moment:
    """A moment to go back to."""

    stores: Snapshot
    memory: Memory


class World:
    """The office. `world()` makes one."""

    def __init__(self, made: Made) -> None:
        import app

        self.app, self.rooms = app, app.rooms
        self.clients: Clients = made.clients
        self.clock = FixedClock(NOON)
        self.trust = TestTrust(now=NOON)
        self.authority = TestAuthority(trust=self.trust, clock=lambda: self.clock())  # noqa: PLW0108 - tests set another clock
        self.roots = self.trust.roots()
        self.office: Office = load_office("kh", demo_fees=True)
        self.bank = AbaBank(
            merchant_id=MERCHANT, api_key=API_KEY, clock=self.clock, randomness=lambda count: b"\x07" * count,
            refund_key=refund_key(),
        )  # fmt: skip
        self.http: Http = self.bank  # whatever is called outside AWS
        self.ground: Ground = made.ground
        self.environment = made.environment
        self.clients.ssm.put_parameter(
            Name=self.environment["TRA_PAYMENT_SECRETS_PARAMETER"],
            Value=json.dumps({ABA_KEY: API_KEY}),
            Type="SecureString",
            Overwrite=True,
        )
        put_certificates(self.clients, self.trust, self.environment)
        self.queues = {
            name.removesuffix("QueueUrl").lower(): url
            for name, url in self.ground.outputs.items()
            if name.endswith("QueueUrl")
        }
        self.memory = Memory(NOON)
        self.broken_by: Callable[[Any], None] | None = None  # see `naive`
        self.screen: Screen = sight_and_hand  # screening talks to no store: its own tests show what it does with files
        self._tokens = ec.generate_private_key(ec.SECP256R1())
        self.cold()
        self.first = self.remember()

    # ------------------------------------------------------------------ time

    def remember(self) -> Moment:
        """This moment."""
        self.memory.now = self.clock.now
        self.memory.transactions, self.memory.pushbacks = self.bank.transactions, self.bank.waiting
        return Moment(Snapshot(), copy.deepcopy(self.memory))

    def go_back(self, moment: Moment) -> None:
        """Be at that moment, with cold functions."""
        moment.stores.restore()
        self.memory = copy.deepcopy(moment.memory)
        self.clock.now = self.memory.now
        self.bank.transactions, self.bank.waiting = self.memory.transactions, self.memory.pushbacks
        self.bank.faults.clear()
        self.screen = sight_and_hand
        self.cold()

    def cold(self) -> None:
        """Forget whatever a process remembers between invocations."""
        self.rooms.move(
            self.environment,
            clock=self.clock,
            http=self.http,
            issuer_keys=self._jwks,
            inspector=inspect,
            office=self.office,
            screen=self.screen,
            authority=self.authority,
        )
        if self.broken_by:
            self.broken_by(self.rooms)

    # ------------------------------------------------------------------ the way in

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        subject: str = "anna",
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Reply:
        """One HTTP request, as API Gateway hands it to the function. `subject` "" sends no token."""
        self.cold()
        split = urlsplit(path)
        resource, parameters = self._route(split.path)
        sent = dict(headers or {})
        if subject:
            sent["Authorization"] = "Bearer " + self._token(subject)
        if body is not None:
            raw, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        event = {
            "resource": resource,
            "path": split.path,
            "httpMethod": method,
            "headers": sent,
            "multiValueHeaders": {name: [value] for name, value in sent.items()},
            "multiValueQueryStringParameters": parse_qs(split.query) or None,
            "pathParameters": parameters or None,
            "stageVariables": None,
            "body": base64.b64encode(raw).decode() if raw is not None else None,
            "isBase64Encoded": raw is not None,
            "requestContext": {
                "httpMethod": method,
                "resourcePath": resource,
                "path": split.path,
                "requestTimeEpoch": int(self.clock().timestamp() * 1000),
                "identity": {"sourceIp": "127.0.0.1"},
            },
        }
        answer = self.app.app(event, None)
        answered = answer["body"]
        return Reply(
            answer["statusCode"],
            {name.lower(): value for name, value in answer["headers"].items()},
            base64.b64decode(answered) if answer.get("isBase64Encoded") else str(answered).encode(),
        )

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        """One invocation of a function that is not HTTP, with the event as AWS shapes it."""
        self.cold()
        return getattr(self.app, function)(dict(event), None)

    def _route(self, path: str) -> tuple[str, dict[str, str]]:
        for resource in sorted(self.app.app.routes, key=lambda one: one.count("{")):
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", resource)
            if match := re.fullmatch(pattern, path):
                return resource, {name: unquote(value) for name, value in match.groupdict().items()}
        raise LookupError(f"no route for {path}")

    # ------------------------------------------------------------------ who calls

    def _token(self, subject: str, *, roles: tuple[str, ...] = ()) -> str:
        now = int(NOON.timestamp())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + 90 * 86400, "roles": list(roles)}
        return jwt.encode(claims, self._tokens, algorithm="ES256", headers={"kid": "faults"})

    def _jwks(self) -> bytes:
        public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self._tokens.public_key()))
        return json.dumps({"keys": [public | {"kid": "faults", "use": "sig", "alg": "ES256"}]}).encode()


def parameters() -> dict[str, str]:
    """Of the template, for this world."""
    rail = {
        "rail": "aba",
        "environment": "local",
        "merchant_id": MERCHANT,
        "currencies": ["KHR", "USD"],
        "base_url": BANK_URL,
        "keys": [KEY],
        "refund_public_key": aba_refund.public(refund_key()),
    }
    return {
        "PublicUrl": PUBLIC_URL,
        "OidcIssuer": ISSUER,
        "OidcAudience": AUDIENCE,
        "PaymentRails": json.dumps([rail]),
    }


@contextmanager
def world() -> Iterator[World]:
    """A world, at its first moment. What the topic takes is kept in `memory.published`."""
    with moto_world(parameters=parameters()) as there:
        made = World(there)
        with publications(made), strict():
            yield made


@contextmanager
def publications(made: World) -> Iterator[None]:
    """Keep the body of every message that the topic takes."""
    from chalicelib.aws import clients as ours

    asked: list[str] = []

    def on_before(params: Mapping[str, Any], **_: Any) -> None:
        asked[:] = [
            parse_qs(params["body"])["Message"][0] if isinstance(params["body"], str) else params["body"]["Message"]
        ]

    def on_after(name: str, ok: bool) -> None:
        if name == "sns.Publish" and ok:
            made.memory.published.append(asked[0].encode())

    events = ours.sns().meta.events
    events.register("before-call.sns.Publish", on_before)
    try:
        with watching(after=on_after):
            yield
    finally:
        events.unregister("before-call.sns.Publish", on_before)
