"""What an execution that ended by itself left behind: cleaned up, reported, closed."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from finetune_aws.cleaning import Cleaner
from finetune_aws.environment import Environment
from finetune_aws.finishing import RESULTS, Ending, finish
from finetune_aws.ledger import Item, Ledger, json_attribute
from finetune_core.contracts import Plan, read
from finetune_core.errors import Conflict
from finetune_core.outcomes import PROMOTED, explain, keeps_model, name_outcome, read_unfinished

OUTCOMES: Final = {"ABORTED": "RunAborted", "TIMED_OUT": "RunTimedOut", "FAILED": "RunFailed"}
_WORDS: Final = {
    "ABORTED": "The execution was stopped by a person or a program.",
    "TIMED_OUT": "The execution did not end within the machine's time limit.",
    "FAILED": "The execution failed outside of its own error handling.",
}


def close(
    *,
    execution_arn: str,
    status: str,
    cause: str,
    environment: Environment,
    seconds: float,
    now: datetime,
) -> list[str]:
    """Clean up and finish every run of the execution that is still RUNNING; return their ids."""
    ledger = Ledger(environment.ledger_table)
    closed = []
    for found in ledger.runs_by_execution(execution_arn):
        # The index may still show a run that its own execution has just finished: the item itself decides.
        item = ledger.run(str(found["run_id"])) or found
        if item.get("status") == "RUNNING":
            plan = read(json_attribute(item, "plan"), Plan, where="ledger: plan")
            known = read_unfinished(cause).failure
            cleaner = Cleaner(
                plan,
                environment.name,
                ledger,
                min(seconds, environment.clean_up_wait),
                keep_model=known is not None and keeps_model(known.phase, known.error),
            )
            left = _clean(cleaner)
            finish(_ending(item, status, cause, cleaner, left), environment, now)
            closed.append(plan.run_id)
    return closed


def _clean(cleaner: Cleaner) -> str:
    """Clean up and return what could not be deleted yet; the run is closed all the same.

    Raises:
        Conflict: the champion's endpoint has not got its model back. Lambda calls again (twice, after one and
            two minutes: "Asynchronous invocation", Lambda developer guide, read 2026-11-24).
    """
    try:
        cleaner.clean()
    except Conflict as error:
        if cleaner.swapping:
            raise
        return f"{error.what} ({error.where}): the guardian deletes it as soon as Bedrock lets it."
    return ""


def _ending(item: Item, status: str, cause: str, cleaner: Cleaner, left: str) -> Ending:
    """Return the run's end; one that was promoted already stays so, only its report was missing."""
    outcome, words = _told(status, cause, cleaner)
    words.append(f"Phase: {item.get('phase')}.")
    words += [f"Deleted: {', '.join(cleaner.deleted)}."] if cleaner.deleted else []
    words += [cleaner.told] if cleaner.told else []
    words += [left or ("" if cleaner.deleted else "Nothing was left to delete.")]
    return Ending(
        run_id=str(item["run_id"]),
        dataset=str(item["dataset"]),
        execution_arn=str(item["execution_arn"]),
        outcome=outcome,
        message=" ".join(words).strip(),
        plan=json_attribute(item, "plan"),
        results={name: json_attribute(item, name) for name in RESULTS},
        error=None if cleaner.promoted else {"Error": outcome, "Cause": cause},
    )


def _told(status: str, cause: str, cleaner: Cleaner) -> tuple[str, list[str]]:
    """Return outcome and reasons: those of the run where the machine knew them, else the execution's."""
    words = [_WORDS.get(status, f"The execution ended as {status}.")]
    known = read_unfinished(cause)
    if cleaner.promoted:
        return PROMOTED, words
    if known.cleaned:
        return known.cleaned.outcome, [known.cleaned.message, *words]
    if known.failure:
        phase, error = known.failure.phase, known.failure.error
        return name_outcome(phase, error), [explain(phase, error, cleaner.job_failure), *words]
    return OUTCOMES.get(status, "RunFailed"), [*words, *([cause] if cause else [])]
