"""How much may be sent: by kind of document, by filing, by filer and day; and that the API says so beforehand."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.kernel.errors import Invalid, TooLarge, TooMany
from chalicelib.offices.model import Office
from chalicelib.offices.uploads import UploadLimits
from infra.local.samples import patent_form
from tests.factories import ANNA, BOPHA, PNG, Desk, cambodia


def desk(**limits: int) -> Desk:
    return Desk(office=cambodia().model_copy(update={"uploads": UploadLimits.model_validate(limits)}))


def with_document(office: Office, code: str, **changed: Any) -> Office:
    rows = tuple(row.model_copy(update=changed) if row.code == code else row for row in office.documents)
    return office.model_copy(update={"documents": rows})


def test_all_pictures_of_a_design_together_have_a_limit() -> None:
    tight = Desk(office=with_document(cambodia(), "design-views", max_total_bytes=2 * len(PNG)))
    filing = tight.begin()
    tight.attach(filing)
    tight.attach(filing)
    with pytest.raises(TooLarge, match=r"document.kind-too-large"):
        tight.reserve(filing)
    tight.reserve(filing, document="other")


def test_all_files_of_a_filing_together_have_a_limit_and_what_is_taken_back_counts_no_more() -> None:
    tight = desk(filing_bytes=2 * len(PNG))
    filing = tight.begin()
    first = tight.attach(filing)
    tight.attach(filing)
    with pytest.raises(TooLarge, match=r"attachment.all-too-large"):
        tight.reserve(filing)
    tight.uploads.remove(ANNA, filing, first.id)
    tight.reserve(filing)


def test_a_filers_files_of_a_day_have_a_limit_over_all_filings() -> None:
    tight = desk(day_files=2)
    tight.reserve(tight.begin())
    filing = tight.begin()
    tight.reserve(filing)
    with pytest.raises(TooMany, match=r"quota.files"):
        tight.reserve(filing)
    tight.reserve(tight.begin(BOPHA), account=BOPHA)
    tight.clock.advance(timedelta(days=1))
    tight.reserve(filing)


def test_a_filers_bytes_of_a_day_have_a_limit_and_taking_back_gives_none_back() -> None:
    tight = desk(day_bytes=2 * len(PNG))
    filing = tight.begin()
    tight.uploads.remove(ANNA, filing, tight.reserve(filing).attachment.id)
    tight.uploads.remove(ANNA, filing, tight.reserve(filing).attachment.id)
    with pytest.raises(TooMany, match=r"quota.bytes"):
        tight.reserve(filing)


def test_the_day_is_the_offices_and_its_count_expires() -> None:
    late = desk(day_files=1)
    late.clock.now = late.clock.now.replace(hour=16, minute=59)  # 23:59 in Phnom Penh
    filing = late.begin()
    late.reserve(filing)
    late.clock.advance(timedelta(minutes=1))
    late.reserve(filing)
    days = {key.sk: item for key, item in late.register.items.items() if key.pk.startswith("QUOTA#")}
    assert set(days) == {"DAY#2026-11-25", "DAY#2026-11-26"}
    assert all(item.attributes["expires"] > late.clock.now.timestamp() for item in days.values())


def test_a_repeat_and_a_refusal_cost_nothing() -> None:
    tight = desk(day_files=2)
    filing = tight.begin()
    with pytest.raises(Invalid):
        tight.reserve(filing, media_type="text/plain")
    said = {"document": "design-views", "name": "bowl.png", "media_type": "image/png", "size": len(PNG)}
    repeat = tight.repeat()
    for _ in range(3):
        tight.uploads.reserve(ANNA, filing, said, repeat)
    tight.reserve(filing)


def test_drafts_that_are_not_submitted_have_a_limit_until_they_are_old() -> None:
    tight = desk(open_drafts=2, draft_days=30)
    tight.filed()
    tight.begin()
    tight.begin()
    with pytest.raises(TooMany, match=r"quota.drafts"):
        tight.begin()
    tight.begin(BOPHA)
    tight.clock.advance(timedelta(days=31))
    tight.begin()


def test_a_document_stands_only_on_its_routes() -> None:
    desk_ = Desk()
    said: dict[str, Any] = {"document": "basis-document", "media_type": "application/pdf"}
    national = desk_.begin(form=patent_form())
    with pytest.raises(Invalid, match=r"document.unknown"):
        desk_.reserve(national, **said)
    chinese = desk_.begin(form=patent_form() | {"route": "cn-mou"})
    desk_.reserve(chinese, **said)


def test_the_limits_are_stated_with_what_is_used() -> None:
    desk_ = Desk()
    filing = desk_.begin()
    desk_.attach(filing)
    files, limits, number = desk_.uploads.of(ANNA, filing)
    assert ([(file.document, file.state) for file in files], number) == ([("design-views", "stored")], None)
    assert limits["filing"] == {"max_files": 90, "files": 1, "max_bytes": 500_000_000, "bytes": len(PNG)}
    views = next(row for row in limits["documents"] if row["document"] == "design-views")
    assert (views["max_bytes"], views["max_total_bytes"]) == (10_000_000, 100_000_000)
    assert (views["image"]["min_side"], views["image"]["max_side"], views["image"]["one_format"]) == (400, 3780, True)
    assert {"code": "cross-sectional", "st96": "Cross sectional"}.items() <= views["image"]["views"][10].items()
    power = next(row for row in limits["documents"] if row["document"] == "power-of-attorney")
    assert [(one["severity"], one["when"], one["days"]) for one in power["needed"]] == [("defect", "with-agent", 59)]
    assert "claims" not in {row["document"] for row in limits["documents"]}
    assert limits["parts"] == {"from": 16_777_216, "size": 8_388_608}
