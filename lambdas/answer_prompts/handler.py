"""Lambda entry of ``answer_prompts``: {plan, preflight, validation, contestant, …} → AnswerSet."""

from __future__ import annotations

from typing import Any

from answer_prompts.asking import answer_shard
from finetune_aws.telemetry import function
from finetune_core.contracts import Plan, Preflight, Shard, Validation, read, write


@function("answer_prompts")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Return where the shard's answers lie; raises ServiceUnavailable when time runs out."""
    plan = read(event["plan"], Plan, where="answer_prompts: plan")
    validation = read(event["validation"], Validation, where="answer_prompts: validation")
    preflight = read(event["preflight"], Preflight, where="answer_prompts: preflight")
    answered = answer_shard(
        plan=plan,
        reward=preflight.reward,
        evaluation=validation.evaluation,
        contestant=event["contestant"],
        model_id=event["model_id"],
        shard=read(event["shard"], Shard, where="answer_prompts: shard"),
        seconds_left=context.get_remaining_time_in_millis() / 1000,
    )
    return write(answered)
