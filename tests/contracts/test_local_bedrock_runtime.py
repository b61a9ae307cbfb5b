"""Foundation models, the runtime, ordered faults and permissions of our Bedrock, as boto3 sees them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.local_bedrock.support import (
    ACCOUNT,
    MICRO,
    ROLE,
    TITAN,
    World,
    conversation,
    conversations,
    refused,
)

PLAIN = "amazon.nova-micro-v1:0"
ARN = f"arn:aws:bedrock:us-east-1:{ACCOUNT}"


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        made.raise_unit_quotas()
        yield made


def ask(world: World, model: str, *texts: str, system: str = "", **more: Any) -> dict[str, Any]:
    record = conversation(*texts, system=system)
    record.pop("schemaVersion")
    answer: dict[str, Any] = world.runtime().converse(modelId=model, **record, **more)
    return answer


def text(answer: dict[str, Any]) -> str:
    return str(answer["output"]["message"]["content"][0]["text"])


def endpoint(world: World, model: str, name: str = "e") -> str:
    arn: str = world.bedrock().create_provisioned_model_throughput(
        modelUnits=1, provisionedModelName=name, modelId=model
    )["provisionedModelArn"]
    world.clock.advance(600)
    return arn


def test_foundation_models_are_listed_by_region_and_kind(world: World) -> None:
    rows = world.bedrock().list_foundation_models(byCustomizationType="FINE_TUNING")["modelSummaries"]
    assert {MICRO, TITAN, "amazon.titan-embed-image-v1:0", "amazon.nova-2-lite-v1:0:256k"} <= {
        row["modelId"] for row in rows
    }
    rows = world.bedrock().list_foundation_models(byCustomizationType="CONTINUED_PRE_TRAINING")[
        "modelSummaries"
    ]
    assert [row["modelId"] for row in rows] == [TITAN]
    rows = world.bedrock("us-west-2").list_foundation_models(byProvider="Meta")["modelSummaries"]
    assert rows
    assert {row["modelLifecycle"]["status"] for row in rows} == {"LEGACY"}


def test_a_foundation_model_has_two_ids(world: World) -> None:
    tunable = world.bedrock().get_foundation_model(modelIdentifier=MICRO)["modelDetails"]
    plain = world.bedrock().get_foundation_model(modelIdentifier=PLAIN)["modelDetails"]
    assert (tunable["customizationsSupported"], tunable["inferenceTypesSupported"]) == (
        ["FINE_TUNING", "DISTILLATION"],
        ["PROVISIONED"],
    )
    assert (plain["customizationsSupported"], plain["inferenceTypesSupported"]) == ([], ["ON_DEMAND"])
    assert tunable["modelLifecycle"] == {"status": "ACTIVE"}
    with refused("ResourceNotFoundException"):
        world.bedrock("us-west-2").get_foundation_model(modelIdentifier=MICRO)


@pytest.mark.parametrize("kind", ["provisioned", "deployment"])
def test_an_endpoint_answers_with_the_tuned_model(world: World, kind: str) -> None:
    model = world.train()
    if kind == "provisioned":
        arn = endpoint(world, model)
    else:
        arn = world.bedrock().create_custom_model_deployment(modelDeploymentName="d", modelArn=model)[
            "customModelDeploymentArn"
        ]
        with refused("ModelNotReadyException"):
            ask(world, arn, "question 3")
        world.clock.advance(480)
    answer = ask(world, arn, "question 3")
    assert text(answer) == "answer 3"
    assert (
        text(ask(world, f"us.{PLAIN}", "question 3")) == text(ask(world, PLAIN, "question 3")) != "answer 3"
    )
    assert answer["stopReason"] == "end_turn"
    assert answer["usage"] == {"inputTokens": 2, "outputTokens": 2, "totalTokens": 4}
    named = {(name, dimensions["ModelId"]): value for _, name, dimensions, value in world.metrics}
    assert named["Invocations", arn] == 1
    assert named["InputTokenCount", arn] == 2
    assert named["InvocationLatency", arn] > 0


def test_training_and_inference_render_conversations_alike(world: World) -> None:
    records = [*conversations(8), conversation("a", "b", "c", "d", system="Be brief.")]
    model = world.train(trainingDataConfig={"s3Uri": world.put_records("data/turns.jsonl", records)})
    arn = endpoint(world, model)
    assert text(ask(world, arn, "a", "b", "c", system="Be brief.")) == "d"
    assert text(ask(world, arn, "a", system="Be brief.")) == "b"
    assert text(ask(world, arn, "a", "b", "c")) != "d"


def test_limits_of_an_answer_are_kept(world: World) -> None:
    arn = endpoint(world, world.train())
    answer = ask(world, arn, "question 3", inferenceConfig={"maxTokens": 1})
    assert (text(answer), answer["stopReason"]) == ("answer", "max_tokens")
    answer = ask(world, arn, "question 3", inferenceConfig={"stopSequences": [" 3"]})
    assert (text(answer), answer["stopReason"]) == ("answer", "stop_sequence")


@pytest.mark.parametrize(
    ("base", "region", "body", "path"),
    [
        (PLAIN, "us-east-1", {"messages": [{"role": "user", "content": [{"text": "a"}]}]}, "output"),
        ("amazon.titan-text-express-v1", "us-east-1", {"inputText": "a"}, "results"),
        ("meta.llama3-1-8b-instruct-v1:0", "us-west-2", {"prompt": "a", "max_gen_len": 3}, "generation"),
    ],
)  # fmt: skip
def test_invoke_model_speaks_the_models_own_language(
    world: World, base: str, region: str, body: dict[str, Any], path: str
) -> None:
    answer = world.runtime(region).invoke_model(modelId=base, body=json.dumps(body))
    assert path in json.loads(answer["body"].read())
    with refused("ValidationException", "Malformed input request"):
        world.runtime(region).invoke_model(modelId=base, body=b'{"prompts": []}')


@pytest.mark.parametrize(
    ("model", "code", "part"),
    [
        (MICRO, "ResourceNotFoundException", "Could not resolve"),
        ("amazon.nova-mega-v1:0", "ValidationException", "identifier is invalid"),
        ("amazon.nova-2-lite-v1:0", "ValidationException", "inference profile"),
        (f"{ARN}:provisioned-model/{'a' * 12}", "ResourceNotFoundException", ""),
        (f"{ARN}:custom-model/amazon.nova-micro-v1/{'a' * 12}",
         "ValidationException", "on-demand throughput isn't supported"),
    ],
)  # fmt: skip
def test_wrong_model_ids_are_refused(world: World, model: str, code: str, part: str) -> None:
    with refused(code, part):
        ask(world, model, "a")
    assert world.metrics == [("AWS/Bedrock", "InvocationClientErrors", {"ModelId": model}, 1.0)]


def test_malformed_conversations_are_refused(world: World) -> None:
    for texts, part in ((("a", "b"), "alternate"), (("",), "blank")):
        with refused("ValidationException", part):
            ask(world, PLAIN, *texts)
    with refused("ValidationException", "start with a user"):
        world.runtime().converse(modelId=PLAIN, messages=[])
    with refused("ValidationException", "system"):
        ask(world, "amazon.titan-text-express-v1", "a", system="b")


def test_calls_can_be_throttled(world: World) -> None:
    world.admin(command="fault", operation="Converse", error="ThrottlingException", count=2)
    for _ in range(2):
        with refused("ThrottlingException", "Ordered"):
            ask(world, PLAIN, "a")
    assert [name for _, name, _, _ in world.metrics] == ["InvocationThrottles"] * 2
    ask(world, PLAIN, "a")


def test_a_call_can_act_and_lose_its_answer(world: World) -> None:
    request = world.job_request(clientRequestToken="t")
    world.admin(command="fault", operation="*", error="InternalServerException", after_effect=True)
    with refused("InternalServerException"):
        world.bedrock().create_model_customization_job(**request)
    arn = world.bedrock().create_model_customization_job(**request)["jobArn"]
    rows = world.bedrock().list_model_customization_jobs()["modelCustomizationJobSummaries"]
    assert [row["jobArn"] for row in rows] == [arn]


def test_faults_can_be_for_another_account(world: World) -> None:
    world.admin(command="fault", operation="Converse", error="ThrottlingException", account="210987654321")
    ask(world, PLAIN, "a")
    world.admin(command="clear_faults")


@pytest.mark.parametrize(
    "command",
    [
        {"command": "explode"},
        {"command": "fail_job", "stage": "lunch"},
        {"command": "set_quota", "code": "L-0", "value": 1},
        {"command": "fault", "operation": "Converse"},
        {"command": "set_timings", "lunch": 3},
    ],
)
def test_malformed_commands_are_refused(world: World, command: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=command["command"]):
        world.admin(**command)


def test_unknown_operations_get_an_error(world: World) -> None:
    with refused_code("NotImplementedException"):
        world.bedrock().list_guardrails()
    assert world.service.operation_of("bedrock", "GET", "/no-such-thing") is None
    status, headers, _ = world.service.handle(
        "bedrock", "GET", "/no-such-thing", {}, b"", {}, account=ACCOUNT, region="us-east-1", caller_arn="x"
    )
    assert (status, headers["x-amzn-ErrorType"]) == (404, "UnknownOperationException")


class refused_code:  # noqa: N801 - reads as a with statement
    """Expect an error that the operation's model does not declare."""

    def __init__(self, code: str) -> None:
        self._code = code

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, _: object) -> bool:
        assert error is not None
        assert error.response["Error"]["Code"] == self._code
        return True


def needed(world: World, path: str, body: dict[str, Any], service: str = "bedrock") -> list[tuple[str, str]]:
    found = world.service.permissions(
        service, "POST", path, {}, json.dumps(body).encode(), {}, account=ACCOUNT, region="us-east-1"
    )
    return [(item.action, item.resource.split(":", 5)[5]) for item in found]


def test_a_job_needs_the_role_the_base_and_the_tags(world: World) -> None:
    tags = [{"key": "finetune:run", "value": "r1"}]
    found = needed(world, "/model-customization-jobs", world.job_request(jobTags=tags))
    new = [f"{kind}/{MICRO}/000000000000" for kind in ("model-customization-job", "custom-model")]
    create = "bedrock:CreateModelCustomizationJob"
    assert found == [
        (create, f"foundation-model/{MICRO}"), *((create, arn) for arn in new),
        *(("bedrock:TagResource", arn) for arn in new), ("iam:PassRole", ROLE.split(":", 5)[5]),
    ]  # fmt: skip


def test_an_invocation_needs_profile_and_model(world: World) -> None:
    body = {"messages": [{"role": "user", "content": [{"text": "a"}]}]}
    assert needed(world, f"/model/us.{PLAIN}/converse", body, "bedrock-runtime") == [
        ("bedrock:InvokeModel", f"inference-profile/us.{PLAIN}"),
        ("bedrock:InvokeModel", f"foundation-model/{PLAIN}"),
    ]
    arn = f"{ARN}:custom-model-deployment/{'a' * 12}"
    assert needed(world, f"/model/{arn}/converse", body, "bedrock-runtime") == [
        ("bedrock:InvokeModel", arn.split(":", 5)[5])
    ]


def test_names_stand_for_their_arns_in_permissions(world: World) -> None:
    model = world.train()
    assert needed(world, "/model-customization-jobs/job-1/stop", {})[0][1].startswith(
        "model-customization-job/"
    )
    found = needed(
        world,
        "/provisioned-model-throughput",
        {"modelUnits": 1, "provisionedModelName": "e", "modelId": "job-1-model"},
    )
    assert found == [("bedrock:CreateProvisionedModelThroughput", model.split(":", 5)[5])]


def test_who_serves_or_invokes_an_encrypted_model_needs_its_key(world: World) -> None:
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
    model = world.train(customModelKmsKeyId=key)
    use = ("kms:Decrypt", f"key/{key.rsplit('/', 1)[1]}")
    deployment = {"modelDeploymentName": "d", "modelArn": model}
    throughput = {"modelUnits": 1, "provisionedModelName": "e", "modelId": model}
    assert needed(world, "/model-customization/custom-model-deployments", deployment)[-1] == use
    assert needed(world, "/provisioned-model-throughput", throughput)[-1] == use
    arn = world.bedrock().create_custom_model_deployment(**deployment)["customModelDeploymentArn"]
    body = {"messages": [{"role": "user", "content": [{"text": "a"}]}]}
    assert needed(world, f"/model/{arn}/converse", body, "bedrock-runtime")[-1] == use
