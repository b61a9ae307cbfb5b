"""Judges answers by the reward function that the model was trained with.

Rewards have no scale of their own. Between 0 and 1 they are taken as they are; else the range from the lowest
to the highest reward of this round, 0 and 1 always within it, is laid over 0..1 for all contestants alike. A
call that failed, and an answer that could not be graded, counts as the lowest.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean
from typing import Final, NamedTuple

import msgspec

from finetune_core import evaluation
from finetune_core.contracts import RunSettings
from finetune_core.errors import EvaluationFailed
from finetune_core.evaluation import CHOSEN, Answer, Answers, Measured, Round, contestants
from finetune_core.rewards import METRIC
from finetune_core.task_metrics import WORDS
from finetune_core.verdicts import Contestant, Score

_WHY: Final = "it is what the model was trained for"


class Scale(NamedTuple):
    """The rewards that become 0 and 1."""

    low: float
    high: float

    def value(self, answer: Answer) -> float:
        """Return an answer's reward between 0 and 1."""
        if answer.answer is None or answer.reward is None:
            return 0.0
        return (answer.reward - self.low) / (self.high - self.low)


def measure(asked: Round, settings: RunSettings) -> Measured:
    """Return what is to be compared; the metrics of texts stand beside the reward.

    Raises:
        EvaluationFailed: answers are missing, or not one could be graded.
    """
    if settings.gate.metric not in ("auto", METRIC):
        return evaluation.measure(asked, settings)
    everyone = contestants(asked)
    scale = _scale(everyone)
    values = {
        name: {record: scale.value(answers[record]) for record in asked.references}
        for name, answers in everyone.items()
    }
    why = CHOSEN if settings.gate.metric == METRIC else _WHY
    return Measured(
        metric=METRIC,
        words=WORDS[METRIC],
        why=f"{why}{_rescaled(scale)}{_ungraded(everyone)}",
        scores={
            name: _score(asked.references, answers, fmean(values[name].values()))
            for name, answers in everyone.items()
        },
        values=values,
    )


def _scale(everyone: Mapping[Contestant, Answers]) -> Scale:
    all_answers = [answer for answers in everyone.values() for answer in answers.values()]
    found = [answer.reward for answer in all_answers if answer.reward is not None]
    if not found:
        errors = {answer.reward_error or answer.error for answer in all_answers}
        raise EvaluationFailed(
            f"the reward function graded none of {len(all_answers)} answers",
            where="; ".join(sorted(error for error in errors if error)[:2]),
            remedy='Repair the reward function and drop the data again, or set gate.metric to "exact_match".',
        )
    return Scale(min(0.0, *found), max(1.0, *found))


def _rescaled(scale: Scale) -> str:
    if scale == Scale(0.0, 1.0):
        return ""
    return f"; rewards from {scale.low:.4g} to {scale.high:.4g} were brought into 0 to 1"


def _ungraded(everyone: Mapping[Contestant, Answers]) -> str:
    count = sum(
        answer.answer is not None and answer.reward is None
        for answers in everyone.values()
        for answer in answers.values()
    )
    return f"; {count:,} answers could not be graded and count as 0" if count else ""


def _score(references: Mapping[int, str], answers: Answers, reward: float) -> Score:
    """Return the metrics of texts over the records with a reference answer, and the reward over all."""
    known = {record: text for record, text in references.items() if text}
    texts = evaluation.score(known, answers) if known else Score(failed=0, records=0)
    every = evaluation.calls(references, answers)
    return msgspec.structs.replace(
        texts, failed=every.failed, records=every.records, latency_ms=every.latency_ms, reward=reward
    )
