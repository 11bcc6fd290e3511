"""What was filed and what the office made of it, as it lies in the records: every object read, both digests computed.

Anything else than what was entered is Corrupt; a paper that custody has not stored yet is Unavailable (ask again).
"""

from dataclasses import dataclass
from typing import Protocol

from chalicelib.contracts import attachment, records
from chalicelib.contracts.attachment import PAGE, Attachment
from chalicelib.contracts.draft import DRAFT, Draft
from chalicelib.contracts.parts import FiledFile
from chalicelib.kernel import strict
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt, Unavailable
from chalicelib.registry.model import PackageObject, Role
from chalicelib.registry.ready import Ready

MAX_MANIFEST = 400_000  # bytes: the item that holds it is no larger
JSON, PDF, PKCS7 = "application/json", "application/pdf", "application/pkcs7-signature"


class Lying(Protocol):
    """An object as it lies in a bucket."""

    @property
    def version(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> Digest: ...


class Weighed(Lying, Protocol):
    """The same, with SHA-512 in hexadecimal digits."""

    @property
    def sha512(self) -> str: ...


class Records(Protocol):
    """Where what is filed lies for ever."""

    @property
    def name(self) -> str:
        """The bucket's name, for pointers."""

    def weighed(self, key: str, version: str | None = None) -> Weighed:
        """What lies there, digests computed from its bytes. FileNotFoundError if nothing does."""

    def put_once(self, key: str, body: bytes, media_type: str) -> Lying:
        """Store unless the key is taken; answers what lies there."""


@dataclass(frozen=True)
class Contents:
    """The objects of one ready filing, or paper."""

    records: Records
    ready: Ready

    def draft(self) -> Draft:
        """The filed form. Corrupt if what is kept is not what was recorded."""
        item = self.ready.stream.items.get(DRAFT)
        if item is None:
            raise Corrupt(f"{self.ready.stream.id} has no form")
        draft = Draft.of(item.version, item.attributes)
        if Digest.of(draft.form.to_bytes()).hex != self.ready.filed.form_sha256:
            raise Corrupt(f"{self.ready.stream.id}: the kept form is not the recorded one")
        return draft

    def objects(self) -> tuple[PackageObject, ...]:
        """Papers, files, copies of ours, letters, in this order."""
        return (*self._papers(), *self._files(), *self._derived(), *self._letters())

    def _papers(self) -> list[PackageObject]:
        filing, fact = self.ready.place, self.ready.filed
        receipt = records.receipt(filing, fact.receipt_sha256)
        papers: tuple[tuple[Role, str, str, str, tuple[str, int] | None], ...] = (
            ("form", "form.json", records.form(filing, fact.form_sha256), JSON, (fact.form_sha256, fact.form_size)),
            ("manifest", "manifest.json", records.manifest(filing, fact.manifest_sha256), JSON,
             (fact.manifest_sha256, fact.manifest_size)),
            ("receipt", "receipt.json", receipt, JSON, (fact.receipt_sha256, fact.receipt_size)),
            ("receipt-signature", "receipt.json.p7s", receipt + ".p7s", PKCS7, None),
        )  # fmt: skip
        found = []
        for role, name, key, media_type, recorded in papers:
            try:
                found.append(self._pointer(role, name, role, media_type, key, recorded))
            except FileNotFoundError as error:
                raise Unavailable(f"{key} is not stored yet") from error
        return found

    def _files(self) -> list[PackageObject]:
        labels, found = _labels(self.ready), []
        for file in self.ready.handed_over:
            secured = self.ready.secured[file.attachment]
            if (secured.sha256, secured.size) != (file.sha256, file.size):
                raise Corrupt(f"{secured.key}: what was secured is not what was filed")
            found.append(
                self._kept(
                    "file", labels[file.attachment], file.document, file.media_type, secured.key,
                    (file.sha256, file.size), file.attachment,
                )
            )  # fmt: skip
        return found

    def _derived(self) -> list[PackageObject]:
        found = []
        for file in self.ready.handed_over:
            item = self.ready.stream.items.get(attachment.PREFIX + file.attachment)
            for made in Attachment.of(file.attachment, item.attributes).derived if item else ():
                if made.what != PAGE:
                    key = records.derived_file(self.ready.place, made.sha256)
                    recorded = (made.sha256, made.size)
                    found.append(
                        self._kept("derived", made.tool, made.what, made.media_type, key, recorded, file.attachment)
                    )
        return found

    def _letters(self) -> list[PackageObject]:
        return [
            self._kept("letter", f"{one.code}.pdf", one.code, PDF, one.key, (one.sha256, one.size))
            for one in self.ready.letters
        ]

    def _kept(
        self, role: Role, name: str, document: str, media_type: str, key: str, recorded: tuple[str, int],
        of: str | None = None,
    ) -> PackageObject:  # fmt: skip
        try:
            return self._pointer(role, name, document, media_type, key, recorded, of)
        except FileNotFoundError as error:
            raise Corrupt(f"{key}: entered as stored, and not there") from error

    def _pointer(
        self, role: Role, name: str, document: str, media_type: str, key: str, recorded: tuple[str, int] | None,
        of: str | None = None,
    ) -> PackageObject:  # fmt: skip
        there = self.records.weighed(key)
        if recorded is not None and (there.sha256.hex, there.size) != recorded:
            raise Corrupt(f"{key}: stored bytes are not what was entered")
        return PackageObject(
            role=role, name=name, document=document, media_type=media_type, bucket=self.records.name, key=key,
            version=there.version, sha256=there.sha256.hex, sha512=there.sha512, size=there.size, attachment=of,
        )  # fmt: skip


def _labels(ready: Ready) -> dict[str, str]:
    """The filer's names of files, by attachment, from the manifest that was confirmed. Corrupt if it is another one."""
    item = ready.stream.items.get(DRAFT)
    body = str(item.attributes.get("manifest") or "").encode() if item else b""
    if Digest.of(body).hex != ready.filed.manifest_sha256:
        raise Corrupt(f"{ready.stream.id}: the kept manifest is not the recorded one")
    lines = strict.loads(body, max_bytes=MAX_MANIFEST)["files"]
    if [_as_filed(line) for line in lines] != [file.model_dump() for file in ready.filed.files]:
        raise Corrupt(f"{ready.stream.id}: manifest and entry list other files")
    return {line["attachment"]: line["name"] for line in lines}


def _as_filed(line: dict[str, object]) -> dict[str, object]:
    return {name: line.get(name) for name in FiledFile.model_fields}
