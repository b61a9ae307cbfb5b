"""What each function may do: one row per package under `lambdas/`, from the calls its docstrings name.

Actions and resource types were checked against the service authorization reference (read 2026-11-24):
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
Reading calls carry no tag condition, because a call by name for something that does not exist has to answer
"not found" and not "access denied"; calls that stop or delete need the pipeline's own tag on the resource.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stacks.components.permissions import Allow, Conditions

ONE_RUN = "Run ids and dataset names are made at run time; the prefix is as narrow as it can be."
ANY_MODEL = "The base model is the run's choice; the settings of a run may name any that Bedrock offers."
BEDROCK_IDS = "Bedrock gives its resources random ids; the pipeline's tag narrows what can be changed."
NO_RESOURCE = "The action works on no resource that a policy could name (service authorization reference)."


@dataclass(frozen=True, kw_only=True)
class Reach:
    """ARNs and names that permissions are written with; `region` and `account` may be tokens."""

    environment: str
    region: str
    account: str
    key: str
    data: str
    artifacts: str
    ledger: str
    notices: str

    def bedrock(self, *kinds: str) -> list[str]:
        """Give the ARN patterns of these kinds of Bedrock resources in this account and Region."""
        return [f"arn:aws:bedrock:{self.region}:{self.account}:{kind}/*" for kind in kinds]

    def base_models(self) -> list[str]:
        """Give the ARN patterns of base models, and of the inference profiles that some of them need.

        A cross-Region profile calls the base model in each of its Regions, so the Region is open.
        """
        return ["arn:aws:bedrock:*::foundation-model/*", *self.bedrock("inference-profile")]

    def own(self) -> Conditions:
        """Give the condition that a resource carries this pipeline's tag."""
        return {"StringEquals": {"aws:ResourceTag/finetune:pipeline": self.environment}}

    def tagging(self) -> Conditions:
        """Give the condition that a request sets this pipeline's tag."""
        return {"StringEquals": {"aws:RequestTag/finetune:pipeline": self.environment}}

    def through(self, *services: str) -> Conditions:
        """Give the condition that KMS is called by these services for the caller."""
        names = [f"{service}.{self.region}.amazonaws.com" for service in services]
        return {"StringEquals": {"kms:ViaService": names}}

    def key_through(self, *services: str) -> Allow:
        """Let these services use the pipeline's key for the caller."""
        actions = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey")
        return Allow(actions=actions, resources=(self.key,), conditions=self.through(*services))


def permissions(reach: Reach) -> dict[str, Sequence[Allow]]:
    """Give the statements of every function by its package's name (log, traces and dead letters apart)."""
    read_run = _read(reach.artifacts, "runs/")
    write_run = _write(reach.artifacts, "runs/")
    s3 = reach.key_through("s3")
    return {
        "resolve_run": (
            _list(reach.data, "s3:ListBucketVersions", "datasets/", "corpora/"),
            _read(reach.data, "datasets/", "corpora/"),
            write_run,
            s3,
        ),
        "check_model": (*_ask_bedrock(reach), *_ask_quotas()),
        "validate_dataset": (
            _read(reach.data, "datasets/", "corpora/"),
            _write(reach.data, "prepared/"),
            read_run,
            write_run,
            s3,
        ),
        "estimate_price": (),
        "request_approval": (_ledger(reach, "UpdateItem"), *_notify(reach), reach.key_through("dynamodb")),
        "read_training": (
            _get_training(reach),
            _list(reach.artifacts, "s3:ListBucket", "runs/"),
            read_run,
            write_run,
            s3,
        ),
        "deploy_model": _deploy(reach),
        "test_endpoint": (_invoke(reach, reach.bedrock(*ENDPOINTS)), read_run, s3),
        "answer_prompts": (
            _invoke(reach, [*reach.base_models(), *reach.bedrock(*ENDPOINTS)]),
            read_run,
            write_run,
            s3,
        ),
        "judge_models": (read_run, write_run, s3),
        "promote_model": (
            _pointer(reach),
            _ledger(reach, "GetItem", "PutItem", "UpdateItem"),
            reach.key_through("dynamodb"),
            *_find_and_delete(reach, models=False),
        ),
        "clean_up": (_stop_training(reach), _get_training(reach), *_find_and_delete(reach)),
        "finish_run": _finish(reach),
        "close_run": (
            _ledger_index(reach),
            *_finish(reach),
            _stop_training(reach),
            _get_training(reach),
            *_find_and_delete(reach),
        ),
        "guard_endpoints": (
            *_find_and_delete(reach, models=False),
            _list_endpoints(),
            Allow(actions=("cloudwatch:GetMetricStatistics",), resources=("*",), wildcard=NO_RESOURCE),
            _ledger(reach, "GetItem", "PutItem"),
            *_notify(reach),
            reach.key_through("dynamodb"),
        ),
    }


ENDPOINTS = ("provisioned-model", "custom-model-deployment")


def _list(bucket: str, action: str, *prefixes: str) -> Allow:
    patterns = [f"{prefix}*" for prefix in prefixes]
    return Allow(actions=(action,), resources=(bucket,), conditions={"StringLike": {"s3:prefix": patterns}})


def _read(bucket: str, *prefixes: str) -> Allow:
    resources = [f"{bucket}/{prefix}*" for prefix in prefixes]
    return Allow(actions=("s3:GetObject", "s3:GetObjectVersion"), resources=resources, wildcard=ONE_RUN)


def _write(bucket: str, prefix: str) -> Allow:
    actions = ("s3:AbortMultipartUpload", "s3:PutObject")
    return Allow(actions=actions, resources=(f"{bucket}/{prefix}*",), wildcard=ONE_RUN)


def _ledger(reach: Reach, *operations: str) -> Allow:
    return Allow(actions=[f"dynamodb:{name}" for name in operations], resources=(reach.ledger,))


def _ledger_index(reach: Reach) -> Allow:
    return Allow(actions=("dynamodb:Query",), resources=(f"{reach.ledger}/index/runs-by-time",))


def _notify(reach: Reach) -> tuple[Allow, Allow]:
    return Allow(actions=("sns:Publish",), resources=(reach.notices,)), reach.key_through("sns")


def _pointer(reach: Reach) -> Allow:
    pointers = f"arn:aws:ssm:{reach.region}:{reach.account}:parameter/finetune/{reach.environment}/*/model-id"
    return Allow(actions=("ssm:GetParameter", "ssm:PutParameter"), resources=(pointers,), wildcard=ONE_RUN)


def _finish(reach: Reach) -> tuple[Allow, ...]:
    return (
        _read(reach.artifacts, "runs/"),
        _write(reach.artifacts, "runs/"),
        _ledger(reach, "GetItem", "PutItem", "UpdateItem"),
        *_notify(reach),
        reach.key_through("s3", "dynamodb"),
    )


def _ask_bedrock(reach: Reach) -> tuple[Allow, Allow]:
    models = [f"arn:aws:bedrock:{reach.region}::foundation-model/*", *reach.bedrock("custom-model")]
    return (
        Allow(
            actions=("bedrock:GetCustomModel", "bedrock:GetFoundationModel"),
            resources=models,
            wildcard=ANY_MODEL,
        ),
        Allow(actions=("bedrock:ListFoundationModels",), resources=("*",), wildcard=NO_RESOURCE),
    )


def _ask_quotas() -> tuple[Allow]:
    actions = ("servicequotas:GetServiceQuota", "servicequotas:ListServiceQuotas")
    return (Allow(actions=actions, resources=("*",), wildcard=NO_RESOURCE),)


def _get_training(reach: Reach) -> Allow:
    return Allow(
        actions=("bedrock:GetCustomModel", "bedrock:GetModelCustomizationJob"),
        resources=reach.bedrock("custom-model", "model-customization-job"),
        wildcard=BEDROCK_IDS,
    )


def _stop_training(reach: Reach) -> Allow:
    return Allow(
        actions=("bedrock:StopModelCustomizationJob",),
        resources=reach.bedrock("model-customization-job"),
        conditions=reach.own(),
        wildcard=BEDROCK_IDS,
    )


def _invoke(reach: Reach, models: list[str]) -> Allow:
    return Allow(actions=("bedrock:InvokeModel",), resources=models, wildcard=ANY_MODEL)


def _deploy(reach: Reach) -> tuple[Allow, ...]:
    deployments = reach.bedrock("custom-model-deployment")
    return (
        Allow(
            actions=("bedrock:CreateCustomModelDeployment", "bedrock:TagResource"),
            resources=[*reach.bedrock("custom-model"), *deployments],
            conditions=reach.tagging(),
            wildcard=BEDROCK_IDS,
        ),
        Allow(actions=("bedrock:GetCustomModelDeployment",), resources=deployments, wildcard=BEDROCK_IDS),
    )


def _list_endpoints() -> Allow:
    actions = ("bedrock:ListCustomModelDeployments", "bedrock:ListProvisionedModelThroughputs")
    return Allow(actions=actions, resources=("*",), wildcard=NO_RESOURCE)


def _find_and_delete(reach: Reach, *, models: bool = True) -> tuple[Allow, Allow]:
    """Let endpoints (and custom models) be looked up by name and tag, and deleted when they are ours."""
    kinds = [*ENDPOINTS, *(["custom-model"] if models else [])]
    find = ["bedrock:GetCustomModelDeployment", "bedrock:GetProvisionedModelThroughput"]
    delete = ["bedrock:DeleteCustomModelDeployment", "bedrock:DeleteProvisionedModelThroughput"]
    if models:
        find.append("bedrock:GetCustomModel")
        delete.append("bedrock:DeleteCustomModel")
    find.append("bedrock:ListTagsForResource")
    resources = reach.bedrock(*kinds)
    return (
        Allow(actions=find, resources=resources, wildcard=BEDROCK_IDS),
        Allow(actions=delete, resources=resources, conditions=reach.own(), wildcard=BEDROCK_IDS),
    )
