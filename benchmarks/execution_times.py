"""What an execution's history tells: time spent per state, state transitions, function invocations."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Event = Mapping[str, Any]


@dataclass(frozen=True)
class ExecutionTimes:
    """Seconds per state, how often each was entered, and retries in all."""

    began: datetime
    ended: datetime
    first_entered: Mapping[str, datetime]
    seconds: Mapping[str, float]
    entered: Mapping[str, int]
    retries: int

    @property
    def transitions(self) -> int:
        """State transitions as Step Functions bills them: every step executed, retries included."""
        return sum(self.entered.values()) + self.retries


def read_times(states: Any, execution_arn: str) -> ExecutionTimes:  # noqa: ANN401 - a boto3 client
    """Read the history of an execution that has ended."""
    events = list(_events(states, execution_arn))
    seconds: Counter[str] = Counter()
    entered: Counter[str] = Counter()
    first: dict[str, datetime] = {}
    scheduled = tasks = 0
    for event in events:
        if "stateEnteredEventDetails" in event:
            name = event["stateEnteredEventDetails"]["name"]
            seconds[name] -= event["timestamp"].timestamp()
            entered[name] += 1
            first.setdefault(name, event["timestamp"])
            tasks += event["type"] == "TaskStateEntered"
        elif "stateExitedEventDetails" in event:
            seconds[event["stateExitedEventDetails"]["name"]] += event["timestamp"].timestamp()
        scheduled += event["type"] in {"TaskScheduled", "LambdaFunctionScheduled"}
    spent = {name: seconds[name] for name in entered if seconds[name] >= 0}
    return ExecutionTimes(
        events[0]["timestamp"], events[-1]["timestamp"], first, spent, entered, max(0, scheduled - tasks)
    )


def _events(states: Any, execution_arn: str) -> Iterator[Event]:  # noqa: ANN401
    pages = states.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
    for page in pages:
        yield from page["events"]


def functions_by_state(states: Any, machine_arn: str) -> dict[str, str]:  # noqa: ANN401
    """Map the name of every state that invokes a function to the function's ARN."""
    definition = json.loads(states.describe_state_machine(stateMachineArn=machine_arn)["definition"])
    return dict(_invocations(definition["States"]))


def states_with(states: Any, machine_arn: str, resource: str) -> set[str]:  # noqa: ANN401
    """Give the names of the top-level states whose resource holds the text `resource`."""
    definition = json.loads(states.describe_state_machine(stateMachineArn=machine_arn)["definition"])
    return {name for name, state in definition["States"].items() if resource in state.get("Resource", "")}


def concurrency(states: Any, machine_arn: str) -> int:  # noqa: ANN401
    """Give the largest number of Map iterations that go on at once."""
    definition = json.loads(states.describe_state_machine(stateMachineArn=machine_arn)["definition"])
    return max(int(state.get("MaxConcurrency", 1)) for state in definition["States"].values())


def _invocations(states: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, state in states.items():
        if "lambda:invoke" in state.get("Resource", ""):
            yield name, state["Arguments"]["FunctionName"]
        if "ItemProcessor" in state:
            yield from _invocations(state["ItemProcessor"]["States"])
