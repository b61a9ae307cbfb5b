"""Lambda entry of ``guard_endpoints``: a schedule's event → {deleted, warned, kept, saved_usd_per_day}."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from finetune_aws.environment import Environment
from finetune_aws.telemetry import function
from guard_endpoints.guardian import Guardian


@function("guard_endpoints")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Look at every endpoint once; raises the first service error after all others were looked at."""
    return Guardian(Environment(), datetime.now(UTC)).patrol()
