"""Lambda entry of ``read_training``: {plan, validation} → Training."""

from __future__ import annotations

from typing import Any

from finetune_aws.telemetry import function
from finetune_core.contracts import Plan, Validation, read, write
from read_training.job import read_job


@function("read_training")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Return what the job left behind; raises TrainingFailed."""
    plan = read(event["plan"], Plan, where="read_training: plan")
    validation = read(event["validation"], Validation, where="read_training: validation")
    return write(read_job(plan, validation.tokens))
