"""Settles what a run is trained from and on, and writes its lineage down."""

from __future__ import annotations

import msgspec

from finetune_aws import bedrock, lineages, objects
from finetune_aws.environment import Environment
from finetune_aws.ledger import Ledger
from finetune_core import catalogue, lineage, runs
from finetune_core.contracts import Lineage, ObjectRef, Plan, RunSettings, write
from finetune_core.errors import RunRejected
from finetune_core.inputs import Inputs

CUSTOM = ":custom-model/"


class Descent(msgspec.Struct, frozen=True):
    """A run's line: ``settings`` with the base that the job gets, and the record that tells why."""

    settings: RunSettings
    record: lineage.Record
    inputs: ObjectRef
    uri: str

    def summary(self) -> Lineage:
        """Return the short form that goes into the ledger and the report."""
        parent = self.record.parent
        return Lineage(
            starts_from="champion" if parent else "model",
            reason=self.record.reason,
            parent_run=(parent.run_id or None) if parent else None,
            parent_model=parent.model_arn if parent else None,
            generation=len(self.record.ancestors) + 1,
            trained_files=len(self.record.trained),
            seen_files=len(self.record.seen),
            inputs=self.inputs,
            uri=self.uri,
        )


def descend(plan: Plan, environment: Environment) -> Descent:
    """Decide between going on and starting afresh; write ``lineage.json`` and the ledger's list of files.

    Raises:
        RunRejected: the run's inputs are gone.
    """
    made_of = lineages.inputs(plan.inputs.bucket, plan.run_id)
    if made_of is None:
        raise RunRejected(
            "the list of this run's pinned files is missing",
            where=f"s3://{plan.inputs.bucket}/{plan.inputs.key}",
            remedy="Drop the data again.",
        )
    settings, reason, ancestor = _choose(plan, environment, made_of)
    parent = lineages.record(plan.artifacts_bucket, ancestor.run_id) if ancestor and ancestor.run_id else None
    # A custom model that the settings name is trained on all files: nobody asked for the new ones alone.
    follows = settings.base == "champion" and ancestor is not None
    record = lineage.descend(
        made_of, base_model=settings.base_model, reason=reason, parent=parent, ancestor=ancestor
    )
    if ancestor and not follows:
        every = [file for file in made_of.files if file.role == "train"]
        record = msgspec.structs.replace(record, trained=every)
    if ancestor:
        settings = msgspec.structs.replace(settings, base_model=ancestor.model_arn)
    return _written(plan, environment, settings, record, made_of)


def _choose(
    plan: Plan, environment: Environment, made_of: Inputs
) -> tuple[RunSettings, str, lineage.Ancestor | None]:
    settings = plan.settings
    if settings.base != "champion":
        if CUSTOM not in settings.base_model:
            return settings, "the settings ask for a start from the base model", None
        named = lineage.Ancestor(
            run_id=_maker(settings.base_model, environment.name), model_arn=settings.base_model
        )
        return settings, "the settings name this custom model", named
    found = lineages.champion(Ledger(environment.ledger_table), plan.dataset)
    seen = lineages.seen(plan.artifacts_bucket, found.run_id) if found else []
    new = lineage.unseen(made_of.files, seen)
    words = lineage.obstacle(
        found,
        base_model=settings.base_model,
        kind=settings.customization_type,
        model=catalogue.find_model(settings.base_model),
        new=new,
    )
    if words or found is None:
        return settings, f"a fresh start with all files: {words}", None
    told = f"goes on from the champion of run {found.run_id} with {len(new)} new file(s)"
    return settings, told, lineage.Ancestor(run_id=found.run_id, model_arn=found.model_arn)


def _maker(model_arn: str, environment: str) -> str:
    """Return the run that made a custom model, by the model's name; "" when it was none of ours."""
    model = bedrock.custom_model(model_arn)
    name, prefix = model["modelName"] if model else "", runs.names(environment, "").model
    return name.removeprefix(prefix) if name.startswith(prefix) else ""


def _written(
    plan: Plan,
    environment: Environment,
    settings: RunSettings,
    record: lineage.Record,
    made_of: Inputs,
) -> Descent:
    bucket = plan.artifacts_bucket
    inputs = plan.inputs
    if record.parent:
        inputs = ObjectRef(bucket=bucket, key=f"{plan.prefix}/{lineage.TRAINED_FILE}")
        objects.write_json(bucket, inputs.key, write(lineage.reduced(made_of, record)))
    uri = objects.write_json(bucket, f"{plan.prefix}/{lineage.FILE}", write(record))
    parent = record.parent
    Ledger(environment.ledger_table).put(
        f"lineage#{plan.run_id}",
        "lineage",
        {
            "run_id": plan.run_id,
            "dataset": plan.dataset,
            "base_model": record.base_model,
            "parent_run": parent.run_id if parent else None,
            "parent_model": parent.model_arn if parent else None,
            "reason": record.reason,
            "files": len(record.seen),
            "seen": lineage.listed(record),
            "lineage": uri,
        },
    )
    return Descent(settings, record, inputs, uri)
