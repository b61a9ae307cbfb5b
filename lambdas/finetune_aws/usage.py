"""How much an endpoint was used: CloudWatch's invocation counts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from finetune_aws.clients import client
from finetune_aws.faults import translated

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

_HOUR: Final = 3600


def invocations(endpoint_arn: str, start: datetime, end: datetime) -> float:
    """Return how often an endpoint was asked between two times.

    Namespace ``AWS/Bedrock``, metric ``Invocations``, dimension ``ModelId`` (Bedrock user guide, "Runtime
    metrics", read 2026-11-23). Whether ``ModelId`` holds the ARN of a provisioned model or deployment is not
    documented; tools that clean up idle endpoints rely on it. Calls: cloudwatch:GetMetricStatistics.
    """
    with translated("cloudwatch:GetMetricStatistics", endpoint_arn):
        answer = _cloudwatch().get_metric_statistics(
            Namespace="AWS/Bedrock",
            MetricName="Invocations",
            Dimensions=[{"Name": "ModelId", "Value": endpoint_arn}],
            StartTime=start,
            EndTime=end,
            Period=_HOUR,
            Statistics=["Sum"],
        )
    return sum(point.get("Sum", 0.0) for point in answer.get("Datapoints", []))


def _cloudwatch() -> CloudWatchClient:
    cloudwatch: CloudWatchClient = client("cloudwatch")
    return cloudwatch
