"""Moves a dataset's pointer; the order of the writes keeps applications answered whatever fails between."""

from __future__ import annotations

import json
from datetime import datetime

from finetune_aws import endpoints, parameters
from finetune_aws.bedrock import resource_tags
from finetune_aws.environment import Environment
from finetune_aws.ledger import Item, Ledger, json_attribute
from finetune_aws.telemetry import logger
from finetune_core.contracts import Endpoint, Plan, Preflight, Promotion, Training
from finetune_core.errors import Conflict, RequestInvalid
from finetune_core.runs import TAG_PIPELINE


def promote(
    *,
    plan: Plan,
    preflight: Preflight,
    training: Training,
    endpoint: Endpoint,
    environment: Environment,
    now: datetime,
) -> Promotion:
    """Make the run's model the dataset's champion: pointer first, then ledger, then the old endpoint.

    A model without an endpoint becomes champion in the ledger only: applications go on with the endpoint
    that they have, which stays in the item's ``pointer`` and so stays out of the guardian's reach.
    """
    ledger = Ledger(environment.ledger_table)
    before = ledger.champion(plan.dataset)
    previous = _previous(before, plan.run_id)
    champion = {
        "run_id": plan.run_id,
        "model_arn": training.model_arn,
        "endpoint_arn": endpoint.arn,
        "endpoint_kind": endpoint.kind,
        "pointer": endpoint.arn or (previous or {}).get("pointer") or "",
        "base_model": preflight.base_model_id,
        "promoted_at": now.isoformat(timespec="seconds"),
        "previous": json.dumps(previous) if previous else None,
    }
    if endpoint.kind == "none":
        ledger.put(f"champion#{plan.dataset}", "champion", champion)
        return Promotion(parameter="", value="", previous=None)
    name = parameters.pointer_name(environment.name, plan.dataset)
    pointed = parameters.read_parameter(name)
    if pointed != endpoint.arn:
        parameters.write_parameter(name, endpoint.arn, f"Model of {plan.dataset}, run {plan.run_id}")
    ledger.put(f"champion#{plan.dataset}", "champion", champion)
    retired = _retire(previous, endpoint.arn, environment.name)
    # After a retry the pointer is already the new one; the ledger still knows the one before.
    shown = pointed if pointed != endpoint.arn else (previous or {}).get("pointer")
    return Promotion(parameter=name, value=endpoint.arn, previous=shown or None, retired=retired)


def _previous(before: Item | None, run_id: str) -> Item | None:
    """Return the champion before this run, also when this run was written already by a first attempt."""
    if before is None:
        return None
    if before.get("run_id") == run_id:
        kept: Item | None = json_attribute(before, "previous")
        return kept
    names = ("run_id", "model_arn", "endpoint_arn", "endpoint_kind", "pointer", "base_model", "promoted_at")
    return {name: before.get(name) for name in names}


def _retire(previous: Item | None, kept: str, environment: str) -> list[str]:
    """Delete the previous champion's endpoint, if it is another one and carries our tag."""
    arn = str((previous or {}).get("pointer") or "")
    kind = endpoints.kind_of(arn)
    if not kind or arn == kept:
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
