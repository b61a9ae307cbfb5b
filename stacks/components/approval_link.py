"""Answers by signed link: the key that signs, and the public address of the function that answers.

A function URL without AWS sign-on is reached only with two statements in the function's policy, since October
2025: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html (read 2026-11-28). The CDK's construct
writes both. The URL carries no CORS rule, so scripts of other sites read nothing from it.
"""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from config.settings import Settings
from stacks.components.pipeline_function import PipelineFunction


class LinkKey(kms.Key):
    """The HMAC key of one environment's links; KMS makes it, and nobody ever holds it.

    KMS rotates no HMAC keys by itself (https://docs.aws.amazon.com/kms/latest/developerguide/hmac.html, read
    2026-11-28). Links live for days at most, so the key may be replaced whenever one wants: links that are
    out then die, and the commands remain.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(
            scope,
            construct_id,
            description=f"Fine-tuning pipeline ({settings.environment}): signs links to answer approvals",
            key_spec=kms.KeySpec.HMAC_256,
            key_usage=kms.KeyUsage.GENERATE_VERIFY_MAC,
            pending_window=Duration.days(7),
            removal_policy=RemovalPolicy.DESTROY,
        )


def open_to_the_public(answering: PipelineFunction) -> str:
    """Give the function an address that anybody may call, and return it."""
    url = answering.function.add_function_url(auth_type=lambda_.FunctionUrlAuthType.NONE)
    return url.url
