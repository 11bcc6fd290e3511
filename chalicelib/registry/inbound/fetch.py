"""Hand a letter of the office to the owner of the filing it is about."""

from dataclasses import dataclass
from typing import Protocol

from chalicelib.contracts.registered import OfficeLetterReceived
from chalicelib.kernel import ids
from chalicelib.kernel.errors import NotFound
from chalicelib.register import model as register_model
from chalicelib.register.model import Register

LINK_SECONDS = 60


class Links(Protocol):
    """Where letters lie."""

    def link(self, key: str, *, file_name: str, seconds: int) -> str:
        """A short-lived address that downloads the object."""


@dataclass(frozen=True, kw_only=True)
class FetchOfficeLetter:
    """See the module."""

    register: Register
    links: Links

    def __call__(self, account: str, filing_id: str, sha256: str) -> tuple[OfficeLetterReceived, str]:
        """The letter, and an address that serves it for a minute. NotFound for others, and for what is no letter of it."""
        stream = self.register.load(register_model.filing(filing_id)) if ids.is_ulid(filing_id) else None
        if stream is None or stream.head.owner != account:
            raise NotFound.because("filing.not-found")
        found = next((one for one in stream.facts(OfficeLetterReceived) if one.sha256 == sha256), None)
        if found is None:
            raise NotFound.because("office-letter.not-found")
        name = f"{found.number.replace('/', '-')}.pdf"
        return found, self.links.link(found.key, file_name=name, seconds=LINK_SECONDS)
