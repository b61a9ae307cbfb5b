"""What an execution that ended by itself left behind: cleaned up, reported, closed."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from finetune_aws.cleaning import Cleaner
from finetune_aws.environment import Environment
from finetune_aws.finishing import RESULTS, Ending, finish
from finetune_aws.ledger import Item, Ledger, json_attribute
from finetune_core.contracts import Plan, read
from finetune_core.outcomes import PROMOTED

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
    for item in ledger.runs_by_execution(execution_arn):
        if item.get("status") == "RUNNING":
            parsed = json_attribute(item, "plan")
            cleaner = None
            if parsed:
                plan = read(parsed, Plan, where="ledger: plan")
                cleaner = Cleaner(plan, environment.name, ledger, seconds)
                cleaner.clean()
            finish(_ending(item, parsed, status, cause, cleaner), environment, now)
            closed.append(str(item["run_id"]))
    return closed


def _ending(item: Item, plan: Item | None, status: str, cause: str, cleaner: Cleaner | None) -> Ending:
    """Return the run's end; one that was promoted already stays so, only its report was missing."""
    promoted = cleaner is not None and cleaner.promoted
    outcome = PROMOTED if promoted else OUTCOMES.get(status, "RunFailed")
    words = [_WORDS.get(status, f"The execution ended as {status}."), f"Phase: {item.get('phase')}."]
    words += [cause] if cause else []
    deleted = cleaner.deleted if cleaner else []
    words += [f"Deleted: {', '.join(deleted)}." if deleted else "Nothing was left to delete."]
    return Ending(
        run_id=str(item["run_id"]),
        dataset=str(item["dataset"]),
        execution_arn=str(item["execution_arn"]),
        outcome=outcome,
        message=" ".join(words),
        plan=plan,
        results={name: json_attribute(item, name) for name in RESULTS},
        error=None if promoted else {"Error": outcome, "Cause": cause},
    )
