"""What an office says of uploads and pictures fits the form, the standard and the limits of storage."""

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from chalicelib.attachments.items import PART_SIZE
from chalicelib.contracts.form import View
from chalicelib.offices.load import load_office
from chalicelib.offices.model import Office
from chalicelib.offices.uploads import ImageProfile
from tests.offices import RURITANIA

ST96 = {  # dgn:ViewTypeCategory, WIPO ST.96 V6_0
    "Perspective", "Front", "Back", "Top", "Bottom", "Left", "Right", "Isometric", "Reference", "Unfolded", "Exploded",
    "Cross sectional", "Enlarged", "Front Surface", "Back Surface", "Representative typeface", "Example typeface",
    "Typeface set",
}  # fmt: skip
PROFILE: dict[str, Any] = {
    "min_side": 1, "max_side": 10, "max_pixels": 100, "rule": "Test Act, s. 1", "certainty": "sure"
}  # fmt: skip


@pytest.fixture(params=["kh", RURITANIA], ids=["kh", "ruritania"])
def office(request: pytest.FixtureRequest) -> Office:
    return load_office(request.param)


@pytest.fixture
def kh() -> Office:
    return load_office("kh")


def test_every_view_that_the_form_knows_has_words_and_a_value_of_the_standard(kh: Office) -> None:
    row = kh.document("design-views", "industrial-design")
    assert row is not None and row.image is not None
    known = set(get_args(View.model_fields["shows"].annotation))
    assert {view.code for view in row.image.views} == known
    assert {view.st96 for view in row.image.views} - {None} <= ST96
    assert [view.code for view in row.image.views if view.st96 is None] == ["other"]


def test_the_profile_of_design_views_is_that_of_hague(kh: Office) -> None:
    row = kh.document("design-views", "industrial-design")
    assert row is not None and row.image is not None
    assert (row.image.min_side, row.image.max_side, row.image.one_format) == (400, 3780, True)
    assert (row.max_bytes, row.max_total_bytes) == (10_000_000, 100_000_000)
    assert any(one.check == "one-image-format" and one.document == row.code for one in kh.requirements)


def test_every_profile_and_limit_says_where_it_comes_from(office: Office) -> None:
    said = [(office.uploads.rule, office.uploads.certainty)]
    said += [(row.image.rule, row.image.certainty) for row in office.documents if row.image]
    assert [rule for rule, certainty in said if not rule.strip() or not certainty] == []


def test_no_file_may_be_larger_than_its_filing_or_have_more_parts_than_storage_takes(office: Office) -> None:
    for row in office.documents:
        assert row.max_bytes <= (row.max_total_bytes or row.max_bytes) <= office.uploads.filing_bytes, row.code
        assert row.max_bytes <= 10_000 * PART_SIZE, row.code  # S3 user guide, "Multipart upload limits"
    assert PART_SIZE >= 5 * 1024 * 1024


def test_every_demanded_document_may_stand_where_it_is_demanded(kh: Office) -> None:
    for kind in kh.kinds:
        for route in kind.routes:
            for row in kh.requirements:
                if row.document and row.applies(kind.code, route.code):
                    found = kh.document(row.document, kind.code)
                    assert found is not None and found.allowed(kind.code, route.code), (kind.code, route.code, row.document)


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_side": 11},
        {"max_pixels": 99},
        {"min_side": 0},
        {"views": [{"code": "front", "names": {"en": "Front"}}] * 2},
        {"colour": "red"},
    ],
)
def test_a_profile_that_contradicts_itself_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ImageProfile.model_validate(PROFILE | wrong)
