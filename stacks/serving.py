"""ServingStack: the guardian, which deletes endpoints that nobody needs (they are run state, not stacks')."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from config.settings import Settings
from stacks.components.dead_letters import DeadLetters
from stacks.components.guardian_schedule import GuardianSchedule
from stacks.components.pipeline_function import PipelineFunction
from stacks.pipeline import PipelineStack
from stacks.storage import StorageStack


class ServingStack(Stack):
    """The guardian's function and its schedule."""

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
        self.guardian = PipelineFunction(
            self,
            "guard_endpoints",
            settings=settings,
            code=lambda_.Code.from_asset(str(code_folder)),
            key=storage.key,
            variables=pipeline.variables(),
            allow=pipeline.allowed("guard_endpoints"),
            dead_letters=self.dead_letters,
        )
        GuardianSchedule(
            self,
            "Guardian",
            settings=settings,
            function=self.guardian.function,
            key_arn=storage.key_arn,
            dead_letters=self.dead_letters,
        )
