"""The role under which dropped reward functions run: it may write to one log group, and nothing else."""

from __future__ import annotations

from aws_cdk import aws_kms as kms
from constructs import Construct

from config.settings import Settings
from stacks.components.permissions import WrittenRole
from stacks.components.pipeline_function import create_log_group, own_log


class RewardRole(Construct):
    """Role and log group of all reward functions that datasets bring."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self.log_group = create_log_group(self, "Logs", settings=settings, key=key)
        self.role = WrittenRole(
            self,
            "Permissions",
            service="lambda.amazonaws.com",
            purpose="What a reward function that a dataset brings may do: write its log",
            allow=own_log(self.log_group),
        ).role
