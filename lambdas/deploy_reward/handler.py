"""Lambda entry of ``deploy_reward``: {plan, preflight, validation} → Preflight with its reward function."""

from __future__ import annotations

from typing import Any

from deploy_reward.deploying import deploy
from finetune_aws.environment import Environment
from finetune_aws.telemetry import function
from finetune_core.contracts import Plan, Preflight, Validation, read, write


@function("deploy_reward")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Return the preflight with the reward function and what its trial showed; raises RewardInvalid."""
    where = "deploy_reward"
    found = deploy(
        plan=read(event["plan"], Plan, where=where),
        preflight=read(event["preflight"], Preflight, where=where),
        validation=read(event["validation"], Validation, where=where),
        environment=Environment(),
    )
    return write(found)
