"""Fixtures of the function tests: the functions' environment and an AWS in memory."""

import hmac
import importlib
import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from finetune_aws import clients
from tests.unit.functions import links
from tests.unit.functions.aws import FakeAws, Transfers, error
from tests.unit.functions.samples import DEFAULTS


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    fake = FakeAws()
    monkeypatch.setattr(clients, "make_client", fake.client)
    monkeypatch.setattr("s3transfer.manager.TransferManager", Transfers)
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


@pytest.fixture
def cloud(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    """An account with a run that waits, and a key that signs as KMS does."""

    def verify(**given: Any) -> dict[str, Any]:
        if not hmac.compare_digest(links.mac(given["Message"]), given["Mac"]):
            raise error("KMSInvalidMacException")
        return {"MacValid": True}

    monkeypatch.setenv("LINK_KEY", links.KEY)
    monkeypatch.setenv("LINK_ADDRESS", links.ADDRESS)
    aws.on("kms:GenerateMac", lambda **given: {"Mac": links.mac(given["Message"])})
    aws.on("kms:VerifyMac", verify)
    aws.on("stepfunctions:SendTaskSuccess", {})
    links.waiting(aws)
    return aws
