"""Reinforcement in the whole local cloud: a real reward function, asked under the job's role and IAM."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from finetune_local.emulator import LocalCloud
from tests.integration.emulator_kit import Json, Kit, allow

pytestmark = pytest.mark.integration

REWARD = """
def handler(samples, context):
    return [
        {
            "id": sample["id"],
            "aggregate_reward_score": float(
                sample["messages"][-1]["content"].strip().lower() == sample["metadata"]["reference_answer"]
            ),
        }
        for sample in samples
    ]
"""
RAISES = """
def handler(samples, context):
    return [sample["metadata"]["no_such_key"] for sample in samples]
"""
WORDS = {"up": ("rise", "climb", "ascend", "lift"), "down": ("fall", "sink", "drop", "descend")}


@pytest.fixture
def kit(local_cloud: LocalCloud, account: str) -> Kit:
    return Kit(local_cloud, account)


def prompts(count: int) -> list[Json]:
    """Return prompts that name both answers, of which the verb wants one."""
    return [
        {
            "messages": [{"role": "user", "content": f"Say up or down: the number {k} will {verb} soon."}],
            "reference_answer": way,
        }
        for k in range(count)
        for way, verbs in WORDS.items()
        for verb in (verbs[k % len(verbs)],)
    ][:count]


def train(kit: Kit, grader: str, *, may_invoke: bool = True) -> Json:
    """Run a job under a role that may read and write its bucket, and call the function or not."""
    bucket = f"data-{kit.account}"
    s3 = kit.client("s3")
    s3.create_bucket(Bucket=bucket)
    for name, count in (("train", 100), ("validation", 8)):
        lines = "".join(json.dumps(record) + "\n" for record in prompts(count))
        s3.put_object(Bucket=bucket, Key=f"{name}.jsonl", Body=lines.encode())
    statements = [
        allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{bucket}/*"),
        allow("s3:ListBucket", f"arn:aws:s3:::{bucket}"),
    ]
    if may_invoke:
        statements.append(allow("lambda:InvokeFunction", grader))
    settings = {"epochCount": 2, "batchSize": 32, "trainingSamplePerPrompt": 8, "inferenceMaxTokens": 4}
    bedrock = kit.client("bedrock")
    arn = bedrock.create_model_customization_job(
        jobName="job",
        customModelName="model",
        roleArn=kit.role("tuner", "bedrock.amazonaws.com", *statements),
        baseModelIdentifier="amazon.nova-2-lite-v1:0:256k",
        customizationType="REINFORCEMENT_FINE_TUNING",
        customizationConfig={
            "rftConfig": {
                "graderConfig": {"lambdaGrader": {"lambdaArn": grader}},
                "hyperParameters": {**settings, "learningRate": 1e-4},
            }
        },
        trainingDataConfig={"s3Uri": f"s3://{bucket}/train.jsonl"},
        validationDataConfig={"validators": [{"s3Uri": f"s3://{bucket}/validation.jsonl"}]},
        outputDataConfig={"s3Uri": f"s3://{bucket}/out/"},
    )["jobArn"]
    while True:
        told: Json = bedrock.get_model_customization_job(jobIdentifier=arn)
        if told["status"] != "InProgress":
            return told
        time.sleep(0.1)


def curve(kit: Kit, told: Json, path: str) -> list[float]:
    """Return the third column of a metrics file."""
    key = f"out/model-customization-job-{told['jobArn'][-12:]}/{path}"
    body: Any = kit.client("s3").get_object(Bucket=f"data-{kit.account}", Key=key)["Body"]
    return [float(line.split(",")[2]) for line in body.read().decode().splitlines()[1:]]


def test_a_reward_function_teaches_the_model(kit: Kit) -> None:
    told = train(kit, kit.function(REWARD))
    assert told["status"] == "Completed", told
    rewards = curve(kit, told, "training_artifacts/step_wise_training_metrics.csv")
    assert len(rewards) == 8
    assert rewards[-1] > rewards[0] + 0.3
    held_out = curve(kit, told, "validation_artifacts/post_fine_tuning_validation/validation_metrics.csv")
    assert held_out[-1] > held_out[0]


def test_the_role_needs_the_right_to_call_the_function(kit: Kit) -> None:
    told = train(kit, kit.function(REWARD), may_invoke=False)
    assert told["status"] == "Failed"
    assert "could not be invoked with the role given" in told["failureMessage"]
    assert "lambda:InvokeFunction" in told["failureMessage"]


def test_an_exception_of_the_function_is_told(kit: Kit) -> None:
    told = train(kit, kit.function(RAISES))
    assert told["status"] == "Failed"
    assert "KeyError" in told["failureMessage"]
