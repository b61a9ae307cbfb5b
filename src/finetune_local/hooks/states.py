"""Hooks into the emulator's Step Functions engine.

The engine walks the states; how a task calls a service, how long anything waits, and when an execution is
over is decided outside, through the functions below. A few rules of the States Language that release
1.5.33 misses are filled in by `complete_language`.
"""

from __future__ import annotations

import contextvars
import json
import threading
from collections.abc import Callable
from typing import Any, Protocol, cast

from ministack.services import stepfunctions as engine

from finetune_local.values import Json, Untyped, Value

TaskError: type[Exception] = engine._ExecutionError
"""Raised as `TaskError(error, cause)` by a task; the state's Retry and Catch see it."""


class Tasks(Protocol):
    """What runs the tasks of executions. `resource` is the state's Resource ARN."""

    def invoke(self, resource: str, arguments: Value) -> Value:
        """Run a task and return its result."""

    def invoke_within(self, resource: str, arguments: Value, seconds: float) -> Value:
        """Run a task; States.Timeout after `seconds`."""

    def invoke_and_wait(self, resource: str, arguments: Value, token: str, state: Json) -> Value:
        """Run a task and wait for its token to come back."""

    def read_object(self, bucket: str, key: str) -> str:
        """Return the text of an S3 object for a Distributed Map."""


def replace_tasks(tasks: Tasks) -> None:
    """Let `tasks` run every Task state instead of the emulator's in-process calls."""
    engine._invoke_resource = tasks.invoke
    engine._invoke_resource_with_timeout = tasks.invoke_within
    engine._invoke_with_callback = tasks.invoke_and_wait
    engine._s3_object_text = tasks.read_object


def replace_pauses(pause: Callable[[float], None]) -> None:
    """Let `pause(seconds)` hold Wait states and retry intervals."""
    engine._scaled_sleep = pause


def around_executions(run: Callable[[Json, Json, Callable[[], None]], None]) -> None:
    """Call `run(execution, machine, walk)` for each started execution; `walk()` runs its states."""
    generic = engine._run_execution

    def start(arn: str) -> None:
        execution = engine._executions.get(arn)
        machine = engine._state_machines.get(execution["stateMachineArn"]) if execution else None
        if execution is None or machine is None:
            generic(arn)
        else:
            run(execution, machine, lambda: generic(arn))

    engine._run_execution = start


def around_tasks(enter: Callable[[str, str], None]) -> None:
    """Call `enter(state, input)` before each Task state, with its name and the execution's input as text.

    It may raise to end the execution's thread.

    Fills in that TimeoutSeconds of a Task may be an expression.
    """
    generic = engine._execute_task

    def execute(state: Json, raw_input: Value, execution: Json, ctx: Json) -> Value:
        enter(str(ctx["State"]["Name"]), str(execution.get("input", "")))
        if isinstance(state.get("TimeoutSeconds"), str):
            seconds = engine._jsonata_state_field(state, "TimeoutSeconds", "number", raw_input, ctx)
            state = {**state, "TimeoutSeconds": seconds}
        return generic(state, raw_input, execution, ctx)

    engine._execute_task = execute


def scope_branches(open_branch: Callable[[], tuple[Callable[[], None], Callable[[], None]]]) -> None:
    """Let the branches of a Parallel state be ended one by one.

    `open_branch()` is called for each branch and returns (enter, end): the branch's thread calls `enter()`
    first; `end()` ends whatever it waits for, because another branch has failed.
    """
    global _open_branch  # noqa: PLW0603 - the engine is a module, and so is its state
    _open_branch = open_branch


def _no_scope() -> tuple[Callable[[], None], Callable[[], None]]:
    return (lambda: None), (lambda: None)


_open_branch: Callable[[], tuple[Callable[[], None], Callable[[], None]]] = _no_scope


def on_stop(stopped: Callable[[str], None]) -> None:
    """Call `stopped(execution_arn)` after StopExecution; a stopped execution then stays stopped."""
    stop, fail = engine._stop_execution, engine._fail_execution

    def stop_and_tell(data: Json) -> Value:
        response = stop(data)
        stopped(str(data.get("executionArn")))
        return response

    def fail_if_running(execution: Json, error: str, cause: str) -> None:
        if execution["status"] == "RUNNING":
            fail(execution, error, cause)

    engine._stop_execution, engine._fail_execution = stop_and_tell, fail_if_running


def time_out(execution: Json) -> bool:
    """End a running execution as TIMED_OUT and tell EventBridge; False if it was over already."""
    if execution["status"] != "RUNNING":
        return False
    execution.update(status="TIMED_OUT", stopDate=engine.now_iso())
    engine._add_event(execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": {}})
    engine._emit_execution_status_event(execution)
    return True


def time_out_by_arn(execution_arn: str) -> bool:
    """End a running execution as TIMED_OUT; False if it was over already or never was."""
    execution = engine._executions.get(execution_arn)
    return bool(execution) and time_out(execution)


def open_token(token: str) -> threading.Event:
    """Announce a task token; the event is set when it comes back."""
    returned = threading.Event()
    engine._task_tokens[token] = {"event": returned, "result": None, "error": None, "heartbeat": None}
    return returned


def close_token(token: str) -> Value:
    """Return what came back with a token; raise TaskError if it was a failure."""
    answer = engine._task_tokens.pop(token, None) or {}
    if error := answer.get("error"):
        raise TaskError(error.get("Error", "States.TaskFailed"), error.get("Cause", ""))
    return json.loads(answer.get("result") or "null")


def member_key(member: str) -> str:
    """Return the name that Step Functions gives to a member of an AWS API (`jobArn` → `JobArn`)."""
    return str(engine._api_name_to_sfn_key(member))


def error_name(error: Exception) -> str:
    """Return the name of a TaskError."""
    return str(cast("Untyped", error).error)


def complete_language() -> None:
    """Fill in the rules of the States Language (JSONata) that the engine misses.

    - Assign evaluates all its expressions before it binds any
    - Succeed has Output; Parallel has Arguments, Output and Assign
    - a branch of Parallel that fails ends the others
    - States.ALL does not catch States.Runtime and States.DataLimitExceeded

    https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html,
    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html (read 2026-11-23).
    """
    engine._apply_state_assign = _assign
    engine._apply_output_path = _output(engine._apply_output_path)
    engine._run_parallel_branches = _parallel(engine._run_parallel_branches)
    engine._error_matches = _matches(engine._error_matches)


def _assign(
    state: Json, raw_input: Value, ctx: Value = None, result: Value = None, error_output: Value = None
) -> None:
    assign = state.get("Assign")
    if not assign or not _is_jsonata(state, ctx):
        return
    values = engine._apply_jsonata_template(assign, raw_input, ctx, result=result, error_output=error_output)
    ctx.setdefault("variables", {}).update(values)


def _output(generic: Callable[..., Any]) -> Callable[..., Any]:
    def apply(state: Json, data: Value, ctx: Value = None) -> Value:
        if state.get("Type") == "Succeed" and _is_jsonata(state, ctx):
            return engine._apply_jsonata_output(state, data, ctx, default=data)
        return generic(state, data, ctx)

    return apply


def _matches(generic: Callable[..., bool]) -> Callable[..., bool]:
    def matches(error_equals: list[str], error: str) -> bool:
        if error in ("States.Runtime", "States.DataLimitExceeded"):
            return error in error_equals
        return generic(error_equals, error)

    return matches


def _parallel(generic: Callable[..., Any]) -> Callable[..., Any]:
    def run(state: Json, raw_input: Value, execution: Json, ctx: Json) -> Value:
        if not _is_jsonata(state, ctx):
            return generic(state, raw_input, execution, ctx)
        given = engine._apply_jsonata_arguments(state, raw_input, ctx)
        results = _run_branches(state["Branches"], given, execution, ctx)
        output = engine._apply_jsonata_output(state, raw_input, ctx, result=results, default=results)
        _assign(state, raw_input, ctx, result=results)
        return output, engine._next_or_end(state)

    return run


def _run_branches(branches: list[Json], given: Value, execution: Json, ctx: Json) -> list[Any]:
    results: list[Any] = [None] * len(branches)
    errors: list[BaseException] = []
    scopes = [_open_branch() for _ in branches]

    def run(index: int, branch: Json) -> None:
        scopes[index][0]()
        # A branch reads the outer variables and keeps its own to itself.
        scope = {**ctx, "variables": dict(ctx.get("variables", {}))}
        try:
            results[index] = engine._run_sub_machine(
                branch["States"], branch["StartAt"], given, execution, scope
            )
        except BaseException as error:
            # The first failure is the state's; what the other branches do then is their end.
            errors.append(error)
            for _, end in scopes:
                end()

    threads = [
        threading.Thread(target=contextvars.copy_context().run, args=(run, index, branch), daemon=True)
        for index, branch in enumerate(branches)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def _is_jsonata(state: Json, ctx: Value) -> bool:
    return ctx is not None and cast("str", engine._state_query_language(state, ctx)) == "JSONata"
