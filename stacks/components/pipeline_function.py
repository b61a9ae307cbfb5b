"""One Lambda function of the pipeline: a role of its own, an encrypted log that expires, tracing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from aws_cdk import Duration, RemovalPolicy, Size
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from config.settings import Settings
from finetune_core.functions import FUNCTIONS
from stacks.components.permissions import Allow, WrittenRole
from stacks.security import acknowledge

ARCHITECTURES: Final = {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}


def construct_name(name: str) -> str:
    """Turn a package's name into a construct id: `resolve_run` is `ResolveRun`."""
    return "".join(word.capitalize() for word in name.split("_"))


class PipelineFunction(Construct):
    """The function in the package `lambdas/<name>`, sized as finetune_core.functions says.

    `variables` holds at least the environment variables that the function declares; only those are set.
    `dead_letters` is for functions that are invoked asynchronously; the others answer to `caller`.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        settings: Settings,
        code: lambda_.Code,
        key: kms.IKey,
        variables: Mapping[str, str],
        allow: Sequence[Allow],
        dead_letters: sqs.IQueue | None = None,
        caller: str = "the state machine, which retries and catches its failures",
    ) -> None:
        super().__init__(scope, construct_name(name))
        self.log_group = create_log_group(self, "Logs", settings=settings, key=key)
        role = WrittenRole(
            self,
            "Permissions",
            service="lambda.amazonaws.com",
            purpose=f"What the function {name} may do",
            allow=[*own_log(self.log_group), *_tracing(), *_dead_letters(dead_letters, key), *allow],
        )
        declared = FUNCTIONS[name]
        wanted = (*declared.variables, *(optional for optional in declared.optional if optional in variables))
        self.function = lambda_.Function(
            self,
            "Function",
            description=declared.description,
            runtime=lambda_.Runtime(settings.lambda_runtime, lambda_.RuntimeFamily.PYTHON),
            architecture=ARCHITECTURES[settings.lambda_architecture],
            code=code,
            handler=declared.entry,
            role=role.fixed,
            timeout=Duration.seconds(declared.timeout_seconds),
            memory_size=declared.memory_mb,
            ephemeral_storage_size=Size.mebibytes(declared.storage_mb),
            environment={variable: variables[variable] for variable in wanted},
            log_group=self.log_group,
            tracing=lambda_.Tracing.ACTIVE,
            dead_letter_queue=dead_letters,
            reserved_concurrent_executions=declared.concurrency,
        )
        self._explain(settings, "" if dead_letters else caller)

    def _explain(self, settings: Settings, caller: str) -> None:
        """Acknowledge what cdk-nag finds in functions that are right as they are."""
        if caller:
            reason = f"Invoked synchronously by {caller}."
            acknowledge(self.function, "Serverless-LambdaDLQ", reason)
        if settings.lambda_wheels == "host" and settings.lambda_runtime != newest_runtime():
            reason = "The local cloud runs the functions under this machine's Python; AWS gets the newest."
            acknowledge(self.function, "AwsSolutions-L1", reason)
            acknowledge(self.function, "Serverless-LambdaLatestVersion", reason)


@cache
def newest_runtime() -> str:
    """Give the newest Python runtime that this version of the CDK knows, which cdk-nag asks for."""
    names = [runtime.name for runtime in lambda_.Runtime.ALL if runtime.name.startswith("python3.")]
    return max(names, key=lambda name: int(name.removeprefix("python3.")))


def create_log_group(
    scope: Construct, construct_id: str, *, settings: Settings, key: kms.IKey, name: str | None = None
) -> logs.LogGroup:
    """Make an encrypted log group that expires; it goes with its stack, the ledger keeps the history."""
    group = logs.LogGroup(
        scope, construct_id, encryption_key=key, log_group_name=name, removal_policy=RemovalPolicy.DESTROY
    )
    resource = group.node.default_child
    if not isinstance(resource, logs.CfnLogGroup):
        raise TypeError(f"{group.node.path} has no AWS::Logs::LogGroup below it.")
    resource.retention_in_days = settings.log_retention_days
    return group


def own_log(group: logs.ILogGroup) -> list[Allow]:
    """Let a function write to its log group."""
    actions = ("logs:CreateLogStream", "logs:PutLogEvents")
    return [Allow(actions=actions, resources=(group.log_group_arn,))]


def _tracing() -> list[Allow]:
    return [
        Allow(
            actions=("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
            resources=("*",),
            wildcard="X-Ray has no resource to name for sending traces (service authorization reference).",
        )
    ]


def _dead_letters(queue: sqs.IQueue | None, key: kms.IKey) -> list[Allow]:
    if queue is None:
        return []
    return [
        Allow(actions=("sqs:SendMessage",), resources=(queue.queue_arn,)),
        Allow(actions=("kms:Decrypt", "kms:GenerateDataKey"), resources=(key.key_arn,)),
    ]
