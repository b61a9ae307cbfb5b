"""Two things that nobody should change without seeing it in a diff: the state graph and what is acknowledged.

After a change that is meant: UPDATE_SNAPSHOTS=1 .venv/bin/pytest tests/infrastructure/test_snapshots.py
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stacks.workflow import Resources, Timing, definition
from tests.infrastructure.synthesis import Synthesised

FOLDER = Path(__file__).parent / "snapshots"
FUNCTIONS = "arn:aws:lambda:us-east-1:111122223333:function:"


class AnyFunction(dict[str, str]):
    """An ARN for whichever function the definition asks for."""

    def __missing__(self, name: str) -> str:
        return FUNCTIONS + name


def hold(name: str, lines: list[str]) -> None:
    """Compare with the snapshot, or write it anew when the environment asks for that."""
    file = FOLDER / name
    text = "\n".join(lines) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        FOLDER.mkdir(exist_ok=True)
        file.write_text(text)
    assert text == file.read_text(), f"{file.name} differs; see the head of {Path(__file__).name}"


def arrows(state: dict[str, Any]) -> Iterator[str]:
    """Where a state may go, in the order in which the interpreter looks."""
    for choice in state.get("Choices", []):
        yield f"{choice['Next']}  if {choice['Condition']}"
    for key in ("Default", "Next"):
        if key in state:
            yield state[key]
    for caught in state.get("Catch", []):
        yield f"{caught['Next']}  on {', '.join(caught['ErrorEquals'])}"


def every_state(states: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The states with those inside of branches and maps, each after the state that holds it."""
    for name, state in states.items():
        yield name, state
        for inner in (*state.get("Branches", ()), state.get("ItemProcessor", {"States": {}})):
            yield from every_state(inner["States"])


def test_state_graph():
    resources = Resources(
        environment="dev",
        functions=AnyFunction(),
        ledger_table="ledger",
        bedrock_role_arn="role",
        evaluation_role_arn="evaluation",
        model_key_arn="key",
        artifacts_bucket="artifacts",
    )
    document = definition(resources=resources, timing=Timing())
    lines = [f"starts at {document['StartAt']}"]
    for name, state in every_state(document["States"]):
        called = state.get("Arguments", {})
        function = called.get("FunctionName", "") if isinstance(called, dict) else ""
        calls = [state.get("Resource", ""), function.removeprefix(FUNCTIONS)]
        lines += ["", " ".join([f"{name}:", state["Type"], *filter(None, calls)])]
        lines += [f"  → {arrow}" for arrow in arrows(state)]
    hold("state_graph.txt", lines)


def named(rule: str) -> str:
    """The rule with `<Storage/Data>` in place of the export's long name."""
    export = r"Finetune-prod-Storage:ExportsOutputFnGetAtt(\w+?)[0-9A-F]{8}Arn[0-9A-F]{8}"
    return re.sub(export, r"<Storage/\1>", rule)


def test_acknowledgements(prod: Synthesised):
    """What cdk-nag would say and nobody has to hear, in PROD; the reasons stand beside it in the code."""
    lines = [f"{path}  {named(rule)}" for path, rule in prod.acknowledged]
    hold("acknowledged.txt", sorted(lines))
