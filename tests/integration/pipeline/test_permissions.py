"""Every permission is needed: with one taken away, the run that needs it fails and says what is missing."""

import json
from contextlib import contextmanager

import pytest

from tests.integration.pipeline import data
from tests.integration.pipeline.fault_rewards import REWARD

pytestmark = [pytest.mark.integration]

MICRO = "amazon.nova-micro-v1:0:128k"
NOTHING = {"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}


def _roles(iam, part: str) -> list[str]:
    names = [
        role["RoleName"] for page in iam.get_paginator("list_roles").paginate() for role in page["Roles"]
    ]
    return [name for name in names if part in name]


def _without(document: dict, action: str) -> dict:
    """Give the policy document with one action taken out of every Allow statement."""
    left = []
    for statement in document["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        kept = [each for each in actions if each != action]
        if kept:
            left.append(statement | {"Action": kept})
    return document | {"Statement": left or [NOTHING]}


def _not_through(document: dict, service: str) -> dict:
    """Give the policy document without the use of keys through one service."""
    left = []
    for statement in document["Statement"]:
        equals = statement.get("Condition", {}).get("StringEquals", {})
        through = equals.get("kms:ViaService", [])
        kept = [name for name in through if not name.startswith(f"{service}.")] if through else []
        changed = {"Condition": {"StringEquals": {**equals, "kms:ViaService": kept}}} if through else {}
        left.append(statement | changed)
    return document | {"Statement": left}


@contextmanager
def _taken(pipeline, role_part: str, action: str, less=_without):
    """Take an action away from the roles whose name contains `role_part`; give it back in the end."""
    iam = pipeline.client("iam")
    changed = []
    for role in _roles(iam, role_part):
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
            if less(document, action) != document:
                changed.append((role, policy, document))
    assert changed, f"no role like {role_part} holds {action}"
    try:
        for role, policy, document in changed:
            lessened = json.dumps(less(document, action))
            iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=lessened)
        yield
    finally:
        for role, policy, document in changed:
            iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))


JUDGE = {"model": "amazon.nova-pro-v1:0", "metrics": ["Correctness"], "decides": True}
CASES = [
    ("FineTuning", "bedrock:CreateModelCustomizationJob", "TrainingFailed"),
    ("FineTuning", "bedrock:GetModelCustomizationJob", "TrainingFailed"),
    ("FineTuning", "iam:PassRole", "TrainingFailed"),
    ("FineTuning", "bedrock:CreateProvisionedModelThroughput", "ServingFailed"),
    ("BedrockRole", "s3:GetObject", "TrainingFailed"),
    ("BedrockRole", "s3:PutObject", "TrainingFailed"),
    ("FineTuning", "bedrock:CreateEvaluationJob", "EvaluationFailed"),
    ("EvaluationRole", "bedrock:InvokeModel", "EvaluationFailed"),
    ("CheckModel", "bedrock:GetFoundationModel", "AccessDenied"),
    ("ValidateDataset", "s3:GetObjectVersion", "AccessDenied"),
    ("TestEndpoint", "bedrock:InvokeModel", "ServingFailed"),
    ("PromoteModel", "ssm:PutParameter", "AccessDenied"),
]


@pytest.mark.parametrize(("role", "action", "outcome"), CASES)
def test_without_the_permission_the_run_fails_and_names_it(pipeline, role, action, outcome):
    asked = {"base_model": MICRO, "serving": "provisioned_throughput"}
    if outcome == "EvaluationFailed":
        asked |= {"evaluation_records": 5, "gate": {"judge": JUDGE}}
    files = {"train.jsonl": data.single_turn(), "run.json": data.run_file(**asked)}
    with _taken(pipeline, role, action):
        dataset = pipeline.drop(files)
        run = pipeline.run(dataset)
    assert run["status"] == "FAILED", run["message"]
    assert run["outcome"] == outcome, run["message"]
    if role not in {"BedrockRole", "EvaluationRole"}:  # the service tells of those in words of its own
        assert action in run["message"]
    assert pipeline.await_(lambda: not pipeline.billable(dataset), "account without cost")


@pytest.mark.parametrize(
    ("role", "action", "outcome"),
    [
        ("DeployReward", "lambda:CreateFunction", "AccessDenied"),
        ("BedrockRole", "lambda:InvokeFunction", "TrainingFailed"),
    ],
)
def test_without_the_permission_a_reinforcement_fails_and_leaves_no_function(pipeline, role, action, outcome):
    settings = data.REINFORCED | {"serving": "none"}
    files = {
        "reward.py": REWARD.encode(),
        "train.jsonl": data.prompts("d"),
        "run.json": data.run_file(**settings),
    }
    with _taken(pipeline, role, action):
        dataset = pipeline.drop(files)
        run = pipeline.run(dataset)
    assert run["outcome"] == outcome, run["message"]
    assert action in run["message"]
    assert pipeline.await_(lambda: not pipeline.billable(dataset), "account without cost")
    assert pipeline.rewards(dataset) == []


def test_without_the_models_key_its_endpoint_cannot_be_asked(pipeline):
    """The permission to invoke an endpoint does not open a custom model that is encrypted with our key."""
    files = {"train.jsonl": data.single_turn(), "run.json": data.run_file(base_model=MICRO)}
    with _taken(pipeline, "TestEndpoint", "bedrock", less=_not_through):
        run = pipeline.run(pipeline.drop(files))
    assert run["outcome"] == "ServingFailed", run["message"]
    assert "kms:Decrypt" in run["message"]


def test_without_start_execution_a_drop_starts_nothing_and_goes_to_the_dead_letters(pipeline):
    sqs = pipeline.client("sqs")
    queue = next(url for url in sqs.list_queues()["QueueUrls"] if "DeadLetters" in url)
    with _taken(pipeline, "Drop", "states:StartExecution"):
        dataset = pipeline.drop({"run.json": data.run_file()})

        def dead():
            messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
            return any(f"datasets/{dataset}/" in message["Body"] for message in messages)

        assert pipeline.await_(dead, "dead letter")
    assert not pipeline.executions(dataset)
