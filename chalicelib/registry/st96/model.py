"""What an ST.96 document is written from: the filed form, the number and dates that the office gave, and where files lie."""

from dataclasses import dataclass

from chalicelib.contracts.form import Form

VERSION = "V6_0"  # of ST.96; V6_0 schemas refuse others, so it is a parameter everywhere


@dataclass(frozen=True)
class FiledPart:
    """A file of the package. `path` is relative to the documents; `body` says that it is part of the application's text."""

    attachment: str
    path: str
    media_type: str
    body: bool = False


@dataclass(frozen=True, kw_only=True)
class Filed:
    """One accepted application."""

    form: Form
    office: str  # WIPO ST.3
    number: str
    filing_date: str  # YYYY-MM-DD
    files: tuple[FiledPart, ...]
    version: str = VERSION
