"""A notice for every execution that failed, timed out or was aborted: no state inside can send it."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.components.drop_triggers import ENDINGS, execution_ended


class EndNotice(Construct):
    """Sends one line with the execution's status and ARN to a topic."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        machine: sfn.IStateMachine,
        topic: sns.ITopic,
        dead_letters: sqs.IQueue,
    ) -> None:
        super().__init__(scope, construct_id)
        status = events.EventField.from_path("$.detail.status")
        execution = events.EventField.from_path("$.detail.executionArn")
        events.Rule(
            self,
            "Rule",
            description="An execution failed, timed out or was aborted: tell people",
            event_pattern=execution_ended(machine, ENDINGS),
            targets=[
                targets.SnsTopic(
                    topic,
                    message=events.RuleTargetInput.from_text(f"Fine-tuning execution {status}: {execution}"),
                    dead_letter_queue=dead_letters,
                    retry_attempts=10,
                    max_event_age=Duration.hours(1),
                )
            ],
        )
