"""What is said about loss curves: real shapes with noise, drawn from a seed."""

import math
import random

import pytest

from finetune_core.curve_judgement import Losses, block, judge

STEPS = 120


def noisy(level, seed: int = 1, noise: float = 0.05) -> list[tuple[int, float]]:
    draw = random.Random(seed)  # noqa: S311 - noise, no secret
    return [(step, level(step / STEPS) * (1 + draw.uniform(-noise, noise))) for step in range(1, STEPS + 1)]


def falling(share: float) -> float:
    return 0.8 + 2.2 * math.exp(-2.5 * share)


def codes(**losses) -> list[str]:
    return [finding.code for finding in judge(Losses(**losses))]


@pytest.mark.parametrize("seed", range(8))
def test_a_curve_that_falls_is_left_alone(seed: int) -> None:
    checks = [(step, falling(step / STEPS) + 0.1) for step in range(0, STEPS + 1, 20)]
    assert codes(training=noisy(falling, seed), validation=checks) == []


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "level",
    [
        lambda share: 2.0 + 3.0 * share,
        lambda share: 3.0 - 2.0 * min(share, 0.4) / 0.4 + 4.0 * max(0.0, share - 0.4),
        lambda share: falling(share) if share < 0.7 else 9.0,
    ],
)
def test_a_rising_loss_diverges_and_blocks(level, seed: int) -> None:
    found = judge(Losses(training=noisy(level, seed), hyperparameters={"learningRate": "0.0001"}))
    assert [finding.code for finding in found] == ["divergence"]
    assert "learningRate 3e-05 in place of 0.0001" in found[0].advice
    assert block(found, "divergence").outcome == "TrainingDiverged"
    assert block(found, "none").outcome == ""


def test_a_loss_that_is_no_number_diverges() -> None:
    found = judge(Losses(training=noisy(falling)[:40], lost_at=41))
    assert found[0].code == "divergence"
    assert "step 41" in found[0].what
    assert judge(Losses(lost_at=1))[0].code == "divergence"


def test_over_fitting_names_the_epoch_to_stop_at() -> None:
    checks = [(step, 1.0 + abs(step - 40) / 80) for step in range(0, STEPS + 1, 20)]
    losses = Losses(training=noisy(falling), validation=checks, hyperparameters={"epochCount": "3"})
    found = judge(losses)
    assert [finding.code for finding in found] == ["overfitting"]
    assert "epochCount 1 in place of 3" in found[0].advice
    assert block(found, "divergence").outcome == ""
    blocked = block(found, "overfitting")
    assert blocked.outcome == "TrainingOverfitted"
    assert "step 40" in blocked.message


def test_a_validation_loss_that_rises_a_little_is_no_over_fitting() -> None:
    checks = [(40, 1.0), (80, 0.98), (120, 1.02)]
    assert codes(training=noisy(falling), validation=checks) == []


def test_a_plateau_says_where_it_began() -> None:
    found = judge(Losses(training=noisy(lambda share: max(1.0, 3.0 - 10 * share), noise=0.002)))
    assert [finding.code for finding in found] == ["plateau"]
    assert "step 81 of 120" in found[0].what


def test_no_progress_is_told_apart_from_a_plateau() -> None:
    assert codes(training=noisy(lambda _: 2.0, noise=0.005)) == ["no_progress"]


def test_spikes_are_listed_by_step() -> None:
    curve = noisy(falling)
    for step in (50, 90):
        curve[step - 1] = (step, 8.0)
    found = judge(Losses(training=curve))
    assert [finding.code for finding in found] == ["spikes"]
    assert "2 spikes, at step 50, 90" in found[0].what


def test_short_and_missing_curves() -> None:
    assert codes(training=[(1, 3.0), (2, 4.0)]) == []
    assert codes() == ["no_curve"]
    assert block(judge(Losses()), "overfitting").outcome == ""


def test_a_loss_below_zero_is_not_called_diverged() -> None:
    """Ratios of negative levels turn round: an even curve would count as rising."""
    assert "divergence" not in codes(training=[(step, -0.2 - 0.0001 * step) for step in range(40)])
