"""The runtime: Converse and InvokeModel, answered by the language model behind the identifier."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from finetune_local.bedrock import foundation_models
from finetune_local.bedrock.bodies import Ask, Reply, body_format
from finetune_local.bedrock.cloud import Context
from finetune_local.bedrock.conversations import render, system_text, turns_of
from finetune_local.bedrock.embedding import embed
from finetune_local.bedrock.errors import BedrockError, invalid, not_found
from finetune_local.bedrock.foundation_models import FoundationModel
from finetune_local.bedrock.model_lookup import INVALID_IDENTIFIER
from finetune_local.bedrock.resources import Deployment, ProvisionedModel

METRICS_NAMESPACE: Final = "AWS/Bedrock"
PROFILE: Final = re.compile(
    r"(?:arn:aws:bedrock:[a-z0-9-]+:\d{12}:inference-profile/)?(us|eu|apac|global)\.(.+)"
)
"""Cross-Region inference profiles: ``us.amazon.nova-micro-v1:0``, or the ARN of one."""
_DEFAULT_TOKENS: Final = 512


@dataclass(frozen=True)
class Target:
    """What answers: a model and the base model it descends from."""

    model: Any
    base: FoundationModel


def converse(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Converse."""
    target = target_of(context, request["modelId"])
    messages = request.get("messages", [])
    _check_messages(messages, target.base, bool(request.get("system")))
    inference = request.get("inferenceConfig", {})
    prompt = render(system_text(request.get("system")), turns_of(messages))
    reply = _answer(
        context,
        request["modelId"],
        target,
        Ask(prompt, inference.get("maxTokens", _DEFAULT_TOKENS), tuple(inference.get("stopSequences", ()))),
    )
    return {**reply.message(), "metrics": {"latencyMs": reply.milliseconds}}


def invoke_model(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """InvokeModel: the body is the base model's own."""
    target = target_of(context, request["modelId"])
    if target.base.embeds:
        return _embedding(context, request, target)
    layout = body_format(target.base)
    ask = layout.read(request.get("body", b""), _DEFAULT_TOKENS)
    reply = _answer(context, request["modelId"], target, ask)
    return {"body": layout.write(reply), "contentType": "application/json"}


def _embedding(context: Context, request: dict[str, Any], target: Target) -> dict[str, Any]:
    start = time.perf_counter()
    body, tokens = embed(target.model, request.get("body", b""))
    milliseconds = max(1, round((time.perf_counter() - start) * 1000))
    _count(context, request["modelId"], InvocationLatency=milliseconds, InputTokenCount=tokens)
    return {"body": body, "contentType": "application/json"}


def target_of(context: Context, model_id: str) -> Target:
    """Return what answers for `model_id`; raise the service's error when nothing does."""
    if ":provisioned-model/" in model_id:
        return _endpoint_target(context, context.state.provisioned.get(model_id), model_id)
    if ":custom-model-deployment/" in model_id:
        return _endpoint_target(context, context.state.deployments.get(model_id), model_id)
    if ":custom-model/" in model_id:
        raise _no_on_demand(model_id)
    profile = PROFILE.fullmatch(model_id)
    found = foundation_models.find(profile[2] if profile else model_id, context.region)
    if found is None:
        raise invalid(INVALID_IDENTIFIER)
    model, plain = found
    if not plain:  # seen by users in August 2026: ids with a context suffix cannot be invoked
        raise not_found("Could not resolve the foundation model from the provided model identifier.")
    if model.profile_only and not profile:
        raise _no_on_demand(model_id)
    return Target(context.cloud.weights_of(model).base(model), model)


def _no_on_demand(model_id: str) -> BedrockError:
    return invalid(
        f"Invocation of model ID {model_id} with on-demand throughput isn't supported. Retry your request "
        f"with the ID or ARN of an inference profile that contains this model."
    )


def _endpoint_target(context: Context, endpoint: ProvisionedModel | Deployment | None, arn: str) -> Target:
    with context.state.lock:
        if endpoint is None:
            raise not_found(f"The resource {arn} could not be found.")
        if endpoint.status == "Creating":
            raise BedrockError(
                "ModelNotReadyException", f"{arn} is not ready to serve requests: it is being created."
            )
        if endpoint.status == "Failed":
            raise invalid(f"{arn} cannot serve requests: its status is Failed.")
        model_arn, base = endpoint.model_arn, endpoint.base
    custom = ":custom-model/" in model_arn
    weights = context.cloud.weights_of(base)
    return Target(weights.get(model_arn) if custom else weights.base(base), base)


def _check_messages(messages: list[dict[str, Any]], base: FoundationModel, system: bool) -> None:
    if "TEXT" not in base.outputs:
        raise invalid(f"The model {base.plain_id} doesn't support the Converse operation.")
    roles = [message["role"] for message in messages]
    if not roles or roles[0] != "user":
        raise invalid(
            "A conversation must start with a user message. Try again with a conversation that starts "
            "with a user message."
        )
    if any(first == second for first, second in pairwise(roles)) or roles[-1] != "user":
        raise invalid(
            "A conversation must alternate between user and assistant roles and end with a user message."
        )
    if system and base.plain_id.startswith("amazon.titan-text"):
        raise invalid("This model doesn't support system messages. Try again without the system parameter.")
    for message in messages:
        if not message["content"]:
            raise invalid("The content field of a message must not be empty.")
        for block in message["content"]:
            for kind in ("image", "video"):
                if kind in block and kind not in base.media:
                    raise invalid(f"This model doesn't support the {kind} content block that you provided.")


def _answer(context: Context, model_id: str, target: Target, ask: Ask) -> Reply:
    """Generate, measure and publish the metrics of a successful request."""
    if not ask.prompt:
        raise invalid("The text field of a message must not be blank.")
    start = time.perf_counter()
    text = target.model.generate(ask.prompt, ask.max_tokens)
    output_tokens = target.model.count_tokens(text)
    stop_reason = "max_tokens" if output_tokens >= ask.max_tokens else "end_turn"
    cuts = [text.index(stop) for stop in ask.stops if stop in text]
    if cuts:
        text, stop_reason = text[: min(cuts)], "stop_sequence"
    milliseconds = max(1, round((time.perf_counter() - start) * 1000))
    reply = Reply(text, target.model.count_tokens(ask.prompt), output_tokens, stop_reason, milliseconds)
    _count(
        context,
        model_id,
        InvocationLatency=milliseconds,
        InputTokenCount=reply.input_tokens,
        OutputTokenCount=output_tokens,
    )
    return reply


def _count(context: Context, model_id: str, **metrics: int) -> None:
    """Publish the metrics of a successful request."""
    for name, value in {"Invocations": 1, **metrics}.items():
        publish(context, model_id, name, value)


def publish(context: Context, model_id: str, name: str, value: float) -> None:
    """Send one metric; the ModelId dimension is the identifier of the request."""
    context.cloud.put_metric(
        context.account,
        context.region,
        METRICS_NAMESPACE,
        name,
        {"ModelId": model_id},
        float(value),
        context.now,
    )
