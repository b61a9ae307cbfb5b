"""Which permissions a call needs, for the emulator to judge before the call is carried out.

Sources: service authorization reference, list_amazonbedrock, the Step Functions page on Bedrock (both read
2026-11-23), and for the key of a custom model, without which nobody deploys or invokes it,
https://docs.aws.amazon.com/bedrock/latest/userguide/encryption-custom-job.html (read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from finetune_local.bedrock import foundation_models
from finetune_local.bedrock.cloud import Context
from finetune_local.bedrock.invocation import PROFILE

_NEW: Final = "0" * 12
"""Stands for the id of a resource that the call would make."""


@dataclass(frozen=True)
class Permission:
    """One decision to take: `action` on `resource`; `request_tags` are the call's aws:RequestTag values."""

    action: str
    resource: str
    request_tags: Mapping[str, str] = field(default_factory=dict)


def permissions_of(context: Context, operation: str, request: Mapping[str, Any]) -> list[Permission]:
    """Return every permission that the caller needs; hold the lock."""
    action = "bedrock:InvokeModel" if operation == "Converse" else f"bedrock:{operation}"
    tags = _tags(request)
    needed = [Permission(action, arn, tags) for arn in _RESOURCES.get(operation, _any)(context, request)]
    if tags and operation != "TagResource":
        needed += [
            Permission("bedrock:TagResource", arn, tags)
            for arn in _new_resources(context, operation, request)
        ]
    if "roleArn" in request:
        needed.append(Permission("iam:PassRole", request["roleArn"]))
    key = request.get("customModelKmsKeyId", "")
    if ":key/" in key:
        needed += [
            Permission(f"kms:{verb}", key)
            for verb in ("DescribeKey", "Decrypt", "GenerateDataKey", "CreateGrant")
        ]
    if opened := _key_behind(context, operation, request):
        needed.append(Permission("kms:Decrypt", opened))
    return needed


def _key_behind(context: Context, operation: str, request: Mapping[str, Any]) -> str | None:
    """Return the key of the custom model that a call deploys or invokes, or None."""
    if operation in ("Converse", "InvokeModel"):
        state, asked = context.state, request["modelId"]
        endpoint = state.provisioned.get(asked) or state.deployments.get(asked)
        model_arn = endpoint.model_arn if endpoint else asked
    elif operation in _SERVING:
        model_arn = _model_arn(context, request.get(_SERVING[operation], ""))
    else:
        return None
    model = context.state.models.get(model_arn)
    return model.job.kms_key_arn if model else None


def _tags(request: Mapping[str, Any]) -> dict[str, str]:
    lists = (request.get(name) or [] for name in ("tags", "jobTags", "customModelTags"))
    return {tag["key"]: tag["value"] for tags in lists for tag in tags}


def _any(context: Context, request: Mapping[str, Any]) -> list[str]:
    return ["*"]


def _named(resources: Mapping[str, Any], identifier: str, otherwise: str) -> str:
    if identifier.startswith("arn:"):
        return identifier
    return next((arn for arn, item in resources.items() if item.name == identifier), otherwise)


def _model_arn(context: Context, identifier: str) -> str:
    found = foundation_models.find(identifier, context.region)
    if found is not None:
        return found[0].arn(context.region, plain=found[1])
    foundation = f"arn:aws:bedrock:{context.region}::foundation-model/{identifier}"
    fallback = foundation if "." in identifier else context.state.arn("custom-model", identifier)
    return _named(context.state.models, identifier, fallback)


def _model(member: str) -> Callable[[Context, Mapping[str, Any]], list[str]]:
    return lambda context, request: [_model_arn(context, request[member])]


def _job(context: Context, request: Mapping[str, Any]) -> list[str]:
    identifier = request["jobIdentifier"]
    return [_named(context.state.jobs, identifier, context.state.arn("model-customization-job", identifier))]


def _provisioned(context: Context, request: Mapping[str, Any]) -> list[str]:
    identifier = request["provisionedModelId"]
    arns = [_named(context.state.provisioned, identifier, context.state.arn("provisioned-model", identifier))]
    if "desiredModelId" in request:
        arns.append(_model_arn(context, request["desiredModelId"]))
    return arns


def _deployment(context: Context, request: Mapping[str, Any]) -> list[str]:
    identifier = request["customModelDeploymentIdentifier"]
    fallback = context.state.arn("custom-model-deployment", identifier)
    arns = [_named(context.state.deployments, identifier, fallback)]
    return arns + ([request["modelArn"]] if "modelArn" in request else [])


def _new_job(context: Context, request: Mapping[str, Any]) -> list[str]:
    base = _model_arn(context, request["baseModelIdentifier"])
    return [base, *_new_resources(context, "CreateModelCustomizationJob", request)]


def _new_resources(context: Context, operation: str, request: Mapping[str, Any]) -> list[str]:
    state = context.state
    if operation == "CreateProvisionedModelThroughput":
        return [state.arn("provisioned-model", _NEW)]
    if operation == "CreateCustomModelDeployment":
        return [state.arn("custom-model-deployment", _NEW)]
    if operation == "CreateEvaluationJob":
        return [state.arn("evaluation-job", _NEW)]
    if operation != "CreateModelCustomizationJob":
        return []
    base = _model_arn(context, request["baseModelIdentifier"])
    model = state.models.get(base)
    model_id = model.base.model_id if model else base.rsplit("/", 1)[1]
    return [state.arn(kind, f"{model_id}/{_NEW}") for kind in ("model-customization-job", "custom-model")]


def _judged(context: Context, request: Mapping[str, Any]) -> list[str]:
    """The judge's base model: the reference names base and custom models as resources of the create call."""
    automated = request["evaluationConfig"].get("automated") or {}
    models = (automated.get("evaluatorModelConfig") or {}).get("bedrockEvaluatorModels") or []
    found = []
    for model in models:
        profile = PROFILE.fullmatch(model["modelIdentifier"])
        found.append(_model_arn(context, profile[2] if profile else model["modelIdentifier"]))
    return found or ["*"]


def _evaluation(context: Context, request: Mapping[str, Any]) -> list[str]:
    return [request["jobIdentifier"]]


def _invoked(context: Context, request: Mapping[str, Any]) -> list[str]:
    identifier = request["modelId"]
    profile = PROFILE.fullmatch(identifier)
    if profile is None:
        return [identifier if identifier.startswith("arn:") else _model_arn(context, identifier)]
    arn = context.state.arn("inference-profile", f"{profile[1]}.{profile[2]}")
    return [arn, _model_arn(context, profile[2])]


_SERVING: Final = {
    "CreateProvisionedModelThroughput": "modelId",
    "UpdateProvisionedModelThroughput": "desiredModelId",
    "CreateCustomModelDeployment": "modelArn",
    "UpdateCustomModelDeployment": "modelArn",
}
"""Calls that put a custom model behind an endpoint, and the member that names the model."""

_RESOURCES: Final[dict[str, Callable[[Context, Mapping[str, Any]], list[str]]]] = {
    "GetFoundationModel": _model("modelIdentifier"),
    "CreateModelCustomizationJob": _new_job,
    "GetModelCustomizationJob": _job,
    "StopModelCustomizationJob": _job,
    "CreateEvaluationJob": _judged,
    "GetEvaluationJob": _evaluation,
    "StopEvaluationJob": _evaluation,
    "GetCustomModel": _model("modelIdentifier"),
    "DeleteCustomModel": _model("modelIdentifier"),
    "CreateProvisionedModelThroughput": _model("modelId"),
    "GetProvisionedModelThroughput": _provisioned,
    "UpdateProvisionedModelThroughput": _provisioned,
    "DeleteProvisionedModelThroughput": _provisioned,
    "CreateCustomModelDeployment": _model("modelArn"),
    "GetCustomModelDeployment": _deployment,
    "UpdateCustomModelDeployment": _deployment,
    "DeleteCustomModelDeployment": _deployment,
    "TagResource": lambda _, request: [request["resourceARN"]],
    "UntagResource": lambda _, request: [request["resourceARN"]],
    "ListTagsForResource": lambda _, request: [request["resourceARN"]],
    "Converse": _invoked,
    "InvokeModel": _invoked,
}
