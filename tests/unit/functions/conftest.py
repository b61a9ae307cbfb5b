"""Fixtures of the function tests: the functions' environment and an AWS in memory."""

import importlib
import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from finetune_aws import clients
from tests.unit.functions.aws import FakeAws
from tests.unit.functions.samples import DEFAULTS


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    fake = FakeAws()
    monkeypatch.setattr(clients.boto3, "client", fake.client)
    clients.client.cache_clear()
    variables = {
        "ENVIRONMENT": "DEV",
        "AWS_REGION": "us-east-1",
        "DATA_BUCKET": "data-bucket",
        "ARTIFACTS_BUCKET": "artifacts-bucket",
        "LEDGER_TABLE": "ledger",
        "NOTICES_TOPIC": "arn:aws:sns:us-east-1:111122223333:notices",
        "RUN_DEFAULTS": DEFAULTS,
        "RUN_LIMITS": "{}",
        "CLOSE_RUN_FUNCTION": "arn:aws:lambda:us-east-1:111122223333:function:close-run",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    yield fake
    clients.client.cache_clear()


@pytest.fixture
def call() -> Callable[..., dict[str, Any]]:
    """Call a function's handler as Lambda does: JSON in, JSON out."""

    def invoke(name: str, event: dict[str, Any], seconds: float = 900) -> dict[str, Any]:
        handler = importlib.import_module(f"{name}.handler").handler
        context = SimpleNamespace(
            aws_request_id="request-1", get_remaining_time_in_millis=lambda: int(seconds * 1000)
        )
        answer: dict[str, Any] = json.loads(json.dumps(handler(json.loads(json.dumps(event)), context)))
        return answer

    return invoke
