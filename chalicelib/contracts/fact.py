"""What every fact is made of: the root of all facts, and text bound to patterns, so that no name, address or file name can
get in (invariant I13, `tests/architecture`)."""

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.kernel import clock, digest, ids

Id = Annotated[str, StringConstraints(pattern=ids.PATTERN)]
Sha256 = Annotated[str, StringConstraints(pattern=digest.PATTERN)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
Stamp = Annotated[str, StringConstraints(pattern=clock.PATTERN)]
Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Number = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9/.-]{0,39}$")]
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9:._-]{0,63}$")]
MediaType = Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-z0-9.+-]{1,80}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Key = Annotated[str, StringConstraints(pattern=r"^filings/[A-Za-z0-9./_-]{1,200}$")]
Count = Annotated[int, Field(ge=0)]


class Fact(BaseModel):
    """Root of all facts. `TYPE` is the CloudEvents type; the class name is the entry's type."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    TYPE: ClassVar[str]
    SCHEMA: ClassVar[int] = 1

    def to_data(self) -> dict[str, Any]:
        """Plain JSON values; absent optional fields are left out."""
        return self.model_dump(mode="json", exclude_none=True)
