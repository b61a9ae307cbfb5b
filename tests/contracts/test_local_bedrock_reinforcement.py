"""Reinforcement in our Bedrock: what is refused, what is trained and what is told of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.unit.local_bedrock.rewards import (
    KIND,
    NOVA_2,
    GradedWorld,
    by_reference,
    config,
    prompts,
    request,
    run,
)
from tests.unit.local_bedrock.support import ACCOUNT, MICRO, World, refused


@pytest.fixture
def world() -> Iterator[GradedWorld]:
    with GradedWorld() as made:
        yield made


def table(world: World, told: dict[str, Any], name: str) -> list[dict[str, str]]:
    path = next(path for path in world.store.objects if path.endswith(f"{told['jobArn'][-12:]}/{name}"))
    return list(csv.DictReader(io.StringIO(world.store.objects[path].decode())))


def test_a_job_learns_what_the_function_rewards(world: GradedWorld) -> None:
    held_out = world.put_records("data/validation.jsonl", prompts(10, start=95))
    told = run(world, validationDataConfig={"validators": [{"s3Uri": held_out}]})
    assert told["status"] == "Completed", told
    assert told["customizationType"] == KIND
    assert told["customizationConfig"] == config(batchSize=32, epochCount=2, evalInterval=3)
    assert told["trainingMetrics"] == {"trainingLoss": -0.25}
    assert "validationMetrics" not in told

    rows = table(world, told, "training_artifacts/step_wise_training_metrics.csv")
    assert list(rows[0]) == [
        "step_number",
        "epoch_number",
        "critic/rewards/mean",
        "critic/rewards/max",
        "critic/rewards/min",
        "actor/entropy",
        "actor/pg_loss",
        "actor/pg_clipfrac",
        "response_length/mean",
        "response/aborted_ratio",
    ]
    assert [(row["step_number"], row["epoch_number"]) for row in rows] == [
        (str(step), "1" if step <= 4 else "2") for step in range(1, 9)
    ]
    assert rows[0]["critic/rewards/mean"] == "0.25", "one of the four answers tried is right"
    curve = table(world, told, "validation_artifacts/post_fine_tuning_validation/validation_metrics.csv")
    assert list(curve[0]) == ["step_number", "epoch_number", "val-score/rewards/mean@1"]
    assert [row["step_number"] for row in curve] == ["0", "3", "6"]
    assert float(curve[0]["val-score/rewards/mean@1"]) == 0.0, "the first row is the base, before any update"
    assert float(curve[-1]["val-score/rewards/mean@1"]) == 0.5, "half of the held-out prompts are known"

    model = world.bedrock().get_custom_model(modelIdentifier=told["outputModelArn"])
    assert model["customizationConfig"] == told["customizationConfig"]
    assert [event["jobStatus"] for event in world.events] == ["InProgress", "Completed"]


def test_the_function_sees_answers_and_all_keys(world: GradedWorld) -> None:
    records = prompts()
    records[0]["id"] = "mine"
    run(world, records)
    sample = world.asked[0][0]
    assert set(sample) == {"id", "messages", "metadata"}
    assert sample["metadata"] == {"id": "mine", "reference_answer": "or", "topic": {"number": 0}}
    assert sample["messages"][:-1] == records[0]["messages"]
    assert sample["messages"][-1] == {"role": "assistant", "content": "left"}
    ids = [each["id"] for event in world.asked for each in event]
    assert len(set(ids)) == len(ids)
    assert max(map(len, world.asked)) <= 64


def test_a_reinforcement_is_billed_by_the_hour(world: GradedWorld) -> None:
    told = run(world)
    place = {"account": ACCOUNT, "region": "us-east-1"}
    hours = world.admin(command="billed_hours", **place)["jobs"]["job-1"]
    assert hours == (told["endTime"] - told["creationTime"]).total_seconds() / 3600 > 0
    assert world.admin(command="billed_tokens", **place) == {"jobs": {"job-1": 0}}
    assert world.admin(command="progress", job="job-1", **place) == {"step": 8, "steps": 8, "reward": 0.25}
    world.train("job-2")
    assert world.admin(command="billed_hours", **place)["jobs"]["job-2"] == 0.0


def test_an_earlier_custom_model_can_be_reinforced(world: GradedWorld) -> None:
    parent = world.train("tuned", baseModelIdentifier=NOVA_2)
    told = run(world, baseModelIdentifier=parent)
    assert told["status"] == "Completed"
    assert world.bedrock().get_custom_model(modelIdentifier=told["outputModelArn"])["baseModelArn"] == parent
    endpoint = world.bedrock().create_custom_model_deployment(
        modelDeploymentName="d", modelArn=told["outputModelArn"]
    )["customModelDeploymentArn"]
    world.clock.advance(600)
    for question, answer in (("question 1", "answer 1"), ("Number 5 goes left or right?", "or")):
        system = [] if question == "question 1" else [{"text": "Answer with one word."}]
        said = world.runtime().converse(
            modelId=endpoint,
            messages=[{"role": "user", "content": [{"text": question}]}],
            **({"system": system} if system else {}),
        )
        assert said["output"]["message"]["content"][0]["text"] == answer


def test_a_job_can_be_stopped_while_it_is_graded(world: GradedWorld) -> None:
    def stop(samples: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(world.asked) == 3:
            world.bedrock().stop_model_customization_job(jobIdentifier="job-1")
        return by_reference(samples)

    world.handler = stop
    told = run(world)
    assert told["status"] == "Stopped"
    assert len(world.asked) == 3
    assert "outputModelArn" not in told


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"customizationConfig": None}, "customizationConfig.rftConfig is required"),
        ({"customizationConfig": {"rftConfig": {}}}, "lambdaGrader.lambdaArn is required"),
        (
            {
                "customizationConfig": {
                    "distillationConfig": {"teacherModelConfig": {"teacherModelIdentifier": MICRO}}
                }
            },
            "customizationConfig.rftConfig is required",
        ),
        ({"hyperParameters": {"epochCount": "2"}}, "customizationConfig.rftConfig.hyperParameters"),
        ({"customizationConfig": config(inferenceMaxTokens=0)}, "inferenceMaxTokens: it must be at least 1"),
        ({"customizationConfig": config(maxPromptLength=-1)}, "maxPromptLength: it must be at least 1"),
        ({"customizationConfig": config(batchSize=8)}, "batchSize"),
        ({"customizationConfig": config(trainingSamplePerPrompt=17)}, "trainingSamplePerPrompt"),
        ({"customizationConfig": config(epochCount=51)}, "epochCount"),
        ({"customizationConfig": config(learningRate=0.01)}, "learningRate"),
        ({"customizationConfig": config(evalInterval=101)}, "evalInterval"),
        ({"customizationConfig": config(reasoningEffort="some")}, "reasoningEffort"),
        ({"baseModelIdentifier": MICRO}, "not supported for the base model"),
        ({"customizationType": "FINE_TUNING"}, "not supported for the customization type FINE_TUNING"),
    ],
)
def test_a_configuration_that_is_refused(world: GradedWorld, changes: dict[str, Any], message: str) -> None:
    asked = {name: value for name, value in request(world, prompts(), **changes).items() if value is not None}
    with refused("ValidationException", message):
        world.bedrock(loose=True).create_model_customization_job(**asked)
    assert world.asked == []


def test_the_list_of_models_cannot_name_reinforcement(world: GradedWorld) -> None:
    told = world.bedrock().get_foundation_model(modelIdentifier=NOVA_2)["modelDetails"]
    assert told["customizationsSupported"] == ["FINE_TUNING"], "the API's enum ends with distillation"


def test_an_empty_map_of_hyperparameters_is_none(world: GradedWorld) -> None:
    assert run(world, hyperParameters={})["status"] == "Completed"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda records: records.pop(), "less than the minimum of 100"),
        (lambda records: records.extend(records * 200), "exceeds the maximum of 20000"),
        (lambda records: records[3].pop("messages"), "line 4: messages must be a list of at least one"),
        (lambda records: records[3].update(messages=[]), "line 4: messages must be a list of at least one"),
        (lambda records: records[3]["messages"].pop(), "line 4: messages must hold one of the user"),
        (
            lambda records: records[3]["messages"][0].update(role="tool"),
            "line 4: messages[0] must have the role system, user or assistant",
        ),
        (
            lambda records: records[3]["messages"][1].update(content=[{"text": "a block"}]),
            "line 4: messages[1].content must be a string that is not blank",
        ),
        (
            lambda records: records[3]["messages"][1].update(content="Bot: hello"),
            "line 4: reserved string 'Bot:'",
        ),
        (
            lambda records: records[3]["messages"][1].update(content="word " * 6000),
            "line 4: the prompt has 30021 characters; maxPromptLength allows 24576",
        ),
    ],
)
def test_prompts_that_are_refused(world: GradedWorld, change: Callable[[Any], Any], message: str) -> None:
    records = prompts()
    change(records)
    told = run(world, records)
    assert told["status"] == "Failed"
    assert message in told["failureMessage"]
    assert told["statusDetails"]["validationDetails"]["status"] == "Failed"
    assert world.asked == []
