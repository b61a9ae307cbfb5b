"""Lineage records in the artifacts bucket, and the champion that a run may go on from."""

from __future__ import annotations

import msgspec

from finetune_aws import bedrock, objects
from finetune_aws.ledger import Ledger
from finetune_core import lineage
from finetune_core.errors import AccessDenied, NotFound
from finetune_core.inputs import Inputs, PinnedFile


def champion(ledger: Ledger, dataset: str) -> lineage.Champion | None:
    """Return the dataset's champion with its custom model's state.

    Calls: dynamodb:GetItem, bedrock:GetCustomModel.
    """
    item = ledger.champion(dataset)
    if item is None or not item.get("model_arn"):
        return None
    model = bedrock.custom_model(str(item["model_arn"]))
    return lineage.Champion(
        run_id=str(item.get("run_id") or ""),
        model_arn=str(item["model_arn"]),
        base_model=str(item.get("base_model") or ""),
        customization_type=(model.get("customizationType") or "") if model else "",
        active=model is not None and model.get("modelStatus", "Active") == "Active",
    )


def inputs(bucket: str, run_id: str) -> Inputs | None:
    """Return what a run was made of, or None when it left nothing. Calls: s3:GetObject."""
    text = _text(bucket, f"runs/{run_id}/inputs.json")
    return msgspec.json.decode(text, type=Inputs) if text else None


def record(bucket: str, run_id: str) -> lineage.Record | None:
    """Return a run's lineage; for one that wrote none, what its inputs say. Calls: s3:GetObject."""
    text = _text(bucket, f"runs/{run_id}/{lineage.FILE}")
    if text:
        return msgspec.json.decode(text, type=lineage.Record)
    made_of = inputs(bucket, run_id)
    if made_of is None:
        return None
    return lineage.descend(made_of, base_model="", reason="", parent=None, ancestor=None)


def seen(bucket: str, run_id: str) -> list[PinnedFile]:
    """Return every training file that a run's model has seen."""
    found = record(bucket, run_id) if run_id else None
    return found.seen if found else []


def _text(bucket: str, key: str) -> bytes:
    """Return an object, or b"": S3 answers 403 for one that is missing when its bucket may not be listed."""
    try:
        return objects.read(bucket, key)
    except (NotFound, AccessDenied):
        return b""
