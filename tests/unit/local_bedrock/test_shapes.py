"""Values against botocore's shapes, and our own answers against them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from finetune_local.bedrock.errors import BedrockError
from finetune_local.bedrock.protocol import Message, protocol_of

BEDROCK = protocol_of("bedrock")


def read(method: str, path: str, body: Any = None, **query: str) -> dict[str, Any]:
    call = BEDROCK.route(method, path)
    assert call is not None
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    return BEDROCK.read(call, Message({}, content, query))


def test_query_and_path_members_get_their_types() -> None:
    request = read(
        "GET", "/custom-models", creationTimeAfter="2026-11-24T00:00:00Z", maxResults="7", isOwned="true"
    )
    assert request == {
        "creationTimeAfter": datetime(2026, 11, 24, tzinfo=UTC),
        "maxResults": 7,
        "isOwned": True,
    }
    arn = "arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.nova-micro-v1:0:128k/abcdefghijkl"
    for path in (arn, arn.replace(":", "%3A").replace("/", "%2F")):
        assert read("GET", f"/custom-models/{path}") == {"modelIdentifier": arn}


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ({}, ["3 validation errors", "Value null at 'modelUnits'", "Member must not be null"]),
        ({"modelUnits": 0, "provisionedModelName": "a", "modelId": "m"}, ["greater than or equal to 1"]),
        ({"modelUnits": True, "provisionedModelName": "a", "modelId": "m"}, ["of type integer"]),
        ({"modelUnits": "1", "provisionedModelName": "a", "modelId": "m"}, ["of type integer"]),
        ({"modelUnits": 1, "provisionedModelName": "a" * 64, "modelId": "m"}, ["less than or equal to 63"]),
        ({"modelUnits": 1, "provisionedModelName": "a--b", "modelId": "m"}, ["regular expression"]),
        ({"modelUnits": 1, "provisionedModelName": "a", "modelId": "m", "commitmentDuration": "OneYear"},
         ["enum value set: [OneMonth, SixMonths]"]),
        ({"modelUnits": 1, "provisionedModelName": "a", "modelId": "m", "tags": [{"key": "k"}]},
         ["at 'tags.1.member.value'"]),
        ({"modelUnits": 1, "provisionedModelName": "a", "modelId": "m", "units": 3}, ["at 'units'"]),
    ],
)  # fmt: skip
def test_what_breaks_the_model_is_refused(body: dict[str, Any], parts: list[str]) -> None:
    with pytest.raises(BedrockError) as caught:
        read("POST", "/provisioned-model-throughput", body)
    assert caught.value.code == "ValidationException"
    assert all(part in caught.value.message for part in parts), caught.value.message


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
def test_what_is_no_json_object_cannot_be_read(body: bytes) -> None:
    with pytest.raises(BedrockError, match="SerializationException"):
        read("POST", "/provisioned-model-throughput", body)


def test_a_union_has_exactly_one_member() -> None:
    runtime = protocol_of("bedrock-runtime")
    call = runtime.route("POST", "/model/m/converse")
    assert call is not None
    messages = [{"role": "user", "content": [{"text": "a", "cachePoint": {"type": "default"}}]}]
    with pytest.raises(BedrockError, match="Exactly one of"):
        runtime.read(call, Message({}, json.dumps({"messages": messages}).encode(), {}))


def test_an_answer_of_ours_that_breaks_the_model_is_loud(caplog: pytest.LogCaptureFixture) -> None:
    call = BEDROCK.route("POST", "/provisioned-model-throughput")
    assert call is not None
    status, headers, body = BEDROCK.write(call.operation, {"provisionedModelArn": "arn:wrong"})
    assert (status, headers["x-amzn-ErrorType"]) == (500, "InternalServerException")
    assert b"breaks the service model" in body
    assert "provisionedModelArn" in caplog.text
