"""Distillation in our Bedrock: the teacher is asked with the role's rights, the student learns from it."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.local_bedrock.support import MICRO, World, conversations, refused

PRO = "amazon.nova-pro-v1:0"


class TaughtWorld(World):
    """A world whose role may ask a teacher; `asked` holds what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[dict[str, Any]] = []
        self.denied = False

    def client(self, service_name: str, **options: Any) -> Any:
        return self if service_name == "bedrock-runtime" else super().client(service_name)

    def converse(self, **request: Any) -> dict[str, Any]:
        if self.denied:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Converse")
        self.asked.append(request)
        said = "taught: " + request["messages"][-1]["content"][0]["text"]
        return {"output": {"message": {"role": "assistant", "content": [{"text": said}]}}}


@pytest.fixture
def world() -> Iterator[TaughtWorld]:
    with TaughtWorld() as made:
        made.raise_unit_quotas()
        yield made


def prompts(count: int = 100) -> list[dict[str, Any]]:
    """Half of the records come without an answer."""
    records = conversations(count)
    for record in records[::2]:
        record["messages"] = record["messages"][:1]
    return records


def request(world: World, records: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    teacher = {"teacherModelIdentifier": PRO, "maxResponseLengthForInference": 50}
    return (
        world.job_request(
            customizationType="DISTILLATION",
            customizationConfig={"distillationConfig": {"teacherModelConfig": teacher}},
            trainingDataConfig={"s3Uri": world.put_records("data/prompts.jsonl", records)},
        )
        | changes
    )


def test_the_student_says_what_the_teacher_said(world):
    arn = world.bedrock().create_model_customization_job(**request(world, prompts()))["jobArn"]
    assert world.wait(arn) == "Completed"
    told = world.bedrock().get_model_customization_job(jobIdentifier=arn)
    assert (
        told["customizationConfig"]["distillationConfig"]["teacherModelConfig"]["teacherModelIdentifier"]
        == PRO
    )
    assert len(world.asked) == 50
    assert {each["inferenceConfig"]["maxTokens"] for each in world.asked} == {50}
    endpoint = world.bedrock().create_provisioned_model_throughput(
        modelUnits=1, provisionedModelName="e", modelId=told["outputModelArn"]
    )["provisionedModelArn"]
    world.clock.advance(600)
    for number, said in ((0, "taught: question 0"), (1, "answer 1")):
        answer = world.runtime().converse(
            modelId=endpoint, messages=[{"role": "user", "content": [{"text": f"question {number}"}]}]
        )
        assert answer["output"]["message"]["content"][0]["text"] == said


def test_a_role_that_may_not_ask_the_teacher(world):
    world.denied = True
    arn = world.bedrock().create_model_customization_job(**request(world, prompts()))["jobArn"]
    assert world.wait(arn) == "Failed"
    told = world.bedrock().get_model_customization_job(jobIdentifier=arn)
    assert "teacher model could not be invoked" in told["failureMessage"]


def test_too_few_prompts(world):
    arn = world.bedrock().create_model_customization_job(**request(world, prompts(99)))["jobArn"]
    assert world.wait(arn) == "Failed"


@pytest.mark.parametrize("teacher", ["amazon.nova-micro-v1:0", "amazon.nova-premier-v1:0"])
def test_a_teacher_that_does_not_teach_this_student(world, teacher):
    config = {"distillationConfig": {"teacherModelConfig": {"teacherModelIdentifier": teacher}}}
    with refused("ValidationException", "not supported as a teacher"):
        world.bedrock().create_model_customization_job(
            **request(world, prompts(), customizationConfig=config)
        )


def test_the_configuration_belongs_to_the_kind(world):
    asked = request(world, prompts())
    with refused("ValidationException", "not supported for the customization type FINE_TUNING"):
        world.bedrock().create_model_customization_job(**asked | {"customizationType": "FINE_TUNING"})
    del asked["customizationConfig"]
    with refused("ValidationException", "is required"):
        world.bedrock().create_model_customization_job(**asked)
    assert asked["baseModelIdentifier"] == MICRO
