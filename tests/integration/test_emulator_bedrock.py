"""The emulator layer around Bedrock: integrations of Step Functions, IAM of callers, the service role."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from finetune_local.emulator import LocalCloud
from tests.integration.emulator_kit import Kit, allow

STATES, BEDROCK = "states.amazonaws.com", "bedrock.amazonaws.com"
SYNC = "arn:aws:states:::bedrock:createModelCustomizationJob.sync"
PASSES_TO_BEDROCK = {"StringEquals": {"iam:PassedToService": BEDROCK}}


@pytest.fixture
def kit(bare_cloud: LocalCloud, account: str) -> Kit:
    return Kit(bare_cloud, account)


@pytest.fixture
def train(kit: Kit) -> Callable[..., dict[str, Any]]:
    """Give a function that runs a training task; its role may do everything that this takes, or less."""
    passed = kit.role("bedrock", BEDROCK)
    job = kit.arn("bedrock", "model-customization-job/*")
    needed = {
        "create": allow("bedrock:CreateModelCustomizationJob", job),
        "get": allow("bedrock:GetModelCustomizationJob", job),
        "stop": allow("bedrock:StopModelCustomizationJob", job),
        "pass": allow("iam:PassRole", passed, PASSES_TO_BEDROCK),
    }

    def run(name: str, *, resource: str = SYNC, without: str = "", **state: Any) -> dict[str, Any]:
        allowed = [statement for what, statement in needed.items() if what != without]
        role = kit.role(f"machine-{name}-{without}", STATES, *allowed)
        arguments = {"JobName": name, "RoleArn": passed, "HyperParameters": {"epochCount": "2"}}
        return kit.task(role, resource, arguments, **state)

    return run


def test_a_completed_job_is_the_tasks_result_in_pascal_case(train: Callable[..., Any]) -> None:
    job = json.loads(train("good")["output"])
    assert (job["Status"], job["JobName"]) == ("Completed", "good")
    assert job["HyperParameters"] == {"epochCount": "2"}
    assert job["CreationTime"].endswith("Z")


def test_a_failed_job_fails_the_task_with_the_job_as_cause(train: Callable[..., Any]) -> None:
    ended = train("fails")
    assert ended["error"] == "States.TaskFailed"
    assert json.loads(ended["cause"])["FailureMessage"] == "the data is bad"


def test_a_job_that_takes_too_long_is_stopped(kit: Kit, train: Callable[..., Any]) -> None:
    assert train("never", TimeoutSeconds=900)["error"] == "States.Timeout"
    assert kit.client("bedrock").get_model_customization_job(jobIdentifier="never")["status"] == "Stopped"


def test_the_job_of_an_aborted_execution_is_stopped(kit: Kit) -> None:
    passed = kit.role("bedrock", BEDROCK)
    task = {
        "Type": "Task",
        "Resource": SYNC,
        "Arguments": {"JobName": "never", "RoleArn": passed},
        "End": True,
    }
    url, queue = kit.queue()
    kit.rule({"source": ["aws.bedrock"]}, {"Arn": queue})
    execution = kit.start(kit.machine(kit.role("r", STATES, allow("*", "*")), {"Train": task}))
    arn = kit.receive(url)["Body"]["detail"]["jobArn"]
    kit.client("stepfunctions").stop_execution(executionArn=execution)
    assert kit.finish(execution)["status"] == "ABORTED"
    while kit.client("bedrock").get_model_customization_job(jobIdentifier=arn)["status"] != "Stopped":
        pass


def test_without_sync_the_task_ends_when_the_job_is_accepted(train: Callable[..., Any]) -> None:
    ended = train("never", resource=SYNC.removesuffix(".sync"))
    assert ":model-customization-job/" in json.loads(ended["output"])["JobArn"]


@pytest.mark.parametrize(
    ("without", "action"),
    [
        ("create", "bedrock:CreateModelCustomizationJob"),
        ("get", "bedrock:GetModelCustomizationJob"),
        ("pass", "iam:PassRole"),
    ],
)
def test_each_permission_of_the_machines_role_counts(
    train: Callable[..., Any], without: str, action: str
) -> None:
    ended = train("good", without=without)
    assert ended["error"] == "Bedrock.AccessDeniedException"
    assert action in ended["cause"]


def test_a_job_that_may_not_be_stopped_goes_on(kit: Kit, train: Callable[..., Any]) -> None:
    assert train("never", without="stop", TimeoutSeconds=900)["error"] == "States.Timeout"
    assert kit.client("bedrock").get_model_customization_job(jobIdentifier="never")["status"] == "InProgress"


def test_tags_of_request_and_resource_are_judged(kit: Kit) -> None:
    ours = {"StringEquals": {"aws:RequestTag/finetune:pipeline": "local"}}
    tagged = {"StringEquals": {"aws:ResourceTag/finetune:pipeline": "local"}}
    role = kit.role(
        "r",
        STATES,
        allow("bedrock:CreateModelCustomizationJob", "*", ours),
        allow("bedrock:StopModelCustomizationJob", "*", tagged),
        allow("iam:PassRole", "*"),
    )
    create = SYNC.removesuffix(".sync")
    arguments = {"RoleArn": kit.role("bedrock", BEDROCK)}
    tags = [{"Key": "finetune:pipeline", "Value": "local"}]
    mine = kit.task(role, create, {**arguments, "JobName": "mine", "JobTags": tags})
    assert mine["status"] == "SUCCEEDED"
    assert kit.task(role, create, {**arguments, "JobName": "no"})["error"] == "Bedrock.AccessDeniedException"
    other = kit.client("bedrock").create_model_customization_job(
        jobName="other",
        customModelName="m",
        roleArn=arguments["RoleArn"],
        baseModelIdentifier="amazon.nova-micro-v1:0:128k",
        trainingDataConfig={"s3Uri": "s3://b/k"},
        outputDataConfig={"s3Uri": "s3://b/o"},
    )
    stop = "arn:aws:states:::aws-sdk:bedrock:stopModelCustomizationJob"
    allowed = {"JobIdentifier": json.loads(mine["output"])["JobArn"]}
    assert kit.task(role, stop, allowed)["status"] == "SUCCEEDED"
    refused = kit.task(role, stop, {"JobIdentifier": other["jobArn"]})
    assert refused["error"] == "Bedrock.AccessDeniedException"


def test_errors_of_sdk_integrations_carry_the_services_names(kit: Kit) -> None:
    role = kit.role("r", STATES, allow("bedrock:*", "*"))
    sdk = "arn:aws:states:::aws-sdk:bedrock:"
    create = {"ProvisionedModelName": "p", "ModelId": "m", "ModelUnits": 1}
    full = kit.task(role, f"{sdk}createProvisionedModelThroughput", create)
    assert full["error"] == "Bedrock.ServiceQuotaExceededException"
    lost = kit.task(role, f"{sdk}getModelCustomizationJob", {"JobIdentifier": "lost"})
    assert lost["error"] == "Bedrock.ResourceNotFoundException"


@pytest.fixture
def service_role(kit: Kit) -> Callable[..., dict[str, Any]]:
    """Give a function that lets Bedrock list a bucket under a role, on behalf of one of its jobs."""
    kit.client("s3").create_bucket(Bucket=f"data-{kit.account}")
    kit.client("s3").put_object(Bucket=f"data-{kit.account}", Key="train.jsonl", Body=b"{}")

    def use(role: str, job: str = "model-customization-job/base/1") -> dict[str, Any]:
        source = kit.arn("bedrock", job)
        members = {"role": role, "source": source, "account": kit.account, "bucket": f"data-{kit.account}"}
        return kit.cloud.admin(command="use_role", members=members)

    return use


def test_bedrock_reads_under_its_service_role(kit: Kit, service_role: Callable[..., Any]) -> None:
    condition = {
        "StringEquals": {"aws:SourceAccount": kit.account},
        "ArnLike": {"aws:SourceArn": kit.arn("bedrock", "model-customization-job/*")},
    }
    bucket = f"arn:aws:s3:::data-{kit.account}"
    role = kit.role("good", BEDROCK, allow("s3:ListBucket", bucket), condition=condition)
    assert service_role(role) == {"keys": ["train.jsonl"]}
    assert service_role(role, "evaluation-job/1")["error"] == "AssumeRoleRefusedError"
    kit.forbid("good")
    assert "AccessDenied" in service_role(role)["message"]


@pytest.mark.parametrize("trusted", ["lambda.amazonaws.com", "bedrock.amazonaws.com.example"])
def test_bedrock_is_let_in_by_name_only(kit: Kit, service_role: Callable[..., Any], trusted: str) -> None:
    role = kit.role("other", trusted, allow("s3:*", "*"))
    assert service_role(role)["error"] == "AssumeRoleRefusedError"
    assert service_role(role.replace("other", "absent"))["error"] == "AssumeRoleRefusedError"


def test_a_caller_that_may_not_pass_the_role_cannot_train(kit: Kit) -> None:
    user = kit.client("iam").create_user(UserName="u")["User"]["UserName"]
    policy = {"Version": "2012-10-17", "Statement": [allow("bedrock:*", "*")]}
    kit.client("iam").put_user_policy(UserName=user, PolicyName="p", PolicyDocument=json.dumps(policy))
    key = kit.client("iam").create_access_key(UserName=user)["AccessKey"]
    bedrock = kit.cloud.session().client(
        "bedrock",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    with pytest.raises(ClientError, match="iam:PassRole"):
        bedrock.create_model_customization_job(
            jobName="j",
            customModelName="m",
            roleArn=kit.role("bedrock", BEDROCK),
            baseModelIdentifier="amazon.nova-micro-v1:0:128k",
            trainingDataConfig={"s3Uri": "s3://b/k"},
            outputDataConfig={"s3Uri": "s3://b/o"},
        )
