"""One real request (the first held-out prompt, or a greeting when there is none), then the golden prompts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from finetune_aws import objects, runtime
from finetune_core.contracts import Endpoint, EvaluationSet, Preflight, Smoke
from finetune_core.errors import AccessDenied, Conflict, NotFound, RequestInvalid, ServingFailed
from finetune_core.gate import GoldenPrompt
from finetune_core.golden import expectation, passes
from finetune_core.prompts import Prompt, read_prompts

_GREETING: Final = "Say hello."
_LONGEST_ANSWER: Final = 2000
_MAX_TOKENS: Final = 128
_GOLDEN_TOKENS: Final = 1024
_SHOWN: Final = 300


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


def ask_golden(endpoint: Endpoint, prompts: Sequence[GoldenPrompt]) -> int:
    """Return how many golden prompts there are, all of which the endpoint answered as expected.

    Raises:
        ServingFailed: naming every prompt that it failed, what was expected and what it said.
    """
    failed = []
    for number, prompt in enumerate(prompts):
        answer = _said(endpoint.arn, prompt)
        if not passes(prompt, answer):
            failed.append(f"golden_prompts[{number}] should {expectation(prompt)}, got {answer[:_SHOWN]!r}")
    if failed:
        raise ServingFailed(
            f"{len(failed)} of {len(prompts)} golden prompts failed: {'; '.join(failed)}",
            where=endpoint.arn,
            remedy="See whether the training data teaches these answers, or correct golden_prompts.",
        )
    return len(prompts)


def _said(arn: str, prompt: GoldenPrompt) -> str:
    request: dict[str, Any] = {"messages": [{"role": "user", "content": [{"text": prompt.prompt}]}]}
    if prompt.system:
        request["system"] = [{"text": prompt.system}]
    try:
        return runtime.converse(arn, request, max_tokens=_GOLDEN_TOKENS).text
    except RequestInvalid as error:
        return f"(refused: {error.what})"


def _reply(arn: str, record_format: str, evaluation: EvaluationSet) -> runtime.Reply:
    if record_format == "image-caption":
        found = runtime.embed(arn, text=_GREETING)
        told = f"a vector of {len(found.vector)} numbers"
        return runtime.Reply(
            text=told, latency_ms=found.latency_ms, input_tokens=found.input_tokens, output_tokens=0
        )
    prompt = _first(evaluation)
    request: dict[str, Any] = {"messages": [{"role": "user", "content": [{"text": _GREETING}]}]}
    return runtime.converse(arn, prompt.request if prompt else request, max_tokens=_MAX_TOKENS)


def _first(evaluation: EvaluationSet) -> Prompt | None:
    if not evaluation.records:
        return None
    return next(read_prompts(objects.read(evaluation.bucket, evaluation.key)), None)
