"""Targets of rules and schedules are reached under their role or by their own policy, or not at all."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from finetune_local.emulator import LocalCloud
from tests.integration.emulator_kit import Kit, allow

EVENTS, SCHEDULER = "events.amazonaws.com", "scheduler.amazonaws.com"
PATTERN = {"source": ["test"]}
TELL = (
    "import boto3\n"
    "def handler(event, context):\n"
    "    boto3.client('sqs').send_message(QueueUrl='QUEUE', MessageBody='{}')\n"
)


@pytest.fixture
def kit(bare_cloud: LocalCloud, account: str) -> Kit:
    return Kit(bare_cloud, account)


def _machine(kit: Kit) -> str:
    return kit.machine(kit.role("machine", "states.amazonaws.com"), {"Go": {"Type": "Succeed"}})


def test_a_rule_starts_a_machine_under_its_role(kit: Kit) -> None:
    machine = _machine(kit)
    rule = kit.arn("events", "rule/rule")
    condition = {"ArnEquals": {"aws:SourceArn": rule}, "StringEquals": {"aws:SourceAccount": kit.account}}
    role = kit.role("starter", EVENTS, allow("states:StartExecution", machine), condition=condition)
    url, queue = kit.queue()
    kit.rule({"source": ["aws.states"], "detail": {"status": ["SUCCEEDED"]}}, {"Arn": queue}, name="ends")
    assert kit.rule(PATTERN, {"Arn": machine, "RoleArn": role}) == rule
    kit.put_event({"n": 1})
    ended = kit.receive(url)["Body"]["detail"]
    assert json.loads(ended["input"])["detail"] == {"n": 1}


def _forbidden(kit: Kit, machine: str) -> str:
    del machine
    return kit.role("starter", EVENTS)


def _untrusting(kit: Kit, machine: str) -> str:
    return kit.role("starter", SCHEDULER, allow("states:StartExecution", machine))


def _other_rule(kit: Kit, machine: str) -> str:
    condition = {"ArnEquals": {"aws:SourceArn": kit.arn("events", "rule/another")}}
    return kit.role("starter", EVENTS, allow("states:StartExecution", machine), condition=condition)


def _absent(kit: Kit, machine: str) -> str:
    del machine
    return f"arn:aws:iam::{kit.account}:role/absent"


@pytest.mark.parametrize("role", [_forbidden, _untrusting, _other_rule, _absent])
def test_a_rule_with_the_wrong_role_starts_nothing_and_leaves_a_dead_letter(kit: Kit, role: Any) -> None:
    machine = _machine(kit)
    url, queue = kit.queue()
    target = {"Arn": machine, "RoleArn": role(kit, machine), "DeadLetterConfig": {"Arn": queue}}
    rule = kit.rule(PATTERN, target)
    kit.put_event({"n": 1})
    letter = kit.receive(url)
    assert letter["Body"]["detail"] == {"n": 1}
    assert letter["MessageAttributes"]["RULE_ARN"]["StringValue"] == rule
    assert kit.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"] == []
    assert [refusal["target"] for refusal in kit.refusals()] == [machine]


def _telling(kit: Kit) -> tuple[str, str]:
    """Make a function that sends a message, and the queue where it arrives."""
    url, queue = kit.queue("told")
    return kit.function(TELL.replace("QUEUE", url), allow("sqs:SendMessage", queue)), url


def test_a_rule_reaches_a_function_that_admits_it(kit: Kit) -> None:
    function, url = _telling(kit)
    dead, dead_queue = kit.queue("dead")
    rule = kit.rule(PATTERN, {"Arn": function, "DeadLetterConfig": {"Arn": dead_queue}})
    kit.put_event({"n": 1})
    assert kit.receive(dead)["Body"]["detail"] == {"n": 1}
    kit.client("lambda").add_permission(
        FunctionName=function,
        StatementId="s",
        Action="lambda:InvokeFunction",
        Principal=EVENTS,
        SourceArn=rule,
    )
    kit.put_event({"n": 2})
    assert kit.receive(url)["Body"] == {}


def _schedule(kit: Kit, function: str, role: str) -> None:
    past = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - 60))
    kit.client("scheduler").create_schedule(
        Name="once",
        ScheduleExpression=f"at({past})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": function, "RoleArn": role, "Input": "{}"},
    )


def test_a_schedule_invokes_a_function_under_its_role(kit: Kit) -> None:
    function, url = _telling(kit)
    condition = {"ArnLike": {"aws:SourceArn": kit.arn("scheduler", "schedule-group/default")}}
    role = kit.role("scheduler", SCHEDULER, allow("lambda:InvokeFunction", function), condition=condition)
    _schedule(kit, function, role)
    assert kit.receive(url)["Body"] == {}


def test_a_schedule_without_the_permission_is_refused(kit: Kit) -> None:
    function, _ = _telling(kit)
    _schedule(kit, function, kit.role("scheduler", SCHEDULER))
    while not kit.refusals():
        time.sleep(0.05)
    assert "lambda:InvokeFunction" in kit.refusals()[0]["reason"]
