"""Accepted applications to write documents from."""

from typing import Any

from chalicelib.contracts.form import parse_form
from chalicelib.registry.st96 import design, patent
from chalicelib.registry.st96.model import VERSION, Filed, FiledPart
from chalicelib.registry.st96.tree import Node

ATTACHMENTS = tuple(f"01JDT0000000000000000000A{letter}" for letter in "ABC")


def filed(form: dict[str, Any], *, media_type: str = "application/pdf", version: str = VERSION) -> Filed:
    """`form` as accepted, with three files."""
    files = tuple(FiledPart(one, f"../files/{seq:02d}-x.pdf", media_type, True) for seq, one in enumerate(ATTACHMENTS, 1))
    return Filed(
        form=parse_form(form), office="KH", number="KH/P/2026/1", filing_date="2026-11-25", files=files, version=version
    )


def documents(one: Filed) -> list[Node]:
    """Its documents."""
    if one.form.designs:
        return [design.design_application(one)]
    body = patent.application_body(one)
    return [patent.bibliographic_data(one), *([body] if body else [])]
