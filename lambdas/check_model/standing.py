"""Looks up the champion and its endpoint, for the choice between blue/green and in place."""

from __future__ import annotations

from finetune_aws import bedrock, endpoints
from finetune_aws.environment import Environment
from finetune_aws.ledger import Ledger
from finetune_core.contracts import Plan, Preflight
from finetune_core.rollouts import Rollout, Standing, choose
from finetune_core.runs import TAG_PIPELINE


def rollout(plan: Plan, found: Preflight, environment: Environment) -> Rollout:
    """Return how this run's candidate is served, and why."""
    if found.serving == "none":
        return Rollout(reason="no endpoint is wanted")
    return choose(
        plan.settings.rollout,
        _champion(plan, environment),
        serving=found.serving,
        base_model=found.base_model_id,
        units=plan.settings.model_units,
        commitment=plan.settings.commitment,
    )


def _champion(plan: Plan, environment: Environment) -> Standing | None:
    item = Ledger(environment.ledger_table).champion(plan.dataset)
    if item is None:
        return None
    arn = str(item.get("pointer") or item.get("endpoint_arn") or "")
    kind = endpoints.kind_of(arn)
    served = endpoints.find(kind, arn) if kind else None
    if served is None:
        return None
    model_arn = str(item.get("model_arn") or "")
    model = bedrock.custom_model(model_arn) if model_arn else None
    return Standing(
        run_id=str(item.get("run_id")),
        endpoint=served.arn,
        kind=served.kind,
        ready=served.ready,
        ours=bedrock.resource_tags(served.arn).get(TAG_PIPELINE) == environment.name,
        serves=served.model_arn,
        units=served.units,
        model_arn=model_arn,
        model_active=model is not None and model.get("modelStatus", "Active") == "Active",
        base_model=str(item.get("base_model") or ""),
    )
