"""What an office takes as files: the limits of an upload, and the profile of pictures of a design, as data.

Every limit says where it comes from (`rule`) and how sure we are (`certainty`), as all rows of an office do. Sizes are bytes
and sides are pixels.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Certainty = Literal["sure", "secondary", "assumed"]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
Count = Annotated[int, Field(ge=1)]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ViewType(_Data):
    """A side that a picture of a design may show; `st96` is its value in WIPO ST.96 (dgn:ViewTypeCategory)."""

    code: Code
    st96: str | None = None
    names: Mapping[str, str]


class ImageProfile(_Data):
    """What a picture must be. A picture outside of it is a defect to be mended, not a reason to refuse the file.

    `one_format`: all pictures of this kind in one application are of one media type. `max_pixels` bounds what is decoded at
    all, whatever the sides: a larger picture is refused. `svg`: vector pictures must stand alone: no reference outward, no
    image, script, style sheet or animation in it; width and height in centimetres, at most `svg_max_cm`.
    """

    min_side: Count
    max_side: Count
    max_pixels: Count
    one_format: bool = False
    svg: bool = False
    svg_max_cm: tuple[Count, Count] | None = None
    views: tuple[ViewType, ...] = ()
    rule: str
    certainty: Certainty

    @model_validator(mode="after")
    def _fits(self) -> "ImageProfile":
        if self.min_side > self.max_side or self.max_side**2 > self.max_pixels:
            raise ValueError("the limits of a picture contradict each other")
        if len({view.code for view in self.views}) != len(self.views):
            raise ValueError("two views share a code")
        return self


class UploadLimits(_Data):
    """Limits of one filing and of one filer. The number of a filing's files is `Office.max_attachments`.

    `parts_from`: files larger than this are sent in parts. A filer's day is the office's; `open_drafts` counts drafts
    touched in the last `draft_days`, which is how long their uploads are kept.
    """

    filing_bytes: Count = 500_000_000
    parts_from: Count = 16_777_216
    day_files: Count = 1_000
    day_bytes: Count = 5_000_000_000
    open_drafts: Count = 200
    draft_days: Count = 30
    rule: str = "Ours: what one filer may leave in storage unpaid"
    certainty: Certainty = "assumed"
