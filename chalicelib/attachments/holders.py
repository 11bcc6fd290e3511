"""What files hang on: an application, or a later paper to one. The way of a file is the same; where it lies, whose it is, and
which documents may stand there is not.

`FILINGS` and `PAPERS` are the two; a use case is given the one that it works for.
"""

from typing import Any, Protocol

from chalicelib.attachments import limits
from chalicelib.attachments.items import attachments_of, owned_draft
from chalicelib.contracts import records
from chalicelib.contracts.draft import DRAFT, Draft
from chalicelib.kernel.errors import Conflict, Corrupt, Invalid
from chalicelib.offices.model import DocumentKind, Office, PaperKind
from chalicelib.register.model import Register, Stream, StreamId, filing, paper
from chalicelib.register.papers import owned_paper


class Holder(Protocol):
    """One of the two."""

    def stream(self, identifier: str) -> StreamId:
        """Where its entries lie."""

    def opened(self, register: Register, account: str, identifier: str, *, submitted: bool = False) -> Stream:
        """Its stream, if it is this account's. NotFound otherwise; Conflict if it is no longer a draft, unless `submitted` says
        that it may be."""

    def document(self, office: Office, stream: Stream, code: str) -> DocumentKind:
        """The office's row for a document that may stand there. Invalid if none such may."""

    def stated(self, office: Office, stream: Stream) -> dict[str, Any]:
        """The limits as the API answers them."""

    def key(self, identifier: str, attachment: str, chance: str) -> str:
        """Where one of its uploads goes."""


class Filings:
    """Applications."""

    def stream(self, identifier: str) -> StreamId:
        """See `Holder`."""
        return filing(identifier)

    def opened(self, register: Register, account: str, identifier: str, *, submitted: bool = False) -> Stream:
        """See `Holder`."""
        return owned_draft(register, account, identifier, submitted=submitted)

    def document(self, office: Office, stream: Stream, code: str) -> DocumentKind:
        """See `Holder`."""
        return limits.row_for(office, stream.head.attributes["kind"], _route(stream), code)

    def stated(self, office: Office, stream: Stream) -> dict[str, Any]:
        """See `Holder`."""
        return limits.stated(office, stream.head.attributes["kind"], _route(stream), attachments_of(stream))

    def key(self, identifier: str, attachment: str, chance: str) -> str:
        """See `Holder`."""
        return records.upload(identifier, attachment, chance)


class Papers:
    """Later papers. A file of one is a file of its filing's owner; its limits are its own."""

    def stream(self, identifier: str) -> StreamId:
        """See `Holder`."""
        return paper(identifier)

    def opened(self, register: Register, account: str, identifier: str, *, submitted: bool = False) -> Stream:
        """See `Holder`."""
        stream, _ = owned_paper(register, account, identifier)
        if stream.head.status != "draft" and not submitted:
            raise Conflict.because("paper.submitted-already", number=stream.head.attributes["number"])
        return stream

    def document(self, office: Office, stream: Stream, code: str) -> DocumentKind:
        """See `Holder`."""
        row = next((row for row in self._documents(office, stream) if row.code == code), None)
        if row is None:
            allowed = ", ".join(row.code for row in self._documents(office, stream))
            raise Invalid.because("paper.document" if allowed else "paper.no-documents", "/document", allowed=allowed)
        return row

    def stated(self, office: Office, stream: Stream) -> dict[str, Any]:
        """See `Holder`."""
        needed = "file" in self._kind(office, stream).needs
        return limits.stated_of_paper(office, self._documents(office, stream), attachments_of(stream), needed=needed)

    def key(self, identifier: str, attachment: str, chance: str) -> str:
        """See `Holder`."""
        return records.upload_of_paper(identifier, attachment, chance)

    @staticmethod
    def _kind(office: Office, stream: Stream) -> PaperKind:
        kind = office.paper(stream.head.attributes["kind"])
        if kind is None:
            raise Corrupt(f"{stream.id}: the office no longer knows its kind")
        return kind

    def _documents(self, office: Office, stream: Stream) -> tuple[DocumentKind, ...]:
        return office.documents_of_paper(self._kind(office, stream), stream.head.attributes["of_kind"])


FILINGS, PAPERS = Filings(), Papers()


def _route(stream: Stream) -> str:
    return Draft.of(stream.items[DRAFT].version, stream.items[DRAFT].attributes).form.route
