from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from finetune_cli.arrival import PATIENCE_SECONDS, Arrival, carries
from finetune_cli.drops import Drop, Dropped, Upload
from finetune_cli.errors import NO, CommandError

from . import fakes

SENT_AT = datetime(2026, 11, 24, 10, tzinfo=UTC)
KEY = "datasets/haiku/run.json"
DROPPED = Dropped(Drop("datasets", "haiku", (Upload(KEY),)), "data", SENT_AT, {KEY: "v1"})


def event(version: str) -> str:
    return json.dumps({"detail": {"object": {"key": KEY, "version-id": version}}})


class Machine:
    """A state machine whose executions are (arn, version that started it, status)."""

    def __init__(self, *executions: tuple[str, str, str]) -> None:
        self.executions = executions
        self.described: list[str] = []

    def client(self) -> fakes.FakeClient:
        return fakes.FakeClient(list_executions=self.list_executions, describe_execution=self.describe)

    def list_executions(self, **_: Any) -> dict[str, Any]:
        return {"executions": [{"executionArn": arn, "status": status} for arn, _, status in self.executions]}

    def describe(self, executionArn: str) -> dict[str, Any]:  # noqa: N803
        self.described.append(executionArn)
        arn, version, status = next(each for each in self.executions if each[0] == executionArn)
        cause = json.dumps({"errorMessage": "run.json is not JSON"})
        return {
            "executionArn": arn,
            "status": status,
            "input": event(version),
            "startDate": SENT_AT,
            "error": "RunRejected",
            "cause": cause,
        }


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def __call__(self) -> float:
        return self.now


def arrival(machine: Machine, *items: dict[str, Any]) -> Arrival:
    clock = Clock()
    here = fakes.surroundings(stepfunctions=machine.client(), dynamodb=fakes.ledger_client(*items))
    return Arrival(here, DROPPED, pause=10.0, sleep=clock.sleep, clock=clock)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(event("v1"), True), (event("v2"), False), ("{}", False), ("x", False), ("[]", False)],
)
def test_only_our_own_event_counts(text, expected) -> None:
    assert carries({"input": text, "startDate": SENT_AT}, DROPPED) is expected


@pytest.mark.parametrize(("seconds", "expected"), [(1, True), (-1, False)])
def test_an_event_without_a_version_counts_from_the_drop_on(seconds, expected) -> None:
    text = json.dumps({"detail": {"object": {"key": KEY}}})
    found = {"input": text, "startDate": SENT_AT + timedelta(seconds=seconds)}
    assert carries(found, DROPPED) is expected


def test_the_run_of_our_execution_is_found_among_others() -> None:
    machine = Machine(("other", "v0", "RUNNING"), ("mine", "v1", "RUNNING"))
    other = fakes.run_item(run_id="haiku-other", execution_arn="other")
    assert arrival(machine, other, fakes.run_item(execution_arn="mine")).wait().execution_arn == "mine"


def test_a_drop_refused_at_intake_is_a_no() -> None:
    with pytest.raises(CommandError, match=r"RunRejected: run\.json is not JSON") as caught:
        arrival(Machine(("mine", "v1", "FAILED"))).wait()
    assert caught.value.code == NO


def test_nothing_started_names_the_dropped_file() -> None:
    machine = Machine(("other", "v0", "SUCCEEDED"))
    with pytest.raises(CommandError, match=f"within {PATIENCE_SECONDS:.0f} s") as caught:
        arrival(machine).wait()
    assert caught.value.where == "s3://data/datasets/haiku/run.json"
    assert machine.described == ["other"], "an execution of somebody else is looked at once"
