"""Prices a run from its settings and its validated dataset, and holds the price against its ceiling."""

from __future__ import annotations

from typing import Final

from finetune_core import prices
from finetune_core.contracts import Preflight, Price, RunSettings, Validation
from finetune_core.errors import OverBudget
from finetune_core.unlisted import row_of

DEFAULT_EPOCHS: Final = 5
"""Epochs assumed when the service chooses them itself ("Auto"): the highest documented default."""


def price_run(settings: RunSettings, preflight: Preflight, validation: Validation) -> Price:
    """Return the price of a run as a range.

    Raises:
        OverBudget: the expected price is above the run's ceiling; the text names the largest items.
    """
    price = prices.estimate(
        row_of(preflight),
        validation.tokens,
        epochs=epochs(preflight.hyperparameters),
        records=validation.counts.train,
        serving=preflight.serving,
        units=settings.model_units,
        hours=settings.time_to_live_hours,
        evaluation_calls=0 if preflight.serving == "none" else validation.evaluation.records,
        ceiling=settings.budget_usd,
    )
    if price.ceiling is not None and price.expected > price.ceiling:
        largest = sorted(price.items, key=lambda item: -item.expected)[:2]
        named = ", ".join(f"{item.name} ${item.expected:,.2f}" for item in largest)
        raise OverBudget(
            f"the run would cost about ${price.expected:,.2f} (${price.low:,.2f} to ${price.high:,.2f}), "
            f"above its ceiling of ${price.ceiling:,.2f}; most of it: {named}",
            where="budget_usd",
            remedy="Raise budget_usd, lower time_to_live_hours, model_units or epochCount, "
            "or serve on demand.",
        )
    return price


def epochs(hyperparameters: dict[str, str]) -> int:
    """Return the passes over the data that a job is billed for."""
    text = hyperparameters.get("epochCount", "")
    return int(text) if text.isdigit() and int(text) > 0 else DEFAULT_EPOCHS
