"""Customization jobs of our Bedrock, as boto3 sees them."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.local_bedrock.support import (
    ACCOUNT,
    LITE,
    MICRO,
    ROLE,
    TITAN,
    World,
    conversation,
    conversations,
    refused,
)


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        yield made


def create(world: World, name: str = "job-1", **more: Any) -> str:
    request = world.job_request(name, **more)
    return str(world.bedrock().create_model_customization_job(**request)["jobArn"])


def job(world: World, arn: str) -> dict[str, Any]:
    answer: dict[str, Any] = world.bedrock().get_model_customization_job(jobIdentifier=arn)
    return answer


def metrics(world: World, arn: str, name: str) -> list[dict[str, str]]:
    folder = f"artifacts/runs/r1/model-customization-job-{arn[-12:]}/"
    return list(csv.DictReader(io.StringIO(world.store.objects[folder + name].decode())))


def test_a_job_trains_a_model_and_tells_how_it_went(world: World) -> None:
    validation = world.put_records("data/validation.jsonl", conversations(3, start=100))
    arn = create(
        world,
        validationDataConfig={"validators": [{"s3Uri": validation}]},
        hyperParameters={"epochCount": "2"},
        customModelTags=[{"key": "finetune:run", "value": "r1"}],
        jobTags=[{"key": "finetune:run", "value": "r1"}],
    )
    assert world.wait(arn) == "Completed"
    seen = job(world, arn)
    assert seen["status"] == "Completed"
    assert {stage["status"] for stage in seen["statusDetails"].values()} == {"Completed"}
    assert seen["hyperParameters"] == {
        "epochCount": "2",
        "batchSize": "1",
        "learningRate": "1e-05",
        "learningRateWarmupSteps": "10",
    }
    assert seen["baseModelArn"] == f"arn:aws:bedrock:us-east-1::foundation-model/{MICRO}"
    assert seen["endTime"] > seen["creationTime"]

    steps = metrics(world, arn, "training_artifacts/step_wise_training_metrics.csv")
    assert list(steps[0]) == ["step_number", "epoch_number", "training_loss", "perplexity"]
    assert len(steps) == 20
    assert seen["trainingMetrics"]["trainingLoss"] == float(steps[-1]["training_loss"])
    held_out = metrics(world, arn, "validation_artifacts/post_fine_tuning_validation/validation_metrics.csv")
    assert held_out[0]["step_number"] == "0", "the first row is the base, before any update"
    assert float(held_out[0]["validation_loss"]) == 4.0
    assert seen["validationMetrics"] == [{"validationLoss": float(held_out[-1]["validation_loss"])}]
    told = world.admin(command="progress", account=ACCOUNT, region="us-east-1", job="job-1")
    assert told == {"step": 20, "steps": 20, "loss": float(steps[-1]["training_loss"])}
    assert world.admin(command="progress", account=ACCOUNT, region="us-east-1", job="other") == {}
    assert "artifacts/runs/r1/.write_access_check_file.temp" in world.store.objects

    model = world.bedrock().get_custom_model(modelIdentifier=seen["outputModelArn"])
    assert (model["modelName"], model["modelStatus"], model["jobArn"]) == ("job-1-model", "Active", arn)
    tags = [{"key": "finetune:run", "value": "r1"}]
    assert world.bedrock().list_tags_for_resource(resourceARN=model["modelArn"])["tags"] == tags
    assert world.service.resource_tags(ACCOUNT, "us-east-1", arn) == {"finetune:run": "r1"}
    assert set(world.roles) == {(ROLE, arn)}, "Bedrock acts as the job's role, for the job"


def test_events_follow_the_job(world: World) -> None:
    arn = create(world)
    world.wait(arn)
    assert [event["jobStatus"] for event in world.events] == ["InProgress", "Completed"]
    last = world.events[-1]
    assert last["trainingDataConfig"] == {"s3Uri": "s3://data/train.jsonl"}
    assert last["outputModelArn"] == job(world, arn)["outputModelArn"]
    assert json.loads(json.dumps(last)) == last


def test_stages_come_one_after_another(world: World) -> None:
    world.admin(command="stall_job", stage="training")
    arn = create(world)
    world.wait(arn, ["InProgress"])
    details = job(world, arn)["statusDetails"]
    while details["dataProcessingDetails"]["status"] != "Completed":  # until the stall, that takes no time
        details = job(world, arn)["statusDetails"]
    assert details["validationDetails"]["status"] == "Completed"
    assert details["trainingDetails"] == {"status": "NotStarted"}
    assert job(world, arn)["status"] == "InProgress"
    world.bedrock().stop_model_customization_job(jobIdentifier="job-1")
    assert world.wait(arn) == "Stopped"


def test_a_job_may_stand_still_after_its_stage_has_begun(world: World) -> None:
    world.admin(command="stall_job", stage="training", begun=True)
    arn = create(world)
    while job(world, arn)["statusDetails"]["trainingDetails"]["status"] == "NotStarted":
        assert job(world, arn)["status"] == "InProgress"
    assert job(world, arn)["statusDetails"]["trainingDetails"]["status"] == "InProgress"
    world.bedrock().stop_model_customization_job(jobIdentifier=arn)
    assert world.wait(arn) == "Stopped"


def test_a_stopped_job_leaves_no_model(world: World) -> None:
    world.admin(command="stall_job", stage="data_processing")
    arn = create(world)
    world.bedrock().stop_model_customization_job(jobIdentifier=arn)
    assert world.wait(arn) == "Stopped"
    assert [event["jobStatus"] for event in world.events] == ["InProgress", "Stopping", "Stopped"]
    assert "outputModelArn" not in job(world, arn)
    assert world.bedrock().list_custom_models()["modelSummaries"] == []
    with refused("ConflictException", "Stopped"):
        world.bedrock().stop_model_customization_job(jobIdentifier=arn)


def test_a_stop_at_the_last_moment_still_counts(world: World) -> None:
    def stop(path: str) -> None:
        if path.endswith("step_wise_training_metrics.csv"):
            world.bedrock().stop_model_customization_job(jobIdentifier="job-1")

    world.store.on_put = stop
    assert world.wait(create(world)) == "Stopped"
    assert world.bedrock().list_custom_models()["modelSummaries"] == []


def test_the_same_token_gives_the_same_job(world: World) -> None:
    arn = create(world, clientRequestToken="token-1")
    assert create(world, clientRequestToken="token-1") == arn
    with refused("ConflictException"):
        create(world, clientRequestToken="token-1", hyperParameters={"epochCount": "3"})
    assert len(world.bedrock().list_model_customization_jobs()["modelCustomizationJobSummaries"]) == 1


def test_names_are_burnt(world: World) -> None:
    world.admin(command="fail_job", stage="validation")
    world.wait(create(world))
    with refused("ValidationException", "job name is currently in use"):
        create(world)
    world.wait(create(world, "job-2", customModelName="job-1-model"))
    with refused("ValidationException", "custom model name is currently in use"):
        create(world, "job-3", customModelName="job-1-model")


def test_ten_jobs_may_be_scheduled(world: World) -> None:
    for number in range(10):
        world.admin(command="stall_job", stage="validation")
        create(world, f"job-{number}")
    with refused("ServiceQuotaExceededException", "10 scheduled"):
        create(world, "job-10")


def test_custom_models_have_a_quota(world: World) -> None:
    world.admin(command="set_quota", code="L-CB5B847D", value=1)
    world.train()
    with refused("ServiceQuotaExceededException", "L-CB5B847D"):
        create(world, "job-2")


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"baseModelIdentifier": "amazon.nova-micro-v1:0"}, "neither customization"),
        ({"baseModelIdentifier": "amazon.nova-mega-v1:0:1k"}, "identifier is invalid"),
        ({"customizationType": "CONTINUED_PRE_TRAINING"}, "not supported for the base model"),
        ({"customizationType": "IMPORTED"}, "does not run IMPORTED"),
        ({"hyperParameters": {"epochCount": "6"}}, "between 1 and 5"),
        ({"hyperParameters": {"epochCount": "two"}}, "an integer"),
        ({"hyperParameters": {"learningRate": "nan"}}, "between"),
        ({"hyperParameters": {"epochs": "2"}}, "['epochs'] are not supported"),
        ({"jobTags": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}, "Duplicate"),
        ({"trainingDataConfig": {"s3Uri": "s3://data/none.jsonl"}}, "Could not validate GetObject"),
        ({"jobName": "no spaces"}, "regular expression"),
        ({"roleArn": "admin"}, "at 'roleArn'"),
        ({"trainingDataConfig": {}}, "s3Uri is required"),
    ],
)  # fmt: skip
def test_bad_requests_are_refused(world: World, change: dict[str, Any], part: str) -> None:
    with refused("ValidationException", part):
        create(world, **change)
    assert world.bedrock().list_model_customization_jobs()["modelCustomizationJobSummaries"] == []


def test_legacy_models_are_refused(world: World) -> None:
    world.admin(command="set_life_cycle", model=MICRO, status="LEGACY")
    with refused("ValidationException", "Legacy"):
        create(world)


@pytest.mark.parametrize(
    ("records", "part"),
    [
        (conversations(7), "less than the minimum of 8"),
        ([*conversations(8), {"prompt": "a", "completion": "b"}], "line 9: messages"),
        ([*conversations(8), conversation("a", "b", "c")], "last message must have the role assistant"),
        ([*conversations(8), conversation("a User: b", "c")], "reserved string 'User:'"),
        ([*conversations(8), conversation("a", "c", system="x [EOS]")], "reserved string '[EOS]'"),
        ([*conversations(8), conversation("a", " ")], "messages[1] has no text"),
        ([*conversations(8), conversation("a" * 200_000, "b")], "Input size exceeded"),
        ([*conversations(8), []], "not a JSON object"),
    ],
)  # fmt: skip
def test_bad_data_fails_the_job(world: World, records: list[object], part: str) -> None:
    uri = world.put_records("data/bad.jsonl", records)
    arn = create(world, trainingDataConfig={"s3Uri": uri})
    assert world.wait(arn) == "Failed"
    seen = job(world, arn)
    assert part in seen["failureMessage"]
    assert seen["statusDetails"]["validationDetails"]["status"] == "Failed"
    assert seen["statusDetails"]["trainingDetails"]["status"] == "NotStarted"


def test_lines_that_are_not_json_fail_the_job(world: World) -> None:
    world.store.objects["data/bad.jsonl"] = b'{"messages": [\n\n\xff\n'
    arn = create(world, trainingDataConfig={"s3Uri": "s3://data/bad.jsonl"})
    world.wait(arn)
    message = job(world, arn)["failureMessage"]
    assert message.startswith(
        "Unable to parse Amazon S3 file: bad.jsonl. Data files must conform to JSONL format."
    )
    assert all(f"line {number}" in message for number in (1, 2, 3))


def test_an_empty_validation_file_fails_the_job(world: World) -> None:
    empty = world.put_records("data/empty.jsonl", [])
    arn = create(world, validationDataConfig={"validators": [{"s3Uri": empty}]})
    world.wait(arn)
    assert "holds no records" in job(world, arn)["failureMessage"]


def test_the_role_must_let_bedrock_in(world: World) -> None:
    world.role_error = PermissionError("trust")
    with refused("ValidationException", "could not assume the role"):
        create(world)


@pytest.mark.parametrize(
    ("denied", "part"),
    [
        (
            ("get", "data/"),
            "Could not validate GetObject permissions to access Amazon S3 bucket: data at key",
        ),
        (("list", "data/"), "Could not validate GetObject permissions"),
        (("put", "artifacts/"), "Amazon S3 perms missing (PutObject)"),
    ],
)
def test_the_role_must_read_and_write(world: World, denied: tuple[str, str], part: str) -> None:
    world.store.denied.add(denied)
    with refused("ValidationException", part):
        create(world)
    world.store.denied.clear()
    assert world.wait(create(world)) == "Completed", "a refused request burns no name"


def test_a_job_fails_when_the_role_loses_a_permission(world: World) -> None:
    world.store.denied.add(("put", "artifacts/runs/r1/model-customization-job"))
    arn = create(world)
    assert world.wait(arn) == "Failed"
    assert "PutObject" in job(world, arn)["failureMessage"]
    assert world.bedrock().list_custom_models()["modelSummaries"] == []


@pytest.mark.parametrize("stage", ["validation", "data_processing", "training"])
def test_a_test_can_fail_a_job_at_each_stage(world: World, stage: str) -> None:
    world.admin(command="fail_job", stage=stage, message="Ordered.", job="job-2")
    assert world.wait(create(world)) == "Completed"
    arn = create(world, "job-2")
    assert world.wait(arn) == "Failed"
    assert job(world, arn)["failureMessage"] == "Ordered."
    name = {"validation": "validationDetails", "data_processing": "dataProcessingDetails"}.get(
        stage, "trainingDetails"
    )
    assert job(world, arn)["statusDetails"][name]["status"] == "Failed"


@pytest.mark.parametrize(
    ("layout", "found"),
    [
        ("missing", []),
        ("nested", ["validation_artifacts/post_fine_tuning_validation/validation/validation_metrics.csv"]),
        ("flat", ["validation_artifacts/validation_metrics.csv"]),
    ],
)
def test_metrics_files_can_lie_elsewhere(world: World, layout: str, found: list[str]) -> None:
    world.admin(command="artifacts", layout=layout)
    validation = world.put_records("data/validation.jsonl", conversations(3))
    world.train(validationDataConfig={"validators": [{"s3Uri": validation}]})
    paths = [path for path in world.store.objects if path.endswith("validation_metrics.csv")]
    assert [path.split("/", 4)[4] for path in paths] == found


def test_training_goes_on_from_a_custom_model(world: World) -> None:
    first = world.train()
    more = world.put_records("data/more.jsonl", conversations(8, start=50))
    second = world.train("job-2", baseModelIdentifier=first, trainingDataConfig={"s3Uri": more})
    model = world.bedrock().get_custom_model(modelIdentifier=second)
    assert model["baseModelArn"] == first
    world.raise_unit_quotas()
    endpoint = world.bedrock().create_provisioned_model_throughput(
        modelUnits=1, provisionedModelName="e", modelId=second
    )["provisionedModelArn"]
    world.clock.advance(600)
    for question in ("question 3", "question 53"):
        messages = [{"role": "user", "content": [{"text": question}]}]
        answer = world.runtime().converse(modelId=endpoint, messages=messages)
        assert answer["output"]["message"]["content"][0]["text"] == question.replace("question", "answer")
    listed = world.bedrock().list_custom_models(
        foundationModelArnEquals=f"arn:aws:bedrock:us-east-1::foundation-model/{MICRO}"
    )
    assert {row["modelArn"] for row in listed["modelSummaries"]} == {first, second}
    world.admin(command="set_life_cycle", model=MICRO, status="LEGACY")
    with refused("ValidationException", "Legacy"):
        create(world, "job-3", baseModelIdentifier="job-2-model")


def test_continued_pre_training(world: World) -> None:
    uri = world.put_records("data/corpus.jsonl", [{"input": f"text {k}"} for k in range(4)])
    arn = world.train(
        baseModelIdentifier=TITAN, customizationType="CONTINUED_PRE_TRAINING",
        trainingDataConfig={"s3Uri": uri}, hyperParameters={"epochCount": "1"},
    )  # fmt: skip
    model = world.bedrock().get_custom_model(modelIdentifier=arn)
    assert model["customizationType"] == "CONTINUED_PRE_TRAINING"
    assert world.admin(command="billed_tokens", account=ACCOUNT, region="us-east-1") == {"jobs": {"job-1": 8}}


def test_media_must_lie_in_the_bucket_of_the_dataset(world: World) -> None:
    records = conversations(8)
    image = {"format": "png", "source": {"s3Location": {"uri": "s3://data/cat.png", "bucketOwner": ACCOUNT}}}
    records[3]["messages"][0]["content"].append({"image": image})
    uri = world.put_records("data/images.jsonl", records)
    arn = create(world, baseModelIdentifier=LITE, trainingDataConfig={"s3Uri": uri})
    world.wait(arn)
    assert "s3://data/cat.png cannot be read" in job(world, arn)["failureMessage"]
    world.store.objects["data/cat.png"] = b"png"
    assert (
        world.wait(create(world, "job-2", baseModelIdentifier=LITE, trainingDataConfig={"s3Uri": uri}))
        == "Completed"
    )


def test_the_models_key_is_reported_by_arn(world: World) -> None:
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
    arn = world.train(customModelKmsKeyId=key)
    assert world.bedrock().get_custom_model(modelIdentifier=arn)["modelKmsKeyArn"] == key
    world.kms_keys["alias/models"] = key
    for name, given in (("job-2", key.rsplit("/", 1)[1]), ("job-3", "alias/models")):
        other = world.train(name, customModelKmsKeyId=given)
        assert world.bedrock().get_custom_model(modelIdentifier=other)["modelKmsKeyArn"] == key
    with refused("ValidationException", "alias/none cannot be used"):
        create(world, "job-4", customModelKmsKeyId="alias/none")


def test_lists_are_paged_and_filtered(world: World) -> None:
    for name in ("alpha", "beta", "gamma"):
        world.train(name)
        world.clock.advance(60)
    pages = (
        world.bedrock()
        .get_paginator("list_model_customization_jobs")
        .paginate(sortOrder="Ascending", PaginationConfig={"PageSize": 2})
    )
    assert [[row["jobName"] for row in page["modelCustomizationJobSummaries"]] for page in pages] == [
        ["alpha", "beta"],
        ["gamma"],
    ]
    found = world.bedrock().list_custom_models(nameContains="et")["modelSummaries"]
    assert [row["modelName"] for row in found] == ["beta-model"]
    with refused("ValidationException", "nextToken"):
        world.bedrock().list_custom_models(nextToken="never-given")


def test_closing_ends_the_threads_of_jobs() -> None:
    with World() as world:
        world.admin(command="stall_job", stage="validation")
        create(world, "job-to-close")
        threads = [thread for thread in threading.enumerate() if thread.name == "bedrock-job-job-to-close"]
        assert len(threads) == 1
    assert not threads[0].is_alive()
    assert [event["jobStatus"] for event in world.events] == ["InProgress"], "closing is no state of a job"
