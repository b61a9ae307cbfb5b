"""What the platform's settings let no ``run.json`` loosen: the ceiling of a run, and who is asked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from finetune_core.contracts import RunSettings


class Limits(msgspec.Struct, kw_only=True, frozen=True):
    """The most that a run may spend and do, and the least that it has to ask, as in ``config/limits.py``."""

    budget_usd: float | None = None
    approval: Literal["never", "always", "above"] = "never"
    approve_above_usd: float | None = None
    over_budget: Literal["refuse", "ask"] = "ask"
    reward_code: bool = False


UNLIMITED: Final = Limits()


def broken(settings: RunSettings, limits: Limits) -> Iterator[tuple[str, str]]:
    """Yield (what, remedy) for everything in which a run is looser than the limits."""
    most, wanted = limits.budget_usd, settings.budget_usd
    if most is not None and (wanted is None or wanted > most):
        told = "no ceiling" if wanted is None else f"{wanted:,.2f}"
        yield f"budget_usd is {told}, above the environment's {most:,.2f}", f"Give at most {most:g}."
    if _asks_from(settings) > _asks_from(limits):
        floor = _words(limits)
        yield f"approval is {_words(settings)}, and the environment's is {floor}", f"Ask {floor} or sooner."
    if settings.over_budget == "ask" and limits.over_budget == "refuse":
        yield 'over_budget is "ask", and the environment refuses such runs', 'Leave over_budget at "refuse".'


def _asks_from(rule: RunSettings | Limits) -> float:
    """Return the price from which people are asked: 0 always, infinity never."""
    if rule.approval == "always":
        return 0.0
    if rule.approval == "above" and rule.approve_above_usd is not None:
        return rule.approve_above_usd
    return math.inf


def _words(rule: RunSettings | Limits) -> str:
    return f"above {rule.approve_above_usd:,.2f}" if rule.approval == "above" else f"{rule.approval}"
