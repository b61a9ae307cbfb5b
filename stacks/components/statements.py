"""Statements that the permissions of functions are put together from, each with its wildcard's reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from stacks.components.permissions import Allow, Conditions
from stacks.components.reach import Reach

ONE_RUN = "Run ids and dataset names are made at run time; the prefix is as narrow as it can be."
ANY_MODEL = "The base model is the run's choice; the settings of a run may name any that Bedrock offers."
BEDROCK_IDS = "Bedrock gives its resources random ids; the pipeline's tag narrows what can be changed."
NO_RESOURCE = "The action works on no resource that a policy could name (service authorization reference)."

ENDPOINTS: Final = ("provisioned-model", "custom-model-deployment")
VERBS: Final = {
    "provisioned-model": "ProvisionedModelThroughput",
    "custom-model-deployment": "CustomModelDeployment",
    "custom-model": "CustomModel",
}
"""Kinds of Bedrock resources and how the API's operations on them end."""


def allow(actions: Sequence[str], resources: Sequence[str], wildcard: str = BEDROCK_IDS) -> Allow:
    """Let these actions be done on these resources; the ids in them are Bedrock's unless said otherwise."""
    return Allow(actions=actions, resources=resources, wildcard=wildcard)


def on_nothing(*actions: str) -> Allow:
    """Let actions be done that take no resource."""
    return Allow(actions=actions, resources=("*",), wildcard=NO_RESOURCE)


def list_keys(bucket: str, action: str, *prefixes: str) -> Allow:
    """Let the keys under these prefixes be listed, with `action`."""
    within = {"StringLike": {"s3:prefix": list(prefixes)}}
    return Allow(actions=(action,), resources=(bucket,), conditions=within)


def read(bucket: str, *keys: str) -> Allow:
    """Let objects with these keys be read, in any version."""
    resources = [f"{bucket}/{key}" for key in keys]
    return Allow(actions=("s3:GetObject", "s3:GetObjectVersion"), resources=resources, wildcard=ONE_RUN)


def write(bucket: str, *keys: str) -> Allow:
    """Let objects with these keys be written, in parts too."""
    actions = ("s3:AbortMultipartUpload", "s3:PutObject")
    return Allow(actions=actions, resources=[f"{bucket}/{key}" for key in keys], wildcard=ONE_RUN)


def use_ledger(reach: Reach, keys: Sequence[str], *operations: str) -> Allow:
    """Let these operations be done on the items with these partition keys."""
    return Allow(
        actions=[f"dynamodb:{name}" for name in operations],
        resources=(reach.ledger,),
        conditions=leading_keys(*keys),
    )


def leading_keys(*keys: str) -> Conditions:
    """Give the condition that a call touches items with these partition keys alone."""
    return {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(keys)}}


def list_runs(reach: Reach) -> Allow:
    """Let runs be listed by time."""
    return Allow(actions=("dynamodb:Query",), resources=(f"{reach.ledger}/index/runs-by-time",))


def notify(reach: Reach) -> tuple[Allow, Allow]:
    """Let notices be published."""
    return Allow(actions=("sns:Publish",), resources=(reach.notices,)), reach.key_through("sns")


def look_at_executions(reach: Reach) -> Allow:
    """Let executions of the pipeline's own state machine be looked at."""
    executions = f"arn:aws:states:{reach.region}:{reach.account}:execution:{reach.machine}:*"
    return allow(["states:DescribeExecution"], [executions], ONE_RUN)


def use_pointer(reach: Reach, *operations: str) -> Allow:
    """Let these operations be done on the parameters that applications read."""
    pointers = f"arn:aws:ssm:{reach.region}:{reach.account}:parameter/finetune/{reach.environment}/*/model-id"
    return allow([f"ssm:{name}" for name in operations], [pointers], ONE_RUN)


def look_up(reach: Reach, kinds: Sequence[str]) -> Allow:
    """Let resources be looked up by name or ARN, with their tags."""
    find = [*(f"bedrock:Get{VERBS[kind]}" for kind in kinds), "bedrock:ListTagsForResource"]
    return allow(find, reach.bedrock(*kinds))


def take_down(reach: Reach, kinds: Sequence[str]) -> tuple[Allow, ...]:
    """Let resources be looked up by name and tag, and deleted when they carry the pipeline's tag."""
    delete = [f"bedrock:Delete{VERBS[kind]}" for kind in kinds]
    own = Allow(actions=delete, resources=reach.bedrock(*kinds), conditions=reach.own(), wildcard=BEDROCK_IDS)
    return look_up(reach, kinds), own


def swap_in(reach: Reach) -> tuple[Allow, Allow]:
    """Let endpoints with the pipeline's tag take custom models with it, which its key encrypts.

    Which resources the two actions name is read from their requests: the endpoint and the model.
    """
    actions = [f"bedrock:Update{VERBS[kind]}" for kind in ENDPOINTS]
    resources = reach.bedrock(*ENDPOINTS, "custom-model")
    swap = Allow(actions=actions, resources=resources, conditions=reach.own(), wildcard=BEDROCK_IDS)
    return swap, reach.key_of_models()


def mark(reach: Reach) -> Allow:
    """Let endpoints with the pipeline's tag be tagged anew."""
    resources = reach.bedrock(*ENDPOINTS)
    return Allow(
        actions=["bedrock:TagResource"], resources=resources, conditions=reach.own(), wildcard=BEDROCK_IDS
    )
