"""Lambda entry of ``prepare_judgement``: {plan, validation, champion, answers} → Judgement."""

from __future__ import annotations

from typing import Any

from finetune_aws.telemetry import function
from finetune_core.contracts import AnswerSet, Champion, Plan, Validation, read, write
from prepare_judgement.datasets import prepare


@function("prepare_judgement")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Return the evaluation jobs to start; raises EvaluationFailed when there is nothing to judge."""
    where = "prepare_judgement"
    judgement = prepare(
        plan=read(event["plan"], Plan, where=where),
        validation=read(event["validation"], Validation, where=where),
        champion=read(event.get("champion") or {}, Champion, where=where),
        answers=[read(answer, AnswerSet, where=where) for answer in event["answers"] or []],
    )
    return write(judgement)
