"""How a run ended: its outcome's name, its status in the ledger, and the sentence that people read."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from finetune_core import errors
from finetune_core.failures import diagnose
from finetune_core.quota_codes import PAGE, quota_behind

Status = Literal["PROMOTED", "HELD", "REJECTED", "FAILED"]

PROMOTED: Final = "Promoted"
_STATUSES: Final[dict[str, Status]] = {PROMOTED: "PROMOTED", "Held": "HELD", "Rejected": "REJECTED"}
_NAMED: Final = frozenset(
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.RunError)
)
_IN_WORDS: Final = frozenset(
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.FinetuneError)
)
"""Errors whose text says already what happened, where, and what to do."""
_TIMED_OUT: Final = {
    "train": "TrainingStalled",
    "approve": "ApprovalTimedOut",
    "serve": "ServingFailed",
    "evaluate": "EvaluationFailed",
    "commit": "ServingFailed",
}
_BY_PHASE: Final = {
    "train": "TrainingFailed",
    "serve": "ServingFailed",
    "evaluate": "EvaluationFailed",
    "commit": "ServingFailed",
}
_QUOTA: Final = "ServiceQuotaExceededException"
_TIMEOUTS: Final = ("States.Timeout", "States.HeartbeatTimeout")


class TaskFailure(msgspec.Struct, kw_only=True, frozen=True):
    """A Step Functions error output (its own PascalCase keys)."""

    error: str = msgspec.field(name="Error", default="")
    cause: str = msgspec.field(name="Cause", default="")


def status_of(outcome: str) -> Status:
    """Return the ledger's status for an outcome: everything without a verdict is FAILED."""
    return _STATUSES.get(outcome, "FAILED")


def name_outcome(phase: str, error: TaskFailure) -> str:
    """Return the name under which a run ends that failed with ``error`` in ``phase``.

    Our own errors keep their names; what a service integration or Step Functions raises gets the phase's
    name; before training, where nothing was spent, the raw name says most.
    """
    if error.error in _NAMED:
        return error.error
    if error.error.endswith(_QUOTA):
        return "QuotaTooLow"
    if error.error in _TIMEOUTS:
        return _TIMED_OUT.get(phase, "States.Timeout")
    return _BY_PHASE.get(phase) or error.error or "RunFailed"


def keeps_model(phase: str, error: TaskFailure) -> bool:
    """Whether the run's model stays: it was held, or judged better before its commitment came to nothing."""
    return error.error == "Held" or phase == "commit"


class Failure(msgspec.Struct, kw_only=True, frozen=True):
    """What failed in which phase."""

    phase: str
    error: TaskFailure


class Cleaned(msgspec.Struct, kw_only=True, frozen=True):
    """The end that clean up gave the run."""

    outcome: str
    message: str


class Unfinished(msgspec.Struct, kw_only=True, frozen=True):
    """How a run had failed when its clean up or its report failed too, as the machine's last cause tells.

    ``failure`` is {phase, error}, ``cleaned`` what clean up answered before.
    """

    failure: Failure | None = None
    cleaned: Cleaned | None = None


def read_unfinished(cause: str) -> Unfinished:
    """Return what an execution's cause tells of its run's failure; nothing if it is not the machine's own."""
    try:
        return msgspec.json.decode(cause, type=Unfinished)
    except msgspec.DecodeError:
        return Unfinished()


def explain(phase: str, error: TaskFailure, job_failure: str | None = None) -> str:
    """Return what happened in words: our own errors' text, or the service's with cause and remedy."""
    text = errors.read_cause(error.error, error.cause) or f"phase {phase} ended with {error.error}"
    if error.error in _NAMED:
        return text
    if error.error in _IN_WORDS:
        rates = f" Rates are quotas too: {PAGE}" if error.error == "Throttled" else ""
        return f"{error.error}: {text}{rates}"
    if error.error in _TIMEOUTS:
        return f"Phase {phase} did not end within its time limit."
    if error.error.endswith(_QUOTA):
        return f'Bedrock said: "{text}" It was asked again with pauses. {quota_behind(phase, text)}'
    if phase not in _BY_PHASE and not error.error.startswith("Bedrock."):
        return f"{error.error}: {text}"
    diagnosis = diagnose(job_failure or text)
    return f"{diagnosis} What to do: {diagnosis.remedy}"
