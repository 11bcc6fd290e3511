"""One figure: a value, what it is held against in the same run, and the ratio of the two. Names never change."""

import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Figure:
    """`ratio` is `value` divided by what `against` names, measured in the same run."""

    name: str
    value: float
    unit: str
    against: str = ""
    ratio: float | None = None
    runs: int = 1
    detail: Mapping[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        """For people."""
        held = f"  = {self.ratio:.2f} × {self.against}" if self.ratio is not None else ""
        said = "  " + ", ".join(f"{name} {value}" for name, value in self.detail.items()) if self.detail else ""
        return f"{self.name:<26} {self.value:>10.3f} {self.unit:<9} {self.runs:>3} runs{held}{said}"


def write(figures: Sequence[Figure], path: Path) -> None:
    """`build/bench.json`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(figure) for figure in figures], indent=2, ensure_ascii=False) + "\n", "utf-8")


def median_ms(act: Callable[[], object], runs: int) -> float:
    """Median milliseconds of `act`, after one run that does not count."""
    act()
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        act()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 100) * len(ordered) // 100) - 1))]
