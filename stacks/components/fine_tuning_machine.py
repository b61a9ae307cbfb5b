"""The state machine: its definition comes from stacks/workflow, its role and its log from here.

The role is written by hand, because CDK's Bedrock task neither renders `.sync` nor adds what it needs
(aws-cdk-lib 2.275.0). Sources read 2026-11-24:
https://docs.aws.amazon.com/step-functions/latest/dg/connect-bedrock.html (Bedrock),
https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html (log delivery),
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html (tracing).
"""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from config.settings import Settings
from stacks.components.permissions import Allow, WrittenRole
from stacks.components.pipeline_function import create_log_group
from stacks.components.reach import Reach
from stacks.components.statements import ANY_MODEL, BEDROCK_IDS, ONE_RUN, leading_keys
from stacks.workflow import Resources, Timing, definition

LOG_DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
)
TRACING = (
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)


class FineTuningMachine(Construct):
    """A Standard state machine that takes a dropped object to a promoted model."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        resources: Resources,
        reach: Reach,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        role = WrittenRole(
            self,
            "Permissions",
            service="states.amazonaws.com",
            purpose="What the fine-tuning state machine may do",
            trust={"StringEquals": {"aws:SourceAccount": reach.account}},
            allow=_permissions(resources, reach),
        )
        group = create_log_group(
            self,
            "Logs",
            settings=settings,
            key=key,
            # This prefix keeps the account's log resource policy below its size limit (cw-logs.html above).
            name=f"/aws/vendedlogs/states/finetune-{settings.environment}",
        )
        document = definition(resources=resources, timing=_timing(settings))
        self.machine = sfn.StateMachine(
            self,
            "StateMachine",
            state_machine_name=reach.machine,
            definition_body=sfn.DefinitionBody.from_string(Stack.of(self).to_json_string(document)),
            comment="From dropped data to a promoted model",
            role=role.fixed,
            logs=sfn.LogOptions(
                destination=group,
                level=sfn.LogLevel.ALL,
                include_execution_data=settings.log_execution_data,
            ),
            tracing_enabled=True,
        )


def _timing(settings: Settings) -> Timing:
    return Timing(
        settle=settings.settle_seconds,
        approval=settings.approval_timeout_seconds,
        training=settings.training_timeout_seconds,
        training_poll=settings.training_poll_seconds,
        training_stall=settings.training_stall_seconds,
        poll=settings.serving_poll_seconds,
        serving=settings.serving_timeout_seconds,
        judge=settings.judge_timeout_seconds,
        machine=settings.machine_timeout_seconds,
        evaluation_concurrency=settings.evaluation_concurrency,
        large_bytes=settings.large_dataset_bytes,
        shard_bytes=settings.shard_bytes,
        shard_concurrency=settings.shard_concurrency,
        scheduled_jobs=settings.scheduled_jobs,
    )


def _permissions(resources: Resources, reach: Reach) -> Sequence[Allow]:
    return [
        Allow(actions=("lambda:InvokeFunction",), resources=list(resources.functions.values())),
        Allow(
            actions=("dynamodb:PutItem", "dynamodb:UpdateItem"),
            resources=(reach.ledger,),
            conditions=leading_keys("run#*", "queue#jobs"),
        ),
        reach.key_through("dynamodb"),
        *_map_runs(reach),
        *_training(resources.bedrock_role_arn, reach),
        *_serving(reach),
        *_judging(resources.evaluation_role_arn, reach),
        Allow(
            actions=LOG_DELIVERY,
            resources=("*",),
            wildcard="Log deliveries and resource policies have no resource to name (cw-logs.html above).",
        ),
        Allow(
            actions=TRACING,
            resources=("*",),
            wildcard="X-Ray has no resource to name for traces and sampling rules.",
        ),
    ]


def _map_runs(reach: Reach) -> list[Allow]:
    """Let the machine start the children of its own Distributed Maps, and read their item lists.

    https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html (read 2026-11-24)
    """
    arn = f"arn:aws:states:{reach.region}:{reach.account}"
    lists = [f"{reach.artifacts}/runs/*/shards/{name}.json" for name in ("ranges", "prepare")]
    return [
        Allow(actions=("states:StartExecution",), resources=(f"{arn}:stateMachine:{reach.machine}",)),
        Allow(
            actions=("states:DescribeExecution", "states:StopExecution"),
            resources=(f"{arn}:execution:{reach.machine}:*",),
            wildcard="Executions get their names at run time.",
        ),
        Allow(actions=("s3:GetObject",), resources=lists, wildcard=ONE_RUN),
        reach.key_through("s3"),
    ]


def _training(bedrock_role: str, reach: Reach) -> list[Allow]:
    jobs = reach.bedrock("model-customization-job")
    trained = [*jobs, *reach.bedrock("custom-model")]
    base_models = f"arn:aws:bedrock:{reach.region}::foundation-model/*"
    return [
        Allow(
            actions=("bedrock:CreateModelCustomizationJob",),
            resources=[base_models, *trained],
            wildcard=ANY_MODEL,
        ),
        Allow(
            actions=("bedrock:TagResource",),
            resources=[*trained, *reach.bedrock("provisioned-model")],
            conditions=reach.tagging(),
            wildcard=BEDROCK_IDS,
        ),
        Allow(
            actions=("bedrock:GetModelCustomizationJob", "bedrock:StopModelCustomizationJob"),
            resources=jobs,
            wildcard=BEDROCK_IDS,
        ),
        _pass_to_bedrock(bedrock_role),
        reach.key_of_models(),
    ]


def _pass_to_bedrock(role: str) -> Allow:
    return Allow(
        actions=("iam:PassRole",),
        resources=(role,),
        conditions={"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}},
    )


def _serving(reach: Reach) -> list[Allow]:
    endpoints = reach.bedrock("provisioned-model")
    return [
        Allow(
            actions=("bedrock:CreateProvisionedModelThroughput",),
            resources=[*endpoints, *reach.bedrock("custom-model")],
            conditions=reach.tagging(),
            wildcard=BEDROCK_IDS,
        ),
        # The delete is for the one that a candidate was judged on before a commitment is bought.
        Allow(
            actions=("bedrock:DeleteProvisionedModelThroughput",),
            resources=endpoints,
            conditions=reach.own(),
            wildcard=BEDROCK_IDS,
        ),
        # No tag asked for, as for all that only reads: a tag that is seen late would end in `Clean up`.
        Allow(actions=("bedrock:GetProvisionedModelThroughput",), resources=endpoints, wildcard=BEDROCK_IDS),
    ]


def _judging(evaluation_role: str, reach: Reach) -> list[Allow]:
    """Let evaluation jobs be started with the pipeline's tag, looked at, and stopped.

    The reference names the judge's model as the resource of the create call, policies of AWS's own the job:
    both are let through, under the same tag.
    """
    jobs = reach.bedrock("evaluation-job")
    return [
        Allow(
            actions=("bedrock:CreateEvaluationJob",),
            resources=[*reach.base_models(), *jobs],
            conditions=reach.tagging(),
            wildcard=ANY_MODEL,
        ),
        Allow(
            actions=("bedrock:TagResource",),
            resources=jobs,
            conditions=reach.tagging(),
            wildcard=BEDROCK_IDS,
        ),
        Allow(actions=("bedrock:GetEvaluationJob",), resources=jobs, wildcard=BEDROCK_IDS),
        Allow(
            actions=("bedrock:StopEvaluationJob",),
            resources=jobs,
            conditions=reach.own(),
            wildcard=BEDROCK_IDS,
        ),
        _pass_to_bedrock(evaluation_role),
    ]
