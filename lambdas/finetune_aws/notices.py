"""Notices to people, over SNS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from finetune_aws.clients import client
from finetune_aws.faults import translated

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

MAX_SUBJECT: Final = 100
"""SNS takes subjects below 100 ASCII characters without control characters (API reference of Publish, read
2026-11-23: "must be less than 100 characters long")."""
MAX_MESSAGE: Final = 200_000
"""Characters; SNS takes 256 KB, and a character may need several bytes."""


def publish(topic: str, subject: str, message: str) -> None:
    """Publish a notice, cut to what SNS takes. Calls: sns:Publish on the topic, kms on its key."""
    with translated("sns:Publish", topic):
        _sns().publish(TopicArn=topic, Subject=ascii_subject(subject), Message=message[:MAX_MESSAGE])


def ascii_subject(text: str) -> str:
    """Return ``text`` as a subject: printable ASCII, below 100 characters, not starting with a space."""
    plain = "".join(char if " " <= char <= "~" else "?" for char in " ".join(text.split()))
    return plain if len(plain) < MAX_SUBJECT else plain[: MAX_SUBJECT - 4] + "..."


def _sns() -> SNSClient:
    sns: SNSClient = client("sns")
    return sns
