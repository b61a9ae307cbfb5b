"""The function looks at the media that records name: with one ranged read each, in the data bucket only."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from finetune_core.errors import DatasetInvalid, ServiceUnavailable
from tests.unit.functions.aws import FakeAws, error
from tests.unit.functions.samples import plan, preflight, settings
from tests.unit.functions.test_validate_dataset import pin

Call = Callable[..., dict[str, Any]]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(300_000)
LITE = {"base_model_id": "amazon.nova-lite-v1:0:300k", "base_model_name": "Amazon Nova Lite"}


def shown(number: int, uri: str) -> bytes:
    image = {"image": {"format": "png", "source": {"s3Location": {"uri": uri}}}}
    user = {"role": "user", "content": [{"text": f"What is shown in {number}?"}, image]}
    answer = {"role": "assistant", "content": [{"text": f"answer {number}"}]}
    return (
        json.dumps({"schemaVersion": "bedrock-conversation-2024", "messages": [user, answer]}).encode()
        + b"\n"
    )


def run(call: Call) -> dict[str, Any]:
    chosen = settings(evaluation_records=0, validation_fraction=0.1)
    return call("validate_dataset", {"plan": plan(settings=chosen), "preflight": preflight(**LITE)})


def records(uri: str = "s3://data-bucket/datasets/banking-qa/images/cat.png") -> bytes:
    return b"".join(shown(number, uri) for number in range(20))


def test_media_that_are_there_pass_after_one_short_read(aws: FakeAws, call: Call) -> None:
    aws.s3.put("data-bucket", "datasets/banking-qa/images/cat.png", PNG)
    pin(aws, train=records())
    assert run(call)["counts"]["train"] == 18
    reads = [asked for asked in aws.made("s3:GetObject") if asked["Key"].endswith("cat.png")]
    assert [asked["Range"] for asked in reads] == ["bytes=0-262143"]


def test_media_that_are_missing_or_something_else_stop_the_run(aws: FakeAws, call: Call) -> None:
    pin(aws, train=records())
    with pytest.raises(DatasetInvalid, match="there is no such file"):
        run(call)
    aws.s3.put("data-bucket", "datasets/banking-qa/images/cat.png", b"GIF89a")
    with pytest.raises(DatasetInvalid, match="the record says png, the file is gif"):
        run(call)
    pin(aws, train=records("s3://elsewhere/cat.png"))
    with pytest.raises(DatasetInvalid, match="lies in elsewhere, not in data-bucket"):
        run(call)


def test_a_passing_failure_is_no_fault_of_the_dataset(aws: FakeAws, call: Call) -> None:
    pin(aws, train=records())
    real = aws.answers["s3:GetObject"]

    def answer(**asked: Any) -> Any:
        if asked["Key"].endswith("cat.png"):
            raise error("InternalError", status=500)
        return real(**asked)

    aws.on("s3:GetObject", answer)
    with pytest.raises(ServiceUnavailable):
        run(call)
