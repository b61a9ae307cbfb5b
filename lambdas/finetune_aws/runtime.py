"""Bedrock's runtime: asking a model or an endpoint, with retries where asking again can help."""

from __future__ import annotations

import base64
import json
import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from msgspec import Struct

from finetune_aws.clients import client
from finetune_aws.faults import translated
from finetune_core.errors import RequestInvalid, ServiceUnavailable, Throttled
from finetune_core.prompts import answer_text

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

ATTEMPTS: Final = 6
LONGEST_PAUSE: Final = 30.0
"""Seconds; pauses double from one second, with full jitter."""

Answer = TypeVar("Answer")


class Reply(Struct, frozen=True, kw_only=True):
    """A model's answer, the time it took (milliseconds) and the tokens it counted."""

    text: str
    latency_ms: int
    input_tokens: int
    output_tokens: int


def converse(model_id: str, request: dict[str, Any], *, max_tokens: int) -> Reply:
    """Ask a text model (id, inference profile or endpoint ARN) with temperature 0.

    ``request`` has ``messages`` and may have ``system`` and ``toolConfig``, in Converse's own shapes
    (botocore 1.43.106, bedrock-runtime/2023-09-30). Calls: bedrock:InvokeModel.
    """
    inference = {"maxTokens": max_tokens, "temperature": 0.0}

    def ask() -> Reply:
        with translated("bedrock:Converse", model_id):
            answer = _runtime().converse(modelId=model_id, inferenceConfig=inference, **request)  # type: ignore[arg-type]
        blocks = answer["output"].get("message", {}).get("content", [])
        return Reply(
            text=answer_text(list(blocks)),
            latency_ms=answer["metrics"]["latencyMs"],
            input_tokens=answer["usage"]["inputTokens"],
            output_tokens=answer["usage"]["outputTokens"],
        )

    return with_retries(ask)


class Embedding(Struct, frozen=True, kw_only=True):
    """A vector, the time it took (milliseconds) and the tokens of its text."""

    vector: list[float]
    latency_ms: int
    input_tokens: int


def embed(model_id: str, *, text: str = "", image: bytes = b"") -> Embedding:
    """Ask an embedding model (id or endpoint ARN) for the vector of a text, or of a PNG or JPEG image.

    Body of Titan Multimodal Embeddings: ``inputText`` or ``inputImage`` (base64) → ``embedding``,
    ``inputTextTokenCount``, ``message`` for what went wrong (Bedrock user guide,
    model-parameters-titan-embed-mm, read 2026-11-24). Calls: bedrock:InvokeModel.
    """
    wanted = {"inputImage": base64.b64encode(image).decode()} if image else {"inputText": text}

    def ask() -> Embedding:
        started = time.monotonic()
        with translated("bedrock:InvokeModel", model_id):
            answer = _runtime().invoke_model(
                modelId=model_id,
                body=json.dumps(wanted),
                contentType="application/json",
                accept="application/json",
            )
            body = json.loads(answer["body"].read())
        if body.get("message") or not body.get("embedding"):
            raise RequestInvalid(
                f"the model gave no vector: {body.get('message') or 'no embedding in its answer'}",
                where=model_id,
                remedy="Look at the text or image that was sent.",
            )
        return Embedding(
            vector=body["embedding"],
            latency_ms=round((time.monotonic() - started) * 1000),
            input_tokens=int(body.get("inputTextTokenCount") or 0),
        )

    return with_retries(ask)


def with_retries(
    ask: Callable[[], Answer], *, attempts: int = ATTEMPTS, pause: Callable[[float], None] = time.sleep
) -> Answer:
    """Ask again after ``Throttled`` and ``ServiceUnavailable``, with doubled and jittered pauses."""
    for attempt in range(attempts - 1):
        try:
            return ask()
        except (Throttled, ServiceUnavailable):
            pause(random.uniform(0, min(LONGEST_PAUSE, 2.0**attempt)))  # noqa: S311 - jitter, no secret
    return ask()


def _runtime() -> BedrockRuntimeClient:
    runtime: BedrockRuntimeClient = client("bedrock-runtime")
    return runtime
