"""What lies on a stream, in words: each entry as its owner reads it, whether the chain verifies, and one line of time for a
filing and its later papers."""

from typing import Any

from chalicelib.kernel.errors import Corrupt, Finding
from chalicelib.offices.messages import words
from chalicelib.offices.model import Office
from chalicelib.register.model import Entry, Stream, verify_chain


def event(office: Office, entry: Entry) -> dict[str, Any]:
    """One entry."""
    said = words(office, Finding(code=f"entry.{entry.type}"))
    return {
        "seq": entry.seq,
        "at": entry.at,
        "by": entry.by,
        "type": entry.type,
        "description": {language: text for language, (text, _) in said.items()},
        "data": dict(entry.data),
        "hash": entry.hash,
    }


def events(office: Office, stream: Stream) -> list[dict[str, Any]]:
    """Every entry of a stream."""
    return [event(office, entry) for entry in stream.entries]


def timeline(office: Office, application: Stream, papers: tuple[Stream, ...]) -> list[dict[str, Any]]:
    """What happened to a filing and to its papers since it was submitted, in order of time; each with the stream it lies on.
    What a filer did in drafts is left out."""
    found = []
    for stream in (application, *papers):
        number = stream.head.attributes.get("number")
        begun = next((entry.seq for entry in stream.entries if entry.type in ("FilingSubmitted", "PaperSubmitted")), None)
        for entry in stream.entries if begun else ():
            if entry.seq >= (begun or 0):
                said = event(office, entry)
                found.append({"stream": str(stream.id), "number": number, **said})
    return sorted(found, key=lambda one: (one["at"], one["stream"], one["seq"]))


def chain(stream: Stream) -> dict[str, Any]:
    """Whether the hashes of a stream verify, and the last of them."""
    try:
        verify_chain(stream.entries)
    except Corrupt:
        return {"verified": False, "head": stream.head.hash}
    return {"verified": True, "head": stream.head.hash}
