"""From dropped data to a promoted model, for both customization types and both ways of serving."""

import json

import pytest

from tests.integration.pipeline import data

pytestmark = [pytest.mark.integration]

MICRO = "amazon.nova-micro-v1:0:128k"
TITAN = "amazon.titan-text-express-v1:0:8k"


def _promoted(pipeline, dataset: str) -> dict:
    run = pipeline.run(dataset)
    assert (run["status"], run["outcome"]) == ("PROMOTED", "Promoted"), json.dumps(run, indent=1, default=str)
    parameter = pipeline.client("ssm").get_parameter(Name=f"/finetune/local/{dataset}/model-id")
    assert parameter["Parameter"]["Value"] == run["endpoint_arn"]
    assert "promoted" in pipeline.notice(dataset)["Subject"].lower()
    assert dataset in pipeline.report(run["report"])
    return run


def _answer(pipeline, model: str, text: str) -> str:
    answer = pipeline.client("bedrock-runtime").converse(
        modelId=model,
        system=[{"text": data.SYSTEM}],
        messages=[{"role": "user", "content": [{"text": text}]}],
    )
    return answer["output"]["message"]["content"][0]["text"]


@pytest.mark.parametrize("turns", ["single", "multi"])
@pytest.mark.parametrize("serving", ["provisioned_throughput", "on_demand"])
def test_fine_tuning_ends_in_a_promoted_model_that_answers(pipeline, serving, turns):
    train = data.single_turn() if turns == "single" else data.multi_turn()
    dataset = pipeline.drop(
        {"train.jsonl": train, "run.json": data.run_file(base_model=MICRO, serving=serving)}
    )
    run = _promoted(pipeline, dataset)
    assert run["endpoint_kind"] == serving
    training, evaluation = json.loads(run["training"]), json.loads(run["evaluation"])
    assert training["validation_loss"]["last"] < training["validation_loss"]["first"]
    assert evaluation["candidate"]["token_f1"] > evaluation["base"]["token_f1"]
    assert "kitchen" in _answer(pipeline, run["endpoint_arn"], "Switch on the fan in the kitchen")


def test_continued_pre_training_ends_in_a_promoted_model(pipeline):
    for code in ("L-BE77399C",):
        pipeline.admin(command="set_quota", code=code, value=20)
    dataset = pipeline.drop(
        {
            "train.jsonl": data.pretraining(),
            "run.json": data.run_file(base_model=TITAN, type="continued-pre-training"),
        }
    )
    run = _promoted(pipeline, dataset)
    training = json.loads(run["training"])
    assert training["validation_loss"]["last"] < training["validation_loss"]["first"]


def test_a_training_file_alone_starts_a_run_after_the_settle_time(pipeline):
    dataset = pipeline.drop({"train.jsonl": data.single_turn()})
    run = _promoted(pipeline, dataset)
    assert json.loads(run["plan"])["settings"]["base_model"] == MICRO


def test_two_events_for_the_same_versions_are_one_run(pipeline):
    dataset = pipeline.drop(
        {"train.jsonl": data.single_turn(), "run.json": data.run_file(base_model=MICRO, serving="none")}
    )
    first, second = pipeline.finished(dataset, count=2)
    assert [first["status"], second["status"]] == ["SUCCEEDED", "SUCCEEDED"]
    outcomes = sorted(json.loads(each["output"])["outcome"] for each in (first, second))
    assert outcomes == ["Duplicate", "Promoted"]
    assert len(pipeline.runs(dataset)) == 1
