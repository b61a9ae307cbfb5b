"""A monthly budget for Bedrock, which tells the alarm topic before the money is gone.

Amazon's own models, training and Provisioned Throughput are billed under the service named below; models of
other providers are billed under names of their own and are not counted. Permissions:
https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html (read 2026-11-24).
"""

from __future__ import annotations

from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

BILLED_AS: Final = "Amazon Bedrock"
SHARES: Final = {"ACTUAL": (80, 100), "FORECASTED": (100,)}
"""Per cent of the limit at which a notice is sent, for what was spent and for what will be."""


class SpendingBudget(Construct):
    """Notices at the shares above of `limit` US dollars a month."""

    def __init__(self, scope: Construct, construct_id: str, *, limit: float, topic: sns.Topic) -> None:
        super().__init__(scope, construct_id)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="BudgetsPublish",
                principals=[iam.ServicePrincipal("budgets.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        subscriber = budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=topic.topic_arn)
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=limit, unit="USD"),
                cost_filters={"Service": [BILLED_AS]},
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        comparison_operator="GREATER_THAN",
                        notification_type=kind,
                        threshold=share,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[subscriber],
                )
                for kind, shares in SHARES.items()
                for share in shares
            ],
        )
