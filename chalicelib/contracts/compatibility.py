"""Whether a schema may follow a released one within its major version: both ways, for old consumers and for old events.

1. A released event type stays; what ends gets no events any more, and keeps its schema.
2. A field that was there stays, with the same bounds: narrower would refuse old events, wider would break old consumers. So a
   closed list stays closed, and a pattern stays as it is.
3. What was required stays required; what is new is optional.
4. Words (titles, descriptions, examples) may change; personal data may not become more.
Anything else is a new major version: a new type beside the old one.
"""

from collections.abc import Iterator, Mapping
from typing import Any

WORDS = {"title", "description", "examples", "default", "$schema", "$id", "$defs", "x-personal-data", "x-stream"}
Schema = Mapping[str, Any]


def differences(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[str]:
    """Every way in which `new` (type → schema) breaks what was promised with `old`."""
    found: list[str] = []
    for type_, before in old.items():
        now = new.get(type_)
        if now is None:
            found.append(f"{type_}: the event type is gone")
            continue
        found += [f"{type_}{where}: {what}" for where, what in _compare(before, now, before, now, "")]
        more = now.get("x-personal-data", {}).keys() - before.get("x-personal-data", {}).keys()
        found += [f"{type_}{pointer}: personal data where there was none" for pointer in sorted(more)]
    return found


def _compare(old: Any, new: Any, old_root: Schema, new_root: Schema, at: str) -> Iterator[tuple[str, str]]:
    old, new = _resolved(old, old_root), _resolved(new, new_root)
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        if old != new:
            yield at, f"was {old!r}, is {new!r}"
        return
    for name in sorted((old.keys() | new.keys()) - WORDS):
        if name == "properties":
            yield from _properties(old.get(name, {}), new.get(name, {}), old_root, new_root, at)
        elif name == "required":
            yield from _required(set(old.get(name, ())), set(new.get(name, ())), at)
        elif name in {"anyOf", "prefixItems"}:
            before, now = old.get(name, []), new.get(name, [])
            if len(before) != len(now):
                yield at, f"{name}: another number of choices"
            for one, other in zip(before, now, strict=False):
                yield from _compare(one, other, old_root, new_root, at)
        else:
            yield from _member(name, old.get(name), new.get(name), old_root, new_root, at)


def _member(name: str, old: Any, new: Any, old_root: Schema, new_root: Schema, at: str) -> Iterator[tuple[str, str]]:
    if name in {"items", "additionalProperties"} and isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _compare(old, new, old_root, new_root, f"{at}/{name}" if name == "items" else at)
    elif old != new:
        yield at, f"{name} was {old!r}, is {new!r}"


def _properties(old: Schema, new: Schema, old_root: Schema, new_root: Schema, at: str) -> Iterator[tuple[str, str]]:
    for name, before in old.items():
        if name not in new:
            yield f"{at}/{name}", "the field is gone"
        else:
            yield from _compare(before, new[name], old_root, new_root, f"{at}/{name}")


def _required(old: set[str], new: set[str], at: str) -> Iterator[tuple[str, str]]:
    yield from ((f"{at}/{name}", "was required, is optional") for name in sorted(old - new))
    yield from ((f"{at}/{name}", "is required now: old events lack it") for name in sorted(new - old))


def _resolved(schema: Any, root: Schema) -> Any:
    while isinstance(schema, Mapping) and (reference := schema.get("$ref")):
        schema = root["$defs"][str(reference).removeprefix("#/$defs/")]
    return schema
