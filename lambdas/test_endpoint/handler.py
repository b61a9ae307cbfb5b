"""Lambda entry of ``test_endpoint``: {plan, endpoint, validation, preflight} → Smoke."""

from __future__ import annotations

from typing import Any

import msgspec

from finetune_aws.telemetry import function
from finetune_core.contracts import Endpoint, Plan, Preflight, Validation, read, write
from test_endpoint.smoke import ask_golden, ask_once


@function("test_endpoint")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Return the endpoint's answer to one request, after all golden prompts passed; raises ServingFailed."""
    plan = read(event["plan"], Plan, where="test_endpoint: plan")
    endpoint = read(event["endpoint"], Endpoint, where="test_endpoint: endpoint")
    validation = read(event["validation"], Validation, where="test_endpoint: validation")
    preflight = read(event["preflight"], Preflight, where="test_endpoint: preflight")
    smoke = ask_once(endpoint, preflight, validation.evaluation)
    passed = ask_golden(endpoint, plan.settings.golden_prompts)
    return write(msgspec.structs.replace(smoke, golden=passed))
