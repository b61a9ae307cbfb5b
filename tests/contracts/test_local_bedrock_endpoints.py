"""Custom models, Provisioned Throughput and on-demand deployments of our Bedrock, as boto3 sees them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.local_bedrock.support import (
    ACCOUNT,
    CUSTOM_UNITS,
    LITE,
    MICRO,
    MICRO_UNITS,
    TITAN,
    World,
    conversations,
    refused,
)

NOVA_2_LITE = "amazon.nova-2-lite-v1:0:256k"
LLAMA_3_3 = "meta.llama3-3-70b-instruct-v1:0:128k"
TAGS = [{"key": "finetune:pipeline", "value": "local"}]


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        made.raise_unit_quotas()
        yield made


def provision(world: World, model: str, name: str = "endpoint-1", **more: Any) -> str:
    answer = world.bedrock().create_provisioned_model_throughput(
        modelUnits=more.pop("modelUnits", 1), provisionedModelName=name, modelId=model, **more
    )
    return str(answer["provisionedModelArn"])


def provisioned(world: World, arn: str) -> dict[str, Any]:
    answer: dict[str, Any] = world.bedrock().get_provisioned_model_throughput(provisionedModelId=arn)
    return answer


def deploy(world: World, model: str, name: str = "deployment-1", **more: Any) -> str:
    answer = world.bedrock().create_custom_model_deployment(modelDeploymentName=name, modelArn=model, **more)
    return str(answer["customModelDeploymentArn"])


def deployment(world: World, arn: str) -> dict[str, Any]:
    answer: dict[str, Any] = world.bedrock().get_custom_model_deployment(customModelDeploymentIdentifier=arn)
    return answer


def test_provisioned_throughput_comes_into_service(world: World) -> None:
    model = world.train()
    arn = provision(world, model, tags=TAGS, clientRequestToken="token-1")
    assert provisioned(world, arn)["status"] == "Creating"
    assert provision(world, model, tags=TAGS, clientRequestToken="token-1") == arn
    world.clock.advance(599)
    assert provisioned(world, "endpoint-1")["status"] == "Creating"
    world.clock.advance(1)
    seen = provisioned(world, arn)
    assert (seen["status"], seen["modelArn"], seen["desiredModelArn"]) == ("InService", model, model)
    assert seen["foundationModelArn"].endswith(MICRO)
    assert world.service.resource_tags(ACCOUNT, "us-east-1", arn) == {"finetune:pipeline": "local"}
    rows = world.bedrock().list_provisioned_model_throughputs(statusEquals="InService", modelArnEquals=model)
    assert [row["provisionedModelArn"] for row in rows["provisionedModelSummaries"]] == [arn]


def test_another_request_with_the_same_token_is_refused(world: World) -> None:
    model = world.train()
    provision(world, model, clientRequestToken="token-1")
    with refused("ValidationException", "clientRequestToken"):
        provision(world, model, "endpoint-2", clientRequestToken="token-1")
    with refused("ValidationException", "name is currently in use"):
        provision(world, model)


@pytest.mark.parametrize(
    ("quotas", "units", "part"),
    [
        ({CUSTOM_UNITS: 0, MICRO_UNITS: 2}, 1, "no commitment model units"),
        ({CUSTOM_UNITS: 2, MICRO_UNITS: 0}, 1, MICRO_UNITS),
        ({CUSTOM_UNITS: 2, MICRO_UNITS: 2}, 3, CUSTOM_UNITS),
    ],
)
def test_model_units_have_quotas(world: World, quotas: dict[str, int], units: int, part: str) -> None:
    for code, value in quotas.items():
        world.admin(command="set_quota", code=code, value=value, account=ACCOUNT)
    model = world.train()
    with refused("ServiceQuotaExceededException", part):
        provision(world, model, modelUnits=units)


def test_units_in_use_count(world: World) -> None:
    world.raise_unit_quotas(2)
    model = world.train()
    arn = provision(world, model, modelUnits=2)
    with refused("ServiceQuotaExceededException"):
        provision(world, model, "endpoint-2")
    world.clock.advance(600)
    world.bedrock().delete_provisioned_model_throughput(provisionedModelId=arn)
    provision(world, model, "endpoint-2")


def test_quotas_are_zero_until_raised() -> None:
    with World() as world:
        model = world.train()
        with refused("ServiceQuotaExceededException"):
            provision(world, model)
        quotas = world.admin(command="quotas", account=ACCOUNT, region="us-east-1")["quotas"]
    assert quotas[CUSTOM_UNITS]["value"] == 0
    assert quotas[CUSTOM_UNITS]["adjustable"]


def test_a_custom_nova_2_lite_needs_a_commitment(world: World) -> None:
    model = world.train(baseModelIdentifier=NOVA_2_LITE)
    world.admin(command="set_quota", code="L-07D3BCF0", value=1)
    with refused("ServiceQuotaExceededException"):
        provision(world, model)
    provision(world, model, commitmentDuration="OneMonth")


def test_a_commitment_forbids_deletion(world: World) -> None:
    arn = provision(world, world.train(), commitmentDuration="OneMonth")
    world.clock.advance(600)
    with refused("ConflictException", "commitment"):
        world.bedrock().delete_provisioned_model_throughput(provisionedModelId=arn)
    world.clock.advance(30 * 86_400)
    world.bedrock().delete_provisioned_model_throughput(provisionedModelId=arn)
    with refused("ResourceNotFoundException"):
        provisioned(world, arn)


def test_a_swap_keeps_the_arn(world: World) -> None:
    first, second = world.train(), world.train("job-2")
    arn = provision(world, first)
    with refused("ValidationException", "Creating"):
        world.bedrock().update_provisioned_model_throughput(provisionedModelId=arn, desiredModelId=second)
    world.clock.advance(600)
    world.bedrock().update_provisioned_model_throughput(
        provisionedModelId=arn, desiredModelId=second, desiredProvisionedModelName="renamed"
    )
    seen = provisioned(world, "renamed")
    assert (seen["status"], seen["modelArn"], seen["desiredModelArn"]) == ("Updating", first, second)
    with refused("ConflictException", "Updating"):
        world.bedrock().delete_provisioned_model_throughput(provisionedModelId=arn)
    with refused("ConflictException", "in use"):
        world.bedrock().delete_custom_model(modelIdentifier=second)
    world.clock.advance(600)
    seen = provisioned(world, arn)
    assert (seen["status"], seen["modelArn"]) == ("InService", second)
    world.bedrock().delete_custom_model(modelIdentifier=first)


def test_a_swap_that_fails_can_be_taken_back(world: World) -> None:
    first, second = world.train(), world.train("job-2")
    arn = provision(world, first)
    world.clock.advance(600)
    world.admin(command="fail_endpoint", step="provisioned_update", message="no host")
    world.bedrock().update_provisioned_model_throughput(provisionedModelId=arn, desiredModelId=second)
    world.clock.advance(600)
    seen = provisioned(world, arn)
    assert (seen["status"], seen["modelArn"], seen["failureMessage"]) == ("Failed", first, "no host")
    world.bedrock().update_provisioned_model_throughput(provisionedModelId=arn, desiredModelId=first)
    world.clock.advance(600)
    seen = provisioned(world, arn)
    assert (seen["status"], seen["modelArn"]) == ("InService", first)
    assert "failureMessage" not in seen


def test_a_swap_stays_with_the_base_model(world: World) -> None:
    micro, lite = world.train(), world.train("job-2", baseModelIdentifier=LITE)
    arn = provision(world, micro)
    world.clock.advance(600)
    with refused("ValidationException", "same base model"):
        world.bedrock().update_provisioned_model_throughput(provisionedModelId=arn, desiredModelId=lite)
    world.bedrock().update_provisioned_model_throughput(provisionedModelId=arn, desiredModelId=MICRO)
    world.clock.advance(600)
    assert provisioned(world, arn)["modelArn"].endswith(f"foundation-model/{MICRO}")


def test_not_every_base_has_provisioned_throughput(world: World) -> None:
    world.admin(command="set_life_cycle", model=LLAMA_3_3, status="ACTIVE")
    uri = world.put_records("data/llama.jsonl", conversations(100))
    model = world.train(
        region="us-west-2", baseModelIdentifier=LLAMA_3_3, trainingDataConfig={"s3Uri": uri},
        hyperParameters={"epochCount": "1"},
    )  # fmt: skip
    west = world.bedrock("us-west-2")
    with refused("ValidationException", "not supported"):
        west.create_provisioned_model_throughput(modelUnits=1, provisionedModelName="e", modelId=model)
    west.create_custom_model_deployment(modelDeploymentName="d", modelArn=model)
    with refused("ResourceNotFoundException"):
        world.bedrock().get_custom_model(modelIdentifier="job-1-model")


def test_no_new_throughput_for_a_legacy_base(world: World) -> None:
    model = world.train()
    world.admin(command="set_life_cycle", model=MICRO, status="LEGACY")
    with refused("ValidationException", "Legacy"):
        provision(world, model)
    deploy(world, model)  # stays possible for models customized earlier


@pytest.mark.parametrize("stall", [False, True])
def test_a_test_can_fail_or_stall_throughput(world: World, stall: bool) -> None:
    world.admin(command="stall_endpoint" if stall else "fail_endpoint", step="provisioned")
    arn = provision(world, world.train())
    world.clock.advance(10_000)
    seen = provisioned(world, arn)
    assert seen["status"] == ("Creating" if stall else "Failed")
    assert ("failureMessage" in seen) is not stall
    if not stall:
        world.bedrock().delete_provisioned_model_throughput(provisionedModelId=arn)


def test_a_deployment_becomes_active(world: World) -> None:
    arn = deploy(world, world.train(), description="first", tags=TAGS, clientRequestToken="t")
    assert deployment(world, arn)["status"] == "Creating"
    with refused("ValidationException", "mutating state"):
        world.bedrock().delete_custom_model_deployment(customModelDeploymentIdentifier=arn)
    world.clock.advance(480)
    seen = deployment(world, "deployment-1")
    assert (seen["status"], seen["description"]) == ("Active", "first")
    rows = world.bedrock().list_custom_model_deployments(statusEquals="Active")["modelDeploymentSummaries"]
    assert [row["customModelDeploymentArn"] for row in rows] == [arn]
    world.bedrock().delete_custom_model_deployment(customModelDeploymentIdentifier=arn)
    with refused("ResourceNotFoundException"):
        deployment(world, arn)


def test_a_deployment_takes_another_model(world: World) -> None:
    first, second = world.train(), world.train("job-2")
    arn = deploy(world, first)
    update = {"customModelDeploymentIdentifier": arn, "modelArn": second}
    with refused("ValidationException", "mutating"):
        world.bedrock().update_custom_model_deployment(**update)
    world.clock.advance(480)
    world.bedrock().update_custom_model_deployment(**update)
    seen = deployment(world, arn)
    assert (seen["status"], seen["modelArn"]) == ("Active", first)
    assert seen["updateDetails"] == {"modelArn": second, "updateStatus": "Updating"}
    world.clock.advance(480)
    seen = deployment(world, arn)
    assert (seen["modelArn"], seen["updateDetails"]["updateStatus"]) == (second, "UpdateCompleted")
    world.admin(command="fail_endpoint", step="deployment_update")
    world.bedrock().update_custom_model_deployment(**{**update, "modelArn": first})
    world.clock.advance(480)
    seen = deployment(world, arn)
    assert (seen["modelArn"], seen["updateDetails"]["updateStatus"]) == (second, "UpdateFailed")


def test_deployments_have_quotas(world: World) -> None:
    model = world.train()
    deploy(world, model, "d-1")
    deploy(world, model, "d-2")
    with refused("ServiceQuotaExceededException", "in progress"):
        deploy(world, model, "d-3")
    world.clock.advance(480)
    world.admin(command="set_quota", code="L-1EF80F3E", value=2)
    with refused("ServiceQuotaExceededException", "L-1EF80F3E"):
        deploy(world, model, "d-3")


def test_titan_cannot_be_deployed_on_demand(world: World) -> None:
    uri = world.put_records("data/titan.jsonl", [{"prompt": "a", "completion": "b"}])
    model = world.train(baseModelIdentifier=TITAN, trainingDataConfig={"s3Uri": uri})
    with refused("ValidationException", "on-demand"):
        deploy(world, model)
    provision(world, model)


def test_a_model_in_use_cannot_be_deleted(world: World) -> None:
    model = world.train()
    arn = deploy(world, model)
    with refused("ConflictException", arn):
        world.bedrock().delete_custom_model(modelIdentifier="job-1-model")
    world.clock.advance(480)
    world.bedrock().delete_custom_model_deployment(customModelDeploymentIdentifier=arn)
    world.bedrock().delete_custom_model(modelIdentifier=model)
    with refused("ResourceNotFoundException"):
        world.bedrock().get_custom_model(modelIdentifier=model)


def test_tags_can_be_changed(world: World) -> None:
    arn = provision(world, world.train(), tags=TAGS)
    bedrock = world.bedrock()
    bedrock.tag_resource(resourceARN=arn, tags=[{"key": "finetune:run", "value": "r1"}])
    bedrock.untag_resource(resourceARN=arn, tagKeys=["finetune:pipeline"])
    assert world.service.resource_tags(ACCOUNT, "us-east-1", arn) == {"finetune:run": "r1"}
    with refused("TooManyTagsException"):
        bedrock.tag_resource(resourceARN=arn, tags=[{"key": f"k{n}", "value": ""} for n in range(50)])
    with refused("ResourceNotFoundException"):
        bedrock.list_tags_for_resource(resourceARN=arn[:-12] + "0" * 12)
