"""Drafts: begun, edited under a version, read. A draft is not part of the log until it is submitted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.contracts import attachment
from chalicelib.contracts.attachment import Attachment
from chalicelib.contracts.draft import DRAFT, Draft
from chalicelib.contracts.events import AttachmentReserved, FilingSubmitted
from chalicelib.contracts.form import Form, parse_form
from chalicelib.contracts.manifest import Manifest
from chalicelib.kernel import ids
from chalicelib.kernel.clock import Clock, stamp
from chalicelib.kernel.errors import Conflict, Invalid, LostRace, NotFound, Stale, TooMany
from chalicelib.offices.model import Office
from chalicelib.register.idempotency import Repeat
from chalicelib.register.model import Key, Put, Register, Stream, begin, deciding, filing

LOOK = 5  # times the quota of drafts: how many of the newest filings are looked through
MAX_FORM = 200_000  # bytes: form, manifest and receipt share one 400 KB item once filed


def draft_key(identifier: str) -> Key:
    """Where a filing's draft lies."""
    return Key(str(filing(identifier)), DRAFT)


def attachments_of(stream: Stream) -> tuple[Attachment, ...]:
    """The attachments of a filing, in the order they were announced (their ids are no order within a millisecond)."""
    announced = [str(entry.data["attachment"]) for entry in stream.entries if entry.type == AttachmentReserved.__name__]
    return tuple(Attachment.of(one, stream.items[attachment.PREFIX + one].attributes) for one in announced)


def manifest_of(stream: Stream, draft: Draft) -> Manifest:
    """What would be filed now: the form and every file that arrived and was not taken back. Of what was submitted: as it was,
    whatever was found in a held file since."""
    submitted = stream.last(FilingSubmitted)
    filed = {file.attachment for file in submitted.files} if submitted else None
    files = tuple(
        file
        for file in attachments_of(stream)
        if (file.state in attachment.ARRIVED if filed is None else file.id in filed)
    )
    return Manifest(filing=stream.id.id, form=draft.form.to_bytes(), files=files)


def owned_stream(register: Register, account: str, identifier: str) -> Stream:
    """The filing's stream, if it is this account's. NotFound otherwise: another's filing does not exist for you."""
    stream = register.load(filing(identifier)) if ids.is_ulid(identifier) else None
    if stream is None or stream.head.owner != account:
        raise NotFound.because("filing.not-found")
    return stream


def draft_of(stream: Stream) -> Draft:
    """The filing's draft (or filed form)."""
    return Draft.of(stream.items[DRAFT].version, stream.items[DRAFT].attributes)


@dataclass(frozen=True, kw_only=True)
class Drafts:
    """Begin and edit drafts."""

    register: Register
    office: Office
    clock: Clock

    def begin(self, account: str, body: Mapping[str, Any], repeat: Repeat) -> str:
        """A new draft's id. Invalid with every finding."""
        form = self._form(body)

        def decide() -> str:
            if earlier := repeat.earlier(self.register):
                return str(earlier["filing"])
            now = self.clock()
            self._within_quota(account, now)
            identifier = ids.ulid(now)
            # the kind is fixed from here on; the route is not, and is listed once filed
            self.register.commit(
                begin(filing(identifier), by=account, at=now, owner=account, kind=form.kind),
                Put(draft_key(identifier), {"form": form.to_bytes().decode()}),
                repeat.kept(filing=identifier),
            )
            return identifier

        return deciding(decide)

    def edit(self, account: str, identifier: str, version: int, body: Mapping[str, Any]) -> Draft:
        """Replace the draft that has `version`. Stale if it has another, Conflict once it is submitted."""
        stream = owned_stream(self.register, account, identifier)  # whose it is comes before what is asked
        form = self._form(body)
        draft = draft_of(stream)
        if stream.head.status != "draft":
            raise Conflict.because("filing.submitted-already", number=stream.head.attributes["number"])
        if form.kind != stream.head.attributes["kind"]:
            raise Invalid.because("kind.fixed", "/kind", kind=stream.head.attributes["kind"])
        if draft.form == form and draft.version in {version, version + 1}:
            return draft  # nothing to change, or our own answer was lost on the way
        if draft.version != version:
            raise Stale.because("draft.stale", "", current=str(draft.version))
        try:
            self.register.commit(Put(draft_key(identifier), {"form": form.to_bytes().decode()}, expects=version))
        except LostRace as error:
            raise Stale.because("draft.stale", "", current="?") from error
        return Draft(version + 1, form)

    def _within_quota(self, account: str, now: datetime) -> None:
        """TooMany over the quota of drafts whose uploads are still kept. The list may lag by a moment: one draft more does
        no harm."""
        limits = self.office.uploads
        since = stamp(now - timedelta(days=limits.draft_days))
        heads = self.register.owned(account, limit=LOOK * limits.open_drafts)
        if sum(head.status == "draft" and head.updated > since for head in heads) >= limits.open_drafts:
            raise TooMany.because("quota.drafts", "", limit=str(limits.open_drafts))

    def _form(self, body: Mapping[str, Any]) -> Form:
        form = parse_form(body)
        if self.office.kind(form.kind) is None:
            raise Invalid.because("kind.unknown", "/kind", kinds=", ".join(kind.code for kind in self.office.kinds))
        if len(form.to_bytes()) > MAX_FORM:
            raise Invalid.because("form.too-large", "", limit=str(MAX_FORM))
        return form
