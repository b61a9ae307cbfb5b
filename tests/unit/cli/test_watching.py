from __future__ import annotations

import io
import json
from typing import Any

import pytest

from finetune_cli import watching
from finetune_cli.console import Console
from finetune_cli.errors import NO, CommandError
from finetune_cli.ledger import run_from_item
from finetune_cli.watching import CLOSING_SECONDS, Watcher

from . import fakes

INTAKE = [("intake", "2026-11-24T10:00:00Z")]
TRAIN = [*INTAKE, ("train", "2026-11-24T10:01:00Z")]
SERVE = [*TRAIN, ("serve", "2026-11-24T10:02:00Z")]
END = {
    "phases": SERVE,
    "status": "PROMOTED",
    "finished_at": "2026-11-24T10:03:00Z",
    "endpoint_arn": "arn:e",
    "endpoint_kind": "provisioned_throughput",
}


def watcher(*items: dict[str, Any], as_json: bool = False, execution: str = "RUNNING"):
    """A watcher whose every look at the ledger sees the next item, the last one for ever."""
    seen = list(items)
    out = io.StringIO()
    now = [0.0]

    def get_item(**_: Any) -> dict[str, Any]:
        return {"Item": seen.pop(0) if len(seen) > 1 else seen[0]}

    bedrock = fakes.FakeClient(
        get_model_customization_job=lambda **_: {
            "statusDetails": {"trainingDetails": {"status": "InProgress"}}
        },
        get_provisioned_model_throughput=lambda **_: {"status": "Creating"},
    )
    here = fakes.surroundings(
        dynamodb=fakes.FakeClient(get_item=get_item),
        bedrock=bedrock,
        stepfunctions=fakes.FakeClient(describe_execution=lambda **_: {"status": execution}),
    )
    console = Console(out=out, err=io.StringIO(), as_json=as_json)

    def sleep(seconds: float) -> None:
        now[0] += seconds

    return Watcher(here, console, sleep=sleep, clock=lambda: now[0]), out


def test_a_log_has_a_line_for_each_change() -> None:
    serving = {
        "phases": SERVE,
        "phase": "serve",
        "endpoint_arn": "arn:e",
        "endpoint_kind": "provisioned_throughput",
    }
    watch, out = watcher(
        fakes.run_item(phases=TRAIN, phase="train"),
        fakes.run_item(phases=TRAIN, phase="train"),
        fakes.run_item(**serving),
        fakes.run_item(**END),
    )
    ended = watch.follow(run_from_item(fakes.run_item(phases=INTAKE)))
    assert ended.status == "PROMOTED"
    assert [" ".join(line.split()) for line in out.getvalue().splitlines()] == [
        "▸ intake",
        "✓ intake 1 min 00 s",
        "▸ train training",
        "✓ train 1 min 00 s",
        "▸ serve provisioned throughput · Creating",
        "✓ serve 1 min 00 s provisioned throughput",
    ]


def test_step_and_loss_are_told_while_the_job_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "live_loss", lambda _, job: f"{job}: step 3 of 9 · loss 1.500")
    training = fakes.run_item(phases=TRAIN, phase="train", job_name="job-1")
    watch, out = watcher(training, fakes.run_item(**END))
    watch.follow(run_from_item(training))
    assert "training · job-1: step 3 of 9 · loss 1.500" in out.getvalue()


def test_json_has_an_object_for_each_change() -> None:
    watch, out = watcher(fakes.run_item(**END), as_json=True)
    watch.follow(run_from_item(fakes.run_item(phases=INTAKE)))
    assert [json.loads(line)["status"] for line in out.getvalue().splitlines()] == ["RUNNING", "PROMOTED"]


def test_a_job_that_is_not_there_yet_is_waited_for() -> None:
    watch, out = watcher(fakes.run_item(phases=TRAIN, phase="train"), fakes.run_item(**END))

    def absent(**_: Any) -> None:
        raise fakes.FakeClient.exceptions.ResourceNotFoundException

    watch.here.client("bedrock").get_model_customization_job = absent
    watch.follow(run_from_item(fakes.run_item(phases=INTAKE)))
    assert "waiting for a place in the queue" in out.getvalue()


def test_a_dead_execution_is_not_waited_for_for_ever() -> None:
    watch, _ = watcher(fakes.run_item(), execution="ABORTED")
    with pytest.raises(CommandError, match="ended as ABORTED") as caught:
        watch.follow(run_from_item(fakes.run_item()))
    assert caught.value.code == NO
    assert watch.clock() > CLOSING_SECONDS


def test_a_ledger_that_learns_of_the_death_in_time_is_believed() -> None:
    failed = fakes.run_item(status="FAILED", finished_at="2026-11-24T10:03:00Z")
    watch, _ = watcher(fakes.run_item(), failed, execution="ABORTED")
    assert watch.follow(run_from_item(fakes.run_item())).status == "FAILED"
