"""What the loss curves of a finished job say: divergence, over-fitting, plateau, spikes, with advice.

Thresholds are relative to the curve's own level, since losses of different models are not comparable. They
are the project's own choice, on the cautious side: noise of small batches must not look like divergence.
Levels are medians over a tenth of the curve, so that one odd step decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final, Literal

from msgspec import Struct, field

from finetune_core.contracts import Blocked, CurveFinding
from finetune_core.curves import Point

Gate = Literal["none", "divergence", "overfitting"]

FEWEST_STEPS: Final = 8
"""Below this a training curve is not judged; a validation curve needs ``FEWEST_CHECKS``."""
FEWEST_CHECKS: Final = 3
RISE: Final = 1.1
"""Diverged: the end is this many times the beginning, ..."""
LOST_SHARE: Final = 0.5
"""... or this share of what had been gained is lost again, and the end is ``RISE`` times the best."""
OVERFITTED: Final = 1.1
"""Over-fitted: validation loss at the end over its best value, while the training loss went on falling."""
PLATEAU_SHARE: Final = 0.02
"""Plateau: the last third brought less than this share of the whole gain."""
NO_PROGRESS_SHARE: Final = 0.03
"""No progress: the whole gain is less than this share of the first level."""
SPIKE: Final = 1.5
"""Spike: a step's loss over the median of its neighbours (and 6 median deviations above it)."""
_NEIGHBOURS: Final = 5
_OUTCOMES: Final = {"divergence": "TrainingDiverged", "overfitting": "TrainingOverfitted"}


class Losses(Struct, frozen=True, kw_only=True):
    """Both curves of a job; ``lost_at`` is the first step whose training loss was no finite number."""

    training: Sequence[Point] = ()
    validation: Sequence[Point] = ()
    lost_at: int | None = None
    hyperparameters: Mapping[str, str] = field(default_factory=dict)


def judge(losses: Losses) -> list[CurveFinding]:
    """Return what the curves show, the gravest first; nothing when there is nothing to say."""
    if not losses.training and losses.lost_at is None:
        return [_finding("no_curve", "The job left no step-wise training loss to look at.", "")]
    diverged = _divergence(losses)
    if diverged:
        return [diverged]
    found = (_overfitting(losses), _no_progress(losses) or _plateau(losses), _spikes(losses))
    return [finding for finding in found if finding]


def block(findings: Sequence[CurveFinding], gate: Gate) -> Blocked:
    """Return whether, and under which outcome, these findings keep the model from being served."""
    codes = {"none": (), "divergence": ("divergence",), "overfitting": ("divergence", "overfitting")}[gate]
    for finding in findings:
        if finding.code in codes:
            message = f"{finding.what} The model is not served. What to do: {finding.advice}"
            return Blocked(outcome=_OUTCOMES[finding.code], message=message)
    return Blocked()


def _divergence(losses: Losses) -> CurveFinding | None:
    advice = f"{_lower_rate(losses)} Look for broken records if it happens again."
    if losses.lost_at is not None:
        what = f"The training loss diverged: at step {losses.lost_at:,} it was no finite number."
        return _finding("divergence", what, advice)
    if len(losses.training) < FEWEST_STEPS:
        return None
    first, best, last = _levels(losses.training)
    if best < 0:  # the thresholds are shares of a level, which say nothing about one below zero
        return None
    lost_again = last - best > LOST_SHARE * (first - best) and last > RISE * best
    if last <= RISE * first and not (lost_again and first > best):
        return None
    ends = f"it began at {first:.4g}, was {best:.4g} at best and ended at {last:.4g}"
    what = f"The training loss diverged: {ends}."
    return _finding("divergence", what, advice)


def _overfitting(losses: Losses) -> CurveFinding | None:
    checks = losses.validation
    if len(checks) < FEWEST_CHECKS:
        return None
    step, best = min(checks, key=lambda point: point[1])
    end, last = checks[-1]
    before = [loss for at, loss in losses.training if at <= step][-_NEIGHBOURS:]
    after = [loss for _, loss in losses.training][-_NEIGHBOURS:]
    still_falling = not before or not after or median(after) < median(before)
    if best <= 0 or last < OVERFITTED * best or not still_falling:
        return None
    what = (
        f"The model over-fits: its validation loss was {best:.4g} at step {step:,} "
        f"and {last:.4g} at the end, while the training loss went on falling."
    )
    return _finding(
        "overfitting", what, f"{_fewer_epochs(losses, step, end)} More, or more varied, records help."
    )


def _no_progress(losses: Losses) -> CurveFinding | None:
    if len(losses.training) < FEWEST_STEPS:
        return None
    first, _, last = _levels(losses.training)
    if first - last >= NO_PROGRESS_SHARE * first:
        return None
    what = f"The training loss hardly moved: {first:.4g} at first, {last:.4g} at the end."
    advice = f"{_higher_rate(losses)} Or the base model knows this already: look at its own answers."
    return _finding("no_progress", what, advice)


def _plateau(losses: Losses) -> CurveFinding | None:
    values = [loss for _, loss in losses.training]
    if len(values) < 3 * FEWEST_STEPS:
        return None
    first, _, last = _levels(losses.training)
    third = len(values) * 2 // 3
    then = median(values[third - len(values) // 10 : third])
    if first <= last or then - last >= PLATEAU_SHARE * (first - last):
        return None
    step, end = losses.training[third][0], losses.training[-1][0]
    what = f"The training loss stood still from about step {step:,} of {end:,} on, at {last:.4g}."
    return _finding("plateau", what, f"{_fewer_epochs(losses, step, end)} The rest was paid for nothing.")


def _spikes(losses: Losses) -> CurveFinding | None:
    values = [loss for _, loss in losses.training]
    if len(values) < 2 * _NEIGHBOURS + 1:
        return None
    # The steep fall at the very beginning has no spikes.
    places = range(_NEIGHBOURS, len(values))
    found = [losses.training[at][0] for at in places if _is_spike(values, at)]
    if not found:
        return None
    listed = ", ".join(f"{step:,}" for step in found[:5]) + (", …" if len(found) > 5 else "")
    what = f"The training loss has {len(found)} spike{'s' * (len(found) > 1)}, at step {listed}."
    advice = "Look for odd records (very long, other language, wrong answer); a larger batch evens them out."
    return _finding("spikes", what, advice)


def _is_spike(values: Sequence[float], at: int) -> bool:
    around = [*values[max(0, at - _NEIGHBOURS) : at], *values[at + 1 : at + 1 + _NEIGHBOURS]]
    level = median(around)
    deviation = median(abs(value - level) for value in around)
    return values[at] > max(SPIKE * level, level + 6 * deviation)


def _levels(points: Sequence[Point]) -> tuple[float, float, float]:
    """Return the curve's level at first, at its best, and at last."""
    values = [loss for _, loss in points]
    width = max(3, len(values) // 10)
    windows = [median(values[at : at + width]) for at in range(len(values) - width + 1)]
    return windows[0], min(windows), windows[-1]


def _lower_rate(losses: Losses) -> str:
    return scaled_rate(losses.hyperparameters, 0.3) or "Lower the learning rate to about a third."


def _higher_rate(losses: Losses) -> str:
    return (
        scaled_rate(losses.hyperparameters, 3.0)
        or "Raise the learning rate about threefold, or give it more epochs."
    )


def scaled_rate(hyperparameters: Mapping[str, str], factor: float) -> str:
    """Return the advice to train at ``factor`` times the learning rate, "" where the job was told none."""
    for name in ("learningRate", "learningRateMultiplier"):
        try:
            value = float(hyperparameters.get(name, ""))
        except ValueError:
            continue
        return f"Try {name} {value * factor:.2g} in place of {value:g} (within the model's range)."
    return ""


def _fewer_epochs(losses: Losses, step: int, end: int) -> str:
    text = losses.hyperparameters.get("epochCount", "")
    epochs = int(text) if text.isdigit() else 0
    wanted = max(1, math.ceil(step / max(1, end) * epochs))
    if wanted < epochs:
        return f"Try epochCount {wanted} in place of {epochs}."
    return "Train for fewer epochs, or on fewer repetitions of the same records."


def _finding(code: str, what: str, advice: str) -> CurveFinding:
    return CurveFinding(code=code, what=what, advice=advice)  # type: ignore[arg-type]
