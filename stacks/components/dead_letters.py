"""Where events land that could not be delivered; an alarm tells about each."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.security import acknowledge


class DeadLetters(sqs.Queue):
    """An encrypted queue, TLS only, that keeps messages for as long as SQS does (14 days)."""

    def __init__(self, scope: Construct, construct_id: str, *, key: kms.IKey) -> None:
        super().__init__(
            scope,
            construct_id,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        reason = "This queue is the end of the line itself: people read it when its alarm rings."
        acknowledge(self, "AwsSolutions-SQS3", reason)
        acknowledge(self, "Serverless-SQSRedrivePolicy", reason)
