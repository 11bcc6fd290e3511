"""Names of objects in the two buckets. Content is named by its digest; every object has its own key and is written once.

In the records everything of a filing lies below its place, `filings/<filing>/`; what belongs to one of its later papers lies
below the paper's own place within it, `filings/<filing>/papers/<paper>/`. So `filing` below is an id, or what `paper` answers.
"""

import re

from chalicelib.kernel import ids
from chalicelib.kernel.digest import Digest

_ID = ids.PATTERN[1:-1]
_UPLOAD = re.compile(rf"^uploads/(papers/)?({_ID})/({_ID})/[0-9a-f]{{32}}$", re.ASCII)


def paper(filing: str, identifier: str) -> str:
    """The place of a later paper within its filing's."""
    return f"{filing}/papers/{identifier}"


def upload(filing: str, attachment: str, chance: str) -> str:
    """Where an upload goes in quarantine; `chance` makes it unguessable."""
    return f"uploads/{filing}/{attachment}/{chance}"


def upload_of_paper(identifier: str, attachment: str, chance: str) -> str:
    """The same for a file of a later paper."""
    return f"uploads/papers/{identifier}/{attachment}/{chance}"


def of_upload(key: str) -> tuple[str, str, str] | None:
    """Kind of stream, its id, and attachment of an upload's key; None if it is none of ours."""
    match = _UPLOAD.fullmatch(key)
    return ("PAPER" if match[1] else "FILING", match[2], match[3]) if match else None


def file(filing: str, sha256: Digest | str) -> str:
    """A filed file, as sent."""
    return f"filings/{filing}/files/{sha256}"


def derived(filing: str, attachment: str, sha256: Digest | str) -> str:
    """What we made of an upload, in quarantine: a picture of a page, a smaller copy. Never where uploads are looked for."""
    return f"derived/{filing}/{attachment}/{sha256}"


def derived_file(filing: str, sha256: Digest | str) -> str:
    """A copy that we made of a filed file, kept beside it in the records, never instead."""
    return f"filings/{filing}/derived/{sha256}"


def form(filing: str, sha256: Digest | str) -> str:
    """The filed form."""
    return f"filings/{filing}/form/{sha256}.json"


def manifest(filing: str, sha256: Digest | str) -> str:
    """The manifest that the filer confirmed."""
    return f"filings/{filing}/manifest/{sha256}.json"


def receipt(filing: str, sha256: Digest | str) -> str:
    """The receipt; its detached signature lies beside it as `.p7s`."""
    return f"filings/{filing}/receipt/{sha256}.json"


def letter(filing: str, code: str, level: str) -> str:
    """A sealed letter: one for each code and level, for ever."""
    return f"filings/{filing}/letters/{code}.{level}.pdf"


def office_letter(filing: str, sha256: Digest | str) -> str:
    """A letter that the registry issued, as it came."""
    return f"filings/{filing}/office/{sha256}.pdf"


def report(day: str, run: int, level: str) -> str:
    """A sealed report of a day's reconciliation: one for each run."""
    return f"reconciliations/{day}/{run:04d}.{level}.pdf"


def package(filing: str, sha256: Digest | str) -> str:
    """The list of everything the registry receives."""
    return f"filings/{filing}/package/{sha256}.json"


def part(filing: str, sha256: Digest | str, ending: str) -> str:
    """Something that was made for the package: an ST.96 document, a tag file, the seal over the manifest."""
    return f"filings/{filing}/parts/{sha256}.{ending}"
