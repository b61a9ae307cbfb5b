"""Lambda entry of ``watch_champions``: a schedule's event → {watched, rolled_back, told}."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from finetune_aws.environment import Environment
from finetune_aws.telemetry import function
from watch_champions.watch import Watchman


@function("watch_champions")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Look at every champion under watch once; raises the first service error after all were looked at."""
    return Watchman(Environment(), datetime.now(UTC)).look_around()
