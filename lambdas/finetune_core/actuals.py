"""What a run has really cost, item by item beside its estimate: billed tokens, endpoint hours, calls. Pure.

The bill itself comes a day later and names no run, so these are the quantities that the run knows, at the
rates of its estimate. Where a quantity is not known, the estimate stands and the note says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from finetune_core.costs import MonthSpend, Price, PriceItem

Json = Mapping[str, Any]

_ENDED_WITHOUT_MODEL: Final = "the job left no model: Bedrock bills what was trained until then, at most this"


class ActualItem(msgspec.Struct, kw_only=True, frozen=True):
    """One item: what was expected and what it came to, US dollars."""

    name: str
    expected: float
    actual: float
    note: str


class Actual(msgspec.Struct, kw_only=True, frozen=True):
    """A finished run's cost so far. ``within`` tells whether it lies in the estimated range.

    ``open`` means that an endpoint goes on costing ``hourly`` dollars an hour.
    """

    currency: str
    total: float
    low: float
    expected: float
    high: float
    within: bool
    open: bool
    hourly: float
    items: list[ActualItem]


def actual_costs(report: Json) -> Actual | None:
    """Return what a run cost by the facts of its report; None for a run that was never priced."""
    if not report.get("price"):
        return None
    price = msgspec.convert(report["price"], Price)
    items = list(_items(price, report))
    total = round(sum(item.actual for item in items), 4)
    promoted = report.get("status") == "PROMOTED"
    serving = promoted and any(item.name == "Provisioned Throughput" for item in price.items)
    return Actual(
        currency=price.currency,
        total=total,
        low=price.low,
        expected=price.expected,
        high=price.high,
        within=price.low <= total <= price.high,
        open=serving,
        hourly=price.hourly if serving else 0.0,
        items=items,
    )


def _items(price: Price, report: Json) -> Iterator[ActualItem]:
    for item in price.items:
        if item.name == "Training":
            quantity, note = _training(item, report)
        elif item.name == "Custom model storage":
            kept = _kept(report)
            quantity, note = (item.quantity, "the model is kept") if kept else (0.0, "no model is kept")
        elif item.name in _OTHERS:
            quantity, note = _OTHERS[item.name](item, report)
        else:
            quantity, note = _calls(item, report)
        cost = round(quantity * item.rate, 4)
        yield ActualItem(name=item.name, expected=item.expected, actual=cost, note=note)


def _training(item: PriceItem, report: Json) -> tuple[float, str]:
    if not _reached(report, "train"):
        return 0.0, "no job was started"
    training = report.get("training")
    if not training:
        return item.quantity, _ENDED_WITHOUT_MODEL
    if item.unit == "hours":
        hours = training["seconds"] / 3600
        return hours, f"{hours:.2f} hours from the job's creation to its end"
    if training.get("trained_tokens") is not None:
        return training["trained_tokens"] / 1000, f"Bedrock tells no tokens; {training['tokens_from']}"
    return item.quantity, "Bedrock tells no tokens: as estimated"


def _kept(report: Json) -> bool:
    held = report.get("status") == "HELD" or bool(_settings(report).get("keep_model"))
    return bool(report.get("training")) and (report.get("status") == "PROMOTED" or held)


def _endpoint(item: PriceItem, report: Json) -> tuple[float, str]:
    began = _reached(report, "serve")
    endpoint = report.get("endpoint") or {}
    if not began or endpoint.get("kind", "none") == "none":
        return 0.0, "no endpoint was created"
    if _rollout(report).get("way") == "in_place":
        return 0.0, "swapped into the champion's endpoint, which is paid for anyway"
    asked = _asked_again(report)
    hours, units = _hours(began, report, until=asked), _settings(report).get("model_units", 1)
    ended = "it was released for a commitment" if asked else "the run ended"
    return hours * units, f"{hours:.2f} hours x {units} model unit(s) until {ended}"


def _commitment(item: PriceItem, report: Json) -> tuple[float, str]:
    bought = bool((report.get("endpoint") or {}).get("committed"))
    return (item.quantity, "the whole term of the commitment") if bought else (0.0, "not bought")


def _beside(item: PriceItem, report: Json) -> tuple[float, str]:
    """The champion's endpoint during the run; while the new one is watched it is the watch's."""
    began, units = _reached(report, "serve"), _rollout(report).get("beside_units", 0)
    if not began:
        return 0.0, "no second endpoint was created"
    hours, watch = _hours(began, report), 0.0
    if report.get("status") == "PROMOTED" and (report.get("promotion") or {}).get("watched_until"):
        watch = float((_settings(report).get("watch") or {}).get("hours", 0.0))
    return (hours + watch) * units, f"{hours:.2f} hours until the run ended + {watch:g} hours of watch"


def _judge(item: PriceItem, report: Json) -> tuple[float, str]:
    evaluation = report.get("evaluation")
    if not evaluation:
        reached = _reached(report, "evaluate")
        return (item.quantity, "at most: the evaluation broke off") if reached else (0.0, "not evaluated")
    calls = (evaluation.get("judge") or {}).get("calls", 0)
    return float(calls), f"at most {calls:,} calls at the expected tokens a call" if calls else "not asked"


_OTHERS: Final[Mapping[str, Callable[[PriceItem, Json], tuple[float, str]]]] = {
    "Provisioned Throughput": _endpoint,
    "Commitment": _commitment,
    "Champion's endpoint beside it": _beside,
    "Judge": _judge,
}
"""Items that are neither training, storage nor answers: what they came to."""


def _hours(began: str, report: Json, until: str = "") -> float:
    return (_time(until or report["finished_at"]) - _time(began)).total_seconds() / 3600


def _asked_again(report: Json) -> str:
    """Return when people were asked about the commitment, "" when they were not."""
    phases = [*(report.get("phases") or [])]
    names = [step["phase"] for step in phases]
    after = phases[names.index("serve") :] if "serve" in names else []
    return next((step["at"] for step in after if step["phase"] == "approve"), "")


def _settings(report: Json) -> Json:
    return (report.get("plan") or {}).get("settings") or {}


def _rollout(report: Json) -> Json:
    return (report.get("preflight") or {}).get("rollout") or {}


def _calls(item: PriceItem, report: Json) -> tuple[float, str]:
    evaluation = report.get("evaluation")
    if not evaluation:
        reached = _reached(report, "evaluate")
        return (item.quantity, "at most: the evaluation broke off") if reached else (0.0, "not evaluated")
    if item.name == "Evaluation, champion" and not evaluation.get("champion"):
        return 0.0, "the champion was not asked"
    return float(evaluation["records"]), f"{evaluation['records']:,} calls at the expected tokens a call"


def _reached(report: Json, phase: str) -> str:
    """Return when a phase began, "" if the run did not get there."""
    return next((step["at"] for step in report.get("phases") or [] if step["phase"] == phase), "")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


class RunCost(msgspec.Struct, kw_only=True, frozen=True):
    """What the ledger knows of one run's money; ``price`` and ``actual`` are totals in US dollars."""

    run_id: str
    status: str
    price: float | None = None
    actual: float | None = None


def month_spend(month: str, runs: list[RunCost], *, but: str, ceiling: float | None) -> MonthSpend:
    """Return what the runs of a month cost, `but` one: open runs as estimated, ended ones as they came out.

    A promoted run counts at least its estimate, whose serving hours are still to come.
    """
    costs = [_spent(run) for run in runs if run.run_id != but]
    return MonthSpend(
        month=month, spent=round(sum(costs), 4), runs=sum(cost > 0 for cost in costs), ceiling=ceiling
    )


def _spent(run: RunCost) -> float:
    if run.status == "RUNNING":
        return run.price or 0.0
    if run.status == "PROMOTED":
        return max(run.actual or 0.0, run.price or 0.0)
    return run.actual or 0.0
