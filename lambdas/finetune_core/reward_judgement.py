"""What the rewards of a finished reinforcement say: a fall, a collapse, no progress, with advice.

Higher is better, and rewards have no scale of their own (they may be 0 or below), so changes are held against
the noise between neighbouring steps and the range that the whole curve spans. Levels are medians over a tenth
of the curve, as for losses (``curve_judgement``). The thresholds are the project's own, on the cautious side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Final

from finetune_core.contracts import CurveFinding
from finetune_core.curve_judgement import FEWEST_STEPS, scaled_rate
from finetune_core.curves import Point

TRAINING_COLUMN: Final = "critic/rewards/mean"
VALIDATION_COLUMN: Final = "val-score/rewards/mean@1"
"""Names of the metrics: Bedrock user guide, rft-submit-job (read 2026-11-28). Its files are not described:
they are looked for where other jobs have their losses."""

NOISE: Final = 2.0
"""A change counts when it is this many times the usual step between neighbours ..."""
SHARE: Final = 0.25
"""... and this share of the range that the curve spans."""
LOST_SHARE: Final = 0.5
"""Collapse: this share of what had been gained is lost again."""


def judge(
    training: Sequence[Point], lost_at: int | None, hyperparameters: Mapping[str, str]
) -> list[CurveFinding]:
    """Return what the reward curve shows; nothing when there is nothing to say."""
    lower = scaled_rate(hyperparameters, 0.3) or "Lower the learning rate to about a third."
    if lost_at is not None:
        what = f"The reward broke off: at step {lost_at:,} it was no finite number."
        return [_finding("divergence", what, lower)]
    if not training:
        return [_finding("no_curve", "The job left no step-wise rewards to look at.", "")]
    found = _movement([value for _, value in training], hyperparameters, lower)
    return [found] if found else []


def _movement(values: Sequence[float], hyperparameters: Mapping[str, str], lower: str) -> CurveFinding | None:
    if max(values) == min(values):
        return _flat(values[0], len(values))
    if len(values) < FEWEST_STEPS:
        return None
    first, best, last = _levels(values)
    least = max(NOISE * _noise(values), SHARE * (max(values) - min(values)))
    if first - last > least:
        what = f"The reward fell: it began at {first:.4g} and ended at {last:.4g}."
        return _finding("divergence", what, f"{lower} Look at the answers that earn most.")
    if best - last > max(least, LOST_SHARE * (best - first)):
        what = f"The reward collapsed: it rose from {first:.4g} to {best:.4g} and ended at {last:.4g}."
        return _finding("divergence", what, f"{lower} Or train for fewer epochs.")
    if last - first <= least:
        what = f"The reward hardly moved: {first:.4g} at first, {last:.4g} at the end."
        higher = scaled_rate(hyperparameters, 3.0) or "Raise the learning rate, or give it more epochs."
        advice = f"{higher} Or reward answers that are half right in part: nothing grows from 0."
        return _finding("no_progress", what, advice)
    return None


def _flat(value: float, steps: int) -> CurveFinding:
    what = f"The reward was {value:.4g} at each of {steps:,} steps: nothing could be learned from it."
    advice = "Let the reward function tell better answers from worse ones."
    return _finding("no_progress", what, advice)


def _noise(values: Sequence[float]) -> float:
    return median(abs(after - before) for before, after in pairwise(values))


def _levels(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the curve's level at first, at its best, and at last."""
    width = max(3, len(values) // 10)
    windows = [median(values[at : at + width]) for at in range(len(values) - width + 1)]
    return windows[0], max(windows), windows[-1]


def _finding(code: str, what: str, advice: str) -> CurveFinding:
    return CurveFinding(code=code, what=what, advice=advice)  # type: ignore[arg-type]
