"""Pictures of one application come in one format."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from chalicelib.contracts.attachment import Attachment
from chalicelib.filing.rules import findings
from tests.unit.filing.dossiers import attachment, dossier, office, requirement

ONE_FORMAT = requirement("one-image-format", document="views", severity="defect", days=59, kinds=["design"])


def picture(number: int, media_type: str, state: str = "stored") -> Attachment:
    return replace(attachment(number, "views", state), media_type=media_type)


def found(*pictures: Attachment) -> list[tuple[str, str, dict[str, str]]]:
    made = dossier(ONE_FORMAT, attachments=pictures, kind="design", claim_count=0)
    return [(finding.code, finding.severity, finding.params) for finding in findings(made)]


def test_pictures_of_two_formats_are_a_defect_to_mend() -> None:
    assert found(picture(1, "image/png"), picture(2, "image/jpeg"), picture(3, "image/png")) == [
        ("image.one-format", "defect", {"formats": "image/jpeg, image/png"})
    ]


def test_pictures_of_one_format_are_well() -> None:
    assert found(picture(1, "image/png"), picture(2, "image/png")) == []
    assert found() == []


def test_what_was_taken_back_or_is_no_picture_does_not_count() -> None:
    other = replace(attachment(3, "claims"), media_type="image/jpeg")
    assert found(picture(1, "image/png"), picture(2, "image/jpeg", "removed"), other) == []


def test_the_row_says_which_documents_are_pictures() -> None:
    with pytest.raises(ValidationError, match="does not say its document"):
        office({**ONE_FORMAT, "document": None})
