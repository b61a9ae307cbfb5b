"""The rules that start the state machine when data is dropped, and that close a run whose execution died."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.components.permissions import Allow, WrittenRole

DROPS = ("datasets/*/run.json", "datasets/*/train.jsonl", "corpora/*.jsonl", "corpora/*/run.json")
ENDINGS = ("FAILED", "TIMED_OUT", "ABORTED")
RETRY_FOR = Duration.hours(1)
RETRIES = 10


class DropTrigger(Construct):
    """Starts the machine for every object whose key is part of the drop protocol."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket: s3.IBucket,
        machine: sfn.IStateMachine,
        dead_letters: sqs.IQueue,
    ) -> None:
        super().__init__(scope, construct_id)
        rule = events.Rule(
            self,
            "Rule",
            description="Data was dropped: start a fine-tuning run",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [bucket.bucket_name]},
                    "object": {"key": [{"wildcard": drop} for drop in DROPS]},
                },
            ),
        )
        role = WrittenRole(
            self,
            "Permissions",
            service="events.amazonaws.com",
            purpose="Starts the fine-tuning state machine when data is dropped",
            trust={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            allow=[Allow(actions=("states:StartExecution",), resources=(machine.state_machine_arn,))],
        )
        rule.add_target(
            targets.SfnStateMachine(
                machine,
                role=role.fixed,
                dead_letter_queue=dead_letters,
                retry_attempts=RETRIES,
                max_event_age=RETRY_FOR,
            )
        )


class EndTrigger(Construct):
    """Calls a function when an execution of the machine ends badly: its own states cannot see that."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        machine: sfn.IStateMachine,
        function: lambda_.IFunction,
        dead_letters: sqs.IQueue,
    ) -> None:
        super().__init__(scope, construct_id)
        events.Rule(
            self,
            "Rule",
            description="An execution failed, timed out or was aborted: close its run",
            event_pattern=execution_ended(machine, ENDINGS),
            targets=[
                targets.LambdaFunction(
                    function,
                    dead_letter_queue=dead_letters,
                    retry_attempts=RETRIES,
                    max_event_age=RETRY_FOR,
                )
            ],
        )


def execution_ended(machine: sfn.IStateMachine, statuses: Sequence[str]) -> events.EventPattern:
    """Give the pattern of this machine's executions that ended in one of these ways."""
    return events.EventPattern(
        source=["aws.states"],
        detail_type=["Step Functions Execution Status Change"],
        detail={"stateMachineArn": [machine.state_machine_arn], "status": list(statuses)},
    )
