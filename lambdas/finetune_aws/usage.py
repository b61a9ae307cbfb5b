"""How much an endpoint was used: CloudWatch's invocation counts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from finetune_aws.clients import client
from finetune_aws.faults import translated
from finetune_core.watching import Health

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.literals import StatisticType

_HOUR: Final = 3600


def invocations(endpoint_arn: str, start: datetime, end: datetime) -> float:
    """Return how often an endpoint was asked between two times.

    Namespace ``AWS/Bedrock``, metric ``Invocations``, dimension ``ModelId`` (Bedrock user guide, "Runtime
    metrics", read 2026-11-23). Whether ``ModelId`` holds the ARN of a provisioned model or deployment is not
    documented; tools that clean up idle endpoints rely on it. Calls: cloudwatch:GetMetricStatistics.
    """
    answer = _points(endpoint_arn, "Invocations", start, end, "Sum")
    return float(sum(point.get("Sum", 0.0) for point in answer))


def health(endpoint_arn: str, start: datetime, end: datetime) -> Health:
    """Return an endpoint's answered and failed calls and mean latency between two times.

    ``Invocations`` counts successful requests only, ``InvocationServerErrors`` those that the service failed,
    ``InvocationLatency`` is in milliseconds (Bedrock user guide, "Runtime metrics", read 2026-11-23). What
    callers did wrong (``InvocationClientErrors``) says nothing about the model.
    Calls: cloudwatch:GetMetricStatistics.
    """
    answered = _points(endpoint_arn, "Invocations", start, end, "Sum")
    failed = _points(endpoint_arn, "InvocationServerErrors", start, end, "Sum")
    latency = _points(endpoint_arn, "InvocationLatency", start, end, "Sum", "SampleCount")
    samples = sum(point.get("SampleCount", 0.0) for point in latency)
    total = sum(point.get("Sum", 0.0) for point in latency)
    return Health(
        answered=sum(point.get("Sum", 0.0) for point in answered),
        failed=sum(point.get("Sum", 0.0) for point in failed),
        latency_ms=total / samples if samples else None,
    )


def _points(
    endpoint_arn: str, metric: str, start: datetime, end: datetime, *statistics: StatisticType
) -> list[Any]:
    with translated("cloudwatch:GetMetricStatistics", endpoint_arn):
        answer = _cloudwatch().get_metric_statistics(
            Namespace="AWS/Bedrock",
            MetricName=metric,
            Dimensions=[{"Name": "ModelId", "Value": endpoint_arn}],
            StartTime=start,
            EndTime=end,
            Period=_HOUR,
            Statistics=list(statistics),
        )
    return list(answer.get("Datapoints", []))


def _cloudwatch() -> CloudWatchClient:
    cloudwatch: CloudWatchClient = client("cloudwatch")
    return cloudwatch
