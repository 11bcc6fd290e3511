"""The facts of a letter that persons answer for: prepared by one, approved by another, and what else may become of it.

All stand on the letter's own stream. `content_sha256` names what the letter says without its date, its signatories and the mark
of test trust: these three are known only when it is sealed. Who acted is the entry's own `by`; names are never here.
"""

from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.contracts.fact import Code, Fact, Id, Number, Sha256

Account = Annotated[str, StringConstraints(pattern=r"^account:[a-z0-9_-]{1,64}$")]


class LetterPrepared(Fact):
    """An officer wrote what a letter shall say. `run` counts from 1: whoever changes it prepares it again, and an
    approval given before is void. `document` is the kind of letter; `code` names this one among the letters of its filing."""

    TYPE = "int.tra.letter.prepared.v1"
    filing: Id
    document: Code
    code: Code
    number: Number
    run: Annotated[int, Field(ge=1)]
    content_sha256: Sha256


class LetterApproved(Fact):
    """Another officer than any who prepared it approved exactly this content: it may be sealed. `batch` is the act in which it
    was approved, alone or with others."""

    TYPE = "int.tra.letter.approved.v1"
    filing: Id
    code: Code
    content_sha256: Sha256
    prepared_by: Account
    batch: Id


class LetterRejected(Fact):
    """Another officer sent it back to be prepared again; `ground` is a code of the desk's own."""

    TYPE = "int.tra.letter.rejected.v1"
    filing: Id
    code: Code
    content_sha256: Sha256
    ground: Code


class LetterCancelled(Fact):
    """It will not be sealed. Its number is not given again."""

    TYPE = "int.tra.letter.cancelled.v1"
    filing: Id
    code: Code
