"""Deadlines of a filing, each with its rule and what it was computed from, so that anybody can compute it again.

They are those that the receipt gave: a defect, and the last day to mend it. Whether a paper mended it is the office's to say;
here stands which papers say that they answer it.
"""

from datetime import date
from typing import Any

from chalicelib.contracts.draft import Draft
from chalicelib.contracts.paper import PaperRow
from chalicelib.kernel import strict
from chalicelib.kernel.errors import Finding
from chalicelib.offices.messages import words
from chalicelib.offices.model import Office

MAX_RECEIPT = 400_000  # bytes: the item that holds it is no larger


def deadlines(office: Office, draft: Draft, rows: tuple[PaperRow, ...]) -> list[dict[str, Any]]:
    """By day, of a filing that was submitted; empty for a draft."""
    if draft.receipt is None:
        return []
    receipt = strict.loads(draft.receipt.encode(), max_bytes=MAX_RECEIPT)
    found = []
    for one in receipt["findings"]:
        if one["due"] is None:
            continue
        said = words(office, Finding(code=one["code"], params=one["params"]))
        days = (date.fromisoformat(one["due"]) - date.fromisoformat(receipt["filing_date"])).days
        found.append(
            {
                "code": one["code"],
                "pointer": one["pointer"],
                "due": one["due"],
                "message": {language: message for language, (message, _) in said.items()},
                "action": {language: action for language, (_, action) in said.items()},
                "rule": one["rule"],
                "inputs": {"from": receipt["filing_date"], "days": days, "time_zone": receipt["time_zone"]},
                "answered_by": [row.number for row in rows if one["code"] in row.defects],
            }
        )
    return sorted(found, key=lambda one: (one["due"], one["code"], one["pointer"]))
