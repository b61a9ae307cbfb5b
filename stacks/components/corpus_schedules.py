"""Schedules that start a run of a corpus with whatever is new in it, however little that is."""

from __future__ import annotations

import json

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from config.settings import Settings
from stacks.components.permissions import Allow, WrittenRole

SOURCE = "finetune.schedule"


class CorpusSchedules(Construct):
    """One schedule for each corpus that the settings name; there are no resources when they name none."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        machine: sfn.IStateMachine,
        data_bucket: str,
        key_arn: str,
        dead_letters: sqs.IQueue,
    ) -> None:
        super().__init__(scope, construct_id)
        if not settings.corpus_schedules:
            return
        group = scheduler.ScheduleGroup(self, "Group", removal_policy=RemovalPolicy.DESTROY)
        role = WrittenRole(
            self,
            "Permissions",
            service="scheduler.amazonaws.com",
            purpose="Starts runs of corpora on their schedules",
            # As for the guardian's schedule: a group's ARN is the source of its schedules' calls.
            trust={
                "StringEquals": {
                    "aws:SourceAccount": Stack.of(self).account,
                    "aws:SourceArn": group.schedule_group_arn,
                }
            },
            allow=[
                Allow(actions=("states:StartExecution",), resources=(machine.state_machine_arn,)),
                Allow(actions=("sqs:SendMessage",), resources=(dead_letters.queue_arn,)),
                Allow(actions=("kms:Decrypt", "kms:GenerateDataKey"), resources=(key_arn,)),
            ],
        )
        for corpus, expression in sorted(settings.corpus_schedules.items()):
            scheduler.Schedule(
                self,
                f"Corpus-{corpus}",
                description=f"Starts a run of corpus {corpus} when there is anything new",
                schedule=scheduler.ScheduleExpression.expression(expression),
                schedule_group=group,
                target=targets.StepFunctionsStartExecution(
                    machine,
                    role=role.fixed,
                    input=scheduler.ScheduleTargetInput.from_text(json.dumps(_event(corpus, data_bucket))),
                    dead_letter_queue=dead_letters,
                    max_event_age=Duration.hours(1),
                    retry_attempts=3,
                ),
            )


def _event(corpus: str, data_bucket: str) -> dict[str, object]:
    """Give what intake reads, in the form of S3's own event."""
    dropped = {"bucket": {"name": data_bucket}, "object": {"key": f"corpora/{corpus}/scheduled"}}
    return {"source": SOURCE, "detail": dropped}
