"""Estimate against actual: what a run knows of its own quantities, at the rates of its estimate."""

from typing import Any

import msgspec
import pytest

from finetune_core.actuals import Actual, actual_costs
from finetune_core.catalogue import find_model
from finetune_core.contracts import TokenRange
from finetune_core.prices import Judging, estimate
from finetune_core.prices_data import PRICES

MODEL = find_model("amazon.nova-2-lite-v1:0:256k")
AT = "2026-11-24T10:00:00.000Z"


def report(*phases: str, **facts: Any) -> dict[str, Any]:
    assert MODEL is not None
    tokens = TokenRange(low=80_000, expected=100_000, high=150_000)
    price = estimate(
        MODEL,
        tokens,
        epochs=2,
        records=500,
        serving="provisioned_throughput",
        units=2,
        hours=24,
        evaluation_calls=50,
        judging=Judging(row=PRICES["NovaPro"], metrics=2, contestants=(2, 2, 3)),
    )
    return {
        "status": "FAILED",
        "price": msgspec.to_builtins(price),
        "plan": {"settings": {"model_units": 2}},
        "phases": [{"phase": phase, "at": AT} for phase in phases],
        "finished_at": "2026-11-24T11:30:00.000Z",
    } | facts


def cost(found: Actual | None, name: str) -> float:
    assert found is not None
    return next(item.actual for item in found.items if item.name == name)


def test_a_run_that_was_never_priced_has_no_actual_cost() -> None:
    assert actual_costs({"price": None}) is None


def test_a_run_that_ended_before_training_cost_nothing() -> None:
    found = actual_costs(report("intake", "price"))
    assert found is not None
    assert found.total == 0


def test_billed_tokens_and_endpoint_hours_are_what_is_paid() -> None:
    found = actual_costs(
        report(
            "train",
            "serve",
            "evaluate",
            status="PROMOTED",
            training={"trained_tokens": 240_000, "tokens_from": "estimated: x"},
            endpoint={"kind": "provisioned_throughput"},
            evaluation={"records": 40},
        )
    )
    assert cost(found, "Training") == pytest.approx(240 * 0.00378)
    assert cost(found, "Provisioned Throughput") == pytest.approx(1.5 * 2 * 60.50)
    assert cost(found, "Custom model storage") == 1.95
    assert found is not None
    assert found.open
    assert found.hourly == 121.0
    assert found.total == pytest.approx(sum(item.actual for item in found.items))


def test_unknown_billed_tokens_stand_as_estimated_and_say_so() -> None:
    found = actual_costs(report("train", training={"trained_tokens": None}))
    assert cost(found, "Training") == pytest.approx(200 * 0.00378)
    assert found is not None
    assert "as estimated" in found.items[0].note


@pytest.mark.parametrize(("status", "kept"), [("HELD", 1.95), ("REJECTED", 0.0)])
def test_storage_is_paid_for_a_model_that_is_kept(status: str, kept: float) -> None:
    found = actual_costs(
        report("train", status=status, training={"trained_tokens": 1000, "tokens_from": "estimated: x"})
    )
    assert cost(found, "Custom model storage") == kept


def test_a_job_without_a_model_counts_as_estimated_at_most() -> None:
    assert cost(actual_costs(report("train")), "Training") == pytest.approx(200 * 0.00378)


def test_a_reinforcement_pays_for_the_hours_of_its_job() -> None:
    assert MODEL is not None
    tokens = TokenRange(low=1, expected=1, high=1)
    price = estimate(MODEL, tokens, epochs=2, records=500, serving="none", by_hours=True)
    facts = report("train", training={"seconds": 7200.0}, price=msgspec.to_builtins(price))
    assert cost(actual_costs(facts), "Training") == pytest.approx(2 * 60.50)
    assert cost(actual_costs(facts | {"training": None}), "Training") == pytest.approx(4 * 60.50)
    assert cost(actual_costs(facts | {"phases": []}), "Training") == 0


@pytest.mark.parametrize(("score", "answers"), [(None, 0), ({"failed": 0}, 50)])
def test_a_champion_costs_answers_only_if_it_was_asked(score: Any, answers: int) -> None:
    assert MODEL is not None
    tokens = TokenRange(low=80_000, expected=100_000, high=150_000)
    asked = {"serving": "on_demand", "evaluation_calls": 50, "champion_on_demand": True}
    price = msgspec.to_builtins(estimate(MODEL, tokens, epochs=2, records=500, **asked))
    evaluation = {"records": 50, "champion": score}
    found = actual_costs(report("train", "serve", "evaluate", price=price, evaluation=evaluation))
    rate = next(item["rate"] for item in price["items"] if item["name"] == "Evaluation, champion")
    assert cost(found, "Evaluation, champion") == pytest.approx(answers * rate, abs=1e-4)


def test_a_judge_costs_the_calls_that_it_was_asked_for() -> None:
    judged = {"records": 50, "judge": {"calls": 120}}
    expected = next(each for each in actual_costs(report("evaluate")).items if each.name == "Judge")  # type: ignore[union-attr]
    assert cost(actual_costs(report("evaluate")), "Judge") == pytest.approx(expected.expected, abs=1e-3)
    found = actual_costs(report("evaluate", evaluation=judged))
    assert cost(found, "Judge") == pytest.approx(expected.expected * 120 / 200, abs=1e-3)
    assert cost(actual_costs(report("train")), "Judge") == 0
    assert cost(actual_costs(report("evaluate", evaluation={"records": 50})), "Judge") == 0
