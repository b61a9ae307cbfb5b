"""Operations on Provisioned Throughput.

Rules: user guide, prov-throughput, prov-thru-edit, prov-thru-delete and general/latest/gr/bedrock.html
(copies of about October 2026, read 2026-11-23). That a deletion is refused while Creating is our inference.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from finetune_local.bedrock import quotas
from finetune_local.bedrock.cloud import Context
from finetune_local.bedrock.errors import conflict, invalid, over_quota
from finetune_local.bedrock.faults import EndpointStep
from finetune_local.bedrock.foundation_models import FoundationModel
from finetune_local.bedrock.model_lookup import base_of, by_identifier, refuse_legacy
from finetune_local.bedrock.requests import checked_tags, listed, remember, replayed
from finetune_local.bedrock.resources import Endpoint, ProvisionedModel

_OPERATION: Final = "CreateProvisionedModelThroughput"
_COMMITMENT_DAYS: Final = {"OneMonth": 30, "SixMonths": 180}
_NEVER: Final = 10.0**9


def begin(context: Context, endpoint: Endpoint, step: EndpointStep, seconds: float) -> None:
    """Let a creation or update of `endpoint` run for `seconds`, or as an ordered fault says."""
    fault = context.cloud.faults.take_endpoint(step, endpoint.name, context.account)
    endpoint.doom = fault.message if fault and not fault.stall else None
    endpoint.ready_at = context.now + timedelta(seconds=_NEVER if fault and fault.stall else seconds)


def create_provisioned_model_throughput(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """CreateProvisionedModelThroughput."""
    state, name = context.state, request["provisionedModelName"]
    with state.lock:
        if (arn := replayed(context, _OPERATION, request)) is not None:
            return {"provisionedModelArn": arn}
        tags = checked_tags(request.get("tags"))
        base, custom = base_of(context, request["modelId"])
        if not base.provisioned:
            raise invalid(f"Provisioned Throughput is not supported for the model {base.model_id}.")
        refuse_legacy(context, base, "buying Provisioned Throughput")
        if any(item.name == name for item in state.provisioned.values()):
            raise invalid("The provided provisioned model name is currently in use.")
        _check_units(context, base, request, custom=custom is not None)
        made = _made(
            context, request, base, custom.arn if custom else base.arn(context.region), custom is not None
        )
        state.provisioned[made.arn] = made
        state.tags[made.arn] = tags
        remember(context, _OPERATION, request, made.arn)
        return {"provisionedModelArn": made.arn}


def _made(
    context: Context, request: dict[str, Any], base: FoundationModel, model_arn: str, custom: bool
) -> ProvisionedModel:
    now, commitment = context.now, request.get("commitmentDuration")
    made = ProvisionedModel(
        arn=context.state.arn("provisioned-model"),
        name=request["provisionedModelName"],
        base=base,
        model_arn=model_arn,
        desired_model_arn=model_arn,
        created_at=now,
        changed_at=now,
        ready_at=None,
        units=request["modelUnits"],
        custom=custom,
        commitment=commitment,
        commitment_ends=now + timedelta(days=_COMMITMENT_DAYS[commitment]) if commitment else None,
    )
    begin(context, made, "provisioned", context.cloud.timings.provisioned)
    return made


def _check_units(context: Context, base: FoundationModel, request: dict[str, Any], *, custom: bool) -> None:
    units = request["modelUnits"]
    if "commitmentDuration" not in request:
        code = quotas.CUSTOM_UNITS if custom else quotas.BASE_UNITS
        used = sum(
            item.units
            for item in context.state.provisioned.values()
            if item.commitment is None and item.custom == custom
        )
        allowed = context.quota(code) if base.no_commitment or not custom else 0
        if used + units > allowed:
            raise over_quota(
                f"Account {context.account} does not currently have any no commitment model units reserved "
                f"for {base.model_id}: {used} in use, {units} requested, {allowed} allowed. Request an "
                f"increase of the quota {code} in Service Quotas."
            )
    if base.units_quota is not None and units > context.quota(base.units_quota):
        raise over_quota(
            f"{units} model units exceed the limit of {context.quota(base.units_quota)} model units per "
            f"provisioned model for {base.model_id} (quota {base.units_quota})."
        )


def get_provisioned_model_throughput(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """GetProvisionedModelThroughput."""
    with context.state.lock:
        item = by_identifier(context.state.provisioned, request["provisionedModelId"], "provisioned model")
        return {**_view(context, item), "failureMessage": item.failure}


def list_provisioned_model_throughputs(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """ListProvisionedModelThroughputs."""
    status, model_arn = request.get("statusEquals"), request.get("modelArnEquals")
    with context.state.lock:
        items = [
            item
            for item in context.state.provisioned.values()
            if status in (None, item.status) and model_arn in (None, item.model_arn)
        ]
        chosen, token = listed(items, request)
        return {"nextToken": token, "provisionedModelSummaries": [_view(context, item) for item in chosen]}


def _view(context: Context, item: ProvisionedModel) -> dict[str, Any]:
    view = {
        "modelUnits": item.units,
        "desiredModelUnits": item.units,
        "provisionedModelName": item.name,
        "provisionedModelArn": item.arn,
        "modelArn": item.model_arn,
        "desiredModelArn": item.desired_model_arn,
        "foundationModelArn": item.base.arn(context.region),
        "status": item.status,
        "creationTime": item.created_at,
        "lastModifiedTime": item.changed_at,
        "commitmentDuration": item.commitment,
        "commitmentExpirationTime": item.commitment_ends,
    }
    return {name: value for name, value in view.items() if value is not None}


def update_provisioned_model_throughput(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """UpdateProvisionedModelThroughput: rename, or swap in another model of the same base."""
    state = context.state
    with state.lock:
        item = by_identifier(state.provisioned, request["provisionedModelId"], "provisioned model")
        # That one whose update failed may be updated again is our inference.
        update_failed = item.status == "Failed" and item.desired_model_arn != item.model_arn
        if item.status != "InService" and not update_failed:
            raise invalid(f"The provisioned model {item.arn} cannot be updated: its status is {item.status}.")
        name = request.get("desiredProvisionedModelName", item.name)
        if any(other.name == name for other in state.provisioned.values() if other is not item):
            raise invalid("The provided provisioned model name is currently in use.")
        if "desiredModelId" in request:
            _swap(context, item, request["desiredModelId"])
        item.name, item.changed_at = name, context.now
    return {}


def _swap(context: Context, item: ProvisionedModel, desired: str) -> None:
    base, custom = base_of(context, desired)
    if not item.custom:
        raise invalid("Only Provisioned Throughput of a custom model can be given another model.")
    if base is not item.base:
        raise invalid(f"The desired model must come from the same base model, {item.base.model_id}.")
    item.desired_model_arn = custom.arn if custom else base.arn(context.region)
    item.status, item.failure = "Updating", None
    begin(context, item, "provisioned_update", context.cloud.timings.provisioned_update)


def delete_provisioned_model_throughput(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """DeleteProvisionedModelThroughput."""
    state = context.state
    with state.lock:
        item = by_identifier(state.provisioned, request["provisionedModelId"], "provisioned model")
        if item.status in ("Creating", "Updating"):
            raise conflict(
                f"The provisioned model {item.arn} cannot be deleted while its status is {item.status}."
            )
        if item.commitment_ends is not None and context.now < item.commitment_ends:
            raise conflict(
                f"The provisioned model {item.arn} cannot be deleted before its commitment ends on "
                f"{item.commitment_ends:%Y-%m-%d}."
            )
        del state.provisioned[item.arn]
        state.tags.pop(item.arn, None)
    return {}
