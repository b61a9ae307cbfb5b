"""The one customer-managed key: data, artifacts, ledger, logs, topics, queues and the custom models.

The key policy lets the account's IAM policies decide (CDK's default statement) and adds the services that
call KMS with their own principal. Sources read 2026-11-24:
https://docs.aws.amazon.com/bedrock/latest/userguide/encryption-custom-job.html (Bedrock),
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html (Logs),
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html (dead letters),
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html (topics).
"""

from __future__ import annotations

from typing import Any

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from config.settings import Settings


class PipelineKey(kms.Key):
    """A rotating key with the statements that Bedrock, CloudWatch and EventBridge need."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(
            scope,
            construct_id,
            description=f"Fine-tuning pipeline ({settings.environment}): data, ledger, logs, custom models",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN if settings.retain_data else RemovalPolicy.DESTROY,
        )
        self._let_bedrock_serve_custom_models()
        self._let_bedrock_act_for_the_account()
        self._let_logs_encrypt()
        self._let_services_deliver()

    def _let_bedrock_serve_custom_models(self) -> None:
        """Provisioned Throughput of a Nova custom model decrypts it as the service itself."""
        self._let(
            "BedrockServesCustomModels",
            "bedrock.amazonaws.com",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            {"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "aws:bedrock:custom-model"}},
        )

    def _let_bedrock_act_for_the_account(self) -> None:
        """Principals of this account may encrypt custom models, through Bedrock alone."""
        stack = Stack.of(self)
        self.add_to_resource_policy(
            iam.PolicyStatement(
                sid="BedrockActsForTheAccount",
                principals=[iam.AccountRootPrincipal()],
                actions=["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
                resources=["*"],
                conditions={"StringEquals": {"kms:ViaService": f"bedrock.{stack.region}.amazonaws.com"}},
            )
        )

    def _let_logs_encrypt(self) -> None:
        """CloudWatch Logs encrypts the log groups of this account and Region."""
        stack = Stack.of(self)
        groups = stack.format_arn(service="logs", resource="*")
        self._let(
            "LogsEncrypt",
            f"logs.{stack.region}.amazonaws.com",
            ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
            {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        )

    def _let_services_deliver(self) -> None:
        """Rules, alarms and budgets send to encrypted queues and topics with their own principals.

        Their calls reach the key through SQS and SNS, whose own policies say from where; EventBridge does not
        support conditions on them.
        """
        for name in ("events", "cloudwatch", "budgets"):
            sid = f"{name.capitalize()}Deliver"
            self._let(sid, f"{name}.amazonaws.com", ["kms:Decrypt", "kms:GenerateDataKey"], {})

    def _let(self, sid: str, service: str, actions: list[str], conditions: dict[str, Any]) -> None:
        self.add_to_resource_policy(
            iam.PolicyStatement(
                sid=sid,
                principals=[iam.ServicePrincipal(service)],
                actions=actions,
                resources=["*"],
                conditions=conditions,
            )
        )
