"""Reading the job, deploying on demand, and the first request."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from finetune_aws import runtime
from finetune_core.errors import Conflict, QuotaTooLow, ServingFailed, TrainingFailed
from tests.unit.functions.aws import FakeAws, error
from tests.unit.functions.samples import (
    CUSTOM_ARN,
    DEPLOYMENT_ARN,
    JOB_ARN,
    RUN_ID,
    endpoint,
    plan,
    preflight,
    prompts,
    reply,
    settings,
    training,
    validation,
)

Call = Callable[..., dict[str, Any]]
START = datetime(2026, 11, 23, 10, tzinfo=UTC)
CSV = "step_number,epoch_number,training_loss,perplexity\n1,1,3.5,33\n2,1,2.5,12\n3,2,1.5,4\n"
CHECKS = "step_number,epoch_number,validation_loss,perplexity\n1,1,3.6,36\n3,2,1.9,6\n"


def job(status: str = "Completed", **changes: Any) -> dict[str, Any]:
    done = {"outputModelArn": CUSTOM_ARN, "endTime": START.replace(minute=2)} if status == "Completed" else {}
    return {"jobArn": JOB_ARN, "status": status, "creationTime": START, **done, **changes}


@pytest.mark.parametrize("folder", ["", "validation/"])
def test_the_job_is_read_with_its_curves_wherever_they_lie(aws: FakeAws, call: Call, folder: str) -> None:
    base = f"runs/{RUN_ID}/training/model-customization-job-abcdefabcdef"
    aws.s3.put("artifacts-bucket", f"{base}/training_artifacts/step_wise_training_metrics.csv", CSV.encode())
    key = f"{base}/validation_artifacts/post_fine_tuning_validation/{folder}validation_metrics.csv"
    aws.s3.put("artifacts-bucket", key, CHECKS.encode())
    aws.on("bedrock:GetModelCustomizationJob", job())
    found = call("read_training", {"plan": plan(), "validation": validation()})
    assert found["training_loss"] == {"first": 3.5, "last": 1.5}
    assert found["validation_loss"] == {"first": 3.6, "last": 1.9}
    assert (found["steps"], found["seconds"], found["model_arn"]) == (3, 120.0, CUSTOM_ARN)
    assert found["curve_uri"].endswith("step_wise_training_metrics.csv")
    assert found["validation_curve_uri"].endswith(f"{folder}validation_metrics.csv")
    assert (found["findings"], found["blocked"]) == ([], {"outcome": "", "message": ""})


def test_a_diverged_job_is_blocked_but_fully_read(aws: FakeAws, call: Call) -> None:
    rising = "".join(f"{step},1,{2 + step}\n" for step in range(20)) + "20,1,nan\n"
    key = f"runs/{RUN_ID}/training/job/training_artifacts/step_wise_training_metrics.csv"
    aws.s3.put("artifacts-bucket", key, f"step_number,epoch_number,training_loss\n{rising}".encode())
    aws.on("bedrock:GetModelCustomizationJob", job(hyperParameters={"learningRateMultiplier": "2"}))
    found = call("read_training", {"plan": plan(), "validation": validation()})
    assert found["blocked"]["outcome"] == "TrainingDiverged"
    assert "learningRateMultiplier 0.6 in place of 2" in found["blocked"]["message"]
    assert found["model_arn"] == CUSTOM_ARN


def test_without_curves_the_jobs_own_metrics_count(aws: FakeAws, call: Call) -> None:
    metrics = {"trainingMetrics": {"trainingLoss": 1.25}, "validationMetrics": [{"validationLoss": 1.5}]}
    aws.on("bedrock:GetModelCustomizationJob", job(**metrics))
    found = call("read_training", {"plan": plan(), "validation": validation()})
    assert found["training_loss"] == {"first": 1.25, "last": 1.25}
    assert found["validation_loss"] == {"first": 1.5, "last": 1.5}
    assert found["curve_uri"] is None
    assert [finding["code"] for finding in found["findings"]] == ["no_curve"]


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Maximum input token count 4732 exceeds limit of 4096 for train data", "Shorten or split"),
        ("Could not validate GetObject permissions to access Amazon S3 bucket: b at key k", "ListBucket"),
        ("The dog ate it", "No rule of this pipeline knows this failure.*The dog ate it"),
        ("", "gave no reason"),
    ],
)
def test_a_failed_job_is_explained(aws: FakeAws, call: Call, message: str, told: str) -> None:
    aws.on("bedrock:GetModelCustomizationJob", job("Failed", failureMessage=message))
    with pytest.raises(TrainingFailed, match=told) as caught:
        call("read_training", {"plan": plan(), "validation": validation()})
    assert JOB_ARN in str(caught.value)


def test_a_stopped_or_missing_job_is_a_failure(aws: FakeAws, call: Call) -> None:
    with pytest.raises(TrainingFailed, match="does not exist"):
        call("read_training", {"plan": plan(), "validation": validation()})
    aws.on("bedrock:GetModelCustomizationJob", job("Stopped"))
    with pytest.raises(TrainingFailed, match="stopped on request"):
        call("read_training", {"plan": plan(), "validation": validation()})


def deployment(status: str = "Creating", model_arn: str = CUSTOM_ARN, **changes: Any) -> dict[str, Any]:
    return {
        "customModelDeploymentArn": DEPLOYMENT_ARN,
        "modelDeploymentName": f"dev-{RUN_ID}",
        "modelArn": model_arn,
        "createdAt": START,
        "status": status,
        **changes,
    }


def test_deploying_creates_once_and_then_looks(aws: FakeAws, call: Call) -> None:
    event = {"plan": plan(), "training": training()}
    aws.on("bedrock:CreateCustomModelDeployment", {"customModelDeploymentArn": DEPLOYMENT_ARN})
    first = call("deploy_model", event)
    assert first == endpoint(kind="on_demand", arn=DEPLOYMENT_ARN, status="Creating") | {"committed": False}
    tags = {tag["key"]: tag["value"] for tag in aws.made("bedrock:CreateCustomModelDeployment")[0]["tags"]}
    assert tags["finetune:pipeline"] == "DEV"
    assert datetime.fromisoformat(tags["finetune:expires"]) > datetime.now(UTC)
    aws.on("bedrock:GetCustomModelDeployment", deployment("Active"))
    assert call("deploy_model", event)["status"] == "Active"
    assert len(aws.made("bedrock:CreateCustomModelDeployment")) == 1


def test_a_lost_answer_of_create_is_found_again(aws: FakeAws, call: Call) -> None:
    aws.on("bedrock:GetCustomModelDeployment", [error("ResourceNotFoundException"), deployment()])
    aws.on("bedrock:CreateCustomModelDeployment", error("ConflictException"))
    assert call("deploy_model", {"plan": plan(), "training": training()})["arn"] == DEPLOYMENT_ARN


def test_deploying_tells_failures(aws: FakeAws, call: Call) -> None:
    event = {"plan": plan(), "training": training()}
    aws.on("bedrock:CreateCustomModelDeployment", error("ServiceQuotaExceededException", "10 of 10"))
    with pytest.raises(QuotaTooLow, match="10 of 10"):
        call("deploy_model", event)
    aws.on("bedrock:GetCustomModelDeployment", deployment("Failed", failureMessage="Internal failure"))
    assert "Internal failure" in call("deploy_model", event)["failure"]
    aws.on("bedrock:GetCustomModelDeployment", deployment(model_arn=CUSTOM_ARN[:-1] + "0"))
    with pytest.raises(ServingFailed, match="exists already"):
        call("deploy_model", event)


def smoke_event(**changes: Any) -> dict[str, Any]:
    return {
        "plan": plan(),
        "endpoint": endpoint(),
        "validation": validation(),
        "preflight": preflight(),
    } | changes


def test_the_first_request_is_a_real_prompt(aws: FakeAws, call: Call) -> None:
    aws.s3.put("artifacts-bucket", f"runs/{RUN_ID}/evaluation.jsonl", prompts())
    aws.on("bedrock-runtime:Converse", reply("fine"))
    assert call("test_endpoint", smoke_event()) == {"latency_ms": 12, "answer": "fine", "golden": 0}
    asked = aws.made("bedrock-runtime:Converse")[0]
    assert asked["messages"][0]["content"] == [{"text": "question 0"}]
    assert asked["modelId"] == endpoint()["arn"]


def test_silence_and_refusal_fail_serving(aws: FakeAws, call: Call) -> None:
    event = smoke_event(validation=validation(records=0))
    aws.on("bedrock-runtime:Converse", reply(" "))
    with pytest.raises(ServingFailed, match="with nothing"):
        call("test_endpoint", event)
    aws.on("bedrock-runtime:Converse", error("ValidationException", "no such thing"))
    with pytest.raises(ServingFailed, match="no such thing"):
        call("test_endpoint", event)


def test_golden_prompts_must_pass(aws: FakeAws, call: Call) -> None:
    aws.s3.put("artifacts-bucket", f"runs/{RUN_ID}/evaluation.jsonl", prompts())
    aws.on("bedrock-runtime:Converse", reply("The capital is Paris"))
    rules = [
        {"prompt": "Capital of France?", "contains": "paris", "system": "Be short."},
        {"prompt": "Number?", "matches": r"\d"},
    ]
    first = smoke_event(plan=plan(settings=settings(golden_prompts=rules[:1])))
    assert call("test_endpoint", first)["golden"] == 1
    assert aws.made("bedrock-runtime:Converse")[1]["system"] == [{"text": "Be short."}]
    both = smoke_event(plan=plan(settings=settings(golden_prompts=rules)))
    with pytest.raises(
        ServingFailed, match=r"1 of 2 golden prompts failed: golden_prompts\[1\] should match"
    ):
        call("test_endpoint", both)


def test_an_embedding_model_is_asked_for_a_vector(aws: FakeAws, call: Call) -> None:
    class Body:
        def read(self) -> bytes:
            return json.dumps({"embedding": [0.1, 0.2], "inputTextTokenCount": 3}).encode()

    aws.on("bedrock-runtime:InvokeModel", {"body": Body(), "contentType": "application/json"})
    event = smoke_event(preflight=preflight(record_format="image-caption"))
    assert call("test_endpoint", event)["answer"] == "a vector of 2 numbers"


def test_retries_pause_longer_each_time_and_give_up() -> None:
    pauses: list[float] = []

    def refuse() -> str:
        raise runtime.Throttled("slow down")

    with pytest.raises(runtime.Throttled):
        runtime.with_retries(refuse, attempts=4, pause=pauses.append)
    assert len(pauses) == 3
    assert all(0 <= pause <= 2**index for index, pause in enumerate(pauses))

    def conflict() -> str:
        raise Conflict("busy")

    with pytest.raises(Conflict):
        runtime.with_retries(conflict, pause=pauses.append)
    assert len(pauses) == 3
