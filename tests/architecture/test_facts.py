"""Facts and envelopes hold no free text: every text field is bound by a pattern or a list of words (invariant I13)."""

import re
import types
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from pydantic import BaseModel, StringConstraints

from chalicelib.contracts.envelope import Envelope
from chalicelib.contracts.events import FACTS

NAMES = [
    "Sok Sokha", "សុខា", "House 0, Example Street", "+855 12 345 678", "sok@example.org", "my private design.pdf", "北京",
]  # fmt: skip


def texts(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Every text field of a model, however deep, with the patterns that bind it."""
    for name, hint in get_type_hints(model, include_extras=True).items():
        if name in model.model_fields:
            yield from _texts(hint, f"{path}{name}")


def _texts(hint: Any, path: str, patterns: tuple[str, ...] = ()) -> Iterator[tuple[str, list[str]]]:
    origin = get_origin(hint)
    if origin is Annotated:
        inner, *extra = get_args(hint)
        found = [one.pattern for one in extra if isinstance(one, StringConstraints) and isinstance(one.pattern, str)]
        yield from _texts(inner, path, (*patterns, *found))
    elif origin is Literal:
        return
    elif origin in {Union, types.UnionType, tuple, list, frozenset}:
        for inner in get_args(hint):
            if inner is not Ellipsis:
                yield from _texts(inner, path, patterns)
    elif origin is dict or hint is Any:
        yield path, []  # anything could be in it
    elif isinstance(hint, type) and issubclass(hint, BaseModel):
        yield from texts(hint, path + ".")
    elif isinstance(hint, type) and issubclass(hint, str):
        yield path, list(patterns)
    else:
        assert hint in {int, bool, type(None), date}, f"{path}: {hint} is neither number nor bound text"


FIELDS = [
    (f"{name}.{path}", patterns) for name, fact in FACTS.items() for path, patterns in texts(fact)
] + [(f"Envelope.{path}", patterns) for path, patterns in texts(Envelope) if path != "data"]  # fmt: skip


def test_there_are_fields_to_look_at() -> None:
    assert len(FIELDS) > 50


@pytest.mark.parametrize(("field", "patterns"), FIELDS, ids=[field for field, _ in FIELDS])
def test_every_text_field_is_bound_so_that_no_name_gets_in(field: str, patterns: list[str]) -> None:
    assert patterns, f"{field} takes any text"
    for pattern in patterns:
        assert pattern.startswith("^") and pattern.endswith("$"), f"{field}: {pattern} is not anchored"
        assert "\\d" not in pattern and "\\w" not in pattern, f"{field}: {pattern} takes other scripts' characters"
    for name in NAMES:
        assert not all(re.search(pattern, name) for pattern in patterns), f"{field} takes {name!r}"


@pytest.mark.parametrize("name", FACTS)
def test_facts_are_frozen_and_take_nothing_they_do_not_know(name: str) -> None:
    config = FACTS[name].model_config
    assert config.get("frozen") is True and config.get("extra") == "forbid"


@pytest.mark.parametrize("name", FACTS)
def test_a_fact_is_named_in_the_past_tense_and_its_type_follows_the_form(name: str) -> None:
    assert re.fullmatch(r"int\.tra\.[a-z]+\.[a-z-]+\.v[1-9]", FACTS[name].TYPE)
    assert re.search(r"(ed|ent|id|Taken|Ready|Given|Held|Sent)$", name), f"{name} does not say that it happened"
