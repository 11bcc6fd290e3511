"""Everything that may go wrong, as one tree. HTTP meaning is given in one place, `web/problems.py`.

TraError
├── Refused              the caller's request cannot be carried out as it is; carries every finding
│   ├── Malformed        not readable: bad JSON, wrong header, wrong form            400
│   ├── Unauthenticated  no bearer token, or one we do not accept                    401
│   ├── Forbidden        known caller, act not allowed                               403
│   ├── NotFound         does not exist, or is not the caller's: the same answer     404
│   ├── Conflict         another truth stands already                                409
│   ├── Stale            the caller saw an older state                               412
│   ├── TooLarge         body over its limit                                         413
│   ├── Unsupported      media type that this route does not read                    415
│   ├── Invalid          readable, but breaks rules                                  422
│   └── TooMany          over a quota                                                429
├── Unavailable          ours or a supplier's fault; the same request may be repeated 503
│   └── LostRace         a condition of a commit failed; read again and decide again
└── Corrupt              what is stored contradicts itself; a person must look        500
"""

from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["blocks", "defect", "notice"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing found wrong. Words are looked up by `code` at the edge (`offices/messages.py`).

    `pointer` is an RFC 6901 JSON pointer into the request or the form, `` for the whole. `params` fill the words.
    `rule` cites the law or standard behind it; `days` is how long the filer has to mend a defect.
    """

    code: str
    pointer: str = ""
    severity: Severity = "blocks"
    params: dict[str, str] = field(default_factory=dict)
    rule: str = ""
    days: int | None = None


class TraError(Exception):
    """Root of all our errors."""


class Refused(TraError):
    """The request cannot be carried out; `findings` says every reason at once."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__(", ".join(f"{finding.code} {finding.pointer}".strip() for finding in findings))
        self.findings = findings

    @classmethod
    def because(cls, code: str, pointer: str = "", **params: str) -> "Refused":
        """One finding, said shortly."""
        return cls(Finding(code=code, pointer=pointer, params=params))


class Malformed(Refused):
    """The request cannot be read."""


class Unauthenticated(Refused):
    """No acceptable bearer token."""


class Forbidden(Refused):
    """The caller is known and may not do this."""


class NotFound(Refused):
    """No such thing, or not the caller's."""


class Conflict(Refused):
    """Contradicts what stands already."""


class Stale(Refused):
    """The caller decided on an older state."""


class TooLarge(Refused):
    """The body is over its limit."""


class Unsupported(Refused):
    """The body is of a media type this route does not read."""


class Invalid(Refused):
    """Readable, but breaks rules."""


class TooMany(Refused):
    """Over a quota."""


class Unavailable(TraError):
    """Try the same request again later."""


class LostRace(Unavailable):
    """A condition of a commit did not hold; `keys` names the items whose condition failed."""

    def __init__(self, *keys: str) -> None:
        super().__init__("condition failed: " + ", ".join(keys))
        self.keys = keys


class Corrupt(TraError):
    """Stored facts contradict each other; nothing more is done until a person has looked."""
