from __future__ import annotations

import pytest

from finetune_cli.ledger import Run, run_from_item
from finetune_cli.progress import (
    Live,
    arrow,
    changes,
    describe,
    failure_message,
    money,
    training_stage,
)

from . import fakes

PHASES = [
    (name, f"2026-11-24T10:0{at}:00Z")
    for at, name in enumerate(
        ["intake", "preflight", "validate", "price", "train", "serve", "evaluate", "promote"]
    )
]


def finished(**changed):
    fields = {
        "phases": PHASES,
        "status": "PROMOTED",
        "finished_at": "2026-11-24T10:09:00Z",
        "endpoint_kind": "provisioned_throughput",
        **fakes.FINISHED,
        **changed,
    }
    return run_from_item(fakes.run_item(**fields))


def test_every_phase_has_a_time_and_a_word() -> None:
    steps = {step.name: step for step in describe(finished())}
    assert [step.seconds for step in steps.values()] == [60.0] * 7 + [120.0]
    assert {step.state for step in steps.values()} == {"done"}
    assert steps["preflight"].detail == "Nova Micro (FINE_TUNING)"
    assert steps["validate"].detail == "90 train, 10 validation, 20 evaluation · about 1,000 tokens an epoch"
    assert steps["price"].detail == "$12.30 ($10.00 to $15.00)"
    assert steps["train"].detail == "40 steps · loss 3.21 → 1.05"
    assert steps["serve"].detail == "provisioned throughput"
    assert steps["evaluate"].detail == "PROMOTE: better"
    assert steps["promote"].detail == ""


def test_a_phase_that_is_written_down_twice_is_one() -> None:
    phases = [*PHASES[:6], ("serve", "2026-11-24T10:05:30Z"), *PHASES[6:]]
    steps = describe(finished(phases=phases))
    assert [(step.name, step.seconds) for step in steps[4:7]] == [
        ("train", 60),
        ("serve", 60),
        ("evaluate", 60),
    ]


def test_the_last_phase_of_a_failed_run_failed() -> None:
    run = run_from_item(
        fakes.run_item(phases=PHASES[:3], status="FAILED", finished_at="2026-11-24T10:02:30Z")
    )
    assert [(step.name, step.state) for step in describe(run)][-2:] == [
        ("preflight", "done"),
        ("validate", "failed"),
    ]


def test_a_training_run_shows_its_live_stage() -> None:
    run = run_from_item(fakes.run_item(phases=PHASES[:5], phase="train"))
    step = describe(run, Live(training="processing data"))[-1]
    assert (step.state, step.seconds, step.detail) == ("active", None, "processing data")


def test_an_endpoint_that_starts_shows_its_state() -> None:
    run = run_from_item(fakes.run_item(phases=PHASES[:6], phase="serve", endpoint_kind="on_demand"))
    assert describe(run, Live(endpoint_status="Creating"))[-1].detail == "on demand · Creating"


def test_waiting_for_a_person_says_how_to_answer() -> None:
    phases = [*PHASES[:4], ("approve", "2026-11-24T10:04:00Z")]
    item = fakes.run_item(phases=phases, phase="approve", task_token="t")
    step = describe(run_from_item(item))[-1]
    assert (step.state, step.detail) == ("waiting", "waits for a person: finetune approve haiku-0123456789ab")
    step = describe(run_from_item(item | {"answer_by": {"S": "2026-11-27T10:04:00+00:00"}}))[-1]
    said = "waits for a person until 2026-11-27T10:04:00: finetune approve haiku-0123456789ab"
    assert step.detail == said


@pytest.mark.parametrize(
    ("job", "stage"),
    [
        ({"status": "InProgress"}, "in the queue"),
        ({"statusDetails": {"validationDetails": {"status": "InProgress"}}}, "checking data"),
        (
            {
                "statusDetails": {
                    "validationDetails": {"status": "Completed"},
                    "dataProcessingDetails": {"status": "Completed"},
                    "trainingDetails": {"status": "InProgress"},
                }
            },
            "training",
        ),
        (
            {"status": "Stopping", "statusDetails": {"trainingDetails": {"status": "Stopping"}}},
            "job Stopping",
        ),
    ],
)
def test_stages_of_a_job(job, stage) -> None:
    assert training_stage(job) == stage


def test_only_news_is_a_line() -> None:
    before = describe(run_from_item(fakes.run_item(phases=PHASES[:1])))
    after = describe(run_from_item(fakes.run_item(phases=PHASES[:2])))
    assert [step.name for step in changes([], before)] == ["intake"]
    assert [step.name for step in changes(before, after)] == ["intake", "preflight"]
    assert changes(after, after) == []


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ({"message": "what it said"}, "what it said"),
        ({"Error": "X", "Cause": "why"}, "why"),
        ("plain", "plain"),
    ],
)
def test_why_a_run_failed(error, message) -> None:
    assert failure_message(run_from_item(fakes.run_item(status="FAILED", error=error))) == message


def test_a_held_run_gives_the_verdicts_reasons() -> None:
    assert failure_message(finished(status="HELD")) == "better"
    assert failure_message(finished()) == ""


def test_money_and_losses() -> None:
    assert [money(value) for value in (1234.5, 0.004, 0)] == ["$1,234.50", "$0.004", "$0.00"]
    assert arrow(None) == "not reported"


def queued(**turn: object) -> Run:
    defaults = {"state": "waiting", "since": "2026-11-24T10:00:00.000+00:00", "waits_for": ["a", "b"]}
    return Run("r", phases=(("price", "2026-11-24T09:59:00Z"),), results={"queue": defaults | turn})


def test_a_run_that_waits_its_turn_shows_its_place() -> None:
    (step,) = describe(queued(queue="jobs", place=2, of=3))
    assert (step.state, step.detail) == (
        "waiting",
        "waits since 2026-11-24T10:00:00 for a job: place 2 of 3, behind a, b",
    )


def test_a_run_that_waits_for_its_dataset_names_the_run_at_work() -> None:
    (step,) = describe(queued(queue="dataset", place=1, of=1, waits_for=["a"]))
    assert "until run a of the same dataset has ended" in step.detail


def test_a_run_whose_turn_has_come_waits_no_more() -> None:
    (step,) = describe(queued(queue="jobs", state="granted"))
    assert step.state == "active"
