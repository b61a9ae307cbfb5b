import pytest

from finetune_core.catalogue import MODELS, find_model
from finetune_core.contracts import TokenRange
from finetune_core.costs import Price
from finetune_core.model_rules import Model
from finetune_core.prices import estimate

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
