"""Looks the champion up and makes sure that it answers before it is asked all prompts."""

from __future__ import annotations

from finetune_aws import endpoints, objects, runtime
from finetune_aws.ledger import Ledger
from finetune_core.contracts import Champion, Endpoint, EvaluationSet, Plan
from finetune_core.errors import ServiceError
from finetune_core.questions import Pair, read_questions


def find(plan: Plan, evaluation: EvaluationSet, candidate: Endpoint, ledger: Ledger) -> Champion:
    """Return the dataset's champion as a contestant; ``note`` says why one that exists is not asked."""
    item = ledger.champion(plan.dataset)
    if item is None or item.get("run_id") == plan.run_id:
        return Champion()
    run_id, arn = str(item.get("run_id")), str(item.get("pointer") or item.get("endpoint_arn") or "")
    reason = _why_not(arn, candidate, evaluation)
    if reason:
        note = (
            f"The champion (run {run_id}) could not be asked, so the base model is compared with: {reason}."
        )
        return Champion(run_id=run_id, note=note)
    return Champion(run_id=run_id, model_id=arn)


def _why_not(arn: str, candidate: Endpoint, evaluation: EvaluationSet) -> str:
    kind = endpoints.kind_of(arn)
    if not kind:
        return "it has no endpoint"
    if arn == candidate.arn:
        return "its endpoint serves the candidate now"
    found = endpoints.find(kind, arn)
    if found is None:
        return "its endpoint is gone"
    # One in the middle of a change still answers; asking tells.
    return _silence(arn, evaluation)


def _silence(arn: str, evaluation: EvaluationSet) -> str:
    """Return why the endpoint does not answer the first held-out prompt, or "" when it does."""
    question = next(read_questions(objects.read(evaluation.bucket, evaluation.key)), None)
    if question is None:
        return "there are no held-out prompts"
    try:
        if isinstance(question, Pair):
            runtime.embed(arn, text=question.caption)
        else:
            runtime.converse(arn, question.request, max_tokens=question.max_tokens)
    except ServiceError as error:
        return f"its endpoint does not answer ({type(error).__name__}: {error.what})"
    return ""
