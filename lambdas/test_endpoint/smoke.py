"""One real request: the first held-out prompt, or a greeting when there is none."""

from __future__ import annotations

from typing import Any, Final

from finetune_aws import objects, runtime
from finetune_core.contracts import Endpoint, EvaluationSet, Preflight, Smoke
from finetune_core.errors import AccessDenied, Conflict, NotFound, RequestInvalid, ServingFailed
from finetune_core.prompts import Prompt, read_prompts

_GREETING: Final = "Say hello."
_LONGEST_ANSWER: Final = 2000
_MAX_TOKENS: Final = 128


def ask_once(endpoint: Endpoint, preflight: Preflight, evaluation: EvaluationSet) -> Smoke:
    """Return the endpoint's answer, cut to 2,000 characters, and its latency.

    Raises:
        ServingFailed: it refuses the request, or answers nothing at all.
    """
    try:
        reply = _reply(endpoint.arn, preflight.record_format, evaluation)
    except (AccessDenied, Conflict, NotFound, RequestInvalid) as error:
        raise ServingFailed(
            f"the endpoint refused its first request: {error.what}", where=endpoint.arn, remedy=error.remedy
        ) from error
    if not reply.text.strip():
        raise ServingFailed(
            "the endpoint answered its first request with nothing",
            where=endpoint.arn,
            remedy="Look at the training curve in the run's report: the model may have collapsed.",
        )
    return Smoke(latency_ms=reply.latency_ms, answer=reply.text[:_LONGEST_ANSWER])


def _reply(arn: str, record_format: str, evaluation: EvaluationSet) -> runtime.Reply:
    if record_format == "image-caption":
        return runtime.embed(arn, _GREETING)
    prompt = _first(evaluation)
    request: dict[str, Any] = {"messages": [{"role": "user", "content": [{"text": _GREETING}]}]}
    return runtime.converse(arn, prompt.request if prompt else request, max_tokens=_MAX_TOKENS)


def _first(evaluation: EvaluationSet) -> Prompt | None:
    if not evaluation.records:
        return None
    return next(read_prompts(objects.read(evaluation.bucket, evaluation.key)), None)
