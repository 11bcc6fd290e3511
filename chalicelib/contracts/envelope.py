"""The envelope: CloudEvents 1.0 in JSON format, structured mode, one entry each.

`id` is the entry's hash, `subject` its stream, `sequence` (the CloudEvents sequence extension, six digits) its place in
the stream, `previous` the hash before it, `schemaversion` the number that the hash takes in: enough to check the chain
from the events alone. `dataref` (claim check extension) is not used: facts are small, and the objects they name are in
`data`.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.contracts.events import FACTS
from chalicelib.contracts.fact import Sha256, Stamp
from chalicelib.kernel.digest import canonical

Stream = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3,20}#[0-9A-Z]{26}$")]
Actor = Annotated[str, StringConstraints(pattern=r"^(account|tra):[A-Za-z0-9_-]{1,64}$")]
NO_PREVIOUS = "0" * 64

TYPE_NAMES = {fact.TYPE: name for name, fact in FACTS.items()}


class Envelope(BaseModel):
    """One published event."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: Sha256
    source: Annotated[str, StringConstraints(pattern=r"^urn:tra:[a-z0-9-]{1,40}$")]
    type: Annotated[str, StringConstraints(pattern=r"^int\.tra\.[a-z]+\.[a-z-]+\.v[0-9]+$")]
    subject: Stream
    time: Stamp
    datacontenttype: Literal["application/json"] = "application/json"
    sequence: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
    previous: Sha256
    schemaversion: Annotated[int, Field(ge=1)] = 1
    actor: Actor
    data: dict[str, Any] = Field(default_factory=dict)

    @property
    def seq(self) -> int:
        """The entry's place in its stream, from 1."""
        return int(self.sequence)

    def to_json(self) -> bytes:
        """Canonical JSON, at most a few KB."""
        return canonical(self.model_dump(mode="json"))
