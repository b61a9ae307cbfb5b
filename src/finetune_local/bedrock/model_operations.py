"""Operations on foundation models and custom models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from finetune_local.bedrock import foundation_models
from finetune_local.bedrock.cloud import Context
from finetune_local.bedrock.errors import conflict, not_found
from finetune_local.bedrock.foundation_models import FOUNDATION_MODELS, REINFORCEMENT, FoundationModel
from finetune_local.bedrock.job_views import model_data
from finetune_local.bedrock.model_lookup import by_identifier
from finetune_local.bedrock.requests import listed
from finetune_local.bedrock.resources import CustomModel


def list_foundation_models(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """ListFoundationModels: two rows a model, one under its plain id and one under its customization id."""
    wanted = {
        "customizationsSupported": request.get("byCustomizationType"),
        "outputModalities": request.get("byOutputModality"),
        "inferenceTypesSupported": request.get("byInferenceType"),
    }
    provider = request.get("byProvider", "").lower()
    rows = [
        row
        for model in FOUNDATION_MODELS
        if context.region in model.regions
        for row in _rows(context, model)
        if provider in ("", row["providerName"].lower())
        and all(value is None or value in row[name] for name, value in wanted.items())
    ]
    return {"modelSummaries": rows}


def get_foundation_model(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """GetFoundationModel."""
    found = foundation_models.find(request["modelIdentifier"], context.region)
    if found is None:
        raise not_found("Could not resolve the foundation model from the provided model identifier.")
    model, plain = found
    return {"modelDetails": _row(context, model, plain=plain)}


def _rows(context: Context, model: FoundationModel) -> Iterator[dict[str, Any]]:
    yield _row(context, model, plain=True)
    yield _row(context, model, plain=False)


def _row(context: Context, model: FoundationModel, *, plain: bool) -> dict[str, Any]:
    life_cycle: dict[str, Any] = {"status": "LEGACY" if context.cloud.is_legacy(model) else "ACTIVE"}
    if model.end_of_life is not None:
        life_cycle["endOfLifeTime"] = model.end_of_life
    if plain:
        inference = ["INFERENCE_PROFILE" if model.profile_only else "ON_DEMAND"]
    else:
        inference = ["PROVISIONED"] if model.provisioned else []
    return {
        "modelArn": model.arn(context.region, plain=plain),
        "modelId": model.plain_id if plain else model.model_id,
        "modelName": model.name,
        "providerName": model.provider,
        "inputModalities": list(model.inputs),
        "outputModalities": list(model.outputs),
        "responseStreamingSupported": "TEXT" in model.outputs,
        "customizationsSupported": [] if plain else _customizations(model),
        "inferenceTypesSupported": inference,
        "modelLifecycle": life_cycle,
    }


def _customizations(model: FoundationModel) -> list[str]:
    """Return the kinds that the API can name here: its enum has none for reinforcement (botocore 1.44.5)."""
    return [kind for kind in model.formats if kind != REINFORCEMENT]


def get_custom_model(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """GetCustomModel."""
    with context.state.lock:
        model = by_identifier(context.state.models, request["modelIdentifier"], "model")
        return {
            "modelArn": model.arn,
            "modelName": model.name,
            "creationTime": model.created_at,
            "modelStatus": "Active",
            **model_data(model.job),
        }


def list_custom_models(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """ListCustomModels."""
    with context.state.lock:
        models = [model for model in context.state.models.values() if _wanted(context, model, request)]
        chosen, token = listed(models, request)
        return {"nextToken": token, "modelSummaries": [_summary(context, model) for model in chosen]}


def _wanted(context: Context, model: CustomModel, request: dict[str, Any]) -> bool:
    return (
        request.get("baseModelArnEquals") in (None, _base_arn(context, model))
        and request.get("foundationModelArnEquals") in (None, model.base.arn(context.region))
        and request.get("modelStatus") in (None, "Active")
        and request.get("isOwned") is not False
    )


def _base_arn(context: Context, model: CustomModel) -> str:
    return model.job.parent_arn or model.base.arn(context.region)


def _summary(context: Context, model: CustomModel) -> dict[str, Any]:
    return {
        "modelArn": model.arn,
        "modelName": model.name,
        "creationTime": model.created_at,
        "baseModelArn": _base_arn(context, model),
        "baseModelName": model.base.plain_id.split(":")[0],
        "customizationType": model.job.customization_type,
        "ownerAccountId": context.account,
        "modelStatus": "Active",
    }


def delete_custom_model(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """DeleteCustomModel; refused while an endpoint or a running job uses the model.

    User guide, model-customization-delete (read 2026-11-23): endpoints have to go first.
    """
    state = context.state
    with state.lock:
        model = by_identifier(state.models, request["modelIdentifier"], "model")
        users = [
            item.arn
            for item in state.provisioned.values()
            if model.arn in (item.model_arn, item.desired_model_arn)
        ]
        users += [
            item.arn
            for item in state.deployments.values()
            if model.arn == item.model_arn
            or (item.update is not None and item.update == (model.arn, "Updating"))
        ]
        users += [job.arn for job in state.jobs.values() if job.running and job.parent_arn == model.arn]
        if users:
            raise conflict(
                f"The model {model.arn} cannot be deleted while it is in use by {', '.join(users)}."
            )
        del state.models[model.arn]
        state.tags.pop(model.arn, None)
    context.cloud.weights_of(model.base).drop(model.arn)
    return {}
