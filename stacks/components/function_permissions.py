"""What each function may do: one row per package under `lambdas/`, from the calls its docstrings name.

Actions and resource types were checked against the service authorization reference (read 2026-11-24):
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
Reading calls carry no tag condition, because a call by name for something that does not exist has to answer
"not found" and not "access denied"; calls that stop or delete need the pipeline's own tag on the resource.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

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

    @property
    def machine(self) -> str:
        """Name of the state machine: its role names it, so it cannot be left to CloudFormation."""
        return f"finetune-{self.environment}"

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
        """Let these services read and write with the pipeline's key for the caller.

        DynamoDB asks for more than S3 and SNS do:
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
        """
        actions = ["kms:Decrypt", "kms:GenerateDataKey"]
        if "dynamodb" in services:
            actions += ["kms:DescribeKey", "kms:Encrypt"]
        return Allow(actions=actions, resources=(self.key,), conditions=self.through(*services))


def permissions(reach: Reach) -> dict[str, Sequence[Allow]]:
    """Give the statements of every function by its package's name (log, traces and dead letters apart)."""
    s3 = reach.key_through("s3")
    ledger_key = reach.key_through("dynamodb")
    evaluation = _read(reach.artifacts, "runs/*/evaluation.jsonl")
    lineages = _read(reach.artifacts, "runs/*/inputs.json", "runs/*/lineage.json")
    endpoints = reach.bedrock(*ENDPOINTS)
    return {
        "resolve_run": (
            _list(reach.data, "s3:ListBucketVersions", "datasets/*", "corpora/*"),
            _read(reach.data, "datasets/*/run.json", "corpora/*/run.json"),
            lineages,
            _write(reach.artifacts, "runs/*"),
            _ledger(reach, ("champion#*", "corpus#*", "run#*"), "GetItem"),
            _ledger(reach, ("corpus#*",), "PutItem"),
            s3,
            ledger_key,
        ),
        "check_model": (
            *_ask_bedrock(reach),
            _on_nothing("servicequotas:GetServiceQuota"),
            lineages,
            _write(reach.artifacts, "runs/*"),
            _ledger(reach, ("champion#*",), "GetItem"),
            _ledger(reach, ("lineage#*",), "PutItem"),
            s3,
            ledger_key,
        ),
        "take_turn": _take_turn(reach),
        "validate_dataset": (
            _read(reach.data, "datasets/*", "corpora/*"),
            _write(reach.data, "prepared/*"),
            _read(reach.artifacts, "runs/*"),
            _write(reach.artifacts, "runs/*"),
            s3,
        ),
        "plan_shards": (
            _read(reach.data, "datasets/*", "corpora/*"),
            _read(reach.artifacts, "runs/*/inputs.json", "runs/*/training-inputs.json"),
            _write(reach.artifacts, "runs/*/shards/*"),
            s3,
        ),
        "validate_shard": (
            _read(reach.data, "datasets/*", "corpora/*"),
            _read(reach.artifacts, "runs/*/shards/*"),
            _write(reach.artifacts, "runs/*/shards/*"),
            s3,
        ),
        "merge_shards": (
            _read(reach.data, "datasets/*", "corpora/*"),
            _write(reach.data, "prepared/*"),
            _read(reach.artifacts, "runs/*/shards/*"),
            _write(reach.artifacts, "runs/*"),
            s3,
        ),
        "prepare_shard": (
            _read(reach.data, "datasets/*", "corpora/*"),
            _write(reach.data, "prepared/*"),
            _read(reach.artifacts, "runs/*/shards/*"),
            _write(reach.artifacts, "runs/*/shards/*"),
            s3,
        ),
        "join_parts": (
            _read(reach.data, "datasets/*", "prepared/*"),
            _allow(["s3:ListMultipartUploadParts"], [f"{reach.data}/prepared/*"], ONE_RUN),
            _write(reach.data, "prepared/*"),
            _list(reach.artifacts, "s3:ListBucket", "runs/*"),
            _read(reach.artifacts, "runs/*/shards/*"),
            _write(reach.artifacts, "runs/*/evaluation.jsonl"),
            s3,
        ),
        "estimate_price": (
            _on_nothing("pricing:GetProducts"),
            _ledger(reach, ("run#*",), "UpdateItem"),
            _list_runs(reach),
            _read(reach.artifacts, "runs/*/inputs.json"),
            reach.key_through("s3", "dynamodb"),
        ),
        "request_approval": (_ledger(reach, ("run#*",), "UpdateItem"), *_notify(reach), ledger_key),
        "read_training": (
            _allow(["bedrock:GetModelCustomizationJob"], reach.bedrock("model-customization-job")),
            _list(reach.artifacts, "s3:ListBucket", "runs/*"),
            _read(reach.artifacts, "runs/*/training/*"),
            s3,
        ),
        "deploy_model": _deploy(reach),
        "test_endpoint": (_allow(["bedrock:InvokeModel"], endpoints), evaluation, s3),
        "find_champion": (
            _allow(["bedrock:InvokeModel", *(f"bedrock:Get{VERBS[kind]}" for kind in ENDPOINTS)], endpoints),
            _ledger(reach, ("champion#*",), "GetItem"),
            evaluation,
            reach.key_through("s3", "dynamodb"),
        ),
        "answer_prompts": (
            _allow(["bedrock:InvokeModel"], [*reach.base_models(), *endpoints], ANY_MODEL),
            evaluation,
            _write(reach.artifacts, "runs/*/answers/*"),
            s3,
        ),
        "judge_models": (
            _read(reach.artifacts, "runs/*/evaluation.jsonl", "runs/*/answers/*"),
            _write(reach.artifacts, "runs/*/evaluation.json"),
            s3,
        ),
        "promote_model": (
            _pointer(reach, "GetParameter", "PutParameter"),
            _ledger(reach, ("champion#*",), "GetItem", "PutItem"),
            ledger_key,
            *_take_down(reach, ENDPOINTS),
        ),
        "clean_up": _clean_up(reach),
        "finish_run": _finish(reach),
        "close_run": (*_clean_up(reach), *_finish(reach), _list_runs(reach)),
        "watch_champions": (
            *_take_down(reach, ENDPOINTS),
            _allow(["bedrock:InvokeModel"], endpoints),
            _allow(["bedrock:GetCustomModel"], reach.bedrock("custom-model")),
            _on_nothing("cloudwatch:GetMetricStatistics"),
            _pointer(reach, "GetParameter", "PutParameter"),
            _ledger(reach, ("champion#*", "run#*"), "GetItem", "PutItem", "UpdateItem"),
            _list_runs(reach),
            *_notify(reach),
            ledger_key,
        ),
        "guard_endpoints": (
            *_take_down(reach, ENDPOINTS),
            _on_nothing(
                "bedrock:ListCustomModelDeployments",
                "bedrock:ListProvisionedModelThroughputs",
                "cloudwatch:GetMetricStatistics",
            ),
            _ledger(reach, ("run#*", "champion#*", "guardian#*"), "GetItem", "PutItem"),
            _list_runs(reach),
            *_notify(reach),
            ledger_key,
        ),
    }


ENDPOINTS: Final = ("provisioned-model", "custom-model-deployment")
VERBS: Final = {
    "provisioned-model": "ProvisionedModelThroughput",
    "custom-model-deployment": "CustomModelDeployment",
    "custom-model": "CustomModel",
}
"""Kinds of Bedrock resources and how the API's operations on them end."""


def _allow(actions: Sequence[str], resources: Sequence[str], wildcard: str = BEDROCK_IDS) -> Allow:
    return Allow(actions=actions, resources=resources, wildcard=wildcard)


def _on_nothing(*actions: str) -> Allow:
    return Allow(actions=actions, resources=("*",), wildcard=NO_RESOURCE)


def _list(bucket: str, action: str, *prefixes: str) -> Allow:
    within = {"StringLike": {"s3:prefix": list(prefixes)}}
    return Allow(actions=(action,), resources=(bucket,), conditions=within)


def _read(bucket: str, *keys: str) -> Allow:
    resources = [f"{bucket}/{key}" for key in keys]
    return Allow(actions=("s3:GetObject", "s3:GetObjectVersion"), resources=resources, wildcard=ONE_RUN)


def _write(bucket: str, *keys: str) -> Allow:
    actions = ("s3:AbortMultipartUpload", "s3:PutObject")
    return Allow(actions=actions, resources=[f"{bucket}/{key}" for key in keys], wildcard=ONE_RUN)


def _ledger(reach: Reach, keys: Sequence[str], *operations: str) -> Allow:
    return Allow(
        actions=[f"dynamodb:{name}" for name in operations],
        resources=(reach.ledger,),
        conditions=leading_keys(*keys),
    )


def leading_keys(*keys: str) -> Conditions:
    """Give the condition that a call touches items with these partition keys alone."""
    return {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(keys)}}


def _list_runs(reach: Reach) -> Allow:
    return Allow(actions=("dynamodb:Query",), resources=(f"{reach.ledger}/index/runs-by-time",))


def _notify(reach: Reach) -> tuple[Allow, Allow]:
    return Allow(actions=("sns:Publish",), resources=(reach.notices,)), reach.key_through("sns")


def _pointer(reach: Reach, *operations: str) -> Allow:
    pointers = f"arn:aws:ssm:{reach.region}:{reach.account}:parameter/finetune/{reach.environment}/*/model-id"
    return _allow([f"ssm:{name}" for name in operations], [pointers], ONE_RUN)


def _finish(reach: Reach) -> tuple[Allow, ...]:
    return (
        _read(reach.artifacts, "runs/*/lineage.json", "runs/*/training/*"),
        _write(reach.artifacts, "runs/*/model-card.json", "runs/*/report.html", "runs/*/report.json"),
        _ledger(reach, ("run#*", "queue#*"), "GetItem", "UpdateItem"),
        *_notify(reach),
        reach.key_through("s3", "dynamodb"),
    )


def _clean_up(reach: Reach) -> tuple[Allow, ...]:
    jobs = reach.bedrock("model-customization-job")
    stop = Allow(
        actions=("bedrock:StopModelCustomizationJob",),
        resources=jobs,
        conditions=reach.own(),
        wildcard=BEDROCK_IDS,
    )
    return (
        _allow(["bedrock:GetModelCustomizationJob"], jobs),
        stop,
        *_take_down(reach, (*ENDPOINTS, "custom-model")),
        _ledger(reach, ("champion#*",), "GetItem"),
        reach.key_through("dynamodb"),
        _pointer(reach, "DeleteParameter", "GetParameter", "PutParameter"),
    )


def _take_turn(reach: Reach) -> tuple[Allow, ...]:
    """Let the queues be kept, their holders be looked at, and an older drop's question be taken back."""
    states = f"arn:aws:states:{reach.region}:{reach.account}"
    return (
        _ledger(reach, ("run#*", "queue#*"), "GetItem"),
        _ledger(reach, ("queue#*",), "PutItem"),
        _ledger(reach, ("run#*",), "UpdateItem"),
        # A task token is itself the key to its task; the call names nothing else.
        _on_nothing("bedrock:ListModelCustomizationJobs", "states:SendTaskFailure"),
        _allow(["states:DescribeExecution"], [f"{states}:execution:{reach.machine}:*"], ONE_RUN),
        reach.key_through("dynamodb"),
    )


def _ask_bedrock(reach: Reach) -> tuple[Allow, ...]:
    base_models = f"arn:aws:bedrock:{reach.region}::foundation-model/*"
    return (
        _allow(["bedrock:GetFoundationModel"], [base_models], ANY_MODEL),
        _allow(["bedrock:GetCustomModel"], reach.bedrock("custom-model"), ANY_MODEL),
        _on_nothing("bedrock:ListFoundationModels"),
    )


def _deploy(reach: Reach) -> tuple[Allow, ...]:
    deployments = reach.bedrock("custom-model-deployment")
    create = Allow(
        actions=("bedrock:CreateCustomModelDeployment", "bedrock:TagResource"),
        resources=[*reach.bedrock("custom-model"), *deployments],
        conditions=reach.tagging(),
        wildcard=BEDROCK_IDS,
    )
    return create, _allow(["bedrock:GetCustomModelDeployment"], deployments)


def _take_down(reach: Reach, kinds: Sequence[str]) -> tuple[Allow, ...]:
    """Let resources be looked up by name and tag, and deleted when they carry the pipeline's tag."""
    resources = reach.bedrock(*kinds)
    find = [*(f"bedrock:Get{VERBS[kind]}" for kind in kinds), "bedrock:ListTagsForResource"]
    delete = [f"bedrock:Delete{VERBS[kind]}" for kind in kinds]
    own = Allow(actions=delete, resources=resources, conditions=reach.own(), wildcard=BEDROCK_IDS)
    return _allow(find, resources), own
