"""Facts of the transparency log: where the leaf of a receipt or of a letter stands."""

from typing import Annotated

from pydantic import Field

from chalicelib.contracts.fact import Fact, Number, Sha256

Index = Annotated[int, Field(ge=0)]


class ReceiptLogged(Fact):
    """The receipt's leaf is in the public log at `index`; the proof that the log signed has the digest `proof_sha256`."""

    TYPE = "int.tra.receipt.logged.v1"
    number: Number
    index: Index
    leaf_sha256: Sha256
    proof_sha256: Sha256


class LetterLogged(Fact):
    """The leaf of one sealed letter is in the public log at `index`."""

    TYPE = "int.tra.letter.logged.v1"
    number: Number
    letter_sha256: Sha256
    index: Index
    leaf_sha256: Sha256
    proof_sha256: Sha256
