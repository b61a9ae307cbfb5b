"""Removing what runs have made: busy things are waited for, refusals are told, what is gone is fine."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from finetune_cli import inventory
from finetune_cli.commands import destroy
from finetune_cli.errors import NO, CommandError
from finetune_cli.inventory import Resource
from finetune_cli.removal import PATIENCE_SECONDS, Remover


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "not now"}}, "Delete")


class Bedrock:
    """Answers one deletion after the other as told."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def delete_custom_model(self, modelIdentifier: str) -> None:  # noqa: N803 - the service's name
        self.asked.append(modelIdentifier)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer:
            raise answer


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def remove(bedrock: Bedrock, clock: Clock) -> None:
    here: Any = SimpleNamespace(client=lambda _: bedrock)
    model = Resource(kind=inventory.MODEL, arn="arn:model", name="model")
    Remover(here, sleep=clock.sleep, clock=lambda: clock.time).remove(model)


@pytest.mark.parametrize("code", ["ConflictException", "ValidationException", "ThrottlingException"])
def test_what_is_busy_is_tried_again(code: str) -> None:
    bedrock = Bedrock(refusal(code), refusal(code), None)
    remove(bedrock, Clock())
    assert bedrock.asked == ["arn:model"] * 3


def test_what_is_gone_already_is_fine() -> None:
    remove(Bedrock(refusal("ResourceNotFoundException")), Clock())


def test_a_refusal_for_good_is_told_with_its_code() -> None:
    with pytest.raises(CommandError, match="custom model model could not be removed: AccessDeniedException"):
        remove(Bedrock(refusal("AccessDeniedException")), Clock())


def test_patience_ends() -> None:
    clock = Clock()
    with pytest.raises(CommandError, match="ConflictException"):
        remove(Bedrock(refusal("ConflictException")), clock)
    assert PATIENCE_SECONDS < clock.time < PATIENCE_SECONDS + 60


def test_a_commitment_stops_everything() -> None:
    held = Resource(
        kind=inventory.PROVISIONED, arn="arn", name="pt", committed_until="2027-01-01T00:00:00+00:00"
    )
    with pytest.raises(CommandError, match="pt until 2027-01-01T00:00:00") as told:
        destroy._refuse_commitments([held])
    assert told.value.code == NO


class Functions:
    """Two reward functions of runs, one of the platform's own, and strangers."""

    def __init__(self) -> None:
        ours = {"finetune:pipeline": "dev", "finetune:run": "r-1", "finetune:dataset": "r"}
        self.tags = {
            "finetune-dev-reward-r-1": ours,
            "finetune-dev-reward-maths": {"finetune:pipeline": "dev"},
            "finetune-dev-reward-theirs": ours | {"finetune:pipeline": "prod"},
            "finetune-prod-reward-r-1": ours,
        }
        self.deleted: list[str] = []

    def get_paginator(self, name: str) -> Any:
        assert name == "list_functions"
        listed = [{"FunctionName": name, "FunctionArn": f"arn:{name}"} for name in self.tags]
        return SimpleNamespace(paginate=lambda: [{"Functions": listed[:2]}, {"Functions": listed[2:]}])

    def list_tags(self, Resource: str) -> Any:  # noqa: N803 - the service's name
        return {"Tags": self.tags[Resource.removeprefix("arn:")]}

    def delete_function(self, FunctionName: str) -> None:  # noqa: N803
        self.deleted.append(FunctionName)


def test_reward_functions_of_runs_are_found_and_removed_and_no_others() -> None:
    functions = Functions()
    here: Any = SimpleNamespace(client=lambda _: functions, env="dev")
    (found,) = inventory._rewards(here)
    assert (found.kind, found.run, found.dataset) == (inventory.REWARD, "r-1", "r")
    Remover(here).remove(found)
    assert functions.deleted == ["finetune-dev-reward-r-1"]
