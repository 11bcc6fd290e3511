"""Harness C: messages twice, late, out of order, again long after, given up and brought back.

A `Fault` is a pump that treats messages badly, in one way. It counts how often it did so for each function. What SQS FIFO
promises it keeps (order within a group at first delivery); what a queue never promises it breaks: a message may come again
at any later time, whatever came in between, and deduplication at the topic ends after five minutes.
"""

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tests.faults.ground import let_time_pass_for_queues
from tests.faults.pump import FUNCTIONS, Invocation, Pump, as_lambda_sees

PATIENCE = 3  # receives before a message is given up here; the template's own number is only a matter of time


@dataclass
class Fault(Pump):
    """Treats messages badly while `quiet` works. `done` counts bad deliveries by workflow."""

    seed: int = 0
    done: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311 - repeatable choice is the point

    def again(self, queue: str, message: dict[str, Any]) -> None:
        """Deliver a message once more, as SQS may: same id and body, another receipt."""
        self.done[Invocation(FUNCTIONS[queue], {}).workflow] += 1
        event = as_lambda_sees(replace_receipt(message), queue)
        Pump.run(self, Invocation(FUNCTIONS[queue], event, queue, None))


def replace_receipt(message: dict[str, Any]) -> dict[str, Any]:
    """The same message under another receipt."""
    return {**message, "ReceiptHandle": "again"}


@dataclass
class Twice(Fault):
    """Every message is delivered twice in a row; every bell of the table rings twice."""

    def run(self, invocation: Invocation) -> None:
        super().run(invocation)
        self.done[invocation.workflow] += 1
        super().run(replace(invocation, message=None))


@dataclass
class Replayed(Fault):
    """After every message, some message that was dealt with before comes again; in the end all do, in any order."""

    def run(self, invocation: Invocation) -> None:
        super().run(invocation)
        if self.world.memory.handled:
            self.again(*self.random.choice(self.world.memory.handled))

    def quiet(self, *, sweeps: int = 1) -> None:
        super().quiet(sweeps=sweeps)
        handled = list(self.world.memory.handled)
        self.random.shuffle(handled)
        for queue, message in handled:
            self.again(queue, message)
        self.drain()


@dataclass
class Disordered(Fault):
    """Queues are served in any order, and any queue may be passed over for a while: late, and out of order across groups."""

    def next(self) -> Invocation | None:
        queues = list(FUNCTIONS)
        self.random.shuffle(queues)
        self.choose = lambda _: queues
        self.bell = self.random.random() < 0.5
        invocation = super().next()
        self.bell = True
        if invocation is None:
            return super().next()
        self.done[invocation.workflow] += 1
        return invocation


@dataclass
class Late(Fault):
    """One queue is not served until everything else is quiet, and time has passed."""

    queue: str = "custody"

    def quiet(self, *, sweeps: int = 1) -> None:
        self.choose = lambda queues: [one for one in sorted(queues) if one != self.queue]
        super().quiet(sweeps=sweeps)
        self.done[Invocation(FUNCTIONS[self.queue], {}).workflow] += 1
        self.choose = sorted
        super().quiet(sweeps=sweeps)


@dataclass
class BellLost(Fault):
    """The table's stream never rings; only the minute's sweep publishes."""

    def quiet(self, *, sweeps: int = 1) -> None:
        self.bell = False
        for _ in range(12):
            waiting = len(self.pending())
            self.done["relay"] += waiting
            super().quiet(sweeps=sweeps)
            if not self.pending():
                return


@dataclass
class GivenUp(Fault):
    """Every message of one queue fails until it is given up; the others go on; later all dead letters are sent back, twice."""

    queue: str = "custody"
    sick: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        sqs, url = self.world.clients.sqs, self.world.queues[self.queue]
        name: Literal["RedrivePolicy"] = "RedrivePolicy"
        policy = json.loads(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])
        sqs.set_queue_attributes(QueueUrl=url, Attributes={name: json.dumps(policy | {"maxReceiveCount": PATIENCE})})

    def run(self, invocation: Invocation) -> None:
        if self.sick and invocation.queue == self.queue:
            self.done[invocation.workflow] += 1
            self._give_back(invocation, done=False)
            return
        super().run(invocation)

    def quiet(self, *, sweeps: int = 1) -> None:
        super().quiet(sweeps=sweeps)
        self.sick = False
        for _ in range(6):  # what follows may be given up in its turn by nobody: the function is well again
            if not self.redrive():
                break
            let_time_pass_for_queues()
            super().quiet(sweeps=sweeps)
        for queue, message in list(self.world.memory.handled):
            if queue == self.queue:
                self.again(queue, message)


def faults(seeds: int = 3) -> list[tuple[str, Callable[..., Fault]]]:
    """Every way, by name: called with the world. What a registry sends is not on the way of a filing: tests of its own."""
    queues = [queue for queue in FUNCTIONS if queue != "inbound"]
    found: list[tuple[str, Callable[..., Fault]]] = [("twice", Twice), ("bell-lost", BellLost)]
    found += [(f"disordered-{seed}", _seeded(Disordered, seed)) for seed in range(seeds)]
    found += [(f"replayed-{seed}", _seeded(Replayed, seed)) for seed in range(seeds)]
    found += [(f"late-{queue}", _of(Late, queue)) for queue in queues]
    found += [(f"given-up-{queue}", _of(GivenUp, queue)) for queue in queues]
    return found


def _seeded(kind: type[Fault], seed: int) -> Callable[..., Fault]:
    return lambda world: kind(world, seed=seed)


def _of(kind: Callable[..., Fault], queue: str) -> Callable[..., Fault]:
    return lambda world: kind(world, queue=queue)
