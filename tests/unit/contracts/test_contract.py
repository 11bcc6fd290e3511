"""What is published of the contract: examples that hold, an AsyncAPI document that hangs together, promises that are kept."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_type_hints

import jsonschema
import pytest

from chalicelib.contracts.__main__ import FOLDER, main, released
from chalicelib.contracts.asyncapi import asyncapi
from chalicelib.contracts.compatibility import differences
from chalicelib.contracts.events import FACTS, read
from chalicelib.contracts.examples import _value, example
from chalicelib.contracts.fact import Fact
from chalicelib.contracts.personal import allowed
from chalicelib.contracts.schemas import all_schemas
from chalicelib.contracts.streams import streams_of
from chalicelib.register.model import StreamId, entry_hash
from chalicelib.register.timeline import GRAPHS
from chalicelib.registry.chain import read_event

SCHEMAS = all_schemas()


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_every_event_has_a_meaning_and_an_example_that_a_consumer_reads(fact: type[Fact]) -> None:
    made = example(fact, streams_of(fact)[0])
    jsonschema.Draft202012Validator(SCHEMAS[fact.TYPE]).validate(made)
    event = read_event(json.dumps(made).encode())
    assert event.fact == read(fact.__name__, made["data"])
    assert len(SCHEMAS[fact.TYPE]["description"]) > 15
    assert SCHEMAS[fact.TYPE]["examples"] == [made]


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_an_examples_id_is_the_hash_that_the_register_computes(fact: type[Fact]) -> None:
    made = example(fact, streams_of(fact)[0])
    stream = StreamId.parse(made["subject"])
    said = (made["time"], made["actor"], made["data"], made["previous"])
    assert entry_hash(stream, 1, fact.__name__, fact.SCHEMA, *said) == made["id"]


@pytest.mark.parametrize("name", FACTS)
def test_the_stream_that_the_contract_names_is_where_the_register_allows_the_fact(name: str) -> None:
    assert {kind for kind, graph in GRAPHS.items() if name in graph} == set(streams_of(FACTS[name]))


def test_a_field_without_an_example_is_named() -> None:
    with pytest.raises(ValueError, match=r"Bread\.crust"):
        _value("Bread", "crust", bytes)


def references(value: Any) -> Iterator[str]:
    """Every `$ref` in a document."""
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = asyncapi("0.0.0")
    found = list(references(document))
    assert len(found) > 2 * len(FACTS)
    for reference in found:
        if reference.startswith("#/"):
            there: Any = document
            for part in reference[2:].split("/"):
                there = there[part]
        else:
            assert (FOLDER / reference).is_file(), reference


def test_the_asyncapi_document_has_every_message_on_both_channels() -> None:
    document = asyncapi("0.0.0")
    assert document["asyncapi"] == "3.0.0"
    for channel in document["channels"].values():
        assert channel["messages"].keys() == FACTS.keys()
    for operation in document["operations"].values():
        assert operation["action"] in {"send", "receive"}
    types = {message["name"] for message in document["components"]["messages"].values()}
    assert types == SCHEMAS.keys()


def test_a_released_version_is_kept_and_what_stands_now_breaks_none() -> None:
    kept = released()
    assert "0.1.0" in kept
    for version, old in kept.items():
        assert differences(old, SCHEMAS) == [], version


@pytest.mark.parametrize("version", released())
def test_events_of_a_released_version_are_read_and_its_consumers_take_ours(version: str) -> None:
    for type_, old in released()[version].items():
        (golden,) = old["examples"]
        assert read_event(json.dumps(golden).encode()).hash == golden["id"]
        later = copy.deepcopy(SCHEMAS[type_]["examples"][0])
        later["data"]["added_later"] = {"colour": 1}
        jsonschema.Draft202012Validator(old).validate(later)


def change(act: Callable[[dict[str, Any]], Any]) -> dict[str, dict[str, Any]]:
    """The schemas with one of them changed."""
    new = copy.deepcopy(SCHEMAS)
    act(new["int.tra.filing.submitted.v1"]["properties"]["data"])
    return new


def test_an_optional_field_may_be_added_and_words_may_change() -> None:
    def act(data: dict[str, Any]) -> None:
        data["properties"]["colour"] = {"type": "string"}
        data["properties"]["kind"]["title"] = data["description"] = "said better"

    assert differences(SCHEMAS, change(act)) == []


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (lambda data: data["properties"].pop("claims"), "claims: the field is gone"),
        (lambda data: data["required"].remove("kind"), "kind: was required, is optional"),
        (lambda data: data["required"].append("claims"), "claims: is required now"),
        (lambda data: data["properties"]["kind"].update(pattern="^.*$"), "kind: pattern was"),
        (lambda data: data["properties"]["kind"].pop("pattern"), "kind: pattern was"),
        (lambda data: data["properties"]["year"].update(maximum=2100), "year: maximum was"),
        (lambda data: data["properties"]["year"].update(type="string"), "year: type was"),
        (lambda data: data["properties"]["files"].update(items={"type": "string"}), "files/items"),
    ],
)
def test_what_would_break_a_promise_is_found(act: Callable[[dict[str, Any]], Any], why: str) -> None:
    assert any(why in found for found in differences(SCHEMAS, change(act)))


def test_a_bound_deep_in_a_list_is_compared_through_its_reference() -> None:
    new = copy.deepcopy(SCHEMAS)
    new["int.tra.filing.submitted.v1"]["$defs"]["FiledFile"]["properties"]["sha256"]["pattern"] = "^x$"
    (found,) = differences(SCHEMAS, new)
    assert found.startswith("int.tra.filing.submitted.v1/data/files/items/sha256: pattern was")


def test_a_longer_or_shorter_closed_list_is_found() -> None:
    new = copy.deepcopy(SCHEMAS)
    level = new["int.tra.letter.issued.v1"]["properties"]["data"]["properties"]["level"]
    level["enum"] = [*level["enum"], "b-x"]
    assert differences(SCHEMAS, new)
    assert differences(new, SCHEMAS)


def test_a_type_that_is_gone_is_found() -> None:
    assert sorted(differences(SCHEMAS, {})) == sorted(f"{type_}: the event type is gone" for type_ in SCHEMAS)


def test_more_personal_data_is_found() -> None:
    new = copy.deepcopy(SCHEMAS)
    new["int.tra.filing.submitted.v1"]["x-personal-data"]["/data/name"] = "no reason"
    assert differences(SCHEMAS, new) == ["int.tra.filing.submitted.v1/data/name: personal data where there was none"]


def test_a_release_is_kept_once_and_then_checked_against(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], tmp_path) == 0
    assert main(["--release"], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    assert main(["--release"], tmp_path) == 1
    (one,) = tmp_path.glob("released/*/int.tra.fee.paid.v1.json")
    kept = json.loads(one.read_text("utf-8"))
    kept["properties"]["data"]["properties"]["payer"] = {"type": "string"}
    one.write_text(json.dumps(kept), "utf-8")
    assert main(["--check"], tmp_path) == 1
    assert "int.tra.fee.paid.v1/data/payer: the field is gone" in capsys.readouterr().out


PSEUDONYM = "^account:"


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_a_person_is_named_by_pseudonym_where_the_allow_list_says_and_nowhere_else(fact: type[Fact]) -> None:
    schema = SCHEMAS[fact.TYPE]
    found = {"/actor"} if "account" in schema["properties"]["actor"]["pattern"] else set()
    for name, field in schema["properties"]["data"].get("properties", {}).items():
        if str(field.get("pattern", "")).startswith(PSEUDONYM):
            found.add(f"/data/{name}")
        inner = schema["$defs"].get(str(field.get("items", {}).get("$ref", "")).rpartition("/")[2], {})
        if "certificate_sha256" in inner.get("properties", {}):  # a signer, as the digest of a certificate
            found.add(f"/data/{name}")
    assert found == allowed(fact).keys() == schema["x-personal-data"].keys()
    assert all(get_type_hints(fact, include_extras=True).get(one.removeprefix("/data/")) or one == "/actor" for one in found)
