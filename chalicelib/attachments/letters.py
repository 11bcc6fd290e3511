"""Looks at a letter that the office's own registry sent, as at any file that nobody trusts; nothing is made of it."""

from dataclasses import dataclass

from chalicelib.attachments.service import Screen
from chalicelib.contracts.attachment import Attachment
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Unavailable

DOCUMENT = "office-letter"  # of no kind that an office's data has rules for: what is asked of all is asked of it


@dataclass(frozen=True, kw_only=True)
class LookAtLetter:
    """See `registry.inbound.letters.Look`. What is outside the rules of uploads is no reason to keep the office's letter back;
    what cannot be read or is malware is."""

    screen: Screen

    def __call__(self, body: bytes, *, filing: str, key: str, version: str, media_type: str) -> str:
        """A code that says why it is refused; empty if it is not. Unavailable until a scanner has looked at it."""
        announced = Attachment(
            id=filing, document=DOCUMENT, name=DOCUMENT, media_type=media_type, size=len(body), key=key,
            sha256=Digest.of(body).hex, object_version=version,
        )  # fmt: skip
        verdict = self.screen(iter((body,)), announced)
        if verdict.accepted is None:
            return verdict.reason
        if not verdict.accepted.scanned:
            raise Unavailable(f"{key} waits until a scanner has looked at it")
        return ""
