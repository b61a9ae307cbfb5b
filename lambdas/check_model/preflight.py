"""Collects Bedrock's live answers for ``finetune_core.preflight`` to decide on."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from check_model import standing
from check_model.descent import CUSTOM, descend
from finetune_aws import bedrock, endpoints, quotas
from finetune_aws.environment import Environment
from finetune_core import catalogue, distillation, judges, preflight, rewards
from finetune_core.contracts import Plan, Preflight, RunSettings
from finetune_core.errors import AccessDenied, ModelNotTunable, RequestInvalid
from finetune_core.gate import Judge

if TYPE_CHECKING:
    from mypy_boto3_bedrock.type_defs import FoundationModelDetailsTypeDef

_GENERATIONS = 50
"""Custom models that are followed down to their base; a longer line is a circle."""


def check(plan: Plan, environment: Environment) -> Preflight:
    """Return the preflight of a run, with what it is trained from and on.

    Raises:
        ModelNotTunable: model, type, Region, serving or hyperparameters do not go together.
        QuotaTooLow: the account has no model units for the endpoint.
    """
    descent = descend(plan, environment)
    found = _check(descent.settings, environment.region)
    way = standing.rollout(plan, found, environment)
    told = [*found.warnings]
    if found.serving == "provisioned_throughput" and way.way != "in_place":
        told += _check_units(found.base_model_id, plan.settings.model_units)
    if plan.settings.rollout == "in_place" != way.way:
        told.append(f"rollout: {way.reason}; the candidate gets an endpoint of its own.")
    return msgspec.structs.replace(found, lineage=descent.summary(), rollout=way, warnings=told)


def _check(settings: RunSettings, region: str) -> Preflight:
    """Return the preflight of a run with ``settings``.

    Raises:
        ModelNotTunable: model, type, Region, serving or hyperparameters do not go together.
        QuotaTooLow: the account has no model units for the endpoint.
    """
    kind = settings.customization_type
    offer = _offer(settings.base_model)
    if offer is None:
        raise preflight.not_offered(settings.base_model, kind, region, *_alternatives(kind, region))
    if offer.lifecycle != "ACTIVE" or not preflight.offers(offer, kind, region):
        preflight.check_offer(offer, kind, region, *_alternatives(kind, region))
    model = catalogue.find_model(offer.model_id)
    serving = preflight.resolve_serving(model, settings.serving, region)
    found = preflight.plan_training(offer, settings, serving, [])
    if found.teacher:
        told = distillation.check_teacher(found.teacher, _state_of(found.teacher.model), region)
        found = msgspec.structs.replace(found, warnings=[*found.warnings, *told])
    if settings.gate.judge:
        told = _check_judge(settings.gate.judge, region)
        found = msgspec.structs.replace(found, warnings=[*found.warnings, *told])
    return found


def _check_judge(judge: Judge, region: str) -> list[str]:
    details = bedrock.foundation_model(catalogue.plain_id(judge.model))
    if details is None:
        return judges.check_state(judge, None, (), region)
    state = details.get("modelLifecycle", {"status": "ACTIVE"})["status"]
    return judges.check_state(judge, state, details.get("outputModalities", ["TEXT"]), region)


def _state_of(model: str) -> str | None:
    """Return the life cycle state of a base model, None for one that the Region does not have."""
    details = bedrock.foundation_model(catalogue.plain_id(model))
    return details.get("modelLifecycle", {"status": "ACTIVE"})["status"] if details else None


def _offer(base_model: str) -> preflight.Offer | None:
    """Return what Bedrock offers under an id, ARN or custom model's ARN; None when it knows none."""
    job_model = ""
    if CUSTOM in base_model:
        job_model, base_model = base_model, _foundation(base_model)
    known = catalogue.find_model(base_model)
    details = bedrock.foundation_model(known.id if known else base_model)
    return _described(details, job_model) if details else None


def _foundation(custom_model: str) -> str:
    """Return the base model below a custom model, whose limits and life cycle count for it."""
    below = _base_of(custom_model)
    for _ in range(_GENERATIONS):
        if CUSTOM not in below:
            break
        # A parent further up may have been deleted meanwhile: its ARN still names the base model.
        found = bedrock.custom_model(below)
        named = below.split(CUSTOM)[1].split("/")[0]
        below = (found.get("baseModelArn") if found else None) or named
    return below


def _base_of(custom_model: str) -> str:
    found = bedrock.custom_model(custom_model)
    if found is None or found.get("modelStatus", "Active") != "Active" or not found.get("baseModelArn"):
        raise ModelNotTunable(
            f"custom model {custom_model} " + ("is not Active" if found else "does not exist"),
            where="base_model",
            remedy="Name a custom model of this account and Region, or a base model.",
        )
    return found["baseModelArn"]


def _described(details: FoundationModelDetailsTypeDef, job_model: str) -> preflight.Offer:
    life = details.get("modelLifecycle", {"status": "ACTIVE"})
    legacy = life.get("legacyTime")
    return preflight.Offer(
        model_id=details["modelId"],
        model_arn=details["modelArn"],
        name=details.get("modelName", details["modelId"]),
        job_model=job_model or details["modelArn"],
        lifecycle=life["status"],
        customizations=tuple(details.get("customizationsSupported", ())),
        legacy_since=legacy if isinstance(legacy, datetime) else None,
    )


def _alternatives(kind: str, region: str) -> tuple[list[str], str]:
    """Return the active ids that the Region customizes in this way, and in words what else it offers."""
    if kind == "CONTINUED_PRE_TRAINING":
        same, other = _active("CONTINUED_PRE_TRAINING"), _active("FINE_TUNING")
        words = f"For fine-tuning the account could use: {', '.join(other)}." if other else ""
    elif kind == rewards.KIND:
        # ListFoundationModels cannot be asked for it.
        same, words = preflight.offering(kind, region), "Deploy the pipeline in us-east-1."
    else:
        same = _active("DISTILLATION" if kind == distillation.KIND else "FINE_TUNING")
        words = "Deploy the pipeline in a Region that offers one."
    return same, words


def _active(kind: bedrock.CustomizationKind) -> list[str]:
    return [
        model["modelId"]
        for model in bedrock.tunable_models(kind)
        if model.get("modelLifecycle", {"status": "ACTIVE"})["status"] == "ACTIVE"
    ]


def _check_units(model_id: str, units: int) -> list[str]:
    """Hold the model units asked for against the account's quotas; return what could not be looked up.

    The units of all endpoints together count what is in use now: a run that cannot be served afterwards
    must not be trained.
    """
    model = catalogue.find_model(model_id)
    together = model.serving.no_commitment_quota if model else "L-BE77399C"
    each = (model.serving.units_quota if model else None) or ""
    warnings = []
    for code, what in ((together, "model units without commitment"), (each, f"model units per {model_id}")):
        if not code:
            continue
        try:
            value = quotas.quota(code)
            used = endpoints.units_in_use() if value and code == together else 0
        except (AccessDenied, RequestInvalid) as error:
            warnings.append(f"The quota {code} ({what}) could not be looked up: {error.what}.")
            continue
        if value is None:
            warnings.append(f"Service Quotas does not list {code} ({what}) here, so it was not checked.")
        preflight.check_quota(code, what, value, units, used=used)
    return warnings
