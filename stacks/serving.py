"""ServingStack: the guardian, which deletes endpoints that nobody needs, and the watch over new champions."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from config.settings import Settings
from stacks.components.dead_letters import DeadLetters
from stacks.components.permissions import Allow
from stacks.components.pipeline_function import PipelineFunction
from stacks.components.wake_up import WakeUp
from stacks.pipeline import PipelineStack
from stacks.storage import StorageStack


class ServingStack(Stack):
    """The functions of guardian and watch, and their schedules."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        storage: StorageStack,
        pipeline: PipelineStack,
        code_folder: Path,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description=f"Fine-tuning pipeline ({settings.environment}): guardian of endpoints",
            env={"region": settings.region},
        )
        self.dead_letters = DeadLetters(self, "DeadLetters", key=storage.key)
        closing = pipeline.functions["close_run"].function
        self.guardian = PipelineFunction(
            self,
            "guard_endpoints",
            settings=settings,
            code=lambda_.Code.from_asset(str(code_folder)),
            key=storage.key,
            variables=pipeline.variables() | {"CLOSE_RUN_FUNCTION": closing.function_arn},
            allow=[
                *pipeline.allowed("guard_endpoints"),
                Allow(actions=("lambda:InvokeFunction",), resources=(closing.function_arn,)),
            ],
            dead_letters=self.dead_letters,
        )
        self.watch = PipelineFunction(
            self,
            "watch_champions",
            settings=settings,
            code=lambda_.Code.from_asset(str(code_folder)),
            key=storage.key,
            variables=pipeline.variables(),
            allow=pipeline.allowed("watch_champions"),
            dead_letters=self.dead_letters,
        )
        WakeUp(
            self,
            "Watch",
            purpose="Wakes the watch over new champions",
            expression=settings.watch_schedule,
            function=self.watch.function,
            key_arn=storage.key_arn,
            dead_letters=self.dead_letters,
        )
        WakeUp(
            self,
            "Guardian",
            purpose="Wakes the guardian of endpoints",
            expression=settings.guardian_schedule,
            function=self.guardian.function,
            key_arn=storage.key_arn,
            dead_letters=self.dead_letters,
        )
