"""Log what a filing has: its receipt once it was submitted, each level of each letter (a file of its own) once it was made.

For each, in this order, and whatever of it is done already is not done again:
1. its leaf is given the next place in the tree (one transaction; the same leaf keeps its place);
2. tiles and tree head are made public (`publish.py`);
3. the leaf's receipt (COSE, RFC 9942) is signed over the public root and stored under the leaf's own name, once;
4. the entry `ReceiptLogged` or `LetterLogged` says where it stands: from then on the letter may carry the proof.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.contracts.events import FilingSubmitted
from chalicelib.contracts.logged import LetterLogged, ReceiptLogged
from chalicelib.kernel.clock import Clock
from chalicelib.kernel.errors import Corrupt
from chalicelib.proof import cose
from chalicelib.proof.entries import letter_entry
from chalicelib.proof.merkle import inclusion, leaf_hash, root_at
from chalicelib.proof.tiles import TiledTree
from chalicelib.register.model import Register, Stream, StreamId, deciding
from chalicelib.signing.contents import receipt_entry_of
from chalicelib.signing.issued import filing_of, levels_on
from chalicelib.signing.transparency.model import (
    PREFIX,
    TREE,
    Identity,
    LogSigner,
    PublicFiles,
    growth,
    index_of,
    tree_of,
)
from chalicelib.signing.transparency.publish import Publish

ACTOR = "tra:log_facts"


def receipt_key(leaf: bytes) -> str:
    """Where the receipt of a leaf is public."""
    return f"{PREFIX}receipts/{leaf.hex()}"


@dataclass(frozen=True)
class Loggable:
    """What is to be logged: its entry, and the fact to enter once it is (without where it stands)."""

    entry: bytes
    number: str
    letter_sha256: str | None = None

    @property
    def leaf(self) -> bytes:
        """Its hash."""
        return leaf_hash(self.entry)


def loggables(register: Register, stream: Stream) -> Iterator[Loggable]:
    """All that a filing's or a letter's stream has to be logged, logged already or not, in its order."""
    filing = filing_of(register, stream)
    submitted = filing.last(FilingSubmitted)
    if submitted is None:
        return
    if filing is stream:
        yield Loggable(receipt_entry_of(submitted), submitted.number)
    for entry, fact in levels_on(stream):
        yield Loggable(
            letter_entry(
                number=fact.number, code=fact.code, level=fact.level, issued_at=entry.at, letter_sha256=fact.sha256,
                receipt_sha256=submitted.receipt_sha256,
            ),
            fact.number,
            fact.sha256,
        )  # fmt: skip


def logged(stream: Stream) -> frozenset[str]:
    """The leaves, as hex, that a stream's entries say are logged."""
    receipts = {fact.leaf_sha256 for fact in stream.facts(ReceiptLogged)}
    return frozenset(receipts | {fact.leaf_sha256 for fact in stream.facts(LetterLogged)})


@dataclass(frozen=True, kw_only=True)
class LogFacts:
    """Log what one stream has: a filing's its receipt and its acknowledgement, a letter's every level that stands on it."""

    register: Register
    public: PublicFiles
    publish: Publish
    identity: Identity
    signer: LogSigner
    clock: Clock

    def __call__(self, stream_id: StreamId) -> None:
        """Everything that is not logged yet."""
        stream = self._load(stream_id)
        done = logged(stream)
        for one in loggables(self.register, stream):
            if one.leaf.hex() not in done:
                self._log(stream_id, one)

    def sequence(self, entry: bytes) -> int:
        """The place of an entry in the tree: the one it has, or the next. Corrupt while the register is behind what is
        public: a leaf appended then would fork the log."""
        leaf = leaf_hash(entry)

        def decide() -> int:
            index = index_of(self.register, leaf)
            if index is None:
                before = self.register.item(TREE)
                if self.publish.published().size > tree_of(before).size:
                    raise Corrupt("more leaves are public than the register has: replay the log")
                index, operations = growth(before, entry)
                self.register.commit(*operations)
            return index

        return deciding(decide)

    def _log(self, stream_id: StreamId, one: Loggable) -> None:
        index = self.sequence(one.entry)
        proof_sha256 = self.public.put_once(
            receipt_key(one.leaf), self._receipt(index, self.publish()), cose.MEDIA_TYPE
        ).sha256.hex
        place = {"number": one.number, "index": index, "leaf_sha256": one.leaf.hex(), "proof_sha256": proof_sha256}
        fact = (
            LetterLogged.model_validate({**place, "letter_sha256": one.letter_sha256})
            if one.letter_sha256
            else ReceiptLogged.model_validate(place)
        )

        def enter() -> None:
            stream = self._load(stream_id)
            if one.leaf.hex() not in logged(stream):
                self.register.commit(stream.append(fact, by=ACTOR, at=self.clock()))

        deciding(enter)

    def _receipt(self, index: int, tree: TiledTree) -> bytes:
        proof = cose.Inclusion(tree.size, index, inclusion(index, tree.size, tree))
        root = root_at(tree.size, tree)
        return cose.signed(
            proof, root, origin=self.identity.origin, key=self.identity.key, sign=self.signer.sign
        )

    def _load(self, stream_id: StreamId) -> Stream:
        stream = self.register.load(stream_id)
        if stream is None:
            raise Corrupt(f"{stream_id} does not exist")
        return stream


@dataclass(frozen=True, kw_only=True)
class LoggedReceipts:
    """See `signing.service.Proofs`."""

    public: PublicFiles

    def __call__(self, entry: bytes) -> bytes:
        """See `Proofs`. FileNotFoundError if it is not logged."""
        return self.public.read(receipt_key(leaf_hash(entry)))
