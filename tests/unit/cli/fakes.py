"""Stand-ins for the AWS clients that the command line uses: they answer from plain data."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from finetune_cli.surroundings import Surroundings

NAMES = {
    "data-bucket": "data",
    "artifacts-bucket": "artifacts",
    "ledger-table": "ledger",
    "state-machine": "arn:aws:states:us-east-1:123456789012:stateMachine:m",
    "notices-topic": "arn:aws:sns:us-east-1:123456789012:t",
}


class Refusal(Exception):  # noqa: N818 - stands for AWS's own classes
    """What a client raises: shaped like botocore's ClientError."""

    operation_name = "Something"

    def __init__(self, code: str = "Refused", message: str = "no") -> None:
        super().__init__(message)
        self.response = {"Error": {"Code": code, "Message": message}}


class FakeClient:
    """Methods given as keyword arguments; paginators yield the pages given in `pages`."""

    class exceptions:  # noqa: N801 - boto3's name
        """Every exception that a command catches by name."""

        class ResourceNotFoundException(Refusal):
            """Bedrock: no such thing."""

        class ParameterNotFound(Refusal):
            """SSM: no such parameter."""

        class TaskTimedOut(Refusal):
            """Step Functions: too late."""

        class TaskDoesNotExist(Refusal):
            """Step Functions: nobody waits."""

        class InvalidToken(Refusal):
            """Step Functions: not a token."""

    def __init__(self, pages: dict[str, list[dict[str, Any]]] | None = None, **methods: Any) -> None:
        self.pages = pages or {}
        self.__dict__.update(methods)

    def get_paginator(self, name: str) -> FakePaginator:
        return FakePaginator(self.pages[name])


class FakePaginator:
    """Gives its pages, whatever is asked; keeps what was asked."""

    def __init__(self, pages: list[dict[str, Any]]) -> None:
        self.found = pages

    def paginate(self, **_: Any) -> Iterable[dict[str, Any]]:
        return list(self.found)


def surroundings(**clients: Any) -> Surroundings:
    """An environment "dev" whose clients are the given ones."""
    ssm = FakeClient(
        {
            "get_parameters_by_path": [
                {
                    "Parameters": [
                        {"Name": f"/finetune/dev/config/{name}", "Value": value}
                        for name, value in NAMES.items()
                    ]
                }
            ]
        }
    )
    return Surroundings(env="dev", session=None, region="us-east-1", clients={"ssm": ssm, **clients})


def run_item(**attributes: Any) -> dict[str, Any]:
    """A ledger item in DynamoDB's typed form. Dicts become JSON text, as the pipeline writes them."""
    plain: dict[str, Any] = {
        "pk": "run#haiku-0123456789ab",
        "sk": "run",
        "kind": "run",
        "run_id": "haiku-0123456789ab",
        "dataset": "haiku",
        "status": "RUNNING",
        "phase": "intake",
        "started_at": "2026-11-24T10:00:00Z",
        "execution_arn": "arn:execution",
        "job_name": "dev-haiku-0123456789ab",
        "phases": [("intake", "2026-11-24T10:00:00Z")],
        **attributes,
    }
    return {name: _typed(name, value) for name, value in plain.items()}


def _typed(name: str, value: Any) -> dict[str, Any]:
    if name == "phases":
        return {"L": [{"M": {"phase": {"S": phase}, "at": {"S": at}}} for phase, at in value]}
    return {"S": value if isinstance(value, str) else json.dumps(value)}


def ledger_client(*items: dict[str, Any]) -> FakeClient:
    """A table that holds these items, newest first."""

    def get_item(Key: dict[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's name
        return next(({"Item": item} for item in items if item["pk"] == Key["pk"]), {})

    return FakeClient({"query": [{"Items": list(items)}]}, get_item=get_item)


FINISHED: dict[str, Any] = {
    "preflight": {"base_model_name": "Nova Micro", "customization_type": "FINE_TUNING"},
    "validation": {
        "counts": {"train": 90, "validation": 10, "evaluation": 20},
        "tokens": {"low": 900, "expected": 1000, "high": 1200},
        "evaluation": {"bucket": "artifacts", "key": "runs/x/evaluation.jsonl", "records": 20},
    },
    "price": {"expected": 12.3, "low": 10.0, "high": 15.0, "hourly": 21.18},
    "training": {
        "training_loss": {"first": 3.21, "last": 1.05},
        "validation_loss": {"first": 3.3, "last": 1.4},
        "steps": 40,
    },
    "evaluation": {
        "verdict": "PROMOTE",
        "reasons": ["better"],
        "metric": "token_f1",
        "base": {"token_f1": 0.1},
        "candidate": {"token_f1": 0.6},
        "interval": [0.4, 0.6],
        "records": 20,
    },
    "promotion": {"parameter": "/finetune/dev/haiku/model-id"},
}
