"""Reads how a run ended from what the state machine knows."""

from __future__ import annotations

import hashlib
from typing import Any

from finetune_aws.finishing import RESULTS, Ending
from finetune_core.errors import read_cause
from finetune_core.runs import slug


def ending_of(event: dict[str, Any], environment: str) -> Ending:
    """Return the ending in a ``finish_run`` event; ``plan`` may be null or of action "wait"."""
    plan = event.get("plan")
    if not plan or not plan.get("run_id"):
        plan = None
    dataset = plan["dataset"] if plan else _dataset(event)
    failure = event.get("failure") or {}
    outcome = event["outcome"]
    return Ending(
        run_id=plan["run_id"] if plan else _unclaimed_id(environment, dataset, event["execution_arn"]),
        dataset=dataset,
        execution_arn=event["execution_arn"],
        outcome=outcome,
        message=read_cause(outcome, event.get("message") or ""),
        plan=plan,
        results={name: event.get(name) for name in RESULTS},
        error=failure.get("error"),
    )


def _dataset(event: dict[str, Any]) -> str:
    """Return the folder that was dropped into, whatever it is called."""
    key = str(event.get("event", {}).get("detail", {}).get("object", {}).get("key", ""))
    parts = key.split("/")
    return parts[1] if len(parts) > 2 and parts[1] else key or "unknown"


def _unclaimed_id(environment: str, dataset: str, execution_arn: str) -> str:
    """Return an id for a drop that never became a run: one per execution, so that a retry finds it again."""
    digest = hashlib.sha256(f"{environment}\n{execution_arn}".encode()).hexdigest()
    return f"{slug(dataset)}-{digest[:12]}"
