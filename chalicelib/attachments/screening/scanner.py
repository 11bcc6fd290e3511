"""Looking for malware, behind one Protocol. A scanner that cannot say is not one that says "clean"."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

CHUNK = 1 << 20


@dataclass(frozen=True)
class Clean:
    """Nothing found by a scanner that was able to look."""


@dataclass(frozen=True)
class Infected:
    """Malware; `name` is the scanner's word for it (for the log, never for an entry)."""

    name: str


@dataclass(frozen=True)
class Unsure:
    """No verdict: scanner down, slow, not yet done, or unable. The file stays where it is and is scanned again."""

    reason: str


Scan = Clean | Infected | Unsure


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One version of one object, and the same bytes in a file."""

    path: Path
    key: str
    version: str


class Scanner(Protocol):
    """Says whether a file carries malware."""

    def scan(self, sample: Sample) -> Scan:
        """A verdict, or that there is none. Raises nothing."""
