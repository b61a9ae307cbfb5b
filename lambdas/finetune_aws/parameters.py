"""The pointer for applications: one SSM parameter per dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finetune_aws.clients import client
from finetune_aws.faults import translated
from finetune_core.errors import NotFound

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


def pointer_name(environment: str, dataset: str) -> str:
    """Return the parameter's name; its value is what Converse takes as ``modelId``."""
    return f"/finetune/{environment}/{dataset}/model-id"


def read_parameter(name: str) -> str | None:
    """Return a parameter's value, or None. Calls: ssm:GetParameter."""
    try:
        with translated("ssm:GetParameter", name):
            return _ssm().get_parameter(Name=name)["Parameter"].get("Value")
    except NotFound:
        return None


def write_parameter(name: str, value: str, description: str) -> None:
    """Set a parameter (SSM keeps its history). Calls: ssm:PutParameter."""
    with translated("ssm:PutParameter", name):
        _ssm().put_parameter(
            Name=name, Value=value, Description=description[:1024], Type="String", Overwrite=True
        )


def delete_parameter(name: str) -> None:
    """Delete a parameter; one that is gone already is fine. Calls: ssm:DeleteParameter."""
    try:
        with translated("ssm:DeleteParameter", name):
            _ssm().delete_parameter(Name=name)
    except NotFound:
        return


def _ssm() -> SSMClient:
    ssm: SSMClient = client("ssm")
    return ssm
