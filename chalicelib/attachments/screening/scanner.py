"""Looking for malware, behind one Protocol. A scanner that cannot say is not one that says "clean".

`EicarOnly` knows one thing only: the industry's harmless test string. It is for tests, trials and the local office, and it
is named so in the configuration; it protects nobody.
"""

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


# The EICAR test string in two halves, so that this file is not taken for it.
_SIGNATURE = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@dataclass(frozen=True)
class EicarOnly:
    """Finds the EICAR test string, anywhere in the bytes as they are, and nothing else."""

    def scan(self, sample: Sample) -> Scan:
        """See `Scanner.scan`."""
        kept = b""
        with sample.path.open("rb") as file:
            while chunk := file.read(CHUNK):
                if _SIGNATURE in (window := kept + chunk):
                    return Infected("EICAR test string")
                kept = window[-len(_SIGNATURE) :]
        return Clean()
