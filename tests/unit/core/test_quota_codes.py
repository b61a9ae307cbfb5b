"""A full quota ends the run with its code and the page to raise it."""

import pytest

from finetune_core.outcomes import TaskFailure, explain, name_outcome

FULL = "Bedrock.ServiceQuotaExceededException"


@pytest.mark.parametrize(
    ("phase", "message", "code"),
    [
        ("train", "You have reached the limit of custom models in your account.", "L-CB5B847D"),
        (
            "serve",
            "Your account does not currently have any no commitment model units reserved",
            "L-BE77399C",
        ),
        ("serve", "Too many custom model deployments in progress", "L-430C95DD"),
        ("serve", "The number of custom model deployments exceeds the limit", "L-1EF80F3E"),
        ("serve", "Quota exceeded", "L-BE77399C"),
    ],
)
def test_the_code_and_the_page_are_named(phase: str, message: str, code: str) -> None:
    failure = TaskFailure(error=FULL, cause=message)
    assert name_outcome(phase, failure) == "QuotaTooLow"
    told = explain(phase, failure)
    assert message in told
    assert f"servicequotas/home/services/bedrock/quotas/{code}" in told


def test_the_number_of_scheduled_jobs_has_no_code_and_cannot_be_raised() -> None:
    told = explain("train", TaskFailure(error=FULL, cause="Too many jobs are in progress."))
    assert "cannot be raised" in told
    assert "scheduled_jobs" in told


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ("Bedrock.ThrottlingException", "Rate exceeded: throttled"),
        ("Throttled", "bedrock:CreateCustomModelDeployment failed with ThrottlingException: slow down"),
    ],
)
def test_throttling_that_lasts_names_the_page_of_rates(error: str, cause: str) -> None:
    told = explain("serve", TaskFailure(error=error, cause=cause))
    assert "Rates are quotas too: https://console.aws.amazon.com/servicequotas/" in told
