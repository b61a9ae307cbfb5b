"""Prices a run from its settings and its validated dataset, and holds the price against its ceilings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from finetune_core import prices
from finetune_core.contracts import Preflight, RunSettings, Validation
from finetune_core.costs import MonthSpend, Price
from finetune_core.errors import OverBudget
from finetune_core.unlisted import row_of

DEFAULT_EPOCHS: Final = 5
"""Epochs assumed when the service chooses them itself ("Auto"): the highest documented default."""


def price_run(
    settings: RunSettings, preflight: Preflight, validation: Validation, live: prices.Live | None = None
) -> Price:
    """Return the price of a run as a range, by live prices where there are any."""
    return prices.estimate(
        row_of(preflight),
        validation.tokens,
        epochs=epochs(preflight.hyperparameters),
        records=validation.counts.train,
        serving=preflight.serving,
        units=settings.model_units,
        hours=settings.time_to_live_hours,
        commitment=settings.commitment,
        evaluation_calls=0 if preflight.serving == "none" else validation.evaluation.records,
        ceiling=settings.budget_usd,
        live=live or prices.Live(),
    )


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
