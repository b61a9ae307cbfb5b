"""The alarms; docs/operations.md says what to do when each one rings. No metric math: see docs/decisions."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from config.settings import Settings
from stacks.components.metrics import FIVE_MINUTES, PipelineMetrics


class Alarms(Construct):
    """One alarm per thing that a person has to look at; all of them go to one topic."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        topic: sns.Topic,
        metrics: PipelineMetrics,
    ) -> None:
        super().__init__(scope, construct_id)
        self._topic = topic
        topic.add_to_resource_policy(_alarms_may_publish(topic))
        self._runs(metrics, settings.stuck_run_hours)
        self._guardian(metrics)
        for name, queue in metrics.dead_letters.items():
            messages = queue.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES)
            self._alarm(
                f"{name}DeadLetters", messages, f"{name}: an event could not be delivered; it is kept"
            )

    def _runs(self, metrics: PipelineMetrics, stuck_hours: float) -> None:
        self._alarm("RunsFailed", metrics.failed(), "A run ended FAILED: read its report or the notice")
        self._alarm("RunsTimedOut", metrics.timed_out(), "A run hit the machine's time limit and was closed")
        self._alarm(
            "RunsStuck",
            metrics.oldest_run_hours(),
            f"A run has been open for more than {stuck_hours:g} hours",
            threshold=stuck_hours,
        )
        self._alarm("FunctionsThrottled", metrics.throttles(), "Lambda throttles functions of this account")

    def _guardian(self, metrics: PipelineMetrics) -> None:
        deleted = metrics.endpoints_deleted()
        self._alarm(
            "EndpointsDeleted", deleted, "The guardian deleted an endpoint that cost money for nobody"
        )
        for name, function in metrics.unattended.items():
            errors = function.metric_errors(period=FIVE_MINUTES)
            construct_id = "".join(word.capitalize() for word in name.split("_")) + "Errors"
            self._alarm(construct_id, errors, f"{name} failed: endpoints may be left running")
        invocations = metrics.unattended["guard_endpoints"].metric_invocations(period=Duration.days(1))
        self._alarm(
            "GuardianSilent",
            invocations,
            "The guardian has not run for a day: endpoints may be left running",
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )

    def _alarm(
        self,
        construct_id: str,
        metric: cloudwatch.IMetric,
        description: str,
        *,
        threshold: float = 1,
        comparison: cloudwatch.ComparisonOperator = (
            cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
        ),
        missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            metric=metric,
            alarm_description=description,
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=comparison,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(actions.SnsAction(self._topic))


def _alarms_may_publish(topic: sns.ITopic) -> iam.PolicyStatement:
    """Give the statement that a topic policy needs once it is written by hand (TLS only)."""
    return iam.PolicyStatement(
        sid="AlarmsPublish",
        principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
        actions=["sns:Publish"],
        resources=[topic.topic_arn],
        conditions={"StringEquals": {"aws:SourceAccount": topic.env.account}},
    )
