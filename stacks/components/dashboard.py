"""The dashboard: runs first, then what serves, then what went wrong."""

from __future__ import annotations

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
        rows = [
            [_runs(metrics), _duration(metrics)],
            [_bedrock("Invocations"), _bedrock("InvocationThrottles")],
            [_guardian(metrics), _trouble(metrics)],
        ]
        super().__init__(scope, construct_id, widgets=rows, default_interval=None)
        self._title = settings.environment


def _graph(title: str, *metrics: cloudwatch.IMetric) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(metrics), width=WIDTH)


def _runs(metrics: PipelineMetrics) -> cloudwatch.GraphWidget:
    outcomes = (metrics.succeeded(), metrics.failed(), metrics.timed_out(), metrics.aborted())
    return _graph("Runs", metrics.started(), *outcomes)


def _duration(metrics: PipelineMetrics) -> cloudwatch.GraphWidget:
    return _graph("Longest run (ms), oldest open run (h)", metrics.duration(), metrics.oldest_run_hours())


def _guardian(metrics: PipelineMetrics) -> cloudwatch.GraphWidget:
    guardian = metrics.unattended["guard_endpoints"]
    ran = guardian.metric_invocations(label="guardian ran", period=FIVE_MINUTES)
    return _graph("Guardian", ran, metrics.endpoints_deleted())


def _trouble(metrics: PipelineMetrics) -> cloudwatch.GraphWidget:
    letters = [
        queue.metric_approximate_number_of_messages_visible(label=f"{name} dead letters", period=FIVE_MINUTES)
        for name, queue in metrics.dead_letters.items()
    ]
    errors = [
        function.metric_errors(label=f"{name} errors", period=FIVE_MINUTES)
        for name, function in metrics.unattended.items()
    ]
    return _graph("Trouble", *letters, *errors, metrics.throttles())


def _bedrock(metric: str) -> cloudwatch.GraphWidget:
    """Show one metric of every model: endpoints come and go, so they are searched for."""
    found = cloudwatch.MathExpression(
        expression=BEDROCK.format(metric=metric), label="", period=FIVE_MINUTES, using_metrics={}
    )
    return _graph(f"Bedrock {metric} by model", found)
