"""What Step Functions checks of variables when a machine is created, and the local cloud does not.

https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html (read 2026-11-24): no inner scope
assigns a name of an outer one; a Distributed Map's children read no variable of the machine; a result exists
where a state has one, an error where it is caught.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from stacks.workflow import Resources, Timing, definition

States = dict[str, dict[str, Any]]
OWN = {"states"}
"""What Step Functions itself names."""


class AnyFunction(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return f"arn:aws:lambda:us-east-1:111122223333:function:{name}"


def machine() -> dict[str, Any]:
    names = {field.name: "name" for field in fields(Resources)}
    return definition(resources=Resources(**{**names, "functions": AnyFunction()}), timing=Timing())


def scopes(states: States) -> Iterator[tuple[dict[str, Any], States]]:
    """Every Parallel or Map, with the states of each scope inside of it."""
    for state in states.values():
        inside = [*state.get("Branches", ()), *([state["ItemProcessor"]] if "ItemProcessor" in state else [])]
        for part in inside:
            yield state, part["States"]
            yield from scopes(part["States"])


def assigned(states: States) -> set[str]:
    holders = [
        holder
        for state in states.values()
        for holder in (state, *state.get("Choices", ()), *state.get("Catch", ()))
    ]
    return {name for holder in holders for name in holder.get("Assign", {})}


def test_no_inner_scope_assigns_a_name_of_the_machine():
    states = machine()["States"]
    inner = [assigned(inside) for _, inside in scopes(states)]
    assert any(inner)
    assert [names for names in inner if names & assigned(states)] == []


def test_children_of_a_distributed_map_read_no_variable():
    apart = [
        inside
        for outer, inside in scopes(machine()["States"])
        if outer.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED"
    ]
    assert apart
    for inside in apart:
        assert set(re.findall(r"\$([a-z_]+)\b(?!\()", json.dumps(inside))) <= OWN


def test_results_and_errors_are_read_where_there_are_some():
    found = []
    everywhere = [machine()["States"], *(inside for _, inside in scopes(machine()["States"]))]
    for name, state in ((name, state) for states in everywhere for name, state in states.items()):
        rest = {key: value for key, value in state.items() if key not in ("Branches", "ItemProcessor")}
        caught = rest.pop("Catch", [])
        if "$states.errorOutput" in json.dumps(rest) or "$states.result" in json.dumps(caught):
            found.append(name)
        if state["Type"] in ("Task", "Map", "Parallel"):
            rest = {key: value for key, value in rest.items() if key not in ("Assign", "Output")}
        if "$states.result" in json.dumps(rest):
            found.append(name)
    assert found == []
