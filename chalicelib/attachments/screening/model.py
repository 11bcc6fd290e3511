"""Nouns of screening: what the parser's process is told, and what it says. Both cross a pipe as plain JSON."""

import json
from dataclasses import asdict, dataclass
from typing import Any

PDF, JPEG, PNG, SVG, XML = "application/pdf", "image/jpeg", "image/png", "image/svg+xml", "application/xml"
UNREADABLE = "file.unreadable"
SMALLER = "smaller-copy"  # a picture brought within the profile's pixels


@dataclass(frozen=True, kw_only=True)
class Picture:
    """The profile that a picture is held to: pixels a side, and the size of a vector picture in centimetres."""

    min_side: int
    max_side: int
    svg_max_cm: tuple[int, int] | None = None


@dataclass(frozen=True, kw_only=True)
class Task:
    """What one file is to be looked at for. `max_pages` and `picture` come from the office's data, the rest is asked of all."""

    media_type: str
    max_pages: int
    embedded_files: bool = False
    picture: Picture | None = None
    listing: bool = False  # an ST.26 sequence listing is asked for

    def to_json(self) -> str:
        """As written to the process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Task":
        """As read by the process."""
        data: dict[str, Any] = json.loads(text)
        if data["picture"]:
            size = data["picture"]["svg_max_cm"]
            data["picture"] = Picture(**{**data["picture"], "svg_max_cm": tuple(size) if size else None})
        return cls(**data)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the process found. `refused` is a code, or empty; `findings` are codes of what is outside the rules.

    `compared` says how many pages two renderers drew alike; `peak_mb` and `cpu_ms` are the process's own.
    """

    refused: str = ""
    findings: tuple[str, ...] = ()
    pages: int | None = None
    compared: int = 0
    peak_mb: int = 0
    cpu_ms: int = 0

    def to_json(self) -> str:
        """As written by the process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Report":
        """As read from the process. ValueError, TypeError or KeyError if it is none."""
        data = json.loads(text)
        return cls(**{**data, "findings": tuple(data["findings"])})


class Refusal(Exception):
    """The file cannot be taken; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
