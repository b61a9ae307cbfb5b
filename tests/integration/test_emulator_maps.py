"""Distributed Maps in the local cloud: in JSONata, judged, and with children that know their item alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from finetune_local.emulator import LocalCloud
from tests.integration.emulator_kit import Kit, allow

DOUBLE = "def handler(event, context):\n    return {'twice': 2 * event['n']}\n"


@pytest.fixture
def kit(bare_cloud: LocalCloud, account: str) -> Kit:
    kit = Kit(bare_cloud, account)
    kit.client("s3").create_bucket(Bucket=f"lists-{account}")
    kit.client("s3").put_object(
        Bucket=f"lists-{account}", Key="list.json", Body=json.dumps([{"n": 1}, {"n": 2}, {"n": 3}])
    )
    return kit


def states(function: str, payload: str = "{% $states.input %}") -> dict[str, Any]:
    child = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": function, "Payload": payload},
        "Output": "{% $states.result.Payload.twice %}",
        "End": True,
    }
    each = {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Arguments": {"Bucket": "{% $states.input.bucket %}", "Key": "{% 'list' & '.json' %}"},
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Child",
            "States": {"Child": child},
        },
        "ToleratedFailurePercentage": 0,
        "Assign": {"sum": "{% $sum($states.result) %}"},
        "Output": {"results": "{% $states.result %}"},
        "Next": "End",
    }
    end = {"Type": "Succeed", "Output": {"sum": "{% $sum %}", "results": "{% $states.input.results %}"}}
    first = {"Type": "Pass", "Assign": {"outer": {"n": 5}}, "Next": "Each"}
    return {"First": first, "Each": each, "End": end}


def permissions(kit: Kit, function: str) -> list[dict[str, Any]]:
    return [
        allow("lambda:InvokeFunction", function),
        allow("s3:GetObject", f"arn:aws:s3:::lists-{kit.account}/*"),
        allow("states:StartExecution", kit.arn("states", "stateMachine:machine")),
    ]


def test_items_are_read_from_s3_and_results_are_assigned(kit: Kit) -> None:
    function = kit.function(DOUBLE)
    role = kit.role("r", "states.amazonaws.com", *permissions(kit, function))
    machine = kit.machine(role, states(function))
    ended = kit.run(machine, {"bucket": f"lists-{kit.account}"})
    assert json.loads(ended["output"]) == {"sum": 12, "results": [2, 4, 6]}


@pytest.mark.parametrize(
    ("missing", "error"),
    [
        ("lambda:InvokeFunction", "States.ExceedToleratedFailureThreshold"),
        ("s3:GetObject", "States.ItemReaderFailed"),
        ("states:StartExecution", "States.Permissions"),
    ],
)
def test_each_permission_is_needed(kit: Kit, missing: str, error: str) -> None:
    function = kit.function(DOUBLE)
    given = [each for each in permissions(kit, function) if each["Action"] != missing]
    machine = kit.machine(kit.role("r", "states.amazonaws.com", *given), states(function))
    ended = kit.run(machine, {"bucket": f"lists-{kit.account}"})
    assert (ended["status"], ended["error"]) == ("FAILED", error)


def test_a_child_does_not_see_the_machines_variables(kit: Kit) -> None:
    function = kit.function(DOUBLE)
    role = kit.role("r", "states.amazonaws.com", *permissions(kit, function))
    machine = kit.machine(role, states(function, "{% $outer %}"))
    assert kit.run(machine, {"bucket": f"lists-{kit.account}"})["status"] == "FAILED"
