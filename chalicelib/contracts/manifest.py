"""What exactly is filed. The filer confirms the manifest's digest; the receipt, the letter and the package repeat its lines."""

from dataclasses import dataclass
from typing import Any

from chalicelib.contracts.attachment import Attachment
from chalicelib.kernel.digest import Digest, canonical

MANIFEST_SCHEMA = "urn:tra:manifest:1"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What exactly is filed: the form and every stored file, in order. Its digest is what the filer confirms."""

    filing: str
    form: bytes
    files: tuple[Attachment, ...]
    paper: str | None = None  # of a later paper: its id

    def to_json(self) -> dict[str, Any]:
        """Plain JSON value."""
        return {
            "schema": MANIFEST_SCHEMA,
            "filing": self.filing,
            **({"paper": self.paper} if self.paper else {}),
            "form": {"sha256": Digest.of(self.form).hex, "size": len(self.form)},
            "files": [file_line(seq, file) for seq, file in enumerate(self.files, start=1)],
        }

    def to_bytes(self) -> bytes:
        """Canonical JSON (RFC 8785)."""
        return canonical(self.to_json())

    @property
    def sha256(self) -> Digest:
        """The digest to confirm."""
        return Digest.of(self.to_bytes())


def file_line(seq: int, file: Attachment) -> dict[str, Any]:
    """One file as listed in manifest and receipt."""
    return {
        "seq": seq,
        "attachment": file.id,
        "document": file.document,
        "name": file.name,
        "media_type": file.media_type,
        "size": file.size,
        "sha256": file.sha256,
    }
