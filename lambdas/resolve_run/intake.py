"""From one dropped object to the plan of a run over pinned versions.

Refusals before the run id is known are raised; later ones are answered as action "reject", so that two
events for the same broken drop are reported once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from finetune_aws import objects
from finetune_aws.environment import Environment
from finetune_aws.ledger import Ledger
from finetune_core import rewards, runs, settings
from finetune_core.contracts import (
    ObjectRef,
    Plan,
    RunNames,
    RunSettings,
    write,
)
from finetune_core.errors import RunRejected
from finetune_core.inputs import Inputs, PinnedFile
from resolve_run.corpus import Corpus


def resolve(
    *,
    bucket: str,
    key: str,
    execution_arn: str,
    waited: bool,
    environment: Environment,
    scheduled: bool = False,
) -> Plan:
    """Pin the current versions beside ``key`` and resolve the run that they make.

    With ``scheduled`` the key names a corpus's folder, and anything new in it is enough.

    Raises:
        RunRejected: the key is refused, or there is still no training data after the wait.
    """
    _check_bucket(bucket, environment)
    drop = runs.read_drop(bucket, key)
    if runs.role_of(drop) is None and not scheduled:
        raise RunRejected(
            f'"{drop.file}" starts no run',
            where=f"s3://{bucket}/{key}",
            remedy="Drop train.jsonl or run.json (datasets), or *.jsonl (corpora).",
        )
    files = _pin(bucket, drop)
    if not any(file.role == "train" for file in files):
        if scheduled:
            reason = f"corpus {drop.dataset} has no files yet"
            return _pause("collect", reason, drop, environment, execution_arn=execution_arn)
        return _wait(bucket, drop, execution_arn, waited, environment)
    refusal = ""
    chosen = _defaults(drop, environment)
    try:
        runs.check_sizes(files)
        chosen = _settings(bucket, drop, files, environment)
        rewards.check_choice(
            chosen,
            dropped=any(file.role == "reward" for file in files),
            limits=environment.run_limits,
            environment=environment.name,
            where=f"s3://{bucket}/{drop.folder}",
        )
        for file in files:
            runs.check_key(file.bucket, file.key)
    except RunRejected as error:
        refusal = str(error)
    plan = _plan(
        bucket=bucket,
        drop=drop,
        files=files,
        chosen=chosen,
        refusal=refusal,
        execution_arn=execution_arn,
        environment=environment,
    )
    if plan.action == "run" and drop.collection == "corpora":
        corpus = Corpus(drop.dataset, environment)
        if drop.file != "run.json":
            reason = corpus.short_of(plan.run_id, files, 1 if scheduled else chosen.minimum_new_bytes)
            if reason:
                return _pause("collect", reason, drop, environment, execution_arn=execution_arn)
        corpus.remember(plan.run_id)
    _record(plan, files)
    return plan


def _plan(
    *,
    bucket: str,
    drop: runs.Drop,
    files: list[PinnedFile],
    chosen: RunSettings,
    refusal: str,
    execution_arn: str,
    environment: Environment,
) -> Plan:
    run_id = runs.run_id(environment.name, drop.dataset, files)
    return Plan(
        action="reject" if refusal else "run",
        reason=refusal or f"{len(files)} pinned files",
        run_id=run_id,
        dataset=drop.dataset,
        collection=drop.collection,
        execution_arn=execution_arn,
        inputs=ObjectRef(bucket=environment.artifacts_bucket, key=f"runs/{run_id}/inputs.json"),
        settings=chosen,
        names=runs.names(environment.name, run_id),
        token=runs.token(environment.name, run_id),
        prefix=f"runs/{run_id}",
        data_bucket=bucket,
        artifacts_bucket=environment.artifacts_bucket,
        bytes=sum(file.bytes for file in files),
        dropped_at=max(file.written_at for file in files),
    )


def _check_bucket(bucket: str, environment: Environment) -> None:
    if bucket != environment.data_bucket:
        raise RunRejected(
            f"bucket {bucket} is not this pipeline's data bucket",
            where=f"s3://{bucket}",
            remedy=f"Drop the data into {environment.data_bucket}.",
        )


def _pin(bucket: str, drop: runs.Drop) -> list[PinnedFile]:
    """Return the current version of every file in the drop's folder that a run reads."""
    return list(_pinned(bucket, drop, objects.current_versions(bucket, drop.folder)))


def _pinned(bucket: str, drop: runs.Drop, versions: Iterable[objects.Version]) -> Iterable[PinnedFile]:
    for version in versions:
        name = version.key.removeprefix(drop.folder)
        role = None if "/" in name else runs.role_of(runs.Drop(drop.collection, drop.dataset, name))
        if role is None:
            continue
        if version.version_id == "null":
            raise RunRejected(
                f"{name} has no version id: versioning is off, so the run could not pin what it trains on",
                where=f"s3://{bucket}/{version.key}",
                remedy="Turn versioning of the data bucket on (the storage stack does) and drop it again.",
            )
        yield PinnedFile(
            role=role,
            bucket=bucket,
            key=version.key,
            version_id=version.version_id,
            bytes=version.bytes,
            etag=version.etag,
            written_at=version.written_at,
        )


def _settings(bucket: str, drop: runs.Drop, files: list[PinnedFile], environment: Environment) -> RunSettings:
    defaults = _defaults(drop, environment)
    file = next((file for file in files if file.role == "run"), None)
    if file is None:
        return _merged(defaults, None, "RUN_DEFAULTS", drop, environment)
    where = f"s3://{bucket}/{file.key} version {file.version_id}"
    if file.bytes > settings.MAX_RUN_JSON_BYTES:
        raise RunRejected(
            f"run.json has {file.bytes:,} bytes, more than {settings.MAX_RUN_JSON_BYTES:,}",
            where=where,
            remedy="Drop the run's settings under that name, nothing else.",
        )
    return _merged(defaults, objects.read(bucket, file.key, file.version_id), where, drop, environment)


def _merged(
    defaults: RunSettings, text: bytes | None, where: str, drop: runs.Drop, environment: Environment
) -> RunSettings:
    """Return the run's settings; to go on from a champion means its base model, unless another is named."""
    limits = environment.run_limits
    merged = settings.merge(defaults, text, where=where, limits=limits)
    if merged.base != settings.CHAMPION:
        return merged
    champion = Ledger(environment.ledger_table).champion(drop.dataset) or {}
    if not champion.get("base_model"):
        return merged
    of_champion = settings.for_champion(defaults, champion["base_model"])
    return settings.merge(of_champion, text, where=where, limits=limits)


def _defaults(drop: runs.Drop, environment: Environment) -> RunSettings:
    return settings.for_collection(environment.run_defaults, drop.collection)


def _wait(bucket: str, drop: runs.Drop, execution_arn: str, waited: bool, environment: Environment) -> Plan:
    wanted = "train.jsonl" if drop.collection == "datasets" else "*.jsonl"
    if waited:
        raise RunRejected(
            f"{drop.file} was dropped, but {wanted} is missing",
            where=f"s3://{bucket}/{drop.folder}",
            remedy=f"Drop {wanted} into the same folder; it starts the run.",
        )
    reason = f"{wanted} has not arrived yet"
    return _pause("wait", reason, drop, environment, execution_arn=execution_arn)


def _pause(
    action: Literal["wait", "collect"],
    reason: str,
    drop: runs.Drop,
    environment: Environment,
    *,
    execution_arn: str,
) -> Plan:
    """Return the plan of a drop that is no run yet."""
    return Plan(
        action=action,
        reason=reason,
        run_id="",
        dataset=drop.dataset,
        collection=drop.collection,
        execution_arn=execution_arn,
        inputs=ObjectRef(bucket="", key=""),
        settings=_defaults(drop, environment),
        names=RunNames(job="", model="", endpoint=""),
        token="",
        prefix="",
        data_bucket=environment.data_bucket,
        artifacts_bucket=environment.artifacts_bucket,
        bytes=0,
    )


def _record(plan: Plan, files: list[PinnedFile]) -> None:
    inputs = Inputs(
        run_id=plan.run_id,
        dataset=plan.dataset,
        collection=plan.collection,
        files=files,
        settings=plan.settings,
    )
    objects.write_json(plan.inputs.bucket, plan.inputs.key, write(inputs))
