"""The dashboard: runs first, then what serves, then what went wrong."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from config.settings import Settings
from stacks.components.metrics import FIVE_MINUTES, PipelineMetrics

WIDTH = 12  # half of CloudWatch's grid
BEDROCK = "SEARCH('{{AWS/Bedrock,ModelId}} MetricName=\"{metric}\"', 'Sum')"


class RunsDashboard(cloudwatch.Dashboard):
    """Runs, durations, failures, the guardian's work and Bedrock's invocations on one page."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, metrics: PipelineMetrics
    ) -> None:
        title = cloudwatch.TextWidget(
            markdown=f"# Fine-tuning pipeline: {settings.environment}", width=2 * WIDTH, height=1
        )
        rows: list[list[cloudwatch.IWidget]] = [
            [title],
            [_runs(metrics), _duration(metrics)],
            [_bedrock("Invocations"), _bedrock("InvocationThrottles")],
            [_guardian(metrics), _trouble(metrics)],
        ]
        super().__init__(scope, construct_id, widgets=rows)


def _graph(title: str, metrics: Mapping[str, cloudwatch.Metric]) -> cloudwatch.GraphWidget:
    left = [metric.with_(label=label) for label, metric in metrics.items()]
    return cloudwatch.GraphWidget(title=title, left=left, width=WIDTH)


def _runs(metrics: PipelineMetrics) -> cloudwatch.GraphWidget:
    outcomes = {
        "started": metrics.started(),
        "succeeded": metrics.succeeded(),
        "failed": metrics.failed(),
        "timed out": metrics.timed_out(),
        "aborted": metrics.aborted(),
    }
    return _graph("Runs", outcomes)


def _duration(metrics: PipelineMetrics) -> cloudwatch.GraphWidget:
    times = {"longest run (ms)": metrics.duration(), "oldest open run (h)": metrics.oldest_run_hours()}
    return _graph("Duration", times)


def _guardian(metrics: PipelineMetrics) -> cloudwatch.GraphWidget:
    ran = metrics.unattended["guard_endpoints"].metric_invocations(period=FIVE_MINUTES)
    return _graph("Guardian", {"ran": ran, "endpoints deleted": metrics.endpoints_deleted()})


def _trouble(metrics: PipelineMetrics) -> cloudwatch.GraphWidget:
    trouble = {
        f"{name} dead letters": queue.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES)
        for name, queue in metrics.dead_letters.items()
    }
    trouble |= {
        f"{name} errors": function.metric_errors(period=FIVE_MINUTES)
        for name, function in metrics.unattended.items()
    }
    return _graph("Trouble", {**trouble, "functions throttled": metrics.throttles()})


def _bedrock(metric: str) -> cloudwatch.GraphWidget:
    """Show one metric of every model: endpoints come and go, so they are searched for."""
    found = cloudwatch.MathExpression(
        expression=BEDROCK.format(metric=metric), label="", period=FIVE_MINUTES, using_metrics={}
    )
    return cloudwatch.GraphWidget(title=f"Bedrock {metric} by model", left=[found], width=WIDTH)
