"""Finding the model or resource that an identifier of a request means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

from finetune_local.bedrock import foundation_models
from finetune_local.bedrock.cloud import Context
from finetune_local.bedrock.errors import invalid, not_found
from finetune_local.bedrock.foundation_models import FoundationModel
from finetune_local.bedrock.resources import CustomModel, Deployment, Job, ProvisionedModel

INVALID_IDENTIFIER: Final = "The provided model identifier is invalid."
Resource = TypeVar("Resource", Job, CustomModel, ProvisionedModel, Deployment)


def by_identifier(resources: Mapping[str, Resource], identifier: str, kind: str) -> Resource:
    """Return the resource with this ARN or name; hold the lock."""
    found = resources.get(identifier)
    if found is None:
        found = next((item for item in resources.values() if item.name == identifier), None)
    if found is None:
        raise not_found(f"The provided {kind} identifier {identifier} could not be found.")
    return found


def base_of(context: Context, identifier: str) -> tuple[FoundationModel, CustomModel | None]:
    """Return the foundation model, and the custom model if one was meant; hold the lock.

    A plain id (for invocation) is not a base.
    """
    found = foundation_models.find(identifier, context.region)
    if found is not None:
        model, plain = found
        if plain:
            raise invalid(
                f"The model {identifier} supports neither customization nor Provisioned Throughput in "
                f"{context.region}."
            )
        return model, None
    if "." in identifier and ":custom-model/" not in identifier:
        raise invalid(INVALID_IDENTIFIER)
    custom = by_identifier(context.state.models, identifier, "model")
    return custom.base, custom


def refuse_legacy(context: Context, model: FoundationModel, purpose: str) -> None:
    """Raise a ValidationException when `model` is in the Legacy state."""
    if context.cloud.is_legacy(model):
        raise invalid(f"The model {model.model_id} is in the Legacy state: {purpose} is no longer possible.")
