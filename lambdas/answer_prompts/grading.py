"""Has the answers of a shard graded by the run's reward function."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from finetune_aws import grading
from finetune_core.evaluation import Answer
from finetune_core.grading import Answered
from finetune_core.prompts import Prompt
from finetune_core.questions import Question


def graded(arn: str, questions: Sequence[Question], answers: Sequence[Answer]) -> list[Answer]:
    """Return the answers with their rewards; where one could not be graded it says why.

    A reward function that is throttled or unreachable raises: the whole shard is tried again.
    """
    asked = [
        Answered(
            id=str(answer.record),
            grading=question.grading,
            answer=answer.answer,
            name=f"record {answer.record}",
        )
        for question, answer in zip(questions, answers, strict=True)
        if isinstance(question, Prompt) and question.grading is not None and answer.answer is not None
    ]
    found = grading.grade_each(arn, asked)
    return [_with(answer, found.get(str(answer.record))) for answer in answers]


def _with(answer: Answer, found: float | str | None) -> Answer:
    if isinstance(found, str):
        return replace(answer, reward_error=found)
    return replace(answer, reward=found)
