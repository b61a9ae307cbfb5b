"""The reward function of a reinforcement in our Bedrock: every fault of it ends the job and is named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.local_bedrock.rewards import GRADER, GradedWorld, Handler, by_reference, run


@pytest.fixture
def world() -> Iterator[GradedWorld]:
    with GradedWorld() as made:
        yield made


def all_but(**changes: Any) -> Handler:
    """Return a function whose first entry differs from a right one; None takes a key away."""

    def handle(samples: list[dict[str, Any]]) -> list[dict[str, Any]]:
        entries = by_reference(samples)
        entries[0] = {name: value for name, value in {**entries[0], **changes}.items() if value is not None}
        return entries

    return handle


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        (lambda samples: {"statusCode": 200, "body": "[]"}, "the answer must be a list"),
        (lambda samples: None, "the answer must be a list, not null"),
        (lambda samples: b"<html>", "the answer is not JSON: <html>"),
        (lambda samples: b"[" * 100_000, "the answer is not JSON"),
        (lambda samples: [1.0 for _ in samples], "entry 0: must be an object, not 1.0"),
        (lambda samples: by_reference(samples)[1:], "1 of 64 ids have no entry, among them sample-1"),
        (lambda samples: [], "64 of 64 ids have no entry"),
        (lambda samples: by_reference(samples + samples[:1]), "entry 64: the id sample-1 comes twice"),
        (all_but(id="0"), 'entry 0: the id "0" was not asked for'),
        (all_but(id=[1]), "entry 0: the id [1] was not asked for"),
        (all_but(aggregate_reward_score=None), "entry 0: aggregate_reward_score is missing"),
        (all_but(aggregate_reward_score="1"), 'must be a finite number, not "1"'),
        (all_but(aggregate_reward_score=True), "must be a finite number, not true"),
        (all_but(aggregate_reward_score=float("nan")), "must be a finite number, not NaN"),
        (all_but(aggregate_reward_score=float("inf")), "must be a finite number, not Infinity"),
        (all_but(aggregate_reward_score=10**400), "must be a finite number, not 1000"),
        (
            all_but(metrics_list=[{"name": "a", "value": 1, "type": "Score"}]),
            "with the type Reward or Metric",
        ),
        (all_but(metrics_list={"a": 1}), "metrics_list must be a list"),
    ],
)
def test_a_function_that_answers_nonsense(world: GradedWorld, handler: Handler, message: str) -> None:
    world.handler = handler
    told = run(world)
    assert told["status"] == "Failed"
    assert told["failureMessage"].startswith(f"The reward function {GRADER} returned an invalid response: ")
    assert message in told["failureMessage"]
    assert told["statusDetails"]["trainingDetails"]["status"] == "Failed"
    assert world.bedrock().list_custom_models()["modelSummaries"] == []


def test_a_score_alone_is_enough_and_may_be_an_integer(world: GradedWorld) -> None:
    world.handler = lambda samples: [{"id": each["id"], "aggregate_reward_score": 1} for each in samples]
    assert run(world)["status"] == "Completed"


@pytest.mark.parametrize(
    "answer",
    [
        {"errorType": "KeyError", "errorMessage": "'reference_answer'"},
        {"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out after 3.00 seconds"},
    ],
)
def test_a_function_that_fails(world: GradedWorld, answer: dict[str, str]) -> None:
    world.function_error, world.handler = "Unhandled", lambda samples: answer
    told = run(world)
    assert told["status"] == "Failed"
    assert f"The reward function {GRADER} failed: " in told["failureMessage"]
    assert answer["errorMessage"] in told["failureMessage"]


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_a_function_that_cannot_be_called(world: GradedWorld, code: str) -> None:
    world.refusal = ClientError({"Error": {"Code": code, "Message": "no"}}, "Invoke")
    told = run(world)
    assert told["status"] == "Failed"
    assert "could not be invoked with the role given" in told["failureMessage"]
    assert code in told["failureMessage"]
