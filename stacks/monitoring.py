"""MonitoringStack: topic for alarms, alarms, dashboard, and a notice for every execution that ended badly."""

from __future__ import annotations

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from config.settings import Settings
from stacks.components.alarms import Alarms
from stacks.components.dashboard import RunsDashboard
from stacks.components.dead_letters import END_OF_THE_LINE, DeadLetters
from stacks.components.encrypted_topic import EncryptedTopic
from stacks.components.end_notice import EndNotice
from stacks.components.metrics import PipelineMetrics
from stacks.components.spending_budget import SpendingBudget
from stacks.pipeline import PipelineStack
from stacks.security import acknowledge
from stacks.serving import ServingStack
from stacks.storage import StorageStack


class MonitoringStack(Stack):
    """What tells people that something needs them."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        storage: StorageStack,
        pipeline: PipelineStack,
        serving: ServingStack,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description=f"Fine-tuning pipeline ({settings.environment}): alarms and dashboard",
            env={"region": settings.region},
        )
        machine = pipeline.machine.machine
        self.topic = EncryptedTopic(
            self, "AlarmTopic", settings=settings, key=storage.key, title="Fine-tuning alarms"
        )
        self.dead_letters = DeadLetters(self, "DeadLetters", key=storage.key)
        # cdk-nag knows a dead-letter queue by the function or queue that names it, but not by a rule.
        acknowledge(self.dead_letters, "AwsSolutions-SQS3", END_OF_THE_LINE)
        queues = {
            "Pipeline": pipeline.dead_letters,
            "Guardian": serving.dead_letters,
            "Notices": self.dead_letters,
        }
        metrics = PipelineMetrics(
            environment=settings.environment,
            machine=machine,
            unattended={
                "close_run": pipeline.functions["close_run"].function,
                "guard_endpoints": serving.guardian.function,
                "watch_champions": serving.watch.function,
            },
            dead_letters=queues,
        )
        Alarms(self, "Alarms", settings=settings, topic=self.topic, metrics=metrics)
        EndNotice(self, "EndNotice", machine=machine, topic=self.topic, dead_letters=self.dead_letters)
        if settings.monthly_budget_usd:
            SpendingBudget(self, "Spending", limit=settings.monthly_budget_usd, topic=self.topic)
        dashboard = RunsDashboard(self, "Dashboard", settings=settings, metrics=metrics)
        CfnOutput(self, "AlarmTopicArn", value=self.topic.topic_arn, description="Tells about alarms")
        CfnOutput(self, "DashboardName", value=dashboard.dashboard_name, description="CloudWatch dashboard")
