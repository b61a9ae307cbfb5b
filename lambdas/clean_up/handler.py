"""Lambda entry of ``clean_up``: {plan, phase, error} → CleanUp."""

from __future__ import annotations

from typing import Any, Final

from finetune_aws.cleaning import Cleaner
from finetune_aws.environment import Environment
from finetune_aws.ledger import Ledger
from finetune_aws.telemetry import function
from finetune_core.contracts import CleanUp, Plan, read, write
from finetune_core.outcomes import PROMOTED, TaskFailure, explain, keeps_model, name_outcome

RESERVE_SECONDS: Final = 60.0


@function("clean_up")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's signature
    """Return how the run ends and what was deleted; asking again is safe."""
    plan = read(event["plan"], Plan, where="clean_up: plan")
    error = read(event["error"], TaskFailure, where="clean_up: error")
    environment = Environment()
    seconds = min(context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS, environment.clean_up_wait)
    ledger = Ledger(environment.ledger_table)
    keep = keeps_model(event["phase"], error)
    cleaner = Cleaner(plan, environment.name, ledger, seconds, keep_model=keep)
    cleaner.clean()
    outcome = CleanUp(
        outcome=PROMOTED if cleaner.promoted else name_outcome(event["phase"], error),
        message=f"{explain(event['phase'], error, cleaner.job_failure)} {cleaner.told}".strip(),
        deleted=cleaner.deleted,
        kept=cleaner.kept,
    )
    return write(outcome)
