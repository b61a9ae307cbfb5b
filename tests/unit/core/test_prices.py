import pytest

from finetune_core.budget import price_run
from finetune_core.catalogue import MODELS, find_model
from finetune_core.contracts import Counts, EvaluationSet, Preflight, RunSettings, TokenRange, Validation
from finetune_core.costs import Price
from finetune_core.errors import DatasetInvalid
from finetune_core.gate import Gate, Judge
from finetune_core.model_rules import Model
from finetune_core.prices import Judging, estimate
from finetune_core.prices_data import PRICES, PriceRow
from finetune_core.rollouts import Rollout

TOKENS = TokenRange(low=80_000, expected=100_000, high=150_000)


def price(name: str, **changes: object) -> Price:
    model = find_model(name)
    assert model is not None
    settings = {"epochs": 2, "records": 500, "serving": "none"} | changes
    return estimate(model, TOKENS, **settings)  # type: ignore[arg-type]


def item(found: Price, name: str) -> tuple[float, float, float]:
    row = next(row for row in found.items if row.name == name)
    return row.low, row.expected, row.high


def test_training_is_tokens_times_epochs_times_price() -> None:
    assert item(price("amazon.nova-micro-v1:0"), "Training") == (0.16, 0.2, 0.3)


def test_storage_is_always_in_it() -> None:
    assert item(price("amazon.nova-micro-v1:0"), "Custom model storage") == (1.95, 1.95, 1.95)


def test_an_endpoint_is_units_times_hours() -> None:
    found = price("amazon.nova-2-lite-v1:0", serving="provisioned_throughput", units=2, hours=3)
    assert item(found, "Provisioned Throughput") == (363.0, 363.0, 363.0)
    assert found.hourly == 121.0


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_an_unknown_price_is_a_wide_range_and_said(model: Model) -> None:
    found = estimate(
        model,
        TOKENS,
        epochs=1,
        records=500,
        serving="provisioned_throughput",
        hours=1,
        evaluation_calls=50,
    )
    for row in found.items:
        assert row.low >= 0
        assert row.expected > 0
        assert row.high >= row.expected >= row.low
        if "price unknown" in row.note:
            assert row.high > 1.5 * row.expected
    assert found.low == pytest.approx(sum(row.low for row in found.items), abs=1e-3)


def test_only_an_on_demand_candidate_pays_per_answer() -> None:
    deployed = price("amazon.nova-2-lite-v1:0", serving="on_demand", evaluation_calls=100)
    assert [row.name for row in deployed.items][-2:] == ["Evaluation, base model", "Evaluation, candidate"]
    provisioned = price("amazon.nova-2-lite-v1:0", serving="provisioned_throughput", evaluation_calls=100)
    assert [row.name for row in provisioned.items][-1] == "Evaluation, base model"


def test_the_ceiling_is_passed_on_for_the_decision() -> None:
    assert price("amazon.nova-micro-v1:0", ceiling=5.0).ceiling == 5.0


def test_a_champion_on_demand_pays_per_answer_too() -> None:
    asked = price(
        "amazon.nova-2-lite-v1:0", serving="on_demand", evaluation_calls=100, champion_on_demand=True
    )
    assert item(asked, "Evaluation, champion") == item(asked, "Evaluation, candidate")
    hourly = price("amazon.nova-2-lite-v1:0", serving="on_demand", evaluation_calls=100)
    assert "Evaluation, champion" not in {each.name for each in hourly.items}


def test_a_judge_reads_every_answer_once_per_metric() -> None:
    judging = Judging(row=PRICES["NovaPro"], metrics=3, contestants=(2, 2, 3))
    found = price("amazon.nova-micro-v1:0:128k", evaluation_calls=50, judging=judging)
    judge = next(each for each in found.items if each.name == "Judge")
    assert (judge.quantity, judge.unit) == (300, "calls")
    # Nova Pro: 700 of its own + 200 of the record + 256 of the answer at 0.0008, 200 at 0.0032 per 1,000
    assert judge.expected == pytest.approx(300 * (1156 * 0.0008 + 200 * 0.0032) / 1000, abs=1e-4)
    assert judge.low < judge.expected < judge.high
    assert "50 records x 2 contestants x 3 metrics" in judge.note
    without = price("amazon.nova-micro-v1:0:128k", judging=judging)
    assert "Judge" not in {each.name for each in without.items}, "nothing is asked without held-out prompts"


def test_a_judge_without_a_known_price_is_a_wide_range() -> None:
    judging = Judging(row=PriceRow(), metrics=1, contestants=(2, 2, 3))
    found = price("amazon.nova-micro-v1:0:128k", evaluation_calls=50, judging=judging)
    judge = next(each for each in found.items if each.name == "Judge")
    assert "price unknown" in judge.note
    assert judge.high > 20 * judge.low > 0


def judged_run(endpoint: str, records: int) -> Price:
    judge = Judge(model="amazon.nova-pro-v1:0", metrics=("Relevance",))
    run = RunSettings(base_model="m", gate=Gate(judge=judge))
    checked = Preflight(
        base_model_id="amazon.nova-micro-v1:0:128k",
        base_model_arn="a",
        base_model_name="n",
        invoke_id="i",
        customization_type="FINE_TUNING",
        record_format="converse",
        takes_validation=True,
        serving="on_demand",
        serving_reason="r",
        hyperparameters={},
        rollout=Rollout(endpoint=endpoint),
    )
    validation = Validation(
        format="converse",
        counts=Counts(train=100, validation=10, evaluation=10),
        faults={},
        tokens=TokenRange(low=1, expected=2, high=3),
        report_json="",
        report_html="",
        train_uri="",
        validation_uri=None,
        evaluation=EvaluationSet(bucket="", key="", records=records),
    )
    return price_run(run, checked, validation)


def test_a_judge_without_prompts_to_read_is_refused_before_anything_is_spent() -> None:
    with pytest.raises(DatasetInvalid, match="no held-out prompts") as refusal:
        judged_run("", 0)
    assert "evaluation_records" in refusal.value.remedy


@pytest.mark.parametrize(("endpoint", "calls"), [("", 20), ("arn:endpoint", 30)])
def test_a_runs_judge_is_priced_with_the_champion_where_one_answers(endpoint: str, calls: int) -> None:
    found = judged_run(endpoint, 10)
    assert next(each for each in found.items if each.name == "Judge").quantity == calls
