"""Asks a reward function for the scores of answers, some at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from finetune_aws import functions
from finetune_core.errors import RewardInvalid
from finetune_core.grading import Answered, read_scores

BATCH: Final = 8
"""Answers of one call: long ones stay far below the 6 MB that a call may carry."""


def grade(arn: str, answers: Sequence[Answered]) -> dict[str, float]:
    """Return the scores by id.

    Raises:
        RewardInvalid: a call failed, or an answer breaks the contract; it names the record that is to blame.
    """
    found: dict[str, float] = {}
    for batch in _batches(answers):
        try:
            found |= _scores(arn, batch)
        except RewardInvalid as error:
            raise _blamed(arn, batch, error) from error
    return found


def grade_each(arn: str, answers: Sequence[Answered]) -> dict[str, float | str]:
    """Return the score of each answer by id, or in words why it has none."""
    found: dict[str, float | str] = {}
    for batch in _batches(answers):
        try:
            found |= _scores(arn, batch)
        except RewardInvalid:
            found |= {each.id: _alone(arn, each) for each in batch}
    return found


def _batches(answers: Sequence[Answered]) -> Iterator[Sequence[Answered]]:
    return (answers[start : start + BATCH] for start in range(0, len(answers), BATCH))


def _scores(arn: str, batch: Sequence[Answered]) -> dict[str, float]:
    return read_scores(functions.call(arn, [each.item() for each in batch]), batch, arn)


def _alone(arn: str, each: Answered) -> float | str:
    try:
        return _scores(arn, [each])[each.id]
    except RewardInvalid as error:
        return error.what


def _blamed(arn: str, batch: Sequence[Answered], error: RewardInvalid) -> RewardInvalid:
    """Return the error with the first record that fails by itself; the batch's own when none does."""
    for each in batch:
        told = _alone(arn, each)
        if isinstance(told, str):
            what = told if each.name in told else f"{told}; {each.name}, answer {each.answer[:80]!r}"
            return RewardInvalid(what, where=error.where, remedy=error.remedy)
    return error
