"""Kinds of customization beyond text for text, through the same phases of the same machine."""

import json
import uuid
from pathlib import Path

import pytest

from tests.integration.pipeline import data

pytestmark = [pytest.mark.integration]

EXAMPLES = Path(__file__).parents[3] / "examples"
MICRO = "amazon.nova-micro-v1:0:128k"
LITE = "amazon.nova-lite-v1:0:300k"


def _example(pipeline, name: str) -> dict[str, bytes]:
    """Give the files of an example as `finetune submit` drops them: the records last but for run.json."""
    folder = EXAMPLES / name
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    order = ("reward.py", "evaluation.jsonl", "train.jsonl", "run.json")
    found.sort(key=lambda path: order.index(path.name) if path.parent == folder else -1)
    bucket = f"s3://{pipeline.names['data-bucket']}/"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().replace(
            b"s3://your-data-bucket/", bucket.encode()
        )
        for path in found
    }


def test_image_captions_are_judged_by_retrieval(pipeline):
    dataset = pipeline.drop(_example(pipeline, "image-captions"), name="image-captions")
    run = pipeline.run(dataset)
    assert (run["status"], run["outcome"]) == ("PROMOTED", "Promoted"), json.dumps(run, indent=1, default=str)
    found = json.loads(run["evaluation"])
    assert found["metric"] == "recall_at_1"
    assert found["records"] == 200
    assert found["candidate"]["recall_at_1"] > 0.5 > found["base"]["recall_at_1"]
    assert found["interval"][0] > 0
    assert "retrieval accuracy" in pipeline.report(run["report"])
    assert run["endpoint_kind"] == "provisioned_throughput"
    body = json.dumps({"inputText": "A red circle", "embeddingConfig": {"outputEmbeddingLength": 384}})
    answer = pipeline.client("bedrock-runtime").invoke_model(modelId=run["endpoint_arn"], body=body)
    assert len(json.loads(answer["body"].read())["embedding"]) == 384


def _image_records(pipeline, dataset: str, image: str) -> bytes:
    uri = f"s3://{pipeline.names['data-bucket']}/datasets/{dataset}/images/{image}"
    picture = {"image": {"format": "png", "source": {"s3Location": {"uri": uri}}}}
    records = [data.converse(sentence, command) for sentence, command in data.commands()]
    for record in records:
        record["messages"][0]["content"].insert(0, picture)
    return data.lines(records)


def test_records_with_images_tune_a_model_that_answers_in_text(pipeline):
    dataset = f"t{uuid.uuid4().hex[:10]}"
    picture = next((EXAMPLES / "image-captions" / "images").glob("*.png")).read_bytes()
    pipeline.drop(
        {
            "images/house.png": picture,
            "train.jsonl": _image_records(pipeline, dataset, "house.png"),
            "run.json": data.run_file(base_model=LITE, serving="on_demand"),
        },
        name=dataset,
    )
    run = pipeline.run(dataset)
    assert (run["status"], run["outcome"]) == ("PROMOTED", "Promoted"), json.dumps(run, indent=1, default=str)
    found = json.loads(run["evaluation"])
    assert found["candidate"]["field_accuracy"] > found["base"]["field_accuracy"]


def test_an_image_that_is_not_there_ends_the_run_before_anything_is_spent(pipeline):
    dataset = f"t{uuid.uuid4().hex[:10]}"
    records = _image_records(pipeline, dataset, "gone.png")
    pipeline.drop(
        {"train.jsonl": records, "run.json": data.run_file(base_model=LITE, serving="on_demand")},
        name=dataset,
    )
    run = pipeline.run(dataset)
    assert run["outcome"] == "DatasetInvalid"
    assert "there is no such file" in run["message"]
    assert pipeline.billable(dataset) == []


def _taught(teacher: str, **changes: object) -> bytes:
    return data.run_file(
        **{
            "base_model": MICRO,
            "type": "distillation",
            "teacher_model": teacher,
            "max_response_length": 32,
            "serving": "on_demand",
        }
        | changes
    )


def test_a_student_learns_from_answers_and_from_its_teacher(pipeline):
    records = [data.converse(sentence, command) for sentence, command in data.commands()]
    prompts = [data.converse(f"Say hello to {room}") for room in data.ROOMS]
    train = data.lines([*records, *prompts])
    evaluation = data.lines(records[::5])
    dataset = pipeline.drop(
        {"train.jsonl": train, "evaluation.jsonl": evaluation, "run.json": _taught("amazon.nova-pro-v1:0")}
    )
    run = pipeline.run(dataset)
    assert (run["status"], run["outcome"]) == ("PROMOTED", "Promoted"), json.dumps(run, indent=1, default=str)
    job = pipeline.client("bedrock").get_model_customization_job(jobIdentifier=run["job_name"])
    assert job["customizationType"] == "DISTILLATION"
    teacher = job["customizationConfig"]["distillationConfig"]["teacherModelConfig"]
    assert teacher == {
        "teacherModelIdentifier": "amazon.nova-pro-v1:0",
        "maxResponseLengthForInference": 32,
    }
    assert "Teacher's answers" in run["price"]


def test_a_teacher_that_is_gone_is_named_before_anything_is_spent(pipeline):
    dataset = pipeline.drop(
        {"train.jsonl": data.single_turn(), "run.json": _taught("amazon.nova-premier-v1:0")}
    )
    run = pipeline.run(dataset)
    assert run["outcome"] == "ModelNotTunable"
    assert "amazon.nova-premier-v1:0" in run["message"]
    assert pipeline.billable(dataset) == []


def test_a_model_learns_what_the_datasets_own_function_rewards(pipeline):
    dataset = pipeline.drop(_example(pipeline, "reinforcement"))
    run = pipeline.run(dataset)
    assert (run["status"], run["outcome"]) == ("PROMOTED", "Promoted"), json.dumps(run, indent=1, default=str)
    reward = json.loads(run["preflight"])["reward"]
    assert (reward["dropped"], reward["right"]) == (True, 1.0)
    job = pipeline.client("bedrock").get_model_customization_job(jobIdentifier=run["job_name"])
    assert job["customizationType"] == "REINFORCEMENT_FINE_TUNING"
    told = job["customizationConfig"]["rftConfig"]
    assert told["graderConfig"]["lambdaGrader"]["lambdaArn"] == reward["function_arn"]
    assert (told["hyperParameters"]["epochCount"], told["hyperParameters"]["learningRate"]) == (4, 1e-4)
    training, found = json.loads(run["training"]), json.loads(run["evaluation"])
    assert training["training_reward"]["last"] > 0.5 > training["training_reward"]["first"]
    assert (found["metric"], found["records"]) == ("reward", 60)
    assert found["candidate"]["reward"] > 0.7 > found["base"]["reward"]
    assert found["candidate"]["exact_match"] > found["base"]["exact_match"]
    assert found["interval"][0] > 0
    assert "1 to 24 hours of the whole job" in run["price"]
    assert 'aria-label="training reward, validation reward by step"' in pipeline.report(run["report"])
    assert pipeline.rewards(dataset) == []


def test_a_reward_that_raises_ends_the_run_before_anything_is_spent(pipeline):
    files = {"reward.py": b"def lambda_handler(event, context):\n    raise ValueError('no idea')\n"}
    files |= {"train.jsonl": data.prompts("d"), "run.json": data.run_file(**data.REINFORCED, serving="none")}
    dataset = pipeline.drop(files)
    run = pipeline.run(dataset)
    assert run["outcome"] == "RewardInvalid"
    assert "ValueError: no idea" in run["message"]
    assert "record 1 of the training split" in run["message"]
    assert run["phase"] == "reward"
    jobs = pipeline.client("bedrock").list_model_customization_jobs(nameContains=run["job_name"])
    assert jobs["modelCustomizationJobSummaries"] == []
    assert pipeline.rewards(dataset) == []
    assert pipeline.billable(dataset) == []
