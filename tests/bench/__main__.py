"""`make bench`: measure, print one line for each figure, write `build/bench.json`."""

import sys
from collections.abc import Callable, Iterable, Sequence

from infra.local.sam import ROOT
from tests.bench.figure import Figure, write
from tests.bench.handover import handover
from tests.bench.imports import cold_imports
from tests.bench.office import payment_to_letter
from tests.bench.payment import payment
from tests.bench.pipeline import pipeline
from tests.bench.proof import log_append, verify_letter
from tests.bench.screening import screening
from tests.bench.sealing import sealing

BENCHES: Sequence[Callable[[], Iterable[Figure]]] = (
    cold_imports,
    sealing,
    lambda: (log_append(), verify_letter()),
    screening,
    pipeline,
    payment,
    payment_to_letter,
    handover,
)


def main() -> int:
    """Run all of them."""
    figures: list[Figure] = []
    for bench in BENCHES:
        for figure in bench():
            sys.stdout.write(figure.line() + "\n")
            sys.stdout.flush()
            figures.append(figure)
    write(figures, ROOT / "build" / "bench.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
