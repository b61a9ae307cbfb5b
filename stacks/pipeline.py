"""PipelineStack: functions, Bedrock's service role, the state machine and what starts it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from config.settings import Settings
from finetune_core.functions import FUNCTIONS
from stacks.components.approval_link import LinkKey, open_to_the_public
from stacks.components.bedrock_role import BedrockRole
from stacks.components.corpus_schedules import CorpusSchedules
from stacks.components.dead_letters import DeadLetters
from stacks.components.drop_triggers import DropTrigger, EndTrigger
from stacks.components.encrypted_topic import EncryptedTopic
from stacks.components.evaluation_role import EvaluationRole
from stacks.components.fine_tuning_machine import FineTuningMachine
from stacks.components.function_permissions import permissions
from stacks.components.permissions import Allow
from stacks.components.pipeline_function import PipelineFunction
from stacks.components.published import publish, publish_parameter
from stacks.components.reach import Reach
from stacks.components.reward_role import RewardRole
from stacks.storage import StorageStack
from stacks.workflow import Resources

OUTSIDE_THE_MACHINE = ("answer_approval", "close_run", "guard_endpoints", "watch_champions")


class PipelineStack(Stack):
    """Everything between dropped data and a promoted model; it can be removed without losing data."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        storage: StorageStack,
        code_folder: Path,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description=f"Fine-tuning pipeline ({settings.environment}): functions and state machine",
            env={"region": settings.region},
        )
        self._settings = settings
        self._storage = storage
        self._code = lambda_.Code.from_asset(str(code_folder))
        self.notices = EncryptedTopic(
            self, "Notices", settings=settings, key=storage.key, title="Fine-tuning runs"
        )
        self.reward_role = self._reward_role()
        self.reach = self._reach()
        self._permissions = permissions(self.reach)
        self.dead_letters = DeadLetters(self, "DeadLetters", key=storage.key)
        self.bedrock_role = BedrockRole(self, "BedrockRole", reach=self.reach)
        self.evaluation_role = EvaluationRole(self, "EvaluationRole", reach=self.reach)
        inside = [name for name in FUNCTIONS if name not in OUTSIDE_THE_MACHINE]
        self._link_address = ""
        self.functions = {"answer_approval": self._answer_by_link()} if settings.approval_links else {}
        self.functions |= {name: self._function(name) for name in inside}
        self.functions["close_run"] = self._function("close_run", self.dead_letters)
        self.machine = self._machine(inside)
        self._triggers()
        self._publish()

    def variables(self) -> dict[str, str]:
        """Give every environment variable that a function may declare."""
        hours, ceiling = self._settings.guardian_office_hours, self._settings.guardian_monthly_ceiling_usd
        return {
            "ENVIRONMENT": self._settings.environment,
            "CLEAN_UP_WAIT_SECONDS": str(self._settings.clean_up_wait_seconds),
            "DATA_BUCKET": self._storage.data.bucket_name,
            "ARTIFACTS_BUCKET": self._storage.artifacts.bucket_name,
            "LEDGER_TABLE": self._storage.ledger.table_name,
            "LINK_ADDRESS": self._link_address,
            "LINK_KEY": self.reach.link_key,
            "NOTICES_TOPIC": self.notices.topic_arn,
            **self._reward_variables(),
            "RUN_DEFAULTS": self._settings.run_defaults.to_json(),
            "RUN_LIMITS": self._settings.run_limits.to_json(),
            "IDLE_HOURS": str(self._settings.guardian_idle_hours),
            "OFFICE_HOURS": hours.to_json() if hours else "",
            "MONTHLY_CEILING_USD": str(ceiling) if ceiling else "",
        }

    def _reward_role(self) -> RewardRole | None:
        if not self._settings.run_limits.reward_code:
            return None
        return RewardRole(self, "Reward", settings=self._settings, key=self._storage.key)

    def _reward_variables(self) -> dict[str, str]:
        """Give what dropped reward functions are made with, nothing where no dropped code may run."""
        if self.reward_role is None:
            return {}
        return {
            "REWARD_ROLE": self.reward_role.role.role_arn,
            "REWARD_LOG_GROUP": self.reward_role.log_group.log_group_name,
            "REWARD_RUNTIME": self._settings.lambda_runtime,
            "REWARD_ARCHITECTURE": self._settings.lambda_architecture,
        }

    def allowed(self, name: str) -> Sequence[Allow]:
        """Give what the function of this name may do."""
        return self._permissions[name]

    def _reach(self) -> Reach:
        storage, settings = self._storage, self._settings
        links = LinkKey(self, "LinkKey", settings=settings).key_arn if settings.approval_links else ""
        return Reach(
            environment=settings.environment,
            region=self.region,
            account=self.account,
            key=storage.key_arn,
            data=storage.data_arn,
            artifacts=storage.artifacts_arn,
            ledger=storage.ledger_arn,
            notices=self.notices.topic_arn,
            reward_role=self.reward_role.role.role_arn if self.reward_role else "",
            link_key=links,
        )

    def _answer_by_link(self) -> PipelineFunction:
        """Deploy the function that answers approvals by link, and remember its address."""
        answering = PipelineFunction(
            self,
            "answer_approval",
            settings=self._settings,
            code=self._code,
            key=self._storage.key,
            variables=self.variables(),
            allow=self.allowed("answer_approval"),
            caller="its function URL; a person sees the failure and tries again",
        )
        self._link_address = open_to_the_public(answering)
        return answering

    def _function(self, name: str, dead_letters: DeadLetters | None = None) -> PipelineFunction:
        return PipelineFunction(
            self,
            name,
            settings=self._settings,
            code=self._code,
            key=self._storage.key,
            variables=self.variables(),
            allow=self.allowed(name),
            dead_letters=dead_letters,
        )

    def _machine(self, inside: list[str]) -> FineTuningMachine:
        return FineTuningMachine(
            self,
            "FineTuning",
            settings=self._settings,
            reach=self.reach,
            key=self._storage.key,
            resources=Resources(
                environment=self._settings.environment,
                functions={name: self.functions[name].function.function_arn for name in inside},
                ledger_table=self._storage.ledger.table_name,
                bedrock_role_arn=self.bedrock_role.role.role_arn,
                evaluation_role_arn=self.evaluation_role.role.role_arn,
                model_key_arn=self._storage.key_arn,
                artifacts_bucket=self._storage.artifacts.bucket_name,
            ),
        )

    def _triggers(self) -> None:
        machine = self.machine.machine
        DropTrigger(self, "Drop", bucket=self._storage.data, machine=machine, dead_letters=self.dead_letters)
        CorpusSchedules(
            self,
            "CorpusSchedules",
            settings=self._settings,
            machine=machine,
            data_bucket=self._storage.data.bucket_name,
            key_arn=self._storage.key_arn,
            dead_letters=self.dead_letters,
        )
        closing = self.functions["close_run"].function
        EndTrigger(self, "End", machine=machine, function=closing, dead_letters=self.dead_letters)

    def _publish(self) -> None:
        values = {
            "StateMachine": ("state-machine", self.machine.machine.state_machine_arn, "Runs the pipeline"),
            "NoticesTopic": ("notices-topic", self.notices.topic_arn, "Tells about every run"),
        }
        for construct_id, (name, value, purpose) in values.items():
            publish_parameter(
                self, construct_id, settings=self._settings, name=name, value=value, purpose=purpose
            )
        role = self.bedrock_role.role.role_arn
        publish(self, "BedrockRoleArn", value=role, purpose="Assumed by customization jobs")
