"""Statistics of paired differences: what a few records can and cannot show."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Final

RESAMPLES: Final = 2000
_SIGNIFICANCE: Final = 1.96
_POWER: Final = 0.8416
"""Normal quantiles of a two-sided level of 5 % and a power of 80 %."""


def bootstrap(differences: Sequence[float], seed: str, resamples: int = RESAMPLES) -> tuple[float, float]:
    """Return the 95 % percentile interval of the mean of paired differences.

    B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13. Seeded, so that the same
    answers always give the same verdict.
    """
    if len(set(differences)) == 1:
        return differences[0], differences[0]
    chance = random.Random(seed)  # noqa: S311 - statistics, no secret
    size = len(differences)
    means = sorted(fmean(chance.choices(differences, k=size)) for _ in range(resamples))
    return means[int(0.025 * resamples)], means[int(0.975 * resamples) - 1]


def needed_records(differences: Sequence[float], gain: float) -> int | None:
    """Return how many records would show a mean difference of ``gain`` with a power of 80 %.

    The usual formula for a paired comparison, (1.96 + 0.84)² · variance / gain², from the spread that these
    records have. None when there is no gain to look for or no spread to judge by.
    """
    if len(differences) < 2 or not gain:
        return None
    spread = stdev(differences)
    if not spread:
        return None
    return max(2, math.ceil(((_SIGNIFICANCE + _POWER) * spread / gain) ** 2))
