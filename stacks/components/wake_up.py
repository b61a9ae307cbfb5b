"""A schedule that wakes a function, in a group of its own."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.components.permissions import Allow, WrittenRole


class WakeUp(Construct):
    """Invokes the function as often as `expression` says; what cannot be delivered is kept."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        purpose: str,
        expression: str,
        function: lambda_.IFunction,
        key_arn: str,
        dead_letters: sqs.IQueue,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        group = scheduler.ScheduleGroup(self, "Group", removal_policy=RemovalPolicy.DESTROY)
        role = WrittenRole(
            self,
            "Permissions",
            service="scheduler.amazonaws.com",
            purpose=f"{purpose} on a schedule",
            # The group's ARN is the documented source of a schedule's calls:
            # https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
            trust={
                "StringEquals": {
                    "aws:SourceAccount": stack.account,
                    "aws:SourceArn": group.schedule_group_arn,
                }
            },
            allow=[
                Allow(actions=("lambda:InvokeFunction",), resources=(function.function_arn,)),
                Allow(actions=("sqs:SendMessage",), resources=(dead_letters.queue_arn,)),
                Allow(actions=("kms:Decrypt", "kms:GenerateDataKey"), resources=(key_arn,)),
            ],
        )
        scheduler.Schedule(
            self,
            "Schedule",
            description=purpose,
            schedule=scheduler.ScheduleExpression.expression(expression),
            schedule_group=group,
            target=targets.LambdaInvoke(
                function,
                role=role.fixed,
                input=scheduler.ScheduleTargetInput.from_object(
                    {"time": scheduler.ContextAttribute.scheduled_time}
                ),
                dead_letter_queue=dead_letters,
                max_event_age=Duration.hours(1),
                retry_attempts=3,
            ),
        )
