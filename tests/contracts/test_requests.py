"""Every request that the adapters can send, held against botocore's own service model."""

import ast
import contextlib
import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name

from deploy_reward.deploying import create_request
from finetune_aws import (
    bedrock,
    clients,
    endpoints,
    executions,
    functions,
    multipart,
    notices,
    objects,
    parameters,
    quotas,
    runtime,
    signing,
    usage,
)
from finetune_aws.environment import Environment
from finetune_aws.ledger import Ledger
from finetune_core.approval_links import ApprovalLink
from finetune_core.contracts import Plan, read
from finetune_core.errors import FinetuneError
from finetune_core.runs import tags
from finetune_core.sharding import Upload
from tests.unit.functions import samples
from tests.unit.functions.account import throughput
from tests.unit.functions.aws import FakeAws, Transfers, check_request, error

ADAPTERS = Path(__file__).resolve().parents[2] / "lambdas" / "finetune_aws"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
NAME = f"dev-{samples.RUN_ID}"
EVALUATION_JOB = "arn:aws:bedrock:us-east-1:111122223333:evaluation-job/abcdefabcdef"
UPLOAD = Upload(bucket="data-bucket", key="prepared/a/train.jsonl", upload_id="gone")
BEGUN = Upload(bucket="data-bucket", key="prepared/a/train.jsonl", upload_id="begun")
REWARD_NAME = f"finetune-DEV-reward-{samples.RUN_ID}"
LINK = ApprovalLink(run_id="r" * 100, question="commitment", expires=10**12 - 1, digest="d" * 64)
LINK_KEY = "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-000000000000"
LEDGER = Ledger("Finetune-DEV-Storage-Ledger0000-ABC")


def served(kind: str) -> endpoints.Served:
    arn = samples.PT_ARN if kind == "provisioned_throughput" else samples.DEPLOYMENT_ARN
    return endpoints.Served(kind=kind, arn=arn, name=NAME, status="x", model_arn="m", created=NOW)  # type: ignore[arg-type]


def deploy() -> object:
    marks = tags("DEV", samples.RUN_ID, "banking-qa", NOW.isoformat())
    return endpoints.deploy(NAME, samples.CUSTOM_ARN, "a" * 64, marks)


def reward_request() -> Any:
    variables = {
        "ENVIRONMENT": "DEV",
        "REWARD_ROLE": "arn:aws:iam::111122223333:role/reward",
        "REWARD_LOG_GROUP": "Finetune-dev-Pipeline-RewardLogs-ABC",
        "REWARD_RUNTIME": "python3.14",
        "REWARD_ARCHITECTURE": "arm64",
    }
    plan = read(samples.plan(names=samples.plan()["names"] | {"reward": REWARD_NAME}), Plan, where="test")
    return create_request(plan, b"def lambda_handler(event, context): ...\n", Environment(variables))


REQUESTS: dict[str, Callable[[], Any]] = {
    "bedrock:ListEvaluationJobs": lambda: bedrock.evaluation_jobs([f"{samples.RUN_ID}-champion"]),
    "bedrock:StopEvaluationJob": lambda: bedrock.stop_evaluation_job(EVALUATION_JOB),
    "s3:ListObjectVersions": lambda: list(objects.current_versions("data-bucket", "datasets/a/")),
    "s3:ListObjectsV2": lambda: list(objects.keys("data-bucket", "runs/a/")),
    "s3:GetObject": lambda: list(objects.read_chunks("data-bucket", "a/b", "v1", 3 * objects.CHUNK)),
    "s3:PutObject": lambda: objects.write_json("data-bucket", "a/b", {"x": 1}),
    "s3:HeadObject": lambda: multipart.finish(UPLOAD, []),
    "s3:CreateMultipartUpload": lambda: multipart.begin("data-bucket", "prepared/a/train.jsonl"),
    "s3:UploadPart": lambda: multipart.send(UPLOAD, 1, b"x"),
    "s3:ListParts": lambda: multipart.finish(UPLOAD, []),
    "s3:CompleteMultipartUpload": lambda: multipart.finish(BEGUN, [b"x"]),
    "s3:AbortMultipartUpload": lambda: multipart.finish(BEGUN, []),
    "stepfunctions:DescribeExecution": lambda: executions.is_running(samples.EXECUTION),
    "stepfunctions:SendTaskFailure": lambda: executions.fail_task("t" * 600, "Superseded", "c" * 1000),
    "lambda:GetFunction": lambda: functions.find(REWARD_NAME),
    "lambda:CreateFunction": lambda: functions.create(reward_request()),
    "lambda:DeleteFunction": lambda: functions.delete(REWARD_NAME),
    "lambda:ListFunctions": lambda: list(functions.named(REWARD_NAME)),
    "stepfunctions:SendTaskSuccess": lambda: executions.complete_task("t" * 600, {"decision": "approved"}),
    "kms:GenerateMac": lambda: signing.sign(LINK_KEY, LINK.text()),
    "kms:VerifyMac": lambda: signing.is_signed(LINK_KEY, LINK.text(), b"s" * 32),
    "lambda:Invoke": lambda: executions.close("close-run", samples.EXECUTION, "ABORTED"),
    "dynamodb:GetItem": lambda: LEDGER.run(samples.RUN_ID),
    "dynamodb:PutItem": lambda: LEDGER.put("a", "b", {"s": "x", "n": 1.5, "l": [{"m": None}], "b": True}),
    "dynamodb:UpdateItem": lambda: LEDGER.update_run("r", {"status": "x", "phases": []}, while_running=True),
    "dynamodb:Query": lambda: list(LEDGER.runs_by_execution(samples.EXECUTION)),
    "ssm:GetParameter": lambda: parameters.read_parameter(samples.POINTER),
    "ssm:PutParameter": lambda: parameters.write_parameter(samples.POINTER, samples.PT_ARN, "x" * 2000),
    "ssm:DeleteParameter": lambda: parameters.delete_parameter(samples.POINTER),
    "sns:Publish": lambda: notices.publish("arn:aws:sns:us-east-1:111122223333:t", "ä\n" * 200, "m"),
    "service-quotas:GetServiceQuota": lambda: quotas.quota("L-BE77399C"),
    "cloudwatch:GetMetricStatistics": lambda: usage.invocations(samples.PT_ARN, NOW, NOW),
    "bedrock:GetFoundationModel": lambda: bedrock.foundation_model(samples.MODEL_ID),
    "bedrock:ListFoundationModels": lambda: bedrock.tunable_models("CONTINUED_PRE_TRAINING"),
    "bedrock:GetCustomModel": lambda: bedrock.custom_model(samples.CUSTOM_ARN),
    "bedrock:DeleteCustomModel": lambda: bedrock.delete_custom_model(samples.CUSTOM_ARN),
    "bedrock:UpdateProvisionedModelThroughput": lambda: endpoints.swap(
        served("provisioned_throughput"), samples.CUSTOM_ARN
    ),
    "bedrock:UpdateCustomModelDeployment": lambda: endpoints.swap(served("on_demand"), samples.CUSTOM_ARN),
    "bedrock:TagResource": lambda: bedrock.tag_resource(samples.PT_ARN, tags("DEV", "r", "d", "2026")),
    "bedrock:GetModelCustomizationJob": lambda: bedrock.customization_job(NAME),
    "bedrock:StopModelCustomizationJob": lambda: bedrock.stop_job(NAME),
    "bedrock:ListModelCustomizationJobs": bedrock.jobs_in_progress,
    "bedrock:ListTagsForResource": lambda: bedrock.resource_tags(samples.PT_ARN),
    "bedrock:GetProvisionedModelThroughput": lambda: endpoints.find("provisioned_throughput", NAME),
    "bedrock:GetCustomModelDeployment": lambda: endpoints.find("on_demand", NAME),
    "bedrock:ListProvisionedModelThroughputs": lambda: list(endpoints.listed()),
    "bedrock:ListCustomModelDeployments": lambda: list(endpoints.listed()),
    "bedrock:CreateCustomModelDeployment": deploy,
    "bedrock:CreateProvisionedModelThroughput": lambda: endpoints.provision(
        NAME, samples.CUSTOM_ARN, 1, "rollback-1", tags("DEV", samples.RUN_ID, "banking-qa", NOW.isoformat())
    ),
    "bedrock:ListCustomModels": lambda: list(bedrock.own_models()),
    "bedrock:DeleteProvisionedModelThroughput": lambda: endpoints.delete(served("provisioned_throughput")),
    "bedrock:DeleteCustomModelDeployment": lambda: endpoints.delete(served("on_demand")),
    "bedrock-runtime:Converse": lambda: runtime.converse(
        samples.PT_ARN,
        {
            "system": [{"text": "s"}],
            "messages": [{"role": "user", "content": [{"text": "t"}]}],
            "toolConfig": {
                "tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object"}}}}]
            },
        },
        max_tokens=64,
    ),
    "bedrock-runtime:InvokeModel": lambda: runtime.embed("amazon.titan-embed-image-v1", image=b"x"),
}
"""One call of an adapter for each operation that the adapters use."""


def parts(UploadId: str, **_: object) -> dict[str, list[object]]:  # noqa: N803 - the service's own name
    """Answer as S3 does: an upload that was completed is unknown, one that was begun has no part yet."""
    if UploadId == "gone":
        raise error("NoSuchUpload", status=404)
    return {"Parts": []}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Any:
    fake = FakeAws()
    fake.on("bedrock:ListProvisionedModelThroughputs", {"provisionedModelSummaries": []})
    fake.on("bedrock:ListCustomModelDeployments", {"modelDeploymentSummaries": []})
    fake.on("bedrock:GetProvisionedModelThroughput", throughput())
    fake.on("bedrock-runtime:Converse", samples.reply("x"))
    fake.on("bedrock-runtime:InvokeModel", {"body": io.BytesIO(b'{"embedding": []}'), "contentType": "x"})
    fake.s3.put("data-bucket", "a/b", b"x")
    fake.on("s3:ListParts", parts)
    fake.on("s3:UploadPart", {"ETag": "x"})
    fake.on("s3:CompleteMultipartUpload", {})
    fake.on("s3:AbortMultipartUpload", {})
    monkeypatch.setattr(clients, "make_client", fake.client)
    monkeypatch.setattr("s3transfer.manager.TransferManager", Transfers)
    clients.client.cache_clear()
    yield fake
    clients.client.cache_clear()


@pytest.mark.parametrize("operation", REQUESTS)
def test_the_request_is_one_that_aws_takes(aws: FakeAws, operation: str) -> None:
    with contextlib.suppress(FinetuneError):  # most answers here are "not found"; the request counts
        REQUESTS[operation]()
    assert aws.made(operation)


def test_no_operation_of_the_adapters_is_missing_here() -> None:
    wanted = {xform_name(name.split(":")[1]) for name in REQUESTS}
    used = {name for path in ADAPTERS.glob("*.py") for name in _client_calls(ast.parse(path.read_text()))}
    assert used == wanted


def _client_calls(tree: ast.AST) -> set[str]:
    """Return attributes taken from a client accessor's result, and the names given to get_paginator."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call):
            accessor = node.value.func
            name = getattr(accessor, "id", "")
            if (
                (name.startswith("_") or name == "bedrock")
                and not node.value.args
                and node.attr != "get_paginator"
            ):
                found.add(node.attr)
        is_paginator = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get_paginator"
        if is_paginator and isinstance(node.args[0], ast.Constant):
            found.add(str(node.args[0].value))
    return found


def test_the_check_itself_finds_what_aws_would_refuse() -> None:
    with pytest.raises(AssertionError, match="does not fit"):
        check_request("bedrock", "GetModelCustomizationJob", {"jobIdentifier": "a name with blanks"})
    with pytest.raises(AssertionError, match="is not one of"):
        check_request("bedrock", "ListFoundationModels", {"byCustomizationType": "REINFORCEMENT_FINE_TUNING"})
    with pytest.raises(AssertionError, match="Missing required parameter"):
        check_request("bedrock", "CreateCustomModelDeployment", {"modelDeploymentName": "x"})
    with pytest.raises(AssertionError, match="at most"):
        check_request("bedrock", "StopModelCustomizationJob", {"jobIdentifier": "a" * 1012})
