"""Step Functions: executions of the machine, the tasks that wait for a token, and closing a dead run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from finetune_aws.clients import client
from finetune_aws.faults import translated
from finetune_core.errors import NotFound, RequestInvalid

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_stepfunctions import SFNClient

ALIVE: Final = ("RUNNING", "PENDING_REDRIVE")
BADLY: Final = ("FAILED", "TIMED_OUT", "ABORTED")
_GONE: Final = ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken")


def state(execution_arn: str) -> tuple[str, datetime | None]:
    """Return an execution's status and when it stopped; one that is gone counts as ABORTED.

    Step Functions forgets executions 90 days after they ended. Calls: states:DescribeExecution.
    """
    try:
        with translated("states:DescribeExecution", execution_arn):
            found = _states().describe_execution(executionArn=execution_arn)
    except NotFound:
        return "ABORTED", None
    return found["status"], found.get("stopDate")


def is_running(execution_arn: str) -> bool:
    """Whether an execution is RUNNING; one that Step Functions has forgotten is not.

    Calls: states:DescribeExecution.
    """
    return state(execution_arn)[0] == "RUNNING"


def complete_task(token: str, output: Mapping[str, str]) -> bool:
    """Answer a task that waits for its token; False when it no longer waits.

    Calls: states:SendTaskSuccess.
    """
    try:
        with translated("states:SendTaskSuccess", "task token"):
            _states().send_task_success(taskToken=token, output=json.dumps(dict(output)))
    except RequestInvalid as fault:
        if not any(code in str(fault) for code in _GONE):
            raise
        return False
    return True


def fail_task(token: str, error: str, cause: str) -> None:
    """Fail a task that waits for its token; no longer waiting is fine. Calls: states:SendTaskFailure."""
    try:
        with translated("states:SendTaskFailure", "task token"):
            _states().send_task_failure(taskToken=token, error=error, cause=cause)
    except RequestInvalid as fault:
        if not any(code in str(fault) for code in _GONE):
            raise


def close(function: str, execution_arn: str, status: str) -> None:
    """Ask ``close_run`` to clean up after an execution, as EventBridge would.

    Calls: lambda:InvokeFunction.
    """
    cause = "The guardian found the run without a living execution."
    event = {"detail": {"executionArn": execution_arn, "status": status, "cause": cause}}
    with translated("lambda:InvokeFunction", function):
        _lambda().invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(event).encode())


def _states() -> SFNClient:
    states: SFNClient = client("stepfunctions")
    return states


def _lambda() -> LambdaClient:
    functions: LambdaClient = client("lambda")
    return functions
