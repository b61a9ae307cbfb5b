"""A topic that is encrypted with the pipeline's key, speaks TLS only and mails whom the settings name."""

from __future__ import annotations

from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from config.settings import Settings
from stacks.security import acknowledge


class EncryptedTopic(sns.Topic):
    """A topic for people; each address confirms its subscription once by mail."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, key: kms.IKey, title: str
    ) -> None:
        super().__init__(scope, construct_id, display_name=title, master_key=key, enforce_ssl=True)
        for address in settings.notification_emails:
            subscription = self.add_subscription(subscriptions.EmailSubscription(address))
            acknowledge(
                subscription,
                "Serverless-SNSRedrivePolicy",
                "E-mail has no dead letters: SNS retries, then gives up.",
            )
