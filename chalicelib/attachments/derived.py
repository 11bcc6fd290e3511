"""Shows the owner what we made of a file: pictures of its pages ("this is what will be recorded") and copies within the rules.

Each is named with the digest of its bytes and with the tool that made it; the file itself is named beside, as it was sent.
"""

from dataclasses import dataclass
from typing import Protocol

from chalicelib.attachments.holders import FILINGS, Holder
from chalicelib.attachments.items import attachment_of
from chalicelib.contracts.attachment import PAGE, Attachment, Derived
from chalicelib.register.model import Register

LINK_SECONDS = 60
ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "application/pdf": "pdf"}


class Links(Protocol):
    """Gives short-lived addresses."""

    def link(self, key: str, *, file_name: str, seconds: int) -> str:
        """An address that downloads the object as an attachment."""


@dataclass(frozen=True, kw_only=True)
class ShowDerived:
    """What was made of one file."""

    register: Register
    quarantine: Links
    holder: Holder = FILINGS

    def __call__(self, account: str, identifier: str, attachment: str) -> tuple[Attachment, list[tuple[Derived, str]]]:
        """The file, and each thing with its address. NotFound if the filing or the file is not this account's."""
        file = attachment_of(self.holder.opened(self.register, account, identifier, submitted=True), attachment)
        return file, [(one, self._address(file, one)) for one in file.derived]

    def _address(self, file: Attachment, one: Derived) -> str:
        part = f"page-{one.page}" if one.what == PAGE else one.what
        return self.quarantine.link(
            one.key, file_name=f"{file.id}-{part}.{ENDINGS.get(one.media_type, 'bin')}", seconds=LINK_SECONDS
        )
