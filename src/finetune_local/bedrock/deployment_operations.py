"""Operations on on-demand deployments of custom models.

Rules: user guide, deploy-custom-model-on-demand, and general/latest/gr/bedrock.html (copies of about October
2026, read 2026-11-23). That an update needs a model of the same base is our inference.
"""

from __future__ import annotations

from typing import Any, Final

from finetune_local.bedrock import quotas
from finetune_local.bedrock.cloud import Context
from finetune_local.bedrock.errors import invalid, over_quota
from finetune_local.bedrock.model_lookup import by_identifier
from finetune_local.bedrock.requests import checked_tags, listed, remember, replayed
from finetune_local.bedrock.resources import CustomModel, Deployment
from finetune_local.bedrock.throughput_operations import begin

_OPERATION: Final = "CreateCustomModelDeployment"
_REGIONS: Final = ("us-east-1", "us-west-2")


def create_custom_model_deployment(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """CreateCustomModelDeployment."""
    state, name = context.state, request["modelDeploymentName"]
    with state.lock:
        if (arn := replayed(context, _OPERATION, request)) is not None:
            return {"customModelDeploymentArn": arn}
        tags = checked_tags(request.get("tags"))
        model = by_identifier(state.models, request["modelArn"], "model")
        _check_model(context, model)
        if any(item.name == name for item in state.deployments.values()):
            raise invalid("The provided model deployment name is currently in use.")
        _check_quotas(context)
        made = Deployment(
            arn=state.arn("custom-model-deployment"),
            name=name,
            base=model.base,
            model_arn=model.arn,
            created_at=context.now,
            changed_at=context.now,
            ready_at=None,
            description=request.get("description"),
        )
        begin(context, made, "deployment", context.cloud.timings.deployment)
        state.deployments[made.arn] = made
        state.tags[made.arn] = tags
        remember(context, _OPERATION, request, made.arn)
        return {"customModelDeploymentArn": made.arn}


def _check_model(context: Context, model: CustomModel) -> None:
    if not model.base.deployable or context.region not in _REGIONS:
        raise invalid(
            f"Custom models of {model.base.model_id} cannot be deployed for on-demand inference in "
            f"{context.region}."
        )


def _check_quotas(context: Context) -> None:
    deployments = context.state.deployments.values()
    total, busy = context.quota(quotas.DEPLOYMENTS), context.quota(quotas.DEPLOYMENTS_IN_PROGRESS)
    if len(deployments) >= total:
        raise over_quota(
            f"You have reached the limit of {total} custom model deployments ({quotas.DEPLOYMENTS})."
        )
    if sum(item.ready_at is not None for item in deployments) >= busy:
        raise over_quota(
            f"You have reached the limit of {busy} custom model deployments in progress "
            f"({quotas.DEPLOYMENTS_IN_PROGRESS})."
        )


def get_custom_model_deployment(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """GetCustomModelDeployment."""
    with context.state.lock:
        item = _find(context, request)
        update = item.update and {"modelArn": item.update[0], "updateStatus": item.update[1]}
        return {
            "customModelDeploymentArn": item.arn,
            "modelDeploymentName": item.name,
            "modelArn": item.model_arn,
            "createdAt": item.created_at,
            "status": item.status,
            "description": item.description,
            "updateDetails": update,
            "failureMessage": item.failure,
            "lastUpdatedAt": item.changed_at,
        }


def _find(context: Context, request: dict[str, Any]) -> Deployment:
    return by_identifier(
        context.state.deployments, request["customModelDeploymentIdentifier"], "custom model deployment"
    )


def list_custom_model_deployments(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """ListCustomModelDeployments."""
    status, model_arn = request.get("statusEquals"), request.get("modelArnEquals")
    with context.state.lock:
        items = [
            item
            for item in context.state.deployments.values()
            if status in (None, item.status) and model_arn in (None, item.model_arn)
        ]
        chosen, token = listed(items, request)
        return {"nextToken": token, "modelDeploymentSummaries": [_summary(item) for item in chosen]}


def _summary(item: Deployment) -> dict[str, Any]:
    summary = {
        "customModelDeploymentArn": item.arn,
        "customModelDeploymentName": item.name,
        "modelArn": item.model_arn,
        "createdAt": item.created_at,
        "status": item.status,
        "lastUpdatedAt": item.changed_at,
        "failureMessage": item.failure,
    }
    return {name: value for name, value in summary.items() if value is not None}


def update_custom_model_deployment(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """UpdateCustomModelDeployment: the old model answers until the new one has taken over."""
    with context.state.lock:
        item = _find(context, request)
        if item.status != "Active" or item.ready_at is not None:
            raise invalid(f"The deployment {item.arn} is in a mutating state and cannot be updated.")
        model = by_identifier(context.state.models, request["modelArn"], "model")
        if model.base is not item.base:
            raise invalid(f"The model must come from the same base model, {item.base.model_id}.")
        item.update = (model.arn, "Updating")
        begin(context, item, "deployment_update", context.cloud.timings.deployment_update)
        return {"customModelDeploymentArn": item.arn}


def delete_custom_model_deployment(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """DeleteCustomModelDeployment; refused while it is being created or updated (seen August 2026)."""
    with context.state.lock:
        item = _find(context, request)
        if item.ready_at is not None:
            raise invalid(f"The deployment {item.arn} is in a mutating state and cannot be deleted.")
        del context.state.deployments[item.arn]
        context.state.tags.pop(item.arn, None)
    return {}
