"""Known failure messages, and unknown ones kept whole."""

import json

import pytest

from finetune_core.failures import diagnose
from finetune_core.outcomes import TaskFailure, explain, name_outcome, status_of


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("Maximum input token count 4919 exceeds limit of 4096 for train data", "longer than"),
        ("Could not validate GetObject permissions to access Amazon S3 bucket: b at key train.jsonl", "read"),
        ("User is not authorized ... with an explicit deny in a service control policy", "organisation"),
        ("Bedrock could not assume the role arn:aws:iam::1:role/x", "assume"),
        ("KMS key access denied: kms:Decrypt", "key"),
        ("Number of records in training data is less than 8", "fewer or more"),
        ("Encountered an unexpected error when processing the request, please try again", "own side"),
        ("Malformed input data: invalid JSON at line 3", "format"),
        ("Hyperparameter epochCount must be between 1 and 5", "hyperparameter"),
        ("This account does not currently have any no commitment model units reserved", "quota"),
    ],
)
def test_known_messages_have_a_cause_and_keep_the_evidence(message: str, cause: str) -> None:
    found = diagnose(message)
    assert found.known
    assert cause in found.cause
    assert found.evidence == message
    assert found.remedy


@pytest.mark.parametrize("message", ["The dog ate it", "", None])
def test_unknown_messages_are_flagged(message: str | None) -> None:
    found = diagnose(message)
    assert not found.known
    assert found.evidence == (message or "the service gave no reason")


@pytest.mark.parametrize(
    ("phase", "error", "outcome"),
    [
        ("validate", "DatasetInvalid", "DatasetInvalid"),
        ("train", "States.TaskFailed", "TrainingFailed"),
        ("train", "States.Timeout", "TrainingStalled"),
        ("train", "Bedrock.ServiceQuotaExceededException", "QuotaTooLow"),
        ("serve", "Bedrock.ValidationException", "ServingFailed"),
        ("approve", "States.Timeout", "ApprovalTimedOut"),
        ("evaluate", "States.Timeout", "EvaluationFailed"),
        ("preflight", "States.Timeout", "States.Timeout"),
        ("preflight", "AccessDenied", "AccessDenied"),
        ("evaluate", "Held", "Held"),
        ("promote", "", "RunFailed"),
    ],
)
def test_every_end_has_a_name(phase: str, error: str, outcome: str) -> None:
    assert name_outcome(phase, TaskFailure(error=error)) == outcome


def test_statuses() -> None:
    assert [status_of(name) for name in ("Promoted", "Held", "Rejected", "DatasetInvalid")] == [
        "PROMOTED",
        "HELD",
        "REJECTED",
        "FAILED",
    ]


def test_a_failed_job_is_explained_by_its_own_message() -> None:
    error = TaskFailure(error="States.TaskFailed", cause=json.dumps({"Status": "Failed"}))
    told = explain("train", error, "Maximum input token count 9 exceeds limit of 4 for train data")
    assert "longer than the base model takes" in told
    assert "Shorten or split" in told


def test_our_own_errors_are_told_as_they_are() -> None:
    cause = json.dumps({"errorMessage": "2 errors in 9 records", "errorType": "DatasetInvalid"})
    assert explain("validate", TaskFailure(error="DatasetInvalid", cause=cause)) == "2 errors in 9 records"
    assert explain("preflight", TaskFailure(error="KeyError", cause="'x'")) == "KeyError: 'x'"
