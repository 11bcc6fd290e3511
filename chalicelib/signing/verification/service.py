"""What a file is, for anyone who asks. Layers, each asked only if the one before did not settle it:

1. The register of issued digests: byte for byte ours? Newest copy? For this the file itself is not needed.
2. The issued prefix: does the file begin with a letter of ours, and go on? Then it was changed, and we can say what.
3. The file itself, opened by an inspector that has no rights and may die of it: whose seal, intact, whole, at what level. A
   seal that is right makes no file "exact": only the register does.
4. The receipt in it, against the register's; and the digests of files the asker dropped, against the receipt's lines.
What is said shows nothing but numbers, times and digests of what the asker holds.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.contracts.events import FilingSubmitted
from chalicelib.kernel.errors import Corrupt, Finding
from chalicelib.offices.messages import words
from chalicelib.offices.model import Office
from chalicelib.register.model import Key, Register, Stream, StreamId
from chalicelib.signing.issued import Issued, issued_as, letters_about
from chalicelib.signing.verification.model import CHANGES, VERDICTS, Inspection, Inspector, Verdict, prefixes

PDF = b"%PDF-"
CODE_LENGTH = 16  # hexadecimal digits of the receipt's digest that a person may type instead of the QR code


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the asker knows beside the file: the number that he asks about, and digests of files he dropped."""

    number: str = ""
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Verify:
    """Answers in the office's languages."""

    register: Register
    office: Office
    inspector: Inspector
    chain_pem: str
    stamp_roots_pem: str

    def digest(self, sha256: str, asked: Asked) -> dict[str, Any]:
        """By digest alone."""
        issued = issued_as(self.register, sha256)
        if issued is None:
            return self._answer("unknown", sha256=sha256)
        return self._exact(issued, asked)

    def file(self, pdf: bytes, asked: Asked) -> dict[str, Any]:
        """Of a file. Unavailable if there is no inspector to ask."""
        sha256 = hashlib.sha256(pdf).hexdigest()
        issued = issued_as(self.register, sha256)
        if issued:
            return self._exact(issued, asked)
        for end in prefixes(pdf):
            issued = issued_as(self.register, hashlib.sha256(pdf[:end]).hexdigest())
            if issued:
                seen = self._seen(pdf, end)
                return self._changed(sha256, replace(seen, changes=("appended", *seen.changes)), asked, issued)
        if PDF not in pdf[:1024]:
            return self._answer("unreadable", sha256=sha256)
        return self._inspected(sha256, self._seen(pdf, None), asked)

    def number(self, number: str, code: str) -> dict[str, Any]:
        """By number and code, without a file: the letters that the paper in the asker's hand may be a copy of."""
        stream = self._filing(number)
        submitted = stream.last(FilingSubmitted) if stream else None
        if stream is None or submitted is None or not submitted.receipt_sha256.startswith(code):
            return self._answer("not-registered", number=number)
        letters = [self._letter(letter) for letter in letters_about(self.register, stream)]
        return self._answer(
            "registered", number=submitted.number, received_at=submitted.received_at, filing_date=submitted.filing_date,
            receipt_sha256=submitted.receipt_sha256, files=len(submitted.files), letters=letters,
        )  # fmt: skip

    def _seen(self, pdf: bytes, issued: int | None) -> Inspection:
        return self.inspector(pdf, chain_pem=self.chain_pem, stamp_roots_pem=self.stamp_roots_pem, issued=issued)

    # ------------------------------------------------------------------ verdicts

    def _exact(self, issued: Issued, asked: Asked) -> dict[str, Any]:
        submitted = _submitted(issued.filing)
        verdict: Verdict = "superseded" if issued.newer else "exact"
        if asked.number and asked.number not in {submitted.number, issued.fact.number}:
            verdict = "other-number"
        return self._answer(
            verdict,
            sha256=issued.fact.sha256,
            letter=self._letter(issued),
            **_attachments(submitted, asked),
            params={"number": submitted.number, "asked": asked.number},
        )

    def _changed(self, sha256: str, seen: Inspection, asked: Asked, issued: Issued | None) -> dict[str, Any]:
        about = {"letter": self._letter(issued), **_attachments(_submitted(issued.filing), asked)} if issued else {}
        changes = [{"code": code, "message": self._change(code)} for code in dict.fromkeys(seen.changes)]
        return self._answer("changed", sha256=sha256, changes=changes, seal=seen.to_json(), **about)

    def _inspected(self, sha256: str, seen: Inspection, asked: Asked) -> dict[str, Any]:
        known = self._of_receipt(seen)
        if any(seal.ours for seal in seen.seals):
            more = [] if known or not seen.receipt_sha256 else ["receipt"]
            more += ["second-seal"] if len(seen.seals) > 1 else []
            more += ["not-as-issued"] if seen.valid else []
            return self._changed(sha256, replace(seen, changes=(*seen.changes, *more) or ("inside",)), asked, None)
        if seen.seals:
            return self._answer("other-seal", sha256=sha256, seal=seen.to_json())
        if seen.problem:
            return self._answer("unreadable", sha256=sha256, seal=seen.to_json())
        if known:
            return self._changed(sha256, replace(seen, changes=("seal-removed", *seen.changes)), asked, None)
        return self._answer("not-sealed", sha256=sha256, seal=seen.to_json())

    # ------------------------------------------------------------------ the register

    def _of_receipt(self, seen: Inspection) -> bool:
        """Whether the receipt in a file is, byte for byte, the one that its number has in the register."""
        stream = self._filing(seen.receipt_number) if seen.receipt_number else None
        submitted = stream.last(FilingSubmitted) if stream else None
        return submitted is not None and submitted.receipt_sha256 == seen.receipt_sha256

    def _filing(self, number: str) -> Stream | None:
        item = self.register.item(Key(f"NUMBER#{number}", "NUMBER"))
        return self.register.load(StreamId.parse(item.attributes["stream"])) if item else None

    # ------------------------------------------------------------------ words

    @staticmethod
    def _letter(issued: Issued) -> dict[str, Any]:
        fact, newer = issued.fact, issued.newer
        said = {
            "number": fact.number,
            "application_number": _submitted(issued.filing).number,
            "code": fact.code,
            "level": fact.level,
            "sha256": fact.sha256,
            "issued_at": issued.entry.at,
        }
        return {**said, "newer": {"level": newer.level, "sha256": newer.sha256}} if newer else said

    def _answer(self, verdict: Verdict, *, params: dict[str, str] | None = None, **about: Any) -> dict[str, Any]:
        said = words(self.office, Finding(code=VERDICTS[verdict], params=params or {}))
        return {
            "verdict": verdict,
            "message": {language: message for language, (message, _) in said.items()},
            "action": {language: action for language, (_, action) in said.items()},
            **about,
        }

    def _change(self, code: str) -> dict[str, str]:
        said = words(self.office, Finding(code=CHANGES[code]))
        return {language: message for language, (message, _) in said.items()}


def _submitted(stream: Stream) -> FilingSubmitted:
    submitted = stream.last(FilingSubmitted)
    if submitted is None:
        raise Corrupt(f"{stream.id}: a letter before submission")
    return submitted


def _attachments(submitted: FilingSubmitted, asked: Asked) -> dict[str, Any]:
    """Which of the dropped files were filed, byte for byte."""
    if not asked.attachments:
        return {}
    places = {file.sha256: place for place, file in enumerate(submitted.files, start=1)}
    rows: Sequence[dict[str, Any]] = [
        {"sha256": one, "filed": one in places, **({"place": places[one]} if one in places else {})}
        for one in asked.attachments
    ]
    return {"attachments": list(rows)}
