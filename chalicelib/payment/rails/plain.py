"""What most rails have in common: no call to close, no list by day, three answers to a delivery. ABA has more."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from chalicelib.payment.model import Answer, Bill, Delivery, Http, HttpReply, Notice, NotSupported, Reply, Status, Trust
from chalicelib.payment.rails.config import KeyRing, RailConfig
from chalicelib.payment.rails.delivery import sha256

C = TypeVar("C", bound=RailConfig)

_ANSWERS = {
    Answer.TAKEN: Reply(200, b'{"status":"received"}'),
    Answer.REFUSED: Reply(401, b'{"status":"refused"}'),
    Answer.LATER: Reply(503, b'{"status":"later"}'),
}


@dataclass(frozen=True, slots=True)
class PlainRail(Generic[C]):
    """A rail without frills. `callback_url` is where this bank may ring, `door` its unguessable end, if it has one."""

    config: C
    keys: KeyRing
    callback_url: str
    door: str = ""

    @property
    def name(self) -> str:
        """As configured."""
        return self.config.rail

    @property
    def notifies(self) -> bool:
        """Most ring."""
        return True

    @property
    def currencies(self) -> frozenset[str]:
        """What may be billed."""
        return frozenset(self.config.currencies)

    def close(self, bill: Bill, *, now: datetime, http: Http) -> bool:  # noqa: ARG002 - the Protocol's form
        """This bank cannot be told to take no more."""
        return False

    def list_day(self, day: date, *, now: datetime, http: Http) -> Iterator[Notice]:  # noqa: ARG002
        """This bank has no list: its statement tells."""
        raise NotSupported(f"{self.name}: list")

    def ack(self, answer: Answer) -> Reply:
        """The same three answers whatever the order."""
        return _ANSWERS[answer]

    def _post(self, http: Http, path: str, body: Mapping[str, Any] | list[str], **headers: str) -> HttpReply:
        raw = json.dumps(body, ensure_ascii=True).encode("ascii")
        accept = {"accept": "application/json", **headers}
        return http.post(self.config.origin + path, json=raw, headers=accept, timeout=self.config.timeout_seconds)

    def _bell(self, delivery: Delivery, reference: str, told: str, now: datetime, *, paid: bool) -> Notice:
        """What somebody said of `reference`. `told` tells this message from another of the same payment."""
        return Notice(
            rail=self.name,
            order_ref=reference,
            bank_ref=None,
            event_key=f"{self.name}:bell:{reference}:{told}",
            status=Status.PAID if paid else Status.UNKNOWN,
            trust=Trust.DOORBELL,
            at=now,
            raw_sha256=sha256(delivery),
        )
