"""Endpoints, champions and claimed runs that the tests of a run's end put into the account."""

# ruff: noqa: N803 - arguments have the services' own names

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tests.unit.functions.aws import FakeAws, error
from tests.unit.functions.samples import (
    CUSTOM_ARN,
    EXECUTION,
    MODEL_ARN,
    POINTER,
    PT_ARN,
    RUN_ID,
    TAGS,
    plan,
    price,
    tag_list,
    training,
)

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def throughput(arn: str = PT_ARN, status: str = "InService", **changes: Any) -> dict[str, Any]:
    return {
        "modelUnits": 1,
        "desiredModelUnits": 1,
        "provisionedModelName": f"dev-{RUN_ID}",
        "provisionedModelArn": arn,
        "modelArn": CUSTOM_ARN,
        "desiredModelArn": CUSTOM_ARN,
        "foundationModelArn": MODEL_ARN,
        "status": status,
        "creationTime": LONG_AGO,
        "lastModifiedTime": LONG_AGO,
        **changes,
    }


class Endpoints:
    """Provisioned Throughputs that can be found and deleted."""

    def __init__(self, aws: FakeAws, *found: dict[str, Any], tags: dict[str, str] = TAGS) -> None:
        self.found = {item["provisionedModelArn"]: item for item in found}
        aws.on("bedrock:GetProvisionedModelThroughput", self._get)
        aws.on("bedrock:DeleteProvisionedModelThroughput", self._delete)
        aws.on("bedrock:ListProvisionedModelThroughputs", lambda **_: self._list())
        aws.on("bedrock:ListCustomModelDeployments", {"modelDeploymentSummaries": []})
        aws.on("bedrock:ListTagsForResource", tag_list(tags))
        aws.on("bedrock:ListCustomModels", {"modelSummaries": []})
        aws.on("stepfunctions:DescribeExecution", {"status": "RUNNING"})
        aws.on("cloudwatch:GetMetricStatistics", {"Datapoints": []})

    def _get(self, provisionedModelId: str) -> dict[str, Any]:
        for arn, item in self.found.items():
            if provisionedModelId in (arn, item["provisionedModelName"]):
                return item
        raise error("ResourceNotFoundException", status=404)

    def _delete(self, provisionedModelId: str) -> dict[str, Any]:
        if self.found[provisionedModelId]["status"] == "Creating":
            self.found[provisionedModelId]["status"] = "InService"
            raise error("ConflictException")
        del self.found[provisionedModelId]
        return {}

    def _list(self) -> dict[str, Any]:
        return {"provisionedModelSummaries": [{"provisionedModelArn": arn} for arn in self.found]}


def champion(aws: FakeAws, arn: str, run_id: str = "old-run") -> None:
    aws.table.put_plain(
        "champion#banking-qa", "champion", run_id=run_id, endpoint_arn=arn, pointer=arn, model_arn="m"
    )
    aws.parameters[POINTER] = arn


def claim(aws: FakeAws, status: str = "RUNNING", started: str = "2026-11-23T10:00:00Z") -> None:
    aws.table.put_plain(
        f"run#{RUN_ID}",
        "run",
        run_id=RUN_ID,
        kind="run",
        dataset="banking-qa",
        status=status,
        phase="serve",
        execution_arn=EXECUTION,
        started_at=started,
        plan=json.dumps(plan()),
        price=json.dumps(price()),
        training=json.dumps(training()),
    )
