"""The two ways to serve a custom model, behind one shape: Provisioned Throughput and on-demand deployment.

Neither has a botocore waiter nor sends events (botocore 1.43.106; Bedrock user guide, "Monitor Amazon Bedrock
with EventBridge", read 2026-11-23), so states are polled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final, Literal

from msgspec import Struct

from finetune_aws.bedrock import as_tags, bedrock
from finetune_aws.faults import translated
from finetune_core.errors import AccessDenied, NotFound

Kind = Literal["provisioned_throughput", "on_demand"]
READY: Final = {"provisioned_throughput": "InService", "on_demand": "Active"}
"""The status in which an endpoint of each kind answers."""


class Served(Struct, frozen=True, kw_only=True):
    """An endpoint in the account. ``units`` is 0 and ``committed_until`` None for a deployment.

    ``desired_model`` is another than ``model_arn`` while a swap runs, and after one that ``failed_swap``.
    """

    kind: Kind
    arn: str
    name: str
    status: str
    model_arn: str
    created: datetime
    failure: str = ""
    units: int = 0
    committed: bool = False
    committed_until: datetime | None = None
    desired_model: str = ""
    failed_swap: bool = False

    @property
    def ready(self) -> bool:
        """Whether it answers requests."""
        return self.status == READY[self.kind]

    @property
    def busy(self) -> bool:
        """Whether Bedrock refuses to delete it now, in the middle of a change."""
        return self.status in ("Creating", "Updating")


def kind_of(arn: str) -> Kind | None:
    """Tell the kind of an endpoint by its ARN, or None for anything else."""
    if ":provisioned-model/" in arn:
        return "provisioned_throughput"
    return "on_demand" if ":custom-model-deployment/" in arn else None


def find(kind: Kind, identifier: str) -> Served | None:
    """Return an endpoint by name or ARN, or None.

    Calls: bedrock:GetProvisionedModelThroughput or bedrock:GetCustomModelDeployment.
    """
    try:
        return _provisioned(identifier) if kind == "provisioned_throughput" else _deployment(identifier)
    except NotFound:
        return None


def listed() -> Iterator[Served]:
    """Yield every endpoint of the account in this Region, with its details.

    Calls: bedrock:ListProvisionedModelThroughputs, bedrock:ListCustomModelDeployments and the two Gets.
    """
    for page in _pages(
        bedrock().list_provisioned_model_throughputs, "bedrock:ListProvisionedModelThroughputs"
    ):
        for item in page.get("provisionedModelSummaries", []):
            found = find("provisioned_throughput", item["provisionedModelArn"])
            if found:
                yield found
    for page in _pages(bedrock().list_custom_model_deployments, "bedrock:ListCustomModelDeployments"):
        for item in page.get("modelDeploymentSummaries", []):
            found = find("on_demand", item["customModelDeploymentArn"])
            if found:
                yield found


def units_in_use() -> int:
    """Return the model units without commitment that custom models take in this account and Region.

    Calls: bedrock:ListProvisionedModelThroughputs.
    """
    pages = _pages(bedrock().list_provisioned_model_throughputs, "bedrock:ListProvisionedModelThroughputs")
    found = (item for page in pages for item in page.get("provisionedModelSummaries", []))
    return sum(
        item["modelUnits"]
        for item in found
        if "commitmentDuration" not in item and ":custom-model/" in item["modelArn"]
    )


def deploy(name: str, model_arn: str, token: str, tags: dict[str, str]) -> str:
    """Create an on-demand deployment and return its ARN.

    Calls: bedrock:CreateCustomModelDeployment, bedrock:TagResource.
    """
    with translated("bedrock:CreateCustomModelDeployment", model_arn):
        answer = bedrock().create_custom_model_deployment(
            modelDeploymentName=name, modelArn=model_arn, tags=as_tags(tags), clientRequestToken=token
        )
    return answer["customModelDeploymentArn"]


def provision(name: str, model_arn: str, units: int, token: str, tags: dict[str, str]) -> str:
    """Create Provisioned Throughput without commitment and return its ARN.

    Calls: bedrock:CreateProvisionedModelThroughput, bedrock:TagResource.
    """
    with translated("bedrock:CreateProvisionedModelThroughput", model_arn):
        answer = bedrock().create_provisioned_model_throughput(
            provisionedModelName=name,
            modelId=model_arn,
            modelUnits=units,
            tags=as_tags(tags),
            clientRequestToken=token,
        )
    return answer["provisionedModelArn"]


def swap(endpoint: Served, model_arn: str) -> None:
    """Let an endpoint take another custom model of the same base; the old one answers until it is there.

    Calls: bedrock:UpdateProvisionedModelThroughput or bedrock:UpdateCustomModelDeployment.
    """
    if endpoint.kind == "provisioned_throughput":
        with translated("bedrock:UpdateProvisionedModelThroughput", endpoint.arn):
            bedrock().update_provisioned_model_throughput(
                provisionedModelId=endpoint.arn, desiredModelId=model_arn
            )
    else:
        with translated("bedrock:UpdateCustomModelDeployment", endpoint.arn):
            bedrock().update_custom_model_deployment(
                customModelDeploymentIdentifier=endpoint.arn, modelArn=model_arn
            )


def delete(endpoint: Served) -> None:
    """Delete an endpoint; one that is gone already is fine.

    Calls: bedrock:DeleteProvisionedModelThroughput or bedrock:DeleteCustomModelDeployment.

    Raises:
        Conflict: it is in the middle of a change.
        RequestInvalid: Bedrock refuses, for example under a commitment.
    """
    try:
        if endpoint.kind == "provisioned_throughput":
            with translated("bedrock:DeleteProvisionedModelThroughput", endpoint.arn):
                bedrock().delete_provisioned_model_throughput(provisionedModelId=endpoint.arn)
        else:
            with translated("bedrock:DeleteCustomModelDeployment", endpoint.arn):
                bedrock().delete_custom_model_deployment(customModelDeploymentIdentifier=endpoint.arn)
    except NotFound:
        return
    except AccessDenied:
        # What is gone has no tag any more that would allow its deletion: IAM answers before Bedrock does.
        if find(endpoint.kind, endpoint.arn) is not None:
            raise


def _provisioned(identifier: str) -> Served:
    with translated("bedrock:GetProvisionedModelThroughput", identifier):
        found = bedrock().get_provisioned_model_throughput(provisionedModelId=identifier)
    return Served(
        kind="provisioned_throughput",
        arn=found["provisionedModelArn"],
        name=found["provisionedModelName"],
        status=found["status"],
        model_arn=found["modelArn"],
        created=found["creationTime"],
        failure=found.get("failureMessage", ""),
        units=found["modelUnits"],
        committed="commitmentDuration" in found,
        committed_until=found.get("commitmentExpirationTime"),
        desired_model=found["desiredModelArn"],
        failed_swap=found["status"] == "Failed" and found["desiredModelArn"] != found["modelArn"],
    )


def _deployment(identifier: str) -> Served:
    with translated("bedrock:GetCustomModelDeployment", identifier):
        found = bedrock().get_custom_model_deployment(customModelDeploymentIdentifier=identifier)
    update = found.get("updateDetails")
    under_way = update is not None and update["updateStatus"] == "Updating"
    return Served(
        kind="on_demand",
        arn=found["customModelDeploymentArn"],
        name=found["modelDeploymentName"],
        status="Updating" if under_way else found["status"],
        model_arn=found["modelArn"],
        created=found["createdAt"],
        failure=found.get("failureMessage", ""),
        desired_model=update["modelArn"] if update else found["modelArn"],
        failed_swap=update is not None and update["updateStatus"] == "UpdateFailed",
    )


def _pages(operation: Callable[..., Any], call: str) -> Iterator[dict[str, Any]]:
    """Follow ``nextToken``: works for operations with and without a botocore paginator."""
    token: dict[str, str] = {}
    while True:
        with translated(call):
            page = operation(**token)
        yield page
        if not page.get("nextToken"):
            return
        token = {"nextToken": page["nextToken"]}
