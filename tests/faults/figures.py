"""What was tried and what broke, by workflow: collected while the tests run, printed at the end, kept in `build/faults.json`.

Names are stable (issue 2, "figures that stay"). `journey` is the whole way: the sum over its workflows, and what was tried
on the way as a whole.
"""

import json
from collections import defaultdict
from pathlib import Path

WORKFLOWS = ("draft", "upload", "submit", "custody", "pay", "seal", "log", "hand_over", "relay", "consume", "inbound")
FIGURES = (
    "crash_points", "broken", "interleavings", "broken_interleavings", "event_faults", "broken_event_faults",
)  # fmt: skip
FILE = Path("build") / "faults.json"

_counted: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(FIGURES, 0))


def count(workflow: str, figure: str, number: int) -> None:
    """Add to a figure. KeyError for a name that is not one of ours."""
    if workflow not in (*WORKFLOWS, "journey"):
        raise KeyError(workflow)
    _counted[workflow][figure] += number


def table() -> dict[str, dict[str, int]]:
    """Every figure of every workflow; the journey holds the sum and its own."""
    found = {name: dict(_counted[name]) for name in WORKFLOWS}
    found["journey"] = {
        figure: _counted["journey"][figure] + sum(found[name][figure] for name in WORKFLOWS) for figure in FIGURES
    }
    return found


def anything() -> bool:
    """Whether something was counted at all."""
    return any(number for figures in _counted.values() for number in figures.values())


def write(root: Path) -> Path:
    """Keep them; answers where."""
    path = root / FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(table(), indent=2) + "\n", encoding="utf-8")
    return path


def lines() -> list[str]:
    """For people."""
    head = f"{'':<10}" + "".join(f"{name:>22}" for name in FIGURES)
    return [head] + [
        f"{name:<10}" + "".join(f"{figures[figure]:>22}" for figure in FIGURES) for name, figures in table().items()
    ]
