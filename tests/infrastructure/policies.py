"""Helpers that read IAM statements out of templates."""

import json
from collections.abc import Iterator
from typing import Any

Statement = dict[str, Any]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def text(value: Any) -> str:
    """A CloudFormation value as one searchable line."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def statements(role: dict[str, Any]) -> Iterator[Statement]:
    """The inline statements of a role."""
    for policy in role["Properties"].get("Policies", []):
        yield from policy["PolicyDocument"]["Statement"]


def actions(role: dict[str, Any]) -> set[str]:
    return {action for statement in statements(role) for action in as_list(statement["Action"])}


def statement_for(role: dict[str, Any], action: str) -> Statement:
    """The only statement of the role that allows the action."""
    found = [statement for statement in statements(role) if action in as_list(statement["Action"])]
    assert len(found) == 1, f"{action} is in {len(found)} statements"
    return found[0]
