"""The metrics that alarms and dashboard share.

A label would make CDK write an alarm on it in the form of metric math, so labels are left to the dashboard.
The functions write their own metrics under the namespace and names below (finetune_aws.telemetry). Dimensions
of AWS/States are described in https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
(read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn

NAMESPACE: Final = "Finetune"
ENDPOINTS_DELETED: Final = "EndpointsDeleted"
OLDEST_RUN_HOURS: Final = "OldestRunHours"
FIVE_MINUTES: Final = Duration.minutes(5)


@dataclass(frozen=True, kw_only=True)
class PipelineMetrics:
    """What can be measured: `unattended` functions are those whose errors nobody catches."""

    environment: str
    machine: sfn.IStateMachine
    unattended: Mapping[str, lambda_.IFunction]
    dead_letters: Mapping[str, sqs.IQueue]

    def started(self) -> cloudwatch.Metric:
        """Count executions that began; duplicates of an event are among them."""
        return self.machine.metric_started(period=FIVE_MINUTES)

    def succeeded(self) -> cloudwatch.Metric:
        """Count executions that ended with a promoted model, or as duplicates."""
        return self.machine.metric_succeeded(period=FIVE_MINUTES)

    def failed(self) -> cloudwatch.Metric:
        """Count runs that ended FAILED."""
        return self.machine.metric_failed(period=FIVE_MINUTES)

    def timed_out(self) -> cloudwatch.Metric:
        """Count executions that hit the machine's own time limit."""
        return self.machine.metric_timed_out(period=FIVE_MINUTES)

    def aborted(self) -> cloudwatch.Metric:
        """Count executions that a person stopped."""
        return self.machine.metric_aborted(period=FIVE_MINUTES)

    def duration(self) -> cloudwatch.Metric:
        """Measure how long executions took, milliseconds."""
        return self.machine.metric_time(period=FIVE_MINUTES, statistic="Maximum")

    def endpoints_deleted(self) -> cloudwatch.Metric:
        """Count endpoints that the guardian deleted."""
        return self._own(ENDPOINTS_DELETED, "Sum")

    def oldest_run_hours(self) -> cloudwatch.Metric:
        """Measure the age of the oldest open run, as the guardian sees it."""
        return self._own(OLDEST_RUN_HOURS, "Maximum")

    def throttles(self) -> cloudwatch.Metric:
        """Count throttled invocations of all functions in the account and Region: they share one limit."""
        return lambda_.Function.metric_all_throttles(period=FIVE_MINUTES, statistic="Sum")

    def _own(self, name: str, statistic: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=name,
            dimensions_map={"environment": self.environment},
            period=FIVE_MINUTES,
            statistic=statistic,
        )
