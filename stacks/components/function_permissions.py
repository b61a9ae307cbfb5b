"""What each function may do: one row per package under `lambdas/`, from the calls its docstrings name.

Actions and resource types were checked against the service authorization reference (read 2026-11-24):
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
Reading calls carry no tag condition, because a call by name for something that does not exist has to answer
"not found" and not "access denied"; calls that stop or delete need the pipeline's own tag on the resource.
"""

from __future__ import annotations

from collections.abc import Sequence

from stacks.components.permissions import Allow
from stacks.components.reach import Reach
from stacks.components.reward_statements import call_rewards, deploy_reward, drop_rewards
from stacks.components.statements import (
    ANY_MODEL,
    BEDROCK_IDS,
    ENDPOINTS,
    ONE_RUN,
    VERBS,
    allow,
    list_keys,
    list_runs,
    look_at_executions,
    look_up,
    mark,
    notify,
    on_nothing,
    read,
    swap_in,
    take_down,
    use_ledger,
    use_pointer,
    write,
)


def permissions(reach: Reach) -> dict[str, Sequence[Allow]]:
    """Give the statements of every function by its package's name (log, traces and dead letters apart)."""
    s3 = reach.key_through("s3")
    ledger_key = reach.key_through("dynamodb")
    evaluation = read(reach.artifacts, "runs/*/evaluation.jsonl")
    images = read(reach.data, "datasets/*")
    lineages = read(reach.artifacts, "runs/*/inputs.json", "runs/*/lineage.json")
    endpoints = reach.bedrock(*ENDPOINTS)
    return {
        "resolve_run": (
            list_keys(reach.data, "s3:ListBucketVersions", "datasets/*", "corpora/*"),
            read(reach.data, "datasets/*/run.json", "corpora/*/run.json"),
            lineages,
            write(reach.artifacts, "runs/*"),
            use_ledger(reach, ("champion#*", "corpus#*", "run#*"), "GetItem"),
            use_ledger(reach, ("corpus#*",), "PutItem"),
            s3,
            ledger_key,
        ),
        "check_model": (
            *_ask_bedrock(reach),
            look_up(reach, ENDPOINTS),
            on_nothing("bedrock:ListProvisionedModelThroughputs", "servicequotas:GetServiceQuota"),
            lineages,
            write(reach.artifacts, "runs/*"),
            use_ledger(reach, ("champion#*",), "GetItem"),
            use_ledger(reach, ("lineage#*",), "PutItem"),
            s3,
            ledger_key,
        ),
        "take_turn": _take_turn(reach),
        "validate_dataset": (
            read(reach.data, "datasets/*", "corpora/*"),
            write(reach.data, "prepared/*"),
            read(reach.artifacts, "runs/*"),
            write(reach.artifacts, "runs/*"),
            s3,
        ),
        "plan_shards": (
            read(reach.data, "datasets/*", "corpora/*"),
            read(reach.artifacts, "runs/*/inputs.json", "runs/*/training-inputs.json"),
            write(reach.artifacts, "runs/*/shards/*"),
            s3,
        ),
        "validate_shard": (
            read(reach.data, "datasets/*", "corpora/*"),
            read(reach.artifacts, "runs/*/shards/*"),
            write(reach.artifacts, "runs/*/shards/*"),
            s3,
        ),
        "merge_shards": (
            read(reach.data, "datasets/*", "corpora/*"),
            write(reach.data, "prepared/*"),
            read(reach.artifacts, "runs/*/shards/*"),
            write(reach.artifacts, "runs/*"),
            s3,
        ),
        "prepare_shard": (
            read(reach.data, "datasets/*", "corpora/*"),
            write(reach.data, "prepared/*"),
            read(reach.artifacts, "runs/*/shards/*"),
            write(reach.artifacts, "runs/*/shards/*"),
            s3,
        ),
        "join_parts": (
            read(reach.data, "datasets/*", "prepared/*"),
            allow(["s3:ListMultipartUploadParts"], [f"{reach.data}/prepared/*"], ONE_RUN),
            write(reach.data, "prepared/*"),
            list_keys(reach.artifacts, "s3:ListBucket", "runs/*"),
            read(reach.artifacts, "runs/*/shards/*"),
            write(reach.artifacts, "runs/*/evaluation.jsonl"),
            s3,
        ),
        "deploy_reward": deploy_reward(reach),
        "estimate_price": (
            on_nothing("pricing:GetProducts"),
            use_ledger(reach, ("run#*",), "UpdateItem"),
            list_runs(reach),
            read(reach.artifacts, "runs/*/inputs.json"),
            reach.key_through("s3", "dynamodb"),
        ),
        "request_approval": (
            use_ledger(reach, ("run#*",), "UpdateItem"),
            *notify(reach),
            ledger_key,
            *reach.signatures("kms:GenerateMac"),
        ),
        "answer_approval": (
            use_ledger(reach, ("run#*",), "GetItem"),
            ledger_key,
            *reach.signatures("kms:VerifyMac"),
            # A task token is itself the key to its task; the call names nothing else.
            on_nothing("states:SendTaskSuccess"),
        ),
        "read_training": (
            allow(["bedrock:GetModelCustomizationJob"], reach.bedrock("model-customization-job")),
            list_keys(reach.artifacts, "s3:ListBucket", "runs/*"),
            read(reach.artifacts, "runs/*/training/*"),
            s3,
        ),
        "deploy_model": _deploy(reach),
        "swap_model": (
            allow([f"bedrock:Get{VERBS[kind]}" for kind in ENDPOINTS], endpoints),
            *swap_in(reach),
        ),
        "test_endpoint": (
            allow(["bedrock:InvokeModel"], endpoints),
            evaluation,
            images,
            reach.key_through("s3", "bedrock"),
        ),
        "find_champion": (
            allow(["bedrock:InvokeModel", *(f"bedrock:Get{VERBS[kind]}" for kind in ENDPOINTS)], endpoints),
            use_ledger(reach, ("champion#*",), "GetItem"),
            evaluation,
            images,
            reach.key_through("s3", "dynamodb", "bedrock"),
        ),
        "answer_prompts": (
            allow(["bedrock:InvokeModel"], [*reach.base_models(), *endpoints], ANY_MODEL),
            call_rewards(reach),
            evaluation,
            images,
            write(reach.artifacts, "runs/*/answers/*"),
            reach.key_through("s3", "bedrock"),
        ),
        "prepare_judgement": (
            read(reach.artifacts, "runs/*/evaluation.jsonl", "runs/*/answers/*"),
            write(reach.artifacts, "runs/*/judge/datasets/*"),
            s3,
        ),
        "judge_models": (
            read(reach.artifacts, "runs/*/evaluation.jsonl", "runs/*/answers/*", "runs/*/judge/output/*"),
            list_keys(reach.artifacts, "s3:ListBucket", "runs/*/judge/output/*"),
            write(reach.artifacts, "runs/*/evaluation.json"),
            s3,
        ),
        "promote_model": (
            use_pointer(reach, "GetParameter", "PutParameter"),
            use_ledger(reach, ("champion#*",), "GetItem", "PutItem"),
            ledger_key,
            *take_down(reach, ENDPOINTS),
            *drop_rewards(reach),
            mark(reach),
        ),
        "clean_up": _clean_up(reach),
        "finish_run": _finish(reach),
        "close_run": (*_clean_up(reach), *_finish(reach), list_runs(reach)),
        "watch_champions": (
            *take_down(reach, ENDPOINTS),
            *swap_in(reach),
            mark(reach),
            allow(["bedrock:InvokeModel"], endpoints),
            allow(["bedrock:GetCustomModel"], reach.bedrock("custom-model")),
            on_nothing("cloudwatch:GetMetricStatistics"),
            use_pointer(reach, "GetParameter", "PutParameter"),
            use_ledger(reach, ("champion#*", "run#*"), "GetItem", "PutItem", "UpdateItem"),
            list_runs(reach),
            *notify(reach),
            ledger_key,
        ),
        "guard_endpoints": (
            *take_down(reach, (*ENDPOINTS, "custom-model")),
            *drop_rewards(reach),
            on_nothing(
                "bedrock:ListCustomModelDeployments",
                "bedrock:ListCustomModels",
                "bedrock:ListProvisionedModelThroughputs",
                "cloudwatch:GetMetricStatistics",
                "lambda:ListFunctions",
            ),
            use_ledger(reach, ("run#*", "champion#*", "guardian#*"), "GetItem", "PutItem"),
            look_at_executions(reach),
            list_runs(reach),
            *notify(reach),
            ledger_key,
        ),
    }


def _finish(reach: Reach) -> tuple[Allow, ...]:
    return (
        read(reach.artifacts, "runs/*/lineage.json", "runs/*/training/*"),
        write(reach.artifacts, "runs/*/model-card.json", "runs/*/report.html", "runs/*/report.json"),
        use_ledger(reach, ("run#*", "queue#*"), "GetItem", "UpdateItem"),
        *notify(reach),
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
        allow(["bedrock:GetModelCustomizationJob"], jobs),
        stop,
        on_nothing("bedrock:ListEvaluationJobs"),
        Allow(
            actions=("bedrock:StopEvaluationJob",),
            resources=reach.bedrock("evaluation-job"),
            conditions=reach.own(),
            wildcard=BEDROCK_IDS,
        ),
        *take_down(reach, (*ENDPOINTS, "custom-model")),
        *drop_rewards(reach),
        *swap_in(reach),
        use_ledger(reach, ("champion#*", "run#*"), "GetItem"),
        reach.key_through("dynamodb"),
        use_pointer(reach, "DeleteParameter", "GetParameter", "PutParameter"),
    )


def _take_turn(reach: Reach) -> tuple[Allow, ...]:
    """Let the queues be kept, their holders be looked at, and an older drop's question be taken back."""
    return (
        use_ledger(reach, ("run#*", "queue#*"), "GetItem"),
        use_ledger(reach, ("queue#*",), "PutItem"),
        use_ledger(reach, ("run#*",), "UpdateItem"),
        # A task token is itself the key to its task; the call names nothing else.
        on_nothing("bedrock:ListModelCustomizationJobs", "states:SendTaskFailure"),
        look_at_executions(reach),
        reach.key_through("dynamodb"),
    )


def _ask_bedrock(reach: Reach) -> tuple[Allow, ...]:
    base_models = f"arn:aws:bedrock:{reach.region}::foundation-model/*"
    return (
        allow(["bedrock:GetFoundationModel"], [base_models], ANY_MODEL),
        allow(["bedrock:GetCustomModel"], reach.bedrock("custom-model"), ANY_MODEL),
        on_nothing("bedrock:ListFoundationModels"),
    )


def _deploy(reach: Reach) -> tuple[Allow, ...]:
    deployments = reach.bedrock("custom-model-deployment")
    create = Allow(
        actions=("bedrock:CreateCustomModelDeployment", "bedrock:TagResource"),
        resources=[*reach.bedrock("custom-model"), *deployments],
        conditions=reach.tagging(),
        wildcard=BEDROCK_IDS,
    )
    return create, allow(["bedrock:GetCustomModelDeployment"], deployments), reach.key_of_models()
