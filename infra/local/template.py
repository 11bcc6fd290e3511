"""Reading a CloudFormation template: its YAML, and the few intrinsic functions that ours uses.

Unknown functions and unknown names are errors, never guesses.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).resolve().parents[1] / "template.yaml"
NO_VALUE = object()


class TemplateError(ValueError):
    """The template says something that the reader does not know."""


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms (`!Ref x`)."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = str(value).split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]  # what is left is a mapping
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


def load(path: Path = TEMPLATE) -> dict[str, Any]:
    """The template as plain data, short forms written out."""
    with path.open(encoding="utf-8") as text:
        return dict(yaml.load(text, Loader=_Loader))  # noqa: S506 - a SafeLoader with one more constructor


@dataclass(frozen=True, kw_only=True)
class Resolver:
    """Intrinsic functions → values. `ref` and `attribute` are asked for a resource's physical facts."""

    template: Mapping[str, Any]
    parameters: Mapping[str, str]
    region: str
    account: str
    ref: Callable[[str], str]
    attribute: Callable[[str, str], str]

    def resolve(self, value: Any) -> Any:
        """`value` with every function worked out; properties that are `AWS::NoValue` are left out."""
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (name, argument), *_ = value.items()
            if name == "Ref":
                return self._ref(argument)
            if name.startswith("Fn::"):
                return self._function(name, argument)
        pairs = ((key, self.resolve(item)) for key, item in value.items())
        return {key: item for key, item in pairs if item is not NO_VALUE}

    def condition(self, name: str) -> bool:
        """The truth of a named condition."""
        return bool(self.resolve(self.template["Conditions"][name]))

    def _ref(self, name: str) -> Any:
        pseudo = {
            "AWS::Region": self.region,
            "AWS::AccountId": self.account,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": "tra",
            "AWS::NoValue": NO_VALUE,
        }
        if name in pseudo:
            return pseudo[name]
        declared = self.template.get("Parameters", {})
        if name in declared:
            value = self.parameters.get(name, declared[name].get("Default"))
            return int(value) if declared[name]["Type"] == "Number" else str(value)
        return self.ref(name)

    def _function(self, name: str, argument: Any) -> Any:
        match name:
            case "Fn::GetAtt":
                return self.attribute(argument[0], argument[1])
            case "Fn::Sub" if isinstance(argument, str):
                return re.sub(r"\$\{([^}]+)\}", lambda found: str(self._name(found[1])), argument)
            case "Fn::If":
                return self.resolve(argument[1] if self.condition(argument[0]) else argument[2])
            case "Fn::Equals":
                return self.resolve(argument[0]) == self.resolve(argument[1])
            case "Fn::Not":
                return not self.resolve(argument[0])
        raise TemplateError(f"the reader does not know {name}")

    def _name(self, name: str) -> Any:
        if "." in name:
            logical, attribute = name.split(".", 1)
            return self.attribute(logical, attribute)
        return self._ref(name)


def resources(template: Mapping[str, Any], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(logical id, properties, not resolved) of every resource of a type, in the template's order."""
    for logical, resource in template["Resources"].items():
        if resource["Type"] == kind:
            yield logical, resource.get("Properties", {})
