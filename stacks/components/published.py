"""Values that people and the command line read: a stack output and an SSM parameter with a fixed name."""

from __future__ import annotations

from aws_cdk import CfnOutput
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from config.settings import Settings


def publish(scope: Construct, construct_id: str, *, value: str, purpose: str) -> None:
    """Show the value as an output of the stack."""
    CfnOutput(scope, construct_id, value=value, description=purpose)


def publish_parameter(
    scope: Construct, construct_id: str, *, settings: Settings, name: str, value: str, purpose: str
) -> None:
    """Show the value as an output and keep it under `/finetune/<environment>/config/<name>`."""
    publish(scope, construct_id, value=value, purpose=purpose)
    ssm.StringParameter(
        scope,
        f"{construct_id}Parameter",
        parameter_name=f"/finetune/{settings.environment}/config/{name}",
        string_value=value,
        description=purpose,
    )
