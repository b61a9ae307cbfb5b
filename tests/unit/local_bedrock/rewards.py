"""A world whose jobs ask a reward function: what the tests of reinforcement in our Bedrock share."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from tests.unit.local_bedrock.support import ACCOUNT, World

NOVA_2 = "amazon.nova-2-lite-v1:0:256k"
GRADER = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:reward"
KIND = "REINFORCEMENT_FINE_TUNING"
Handler = Callable[[list[dict[str, Any]]], Any]


def by_reference(samples: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Reward 1 for the reference answer."""
    return [
        {
            "id": sample["id"],
            "aggregate_reward_score": float(
                sample["messages"][-1]["content"] == sample["metadata"]["reference_answer"]
            ),
            "metrics_list": [{"name": "right", "value": 1, "type": "Metric"}],
        }
        for sample in samples
    ]


class GradedWorld(World):
    """A world with a reward function; `asked` holds the events of its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.handler: Handler = by_reference
        self.function_error: str | None = None
        self.refusal: ClientError | None = None
        self.asked: list[list[dict[str, Any]]] = []

    def client(self, service_name: str, **options: Any) -> Any:
        if service_name != "lambda":
            return super().client(service_name, **options)
        assert options["config"].read_timeout > 900, "a function may take 15 minutes"
        return self

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert FunctionName == GRADER
        if self.refusal is not None:
            raise self.refusal
        self.asked.append(json.loads(Payload))
        answer = self.handler(self.asked[-1])
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        error = {"FunctionError": self.function_error} if self.function_error else {}
        return {"StatusCode": 200, "Payload": io.BytesIO(body), **error}


def prompts(count: int = 100, start: int = 0) -> list[dict[str, Any]]:
    """Return records that want their last word but one."""
    return [
        {
            "messages": [
                {"role": "system", "content": "Answer with one word."},
                {"role": "user", "content": f"Number {k} goes left or right?"},
            ],
            "reference_answer": "or",
            "topic": {"number": k},
        }
        for k in range(start, start + count)
    ]


def config(**hyperparameters: Any) -> dict[str, Any]:
    grader = {"lambdaGrader": {"lambdaArn": GRADER}}
    return {"rftConfig": {"graderConfig": grader, "hyperParameters": hyperparameters}}


def request(world: World, records: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    asked = world.job_request(
        customizationType=KIND,
        baseModelIdentifier=NOVA_2,
        customizationConfig=config(batchSize=32, epochCount=2, evalInterval=3),
        trainingDataConfig={"s3Uri": world.put_records("data/prompts.jsonl", records)},
    )
    return asked | changes


def run(world: World, records: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    """Run a job to its end and return what the API tells of it."""
    asked = request(world, prompts() if records is None else records, **changes)
    arn = world.bedrock().create_model_customization_job(**asked)["jobArn"]
    world.wait(arn)
    told: dict[str, Any] = world.bedrock().get_model_customization_job(jobIdentifier=arn)
    return told
