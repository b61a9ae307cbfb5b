"""Price of a run: live or dated prices, the month's other runs, what differs from the run before."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from finetune_core.errors import OverBudget
from tests.unit.functions.aws import FakeAws, error
from tests.unit.functions.samples import DEPLOYMENT_ARN, RUN_ID, plan, preflight, price, settings, validation

Call = Callable[..., dict[str, Any]]
NOW = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def product(usage: str, dollars: str, unit: str = "1K tokens") -> str:
    dimension = {"unit": unit, "pricePerUnit": {"USD": dollars}}
    return json.dumps(
        {
            "product": {"attributes": {"usagetype": usage}},
            "terms": {"OnDemand": {"t": {"priceDimensions": {"d": dimension}}}},
            "publicationDate": "2026-11-20T00:00:00Z",
        }
    )


@pytest.fixture(autouse=True)
def _account(aws: FakeAws) -> None:
    aws.on("pricing:GetProducts", {"PriceList": [product("USE1-NovaMicro-Customization-Training", "0.002")]})
    aws.table.put_plain(f"run#{RUN_ID}", "run", run_id=RUN_ID, kind="run", status="RUNNING", started_at=NOW)


def ask(call: Call, **changed: Any) -> dict[str, Any]:
    event = {"plan": plan(settings=settings(**changed)), "preflight": preflight(), "validation": validation()}
    return call("estimate_price", event)


def other_run(aws: FakeAws, name: str, **values: Any) -> None:
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    defaults = {"run_id": name, "kind": "run", "status": "FAILED", "started_at": NOW, "dataset": "other"}
    aws.table.put_plain(f"run#{name}", "run", **(defaults | texts))


def training(found: dict[str, Any]) -> dict[str, Any]:
    return next(item for item in found["items"] if item["name"] == "Training")


def test_a_live_price_replaces_the_tables_and_the_source_says_which(aws: FakeAws, call: Call) -> None:
    found = ask(call)
    assert training(found)["expected"] == pytest.approx(10_000 * 2 / 1000 * 0.002)
    assert "Price List API (2026-11-20): training" in found["source"]
    assert "list prices at a reseller" in found["source"], "answers are priced by the dated table"
    (request,) = aws.made("pricing:GetProducts")
    assert "USE1-NovaMicro-Customization-Training" in request["Filters"][1]["Value"].split(",")


BARE = json.dumps({"product": {"attributes": {"usagetype": "USE1-NovaMicro-Customization-Training"}}})
UNDATED = product("USE1-NovaMicro-Customization-Training", "0.002").replace("publicationDate", "published")
WORDS = product("USE1-NovaMicro-Customization-Training", "on request")


@pytest.mark.parametrize(
    "answer",
    [
        error("ThrottlingException"),
        error("AccessDeniedException"),
        {},
        *({"PriceList": [text]} for text in ("no JSON", "[]", BARE, UNDATED, WORDS)),
    ],
    ids=str,
)
def test_without_a_live_price_the_dated_table_stands_in_and_the_source_says_so(
    aws: FakeAws, call: Call, answer: Any
) -> None:
    aws.on("pricing:GetProducts", answer)
    found = ask(call)
    assert training(found)["expected"] == pytest.approx(10_000 * 2 / 1000 * 0.001)
    assert "bills of training jobs" in found["source"]
    assert "the Price List API" in found["source"]


@pytest.mark.parametrize(
    ("unit", "dollars", "per_thousand"), [("1M tokens", "2.0", 0.002), ("furlongs", "9", 0.001)]
)
def test_prices_in_other_units_are_converted_or_left_out(
    aws: FakeAws, call: Call, unit: str, dollars: str, per_thousand: float
) -> None:
    products = [product("USE1-NovaMicro-Customization-Training", dollars, unit)]
    aws.on("pricing:GetProducts", {"PriceList": products})
    assert training(ask(call))["rate"] == pytest.approx(per_thousand)


def test_above_its_ceiling_the_run_is_refused_and_its_price_kept(aws: FakeAws, call: Call) -> None:
    with pytest.raises(OverBudget, match=r"above its ceiling of \$0\.01.*Provisioned Throughput"):
        ask(call, budget_usd=0.01)
    assert json.loads(aws.table.plain(f"run#{RUN_ID}", "run")["price"])["expected"] > 0


def test_above_its_ceiling_people_are_asked_if_the_settings_say_so(call: Call) -> None:
    assert "above its ceiling of $0.01" in ask(call, budget_usd=0.01, over_budget="ask")["over"]
    assert ask(call)["over"] == ""


def test_the_month_counts_open_runs_as_estimated_and_ended_ones_as_they_came_out(
    aws: FakeAws, call: Call
) -> None:
    other_run(aws, "open", status="RUNNING", price=price(expected=100.0))
    other_run(aws, "failed", price=price(expected=100.0), actual={"total": 3.0})
    other_run(aws, "serving", status="PROMOTED", price=price(expected=50.0), actual={"total": 20.0})
    other_run(aws, "refused", price=price(expected=900.0), actual={"total": 0.0})
    other_run(aws, "of-last-year", status="RUNNING", price=price(), started_at="2025-01-01T00:00:00Z")
    month = ask(call)["month"]
    assert (month["spent"], month["runs"]) == (153.0, 3)
    with pytest.raises(OverBudget, match=r"month's ceiling of \$160\.00.*3 other run\(s\).*\$153\.00"):
        ask(call, monthly_ceiling_usd=160.0, time_to_live_hours=1)


def test_what_differs_from_the_run_before_is_told(aws: FakeAws, call: Call) -> None:
    def pinned(run: str, version: str, size: int) -> None:
        file = {"role": "train", "bucket": "data-bucket", "key": "datasets/banking-qa/train.jsonl"}
        file |= {"version_id": version, "bytes": size, "etag": version}
        inputs = {"run_id": run, "dataset": "banking-qa", "collection": "datasets", "settings": settings()}
        body = json.dumps(inputs | {"files": [file]}).encode()
        aws.s3.put("artifacts-bucket", f"runs/{run}/inputs.json", body)

    pinned(RUN_ID, "v2", 2000)
    pinned("before", "v1", 1000)
    inputs = {"bucket": "artifacts-bucket", "key": "runs/before/inputs.json"}
    last = plan(run_id="before", settings=settings(model_units=2), inputs=inputs)
    counts = {"train": 80, "validation": 10, "evaluation": 6}
    other_run(
        aws,
        "before",
        dataset="banking-qa",
        outcome="Promoted",
        plan=last,
        validation=validation(counts=counts),
    )
    changes = ask(call)["changes"]
    assert changes == [
        "from run before (Promoted):",
        "model_units: 2 → 1",
        "train.jsonl: 1,000 → 2,000 bytes (version v2)",
        "train records: 80 → 90 (+10)",
    ]


def test_a_run_before_whose_list_of_files_is_gone_changes_no_price(aws: FakeAws, call: Call) -> None:
    inputs = {"bucket": "artifacts-bucket", "key": "runs/before/inputs.json"}
    last = plan(run_id="before", settings=settings(model_units=2), inputs=inputs)
    other_run(aws, "before", dataset="banking-qa", outcome="Promoted", plan=last, validation=validation())
    assert "model_units: 2 → 1" in ask(call)["changes"]


def test_a_run_of_another_release_changes_no_price(aws: FakeAws, call: Call) -> None:
    """What the ledger keeps of old runs may not fit today's shapes; the next one that fits is taken."""
    old = plan(run_id="old", settings=settings(rollout="canary"))
    other_run(aws, "old", dataset="banking-qa", outcome="Held", plan=old, validation=validation())
    assert "first run" in ask(call)["changes"][0]
    last = plan(run_id="before", settings=settings(model_units=2))
    older = {"started_at": "2026-01-01T00:00:00.000Z", "outcome": "Held", "validation": validation()}
    other_run(aws, "before", dataset="banking-qa", plan=last, **older)
    assert ask(call)["changes"][0] == "from run before (Held):"


def test_a_commitment_is_priced_for_its_whole_term(call: Call) -> None:
    term = {"commitment": "OneMonth", "commitment_confirmed": "OneMonth"}
    items = {item["name"]: item for item in ask(call, serving="provisioned_throughput", **term)["items"]}
    assert items["Commitment"]["quantity"] == 730
    assert items["Commitment"]["expected"] == pytest.approx(730 * 55.0)
    until_the_verdict = items["Provisioned Throughput"]
    assert (until_the_verdict["quantity"], until_the_verdict["rate"]) == (1, 60.5)


def test_a_champion_on_demand_is_priced_as_a_contestant(call: Call) -> None:
    rollout = {"way": "blue_green", "endpoint": DEPLOYMENT_ARN}
    event = {"plan": plan(settings=settings(budget_usd=None)), "validation": validation()}
    found = call("estimate_price", event | {"preflight": preflight(serving="on_demand", rollout=rollout)})
    names = [item["name"] for item in found["items"]]
    assert [name for name in names if name.startswith("Evaluation")] == [
        "Evaluation, base model",
        "Evaluation, candidate",
        "Evaluation, champion",
    ]
