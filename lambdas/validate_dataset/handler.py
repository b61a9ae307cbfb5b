"""Lambda entry of ``validate_dataset``: {plan, preflight} → Validation."""

from __future__ import annotations

from typing import Any

from finetune_aws.telemetry import function
from finetune_core.contracts import Plan, Preflight, read, write
from validate_dataset.dataset import validate


@function("validate_dataset")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Return the dataset's figures and where its prepared parts lie; raises DatasetInvalid."""
    plan = read(event["plan"], Plan, where="validate_dataset: plan")
    preflight = read(event["preflight"], Preflight, where="validate_dataset: preflight")
    return write(validate(plan, preflight))
