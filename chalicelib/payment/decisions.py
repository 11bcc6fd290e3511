"""What officers send: a proposal, the second person's word, that it is done, that money shall go back."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.contracts.cases import Decision
from chalicelib.contracts.fact import Code, Id, Reference
from chalicelib.kernel import ids

MAX_JOINED = 10  # two part payments are rare, ten are nobody's


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Proposal(_Asked):
    """What should become of a case. `ground` is a code of the desk's own; `amount` is of a refund; `order` is
    named where the money came without our reference; `distinct` says that it is none that was counted already."""

    decision: Decision
    ground: Code
    amount: Annotated[int, Field(ge=1)] | None = None
    order: Id | None = None
    joined: Annotated[list[Id], Field(max_length=MAX_JOINED)] = Field(default_factory=list)
    distinct: bool = False


class Judgement(_Asked):
    """The second person's word."""

    approve: bool


class Closing(_Asked):
    """What was left to do is done; `bank_ref` names the movement by which money went back."""

    bank_ref: Reference | None = None


class RefundWanted(_Asked):
    """Money of a paid order shall go back."""

    order: Annotated[str, StringConstraints(pattern=ids.PATTERN)]
    amount: Annotated[int, Field(ge=1)]
    ground: Code
