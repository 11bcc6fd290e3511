"""What was found of a signature that came in with a filer's PDF. The file is kept as it was sent, whatever is found.

A fact holds no name: the signer stands in it as the digest of the certificate. The name in the certificate lies in the item
beside the stream (`contracts/attachment.py`), and is shown to those who may see the file.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.contracts.fact import Sha256, Stamp

MOST = 8  # signatures of one file that are recorded; that there are more is a finding
Result = Literal[
    "valid",  # nothing was changed, and the certificate leads to a root on the office's list
    "expired",  # the same, but the certificate had ended when the file came, and no time-stamp says that it was signed before
    "unknown-signer",  # nothing was changed; who signed leads to no root on the list
    "changed",  # the file was changed after it was signed
    "broken",  # no signature that can be checked: malformed, or over something else than it says
]
Level = Literal["b-b", "b-t", "b-lta", "pkcs7", "other"]  # PAdES baseline, or another format; `other` where it cannot be read
Covers = Literal["whole", "revision", "part"]


class SignatureSeen(BaseModel):
    """One signature. `covers`: the whole file, an earlier revision of it (`revision` of `revisions`, from 1), or less than any.
    `claimed_at` is what the signer says; `stamped_at` what a time-stamp says whose root is on the office's list."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    result: Result
    level: Level
    covers: Covers
    revision: Annotated[int, Field(ge=0, le=100_000)] = 0
    revisions: Annotated[int, Field(ge=0, le=100_000)] = 0
    certificate_sha256: Sha256 | None = None
    claimed_at: Stamp | None = None
    stamped_at: Stamp | None = None
