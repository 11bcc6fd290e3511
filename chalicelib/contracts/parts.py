"""What several facts have in common: a filed file, a copy that we made, a finding with which something was accepted."""

from pydantic import BaseModel, ConfigDict

from chalicelib.contracts.fact import Code, Count, Day, Id, MediaType, Sha256


class DerivedCopy(BaseModel):
    """A copy that we made of a file, within the rules where the file is not. It stands beside the file, never for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    what: Code
    media_type: MediaType
    size: Count
    sha256: Sha256
    tool: Code  # with its version


class FiledFile(BaseModel):
    """One file of a submission, in the order of the manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    attachment: Id
    document: Code
    media_type: MediaType
    size: Count
    sha256: Sha256


class Defect(BaseModel):
    """A finding with which the submission was accepted all the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: Code
    due: Day | None = None
