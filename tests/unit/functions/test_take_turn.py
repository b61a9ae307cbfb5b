"""Turns in the queues: granted, waiting, superseded; written only when nobody wrote in between."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from finetune_aws import queues
from finetune_aws.ledger import Ledger
from finetune_core.contracts import Plan, read
from finetune_core.errors import Conflict
from tests.unit.functions.aws import FakeAws, error
from tests.unit.functions.samples import EXECUTION, RUN_ID, plan

Call = Callable[..., dict[str, Any]]
OTHER = EXECUTION + "-other"
NEWER = "banking-qa-ffffffffffff"


@pytest.fixture(autouse=True)
def _account(aws: FakeAws) -> None:
    aws.on("stepfunctions:DescribeExecution", {"status": "RUNNING"})
    aws.on("stepfunctions:SendTaskFailure", {})
    aws.on("bedrock:ListModelCustomizationJobs", {"modelCustomizationJobSummaries": []})
    for run_id, at in ((RUN_ID, "2026-11-24T10:00:00Z"), (NEWER, "2026-11-24T11:00:00Z")):
        aws.table.put_plain(f"run#{run_id}", "run", run_id=run_id, status="RUNNING", started_at=at)


def newer() -> dict[str, Any]:
    names = dict.fromkeys(("job", "model", "endpoint"), f"dev-{NEWER}")
    return plan(run_id=NEWER, execution_arn=OTHER, names=names, dropped_at="2026-11-24T11:00:00.000")


def ask(call: Call, chosen: dict[str, Any], queue: str = "dataset", places: int = 1) -> dict[str, Any]:
    return call("take_turn", {"plan": chosen, "queue": queue, "places": places, "lease_seconds": 3600})


def test_the_first_goes_on_and_the_second_sees_for_whom_it_waits(aws: FakeAws, call: Call) -> None:
    assert ask(call, plan())["state"] == "granted"
    turn = ask(call, newer())
    assert (turn["state"], turn["place"], turn["waits_for"]) == ("waiting", 1, [RUN_ID])
    kept = json.loads(aws.table.plain(f"run#{NEWER}", "run")["queue"])
    assert kept == turn


def test_leaving_lets_the_next_go_on(aws: FakeAws, call: Call) -> None:
    ask(call, plan())
    ask(call, newer())
    queues.leave(Ledger("ledger"), read(plan(), Plan, where="test"))
    assert ask(call, newer())["state"] == "granted"


@pytest.mark.parametrize(
    "lost", [{"status": "ABORTED"}, {"status": "FAILED"}, error("ExecutionDoesNotExist")], ids=str
)
def test_a_lost_holder_frees_the_dataset(aws: FakeAws, call: Call, lost: Any) -> None:
    ask(call, plan())
    aws.on("stepfunctions:DescribeExecution", lost)
    assert ask(call, newer())["state"] == "granted"


def test_a_lease_that_is_over_frees_the_dataset_whatever_the_execution_says(aws: FakeAws, call: Call) -> None:
    call("take_turn", {"plan": plan(), "queue": "dataset", "places": 1, "lease_seconds": -1})
    assert ask(call, newer())["state"] == "granted"
    assert not aws.made("stepfunctions:DescribeExecution")


def test_an_older_drop_does_not_go_after_a_newer_one(aws: FakeAws, call: Call) -> None:
    ask(call, newer())
    turn = ask(call, plan(dropped_at="2026-11-24T09:00:00.000"))
    assert (turn["state"], turn["superseded_by"]) == ("superseded", NEWER)


def test_a_newer_drop_takes_back_the_question_to_people(aws: FakeAws, call: Call) -> None:
    ask(call, plan())
    item = aws.table.items[f"run#{RUN_ID}", "run"]
    item |= {"phase": {"S": "approve"}, "task_token": {"S": "token"}}
    ask(call, newer())
    (request,) = aws.made("stepfunctions:SendTaskFailure")
    assert (request["taskToken"], request["error"]) == ("token", "Superseded")


def test_a_newer_drop_supersedes_a_run_that_waits_for_a_job(aws: FakeAws, call: Call) -> None:
    ask(call, plan())
    ask(call, newer())
    turn = ask(call, plan(), "jobs")
    assert (turn["state"], turn["superseded_by"]) == ("superseded", NEWER)


def test_jobs_of_the_account_count(aws: FakeAws, call: Call) -> None:
    job = {
        "jobArn": "arn:aws:bedrock:us-east-1:111122223333:model-customization-job/a.b/abcdefabcdef",
        "baseModelArn": "a",
        "jobName": "another-programs",
        "status": "InProgress",
    }
    aws.on("bedrock:ListModelCustomizationJobs", {"modelCustomizationJobSummaries": [job]})
    turn = ask(call, plan(), "jobs", places=1)
    assert (turn["state"], turn["waits_for"]) == ("waiting", ["another-programs"])
    assert ask(call, plan(), "jobs", places=2)["state"] == "granted"


def test_two_that_ask_at_once_do_not_both_go_on(aws: FakeAws, call: Call) -> None:
    """Between this run's read and its write the other one writes: it reads again and waits."""
    generic = aws.answers["dynamodb:PutItem"]

    def late(**request: Any) -> Any:
        aws.on("dynamodb:PutItem", generic)
        assert ask(call, newer())["state"] == "granted"
        return generic(**request)

    aws.on("dynamodb:PutItem", late)
    assert ask(call, plan(dropped_at="2026-11-24T12:00:00.000"))["state"] == "waiting"


def test_a_queue_that_is_never_quiet_is_asked_again_later(aws: FakeAws, call: Call) -> None:
    aws.on("dynamodb:PutItem", error("ConditionalCheckFailedException"))
    with pytest.raises(Conflict, match="changed by others"):
        ask(call, plan())
