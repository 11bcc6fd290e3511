"""The log as anyone may ask it: its head, proofs, receipts. All of it can be had from the public files too.

Proofs are made from the public tiles as of the public head, so that an answer never promises what is not public.
"""

import base64
from dataclasses import dataclass
from typing import Any

from chalicelib.kernel.errors import Invalid, NotFound
from chalicelib.proof.merkle import consistency, inclusion, root_at
from chalicelib.proof.note import Checkpoint
from chalicelib.proof.tiles import TiledTree
from chalicelib.register.model import Key, Register, StreamId
from chalicelib.signing.transparency.model import CHECKPOINT, Identity, PublicFiles, index_of
from chalicelib.signing.transparency.publish import Publish
from chalicelib.signing.transparency.service import loggables, receipt_key


@dataclass(frozen=True, kw_only=True)
class LogView:
    """Answers about the log."""

    register: Register
    public: PublicFiles
    publish: Publish
    identity: Identity

    def checkpoint(self) -> bytes:
        """The signed tree head. NotFound while the log is empty."""
        there = self.public.tagged(CHECKPOINT)
        if there is None:
            raise NotFound.because("log.empty")
        return there[0]

    def key(self) -> dict[str, Any]:
        """The log's name and public key."""
        return {"origin": self.identity.origin, "key": self.identity.key.pem.decode()}

    def inclusion(self, leaf: bytes, size: int | None) -> dict[str, Any]:
        """That the leaf stands in the tree of `size` leaves (the public one, if None). NotFound if it does not."""
        head, tree = self._tree()
        index = index_of(self.register, leaf)
        size = head.size if size is None else size
        if size > head.size:
            raise Invalid.because("log.size", "/size", size=str(head.size))
        if index is None or index >= size:
            raise NotFound.because("log.leaf-unknown")
        return {
            "leaf": leaf.hex(),
            "index": index,
            "size": size,
            "root": root_at(size, tree).hex(),
            "path": [one.hex() for one in inclusion(index, size, tree)],
        }

    def consistency(self, first: int, second: int | None) -> dict[str, Any]:
        """That the tree of `first` leaves is the beginning of that of `second` (the public one, if None)."""
        head, tree = self._tree()
        second = head.size if second is None else second
        if not 0 < first <= second <= head.size:
            raise Invalid.because("log.size", "/first", size=str(head.size))
        return {
            "first": first,
            "second": second,
            "first_root": root_at(first, tree).hex(),
            "second_root": root_at(second, tree).hex(),
            "path": [one.hex() for one in consistency(first, second, tree)],
        }

    def receipt(self, leaf: bytes) -> bytes:
        """The log's receipt of a leaf (COSE). NotFound if it is not logged yet."""
        there = self.public.tagged(receipt_key(leaf))
        if there is None:
            raise NotFound.because("log.leaf-unknown")
        return there[0]

    def letter(self, sha256: str) -> dict[str, str]:
        """What is delivered beside a letter: its entry and the log's receipt. NotFound if we issued no such file, or if it
        is not logged yet."""
        item = self.register.item(Key(f"SHA256#{sha256}", "ISSUED"))
        stream = self.register.load(StreamId.parse(item.attributes["stream"])) if item else None
        for one in loggables(self.register, stream) if stream else ():
            if one.letter_sha256 == sha256:
                return {"entry": one.entry.decode(), "receipt": base64.b64encode(self.receipt(one.leaf)).decode()}
        raise NotFound.because("log.leaf-unknown")

    def _tree(self) -> tuple[Checkpoint, TiledTree]:
        head = self.publish.published().head
        if head is None:
            raise NotFound.because("log.empty")
        return head, TiledTree(head.size, self.publish.file)


