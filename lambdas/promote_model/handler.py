"""Lambda entry of ``promote_model``: {plan, preflight, training, endpoint, evaluation} → Promotion."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from finetune_aws.environment import Environment
from finetune_aws.telemetry import function
from finetune_core.contracts import Endpoint, Plan, Preflight, Training, read, write
from finetune_core.verdicts import Evaluation
from promote_model.promotion import promote


@function("promote_model")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Return the pointer before and after; asking twice changes nothing."""
    where = "promote_model"
    promotion = promote(
        plan=read(event["plan"], Plan, where=where),
        preflight=read(event["preflight"], Preflight, where=where),
        training=read(event["training"], Training, where=where),
        endpoint=read(event["endpoint"], Endpoint, where=where),
        measured_ms=_measured_ms(read(event["evaluation"], Evaluation, where=where)),
        environment=Environment(),
        now=datetime.now(UTC),
    )
    return write(promotion)


def _measured_ms(evaluation: Evaluation) -> int:
    """Return the candidate's mean latency, 0 when no prompt was asked."""
    return evaluation.candidate.latency_ms if evaluation.candidate else 0
