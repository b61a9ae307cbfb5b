"""Where events land that could not be delivered; an alarm tells about each."""

from __future__ import annotations

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.security import acknowledge

END_OF_THE_LINE: Final = "This queue is the end of the line itself: people read it when its alarm rings."


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
        acknowledge(self, "Serverless-SQSRedrivePolicy", END_OF_THE_LINE)
