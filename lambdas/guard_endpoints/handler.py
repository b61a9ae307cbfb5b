"""Lambda entry of ``guard_endpoints``: a schedule's event → {deleted, warned, kept, closed, saved …}."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from finetune_aws.environment import Environment
from finetune_aws.telemetry import function
from guard_endpoints.guardian import Guardian


@function("guard_endpoints")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Look at everything once; raises the first service error after all others were looked at.

    ``time`` in the event (ISO, with zone) is the moment to judge by: the schedule gives its own.
    """
    given = event.get("time")
    now = datetime.fromisoformat(given) if given else datetime.now(UTC)
    return Guardian(Environment(), now).patrol()
