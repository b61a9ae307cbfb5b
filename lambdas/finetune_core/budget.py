"""Prices a run from its settings and its validated dataset, and holds the price against its ceilings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from finetune_core import catalogue, prices, rewards
from finetune_core.contracts import Preflight, RunSettings, Validation
from finetune_core.costs import MonthSpend, Price, WayPrice
from finetune_core.errors import DatasetInvalid, OverBudget
from finetune_core.prices_data import PriceRow
from finetune_core.rollouts import Way
from finetune_core.unlisted import row_of

DEFAULT_EPOCHS: Final = 5
"""Epochs assumed when the service chooses them itself ("Auto"): the highest documented default."""


WAYS: Final[dict[Way, str]] = {
    "blue_green": "the champion answers until the verdict, and its endpoint goes on beside the candidate's",
    "in_place": "one endpoint, but users get the candidate while it is judged",
}
"""What each way of rolling out means for money and users."""


def price_run(
    settings: RunSettings, preflight: Preflight, validation: Validation, live: prices.Live | None = None
) -> Price:
    """Return the price of a run as a range, by live prices where there are any.

    With a champion that has an endpoint, both ways of rolling out are priced.

    Raises:
        DatasetInvalid: a judge is asked for, and no prompt is held out for it: known only now, and still
            before anything is spent.
    """
    if settings.gate.judge and not validation.evaluation.records:
        raise DatasetInvalid(
            "gate.judge has nothing to read: the dataset has no held-out prompts",
            where="gate.judge, evaluation_records",
            remedy="Set evaluation_records above 0, drop an evaluation.jsonl, or leave gate.judge out.",
        )
    found = _price(settings, preflight, validation, live, preflight.rollout.way)
    if not preflight.rollout.endpoint:
        return found
    priced = {way: _price(settings, preflight, validation, live, way) for way in WAYS}
    ways = [
        WayPrice(way=way, low=each.low, expected=each.expected, high=each.high, note=WAYS[way])
        for way, each in priced.items()
    ]
    return msgspec.structs.replace(found, ways=ways)


def _price(
    settings: RunSettings, preflight: Preflight, validation: Validation, live: prices.Live | None, way: Way
) -> Price:
    return prices.estimate(
        row_of(preflight),
        validation.tokens,
        epochs=epochs(preflight.hyperparameters),
        records=validation.counts.train,
        serving=preflight.serving,
        units=settings.model_units,
        hours=settings.time_to_live_hours,
        commitment=settings.commitment,
        beside_units=preflight.rollout.beside_units if way == "blue_green" else 0,
        watch_hours=settings.watch.hours,
        evaluation_calls=0 if preflight.serving == "none" else validation.evaluation.records,
        champion_on_demand=":custom-model-deployment/" in preflight.rollout.endpoint,
        teacher=_row(preflight.teacher.model) if preflight.teacher else None,
        judging=_judging(settings, preflight),
        by_hours=preflight.customization_type == rewards.KIND,
        ceiling=settings.budget_usd,
        live=live or prices.Live(),
    )


def _row(model_id: str) -> PriceRow:
    """Return the dated prices of a teacher or judge; all are unknown for one that the catalogue lacks."""
    model = catalogue.find_model(model_id)
    return prices.row_for(model, prices.Live()) if model else PriceRow()


def _judging(settings: RunSettings, preflight: Preflight) -> prices.Judging | None:
    """Return what a judge will be asked; a champion's answers are expected where it has an endpoint."""
    judge = settings.gate.judge
    if judge is None:
        return None
    expected = 3 if preflight.rollout.endpoint else 2
    return prices.Judging(row=_row(judge.model), metrics=len(judge.metrics), contestants=(2, expected, 3))


def check_ceilings(price: Price, settings: RunSettings, month: MonthSpend | None) -> Price:
    """Return the price with its month; above a ceiling, with why people have to be asked.

    Raises:
        OverBudget: above a ceiling, and the settings refuse such runs; the text names the largest items.
    """
    over = list(_above(price, month))
    if over and settings.over_budget == "refuse":
        largest = sorted(price.items, key=lambda item: -item.expected)[:2]
        named = ", ".join(f"{item.name} ${item.expected:,.2f}" for item in largest)
        raise OverBudget(
            f"the run would cost about ${price.expected:,.2f} (${price.low:,.2f} to ${price.high:,.2f}), "
            f"{' and '.join(over)}; most of it: {named}",
            where="budget_usd, monthly_ceiling_usd",
            remedy="Raise the ceiling, lower time_to_live_hours, model_units or epochCount, serve on demand, "
            'or let people decide: "over_budget": "ask".',
        )
    return msgspec.structs.replace(price, month=month, over=" and ".join(over))


def _above(price: Price, month: MonthSpend | None) -> Iterator[str]:
    if price.ceiling is not None and price.expected > price.ceiling:
        yield f"above its ceiling of ${price.ceiling:,.2f}"
    if month is None or month.ceiling is None:
        return
    if month.spent + price.expected > month.ceiling:
        yield (
            f"above the month's ceiling of ${month.ceiling:,.2f}, of which {month.runs} other run(s) of "
            f"{month.month} take ${month.spent:,.2f}"
        )


def epochs(hyperparameters: dict[str, str]) -> int:
    """Return the passes over the data that a job is billed for."""
    text = hyperparameters.get("epochCount", "")
    return int(text) if text.isdigit() and int(text) > 0 else DEFAULT_EPOCHS
