"""Step Functions: whether an execution is still there, and the tasks that wait for a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from finetune_aws.clients import client
from finetune_aws.faults import translated
from finetune_core.errors import NotFound, RequestInvalid

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_GONE: Final = ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken")


def is_running(execution_arn: str) -> bool:
    """Whether an execution is RUNNING; one that Step Functions has forgotten is not.

    Calls: states:DescribeExecution.
    """
    try:
        with translated("states:DescribeExecution", execution_arn):
            return _states().describe_execution(executionArn=execution_arn)["status"] == "RUNNING"
    except NotFound:
        return False


def fail_task(token: str, error: str, cause: str) -> None:
    """Fail a task that waits for its token; no longer waiting is fine. Calls: states:SendTaskFailure."""
    try:
        with translated("states:SendTaskFailure", "task token"):
            _states().send_task_failure(taskToken=token, error=error, cause=cause)
    except RequestInvalid as fault:
        if not any(code in str(fault) for code in _GONE):
            raise


def _states() -> SFNClient:
    found: SFNClient = client("stepfunctions")
    return found
