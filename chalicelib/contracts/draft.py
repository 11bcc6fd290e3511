"""The item beside a filing's stream that holds the form: editable as a draft, frozen with manifest and receipt once filed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.contracts.form import Form

DRAFT = "DRAFT"  # sort key of the item


@dataclass(frozen=True)
class Draft:
    """The editable form and its version; once `frozen`, the form that was filed, with manifest and receipt."""

    version: int
    form: Form
    manifest: str | None = None
    receipt: str | None = None

    @classmethod
    def of(cls, version: int, attributes: Mapping[str, Any]) -> "Draft":
        """From the item beside the stream."""
        return cls(
            version=version,
            form=Form.model_validate_json(attributes["form"]),
            manifest=attributes.get("manifest"),
            receipt=attributes.get("receipt"),
        )
