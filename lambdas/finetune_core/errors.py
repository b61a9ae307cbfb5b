"""Every way in which a run can end badly, as one tree of classes.

The state machine catches these by class name (the Python runtime of Lambda reports ``type(error).__name__``
as ``errorType``), so a class name here is part of the contract with ``stacks/workflow``.

    FinetuneError
    ├── RunError                     the answer is no: never retried, ends the run under this name
    │   ├── RunRejected              intake: dropped files or run.json cannot make a run
    │   ├── Duplicate                intake: the same versions already made a run
    │   ├── Superseded               queue, approve: newer data of the dataset came while the run waited
    │   ├── ModelNotTunable          preflight: base model, type, Region or hyperparameters do not go together
    │   ├── QuotaTooLow              preflight, train, serve: an account quota stands in the way
    │   ├── DatasetInvalid           validate: records that the base model would refuse
    │   ├── RewardInvalid            reward: the function that grades answers cannot be used
    │   ├── OverBudget               price: the estimate is above the run's ceiling
    │   ├── Declined                 approve: a person said no
    │   ├── ApprovalTimedOut         approve: nobody answered in time
    │   ├── TrainingFailed           train: the job ended as Failed or Stopped
    │   ├── TrainingStalled          train: the job made no progress within the limit
    │   ├── TrainingDiverged         train: the loss rose, or the reward fell, or it was no number
    │   ├── TrainingOverfitted       train: the validation loss rose while the training loss fell
    │   ├── ServingFailed            serve: endpoint failed, or did not answer
    │   ├── EvaluationFailed         evaluate: answers are missing or cannot be compared
    │   ├── Rejected                 evaluate: the candidate is worse
    │   └── Held                     evaluate: the candidate is not shown to be better
    ├── ServiceError                 an AWS call did not work
    │   ├── Throttled                retry, with jitter
    │   ├── ServiceUnavailable       retry: 5xx, connection lost, time-out
    │   ├── Conflict                 the resource is busy or exists already: retry, or wait
    │   ├── NotFound                 the thing named does not exist
    │   ├── AccessDenied             the caller's role (or an organisation's policy) lacks a permission
    │   └── RequestInvalid           the service refused the request itself
    └── SettingsError                an environment variable of the function is missing or malformed
"""
# ruff: noqa: N818 - the names are outcomes that people read in the console: "RunRejected", not "RunRejectedError"

from __future__ import annotations

import json
from typing import Final


class FinetuneError(Exception):
    """Base of all errors of the pipeline; its text always says what, where and what to do.

    Args:
        what: one sentence: what is wrong.
        where: the file, key, line, model or call it was found in.
        remedy: what the reader should do now.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(what, where, remedy)

    def __str__(self) -> str:
        """Return the three parts as one line."""
        parts = [self.what.strip()]
        if self.where:
            parts.append(f"Where: {self.where}.")
        if self.remedy:
            parts.append(f"What to do: {self.remedy.strip()}")
        return " ".join(parts)


class RunError(FinetuneError):
    """The answer is no; asking again gives the same answer, so it is never retried."""


class RunRejected(RunError):
    """Intake: the dropped files or ``run.json`` cannot make a run."""


class Duplicate(RunError):
    """Intake: the same set of object versions has already made a run."""


class Superseded(RunError):
    """Queue: newer data of the same dataset came while this run waited for its turn or for an answer."""


class ModelNotTunable(RunError):
    """Preflight: base model, customization type, Region, serving or hyperparameters do not go together."""


class QuotaTooLow(RunError):
    """A service quota of the account stands in the way; the text names its code and value."""


class DatasetInvalid(RunError):
    """Validation: the base model would refuse records of the dataset."""


class RewardInvalid(RunError):
    """Reward: the function that is to grade answers does not compile, fails, or breaks its contract."""


class OverBudget(RunError):
    """Price: the estimate is above the run's ceiling."""


class Declined(RunError):
    """Approval: a person said no."""


class ApprovalTimedOut(RunError):
    """Approval: nobody answered within the time limit."""


class TrainingFailed(RunError):
    """Training: the customization job ended as ``Failed`` or ``Stopped``."""


class TrainingStalled(RunError):
    """Training: the customization job made no progress within the stall limit."""


class TrainingDiverged(RunError):
    """Training: the loss rose or the reward fell, or it was no number; the model is not served."""


class TrainingOverfitted(RunError):
    """Training: the validation loss rose clearly while the training loss fell; not served if so set."""


class ServingFailed(RunError):
    """Serving: the endpoint failed, or did not answer a real request."""


class EvaluationFailed(RunError):
    """Evaluation: answers are missing or cannot be compared."""


class Rejected(RunError):
    """Evaluation's verdict: the candidate is worse than what it was compared with."""


class Held(RunError):
    """Evaluation's verdict: the candidate is not shown to be better by the gain asked for."""


class ServiceError(FinetuneError):
    """An AWS call did not work; the subclass says whether asking again can help."""


class Throttled(ServiceError):
    """AWS asked to slow down: retry with jitter."""


class ServiceUnavailable(ServiceError):
    """AWS answered 5xx, or not at all: retry with jitter."""


class Conflict(ServiceError):
    """The resource is in the middle of a change, or exists already."""


class NotFound(ServiceError):
    """The resource named in the call does not exist (any more)."""


class AccessDenied(ServiceError):
    """The caller's role lacks a permission, or a policy of the organisation denies it."""


class RequestInvalid(ServiceError):
    """The service refused the request as malformed."""


class SettingsError(FinetuneError):
    """An environment variable of the function is missing or malformed."""


RETRYABLE: Final = ("Throttled", "ServiceUnavailable", "Conflict")
"""Class names that a state machine may retry (with jitter)."""


def read_cause(error: str, cause: str) -> str:
    """Return the human sentence inside a Step Functions ``Cause``.

    Lambda's cause is JSON with ``errorMessage``; a service integration's cause is JSON or plain text.
    What is not understood is kept whole.
    """
    try:
        body = json.loads(cause)
    except ValueError:
        return cause or error
    if not isinstance(body, dict):
        return cause
    for key in ("errorMessage", "FailureMessage", "failureMessage", "Message", "message"):
        if isinstance(body.get(key), str) and body[key]:
            return str(body[key])
    return cause
