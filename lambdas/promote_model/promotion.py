"""Moves a dataset's pointer; the order of the writes keeps applications answered whatever fails between."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Final

import msgspec

from finetune_aws import endpoints, parameters
from finetune_aws.bedrock import resource_tags, tag_resource
from finetune_aws.cleaning import retire_reward
from finetune_aws.environment import Environment
from finetune_aws.ledger import Item, Ledger, json_attribute
from finetune_aws.telemetry import logger
from finetune_core.contracts import Endpoint, Plan, Preflight, Promotion, Training
from finetune_core.errors import Conflict, RequestInvalid, ServingFailed
from finetune_core.runs import TAG_PIPELINE, tags
from finetune_core.watching import limits

DEPTH: Final = 5
"""Champions that are remembered before the present one."""


def promote(
    *,
    plan: Plan,
    preflight: Preflight,
    training: Training,
    endpoint: Endpoint,
    measured_ms: int,
    environment: Environment,
    now: datetime,
) -> Promotion:
    """Make the run's model the dataset's champion: pointer first, then ledger, then the old endpoint.

    While the new champion is watched, the endpoint of the one before stays, so that going back is one write;
    after that the guardian deletes it. ``measured_ms`` is the candidate's mean latency in its evaluation.
    A model without an endpoint becomes champion in the ledger only: applications go on with the endpoint
    that they have, which stays in the item's ``pointer`` and so stays out of the guardian's reach.
    The run's own reward function has done its work.
    """
    retire_reward(plan, environment.name)
    ledger = Ledger(environment.ledger_table)
    if preflight.rollout.way == "in_place":
        _adopt(plan, training, endpoint, environment.name, now)
    before = ledger.champion(plan.dataset)
    previous = _previous(before, plan.run_id)
    watch = limits(plan.settings.watch, now, measured_ms) if previous and endpoint.arn else None
    champion = {
        "kind": "champion",
        "dataset": plan.dataset,
        "started_at": now.isoformat(timespec="seconds"),
        "run_id": plan.run_id,
        "model_arn": training.model_arn,
        "endpoint_arn": endpoint.arn,
        "endpoint_kind": endpoint.kind,
        "pointer": endpoint.arn or (previous or {}).get("pointer") or "",
        "base_model": preflight.base_model_id,
        "promoted_at": now.isoformat(timespec="seconds"),
        "previous": json.dumps(previous) if previous else None,
        "watch": msgspec.json.encode(watch).decode() if watch else None,
    }
    if endpoint.kind == "none":
        ledger.put(f"champion#{plan.dataset}", "champion", champion)
        return Promotion(parameter="", value="", previous=None)
    name = parameters.pointer_name(environment.name, plan.dataset)
    pointed = parameters.read_parameter(name)
    if pointed != endpoint.arn:
        parameters.write_parameter(name, endpoint.arn, f"Model of {plan.dataset}, run {plan.run_id}")
    ledger.put(f"champion#{plan.dataset}", "champion", champion)
    kept = {endpoint.arn, str((previous or {}).get("pointer") or "")} if watch else {endpoint.arn}
    older = (previous or {}).get("previous")
    retired = [arn for each in (previous, older) for arn in _retire(each, kept, environment.name)]
    # After a retry the pointer is already the new one; the ledger still knows the one before.
    shown = pointed if pointed != endpoint.arn else (previous or {}).get("pointer")
    return Promotion(
        parameter=name,
        value=endpoint.arn,
        previous=shown or None,
        retired=retired,
        watched_until=watch.until if watch else "",
    )


def _adopt(plan: Plan, training: Training, endpoint: Endpoint, environment: str, now: datetime) -> None:
    """Make the champion's endpoint this run's: it has to serve its model, and it lives on from now.

    Raises:
        ServingFailed: somebody has swapped another model in since the verdict.
    """
    kind = endpoints.kind_of(endpoint.arn)
    found = endpoints.find(kind, endpoint.arn) if kind else None
    if found is None or found.model_arn != training.model_arn:
        raise ServingFailed(
            f"the endpoint serves {found.model_arn if found else 'nothing any more'}, not this run's model",
            where=endpoint.arn,
            remedy="Somebody has changed it since the verdict: drop the data again.",
        )
    expires = now + timedelta(hours=plan.settings.time_to_live_hours)
    marks = tags(environment, plan.run_id, plan.dataset, expires.isoformat(timespec="seconds"))
    tag_resource(endpoint.arn, marks)


def _previous(before: Item | None, run_id: str) -> Item | None:
    """Return the champion before this run, also when this run was written already by a first attempt.

    It carries the one before it, and so on, ``DEPTH`` deep: so far can be rolled back.
    """
    if before is None:
        return None
    if before.get("run_id") == run_id:
        kept: Item | None = json_attribute(before, "previous")
        return kept
    names = ("run_id", "model_arn", "endpoint_arn", "endpoint_kind", "pointer", "base_model", "promoted_at")
    return {name: before.get(name) for name in names} | {"previous": _cut(json_attribute(before, "previous"))}


def _cut(previous: Item | None, depth: int = DEPTH - 1) -> Item | None:
    """Return the chain of champions cut off after ``depth`` of them."""
    if previous is None or depth == 0:
        return None
    return previous | {"previous": _cut(previous.get("previous"), depth - 1)}


def _retire(previous: Item | None, kept: set[str], environment: str) -> list[str]:
    """Delete the previous champion's endpoint, if it is not kept and carries our tag."""
    arn = str((previous or {}).get("pointer") or "")
    kind = endpoints.kind_of(arn)
    if not kind or arn in kept:
        return []
    found = endpoints.find(kind, arn)
    if found is None or found.committed or resource_tags(arn).get(TAG_PIPELINE) != environment:
        return []
    try:
        endpoints.delete(found)
    except (Conflict, RequestInvalid) as error:
        # The new champion answers already; what cannot be deleted now is the guardian's.
        logger.warning(str(error), extra={"endpoint": arn})
        return []
    return [arn]
