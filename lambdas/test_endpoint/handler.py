"""Lambda entry of ``test_endpoint``: {plan, endpoint, validation, preflight} → Smoke."""

from __future__ import annotations

from typing import Any

from finetune_aws.telemetry import function
from finetune_core.contracts import Endpoint, Preflight, Validation, read, write
from test_endpoint.smoke import ask_once


@function("test_endpoint")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Return the endpoint's answer to one request; raises ServingFailed."""
    endpoint = read(event["endpoint"], Endpoint, where="test_endpoint: endpoint")
    validation = read(event["validation"], Validation, where="test_endpoint: validation")
    preflight = read(event["preflight"], Preflight, where="test_endpoint: preflight")
    return write(ask_once(endpoint, preflight, validation.evaluation))
