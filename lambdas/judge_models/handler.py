"""Lambda entry of ``judge_models``: {plan, validation, training, endpoint, answers, …} → verdict."""

from __future__ import annotations

from typing import Any

from finetune_aws.telemetry import function
from finetune_core.contracts import AnswerSet, Champion, Endpoint, Plan, Training, Validation, read, write
from finetune_core.judges import Judged, Judgement
from judge_models.judging import judge


@function("judge_models")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Return PROMOTE, HOLD or REJECT with its reasons; raises EvaluationFailed."""
    where = "judge_models"
    judgement = event.get("judgement")
    verdict = judge(
        plan=read(event["plan"], Plan, where=where),
        validation=read(event["validation"], Validation, where=where),
        training=read(event["training"], Training, where=where),
        endpoint=read(event["endpoint"], Endpoint, where=where),
        champion=read(event.get("champion") or {}, Champion, where=where),
        answers=[read(answer, AnswerSet, where=where) for answer in event["answers"] or []],
        judgement=read(judgement, Judgement, where=where) if judgement else None,
        judged=[read(each, Judged, where=where) for each in event.get("judged") or []],
    )
    return write(verdict)
