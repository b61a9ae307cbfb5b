"""Takes the four stacks away, and the data that outlives them when that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from finetune_cli.errors import CommandError

if TYPE_CHECKING:
    from finetune_cli.surroundings import Surroundings

NAMES = ("Monitoring", "Serving", "Pipeline", "Storage")
"""Each imports values of those after it, so they go in this order (stacks/build.py)."""
KEY_DAYS = 30
"""Days in which a deleted key can still be had back: the longest that KMS takes."""
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Stack:
    """A deployed stack."""

    name: str
    protected: bool


@dataclass(frozen=True)
class Data:
    """Physical names of what the storage stack holds."""

    buckets: tuple[str, ...]
    tables: tuple[str, ...]
    keys: tuple[str, ...]


def deployed(here: Surroundings) -> list[Stack]:
    """The environment's stacks that exist, in the order of removal."""
    cloud = here.client("cloudformation")
    found = []
    for part in NAMES:
        name = f"Finetune-{here.env}-{part}"
        try:
            (stack,) = cloud.describe_stacks(StackName=name)["Stacks"]
        except cloud.exceptions.ClientError as error:
            if "does not exist" in str(error):
                continue
            raise
        if stack["StackStatus"] != "DELETE_COMPLETE":
            found.append(Stack(name, bool(stack.get("EnableTerminationProtection"))))
    return found


def data_of(here: Surroundings) -> Data:
    """What the storage stack holds now; nothing when it is gone."""
    cloud, by_type = here.client("cloudformation"), dict[str, list[str]]()
    if not any(stack.name.endswith("Storage") for stack in deployed(here)):
        return Data((), (), ())
    pages = cloud.get_paginator("list_stack_resources").paginate(StackName=f"Finetune-{here.env}-Storage")
    for page in pages:
        for each in page["StackResourceSummaries"]:
            by_type.setdefault(each["ResourceType"], []).append(each["PhysicalResourceId"])
    return Data(
        buckets=tuple(by_type.get("AWS::S3::Bucket", ())),
        tables=tuple(by_type.get("AWS::DynamoDB::Table", ())),
        keys=tuple(by_type.get("AWS::KMS::Key", ())),
    )


def remove_stacks(here: Surroundings, stacks: list[Stack], tell: Tell) -> None:
    """Lift termination protection where it is on, and delete each stack.

    Raises:
        CommandError: CloudFormation could not delete one.
    """
    from botocore.exceptions import WaiterError  # noqa: PLC0415 - heavy

    cloud = here.client("cloudformation")
    for stack in stacks:
        if stack.protected:
            cloud.update_termination_protection(StackName=stack.name, EnableTerminationProtection=False)
            tell(f"{stack.name}: termination protection lifted")
        cloud.delete_stack(StackName=stack.name)
        try:
            cloud.get_waiter("stack_delete_complete").wait(
                StackName=stack.name, WaiterConfig={"Delay": 2, "MaxAttempts": 900}
            )
        except WaiterError as error:
            raise CommandError(
                f"Stack {stack.name} was not deleted: {error}",
                where=f"CloudFormation, {here.region}",
                do="Read the stack's events, repair what they name and run the command again.",
            ) from None
        tell(f"{stack.name}: deleted")


def empty_buckets(here: Surroundings, buckets: tuple[str, ...], tell: Tell) -> None:
    """Delete every version of every object: a bucket that holds anything cannot be deleted."""
    s3 = here.client("s3")
    for bucket in buckets:
        count = 0
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            doomed = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            objects = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in doomed]
            if objects:
                answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
                _check_deleted(bucket, answer.get("Errors", []))
                count += len(objects)
        tell(f"{bucket}: {count:,} object versions deleted")


def _check_deleted(bucket: str, errors: list[dict[str, Any]]) -> None:
    if errors:
        first = errors[0]
        raise CommandError(
            f"{len(errors)} objects could not be deleted: {first.get('Code')}: {first.get('Message')}",
            where=f"s3://{bucket}/{first.get('Key')}",
            do="Repair what it says and run the command again.",
        )


def remove_data(here: Surroundings, data: Data, tell: Tell) -> None:
    """Delete emptied buckets and the ledger, and schedule the key's deletion."""
    for bucket in data.buckets:
        here.client("s3").delete_bucket(Bucket=bucket)
        tell(f"{bucket}: deleted")
    for table in data.tables:
        dynamodb = here.client("dynamodb")
        dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
        dynamodb.delete_table(TableName=table)
        tell(f"{table}: deleted")
    for key in data.keys:
        here.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=KEY_DAYS)
        tell(f"key {key}: goes in {KEY_DAYS} days; `aws kms cancel-key-deletion` keeps it")
