"""Executions of state machines: who they act as, how long they may take, how they are stopped."""

from __future__ import annotations

import contextvars
import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from finetune_local.clock import Clock
from finetune_local.hooks import gateway, iam, maps, states
from finetune_local.identity import AssumeRoleRefusedError, Identity
from finetune_local.sessions import LocalSession
from finetune_local.values import Json

logger = logging.getLogger(__name__)


class ExecutionStopped(BaseException):
    """The execution is over (stopped or timed out); nothing may catch this but the engine's outer loop."""


@dataclass(kw_only=True)
class Run:
    """An execution at work."""

    machine_arn: str
    role_arn: str
    over: threading.Event = field(default_factory=threading.Event)
    """Set when the execution has ended in whatever way."""
    stopped: threading.Event = field(default_factory=threading.Event)
    """Set when the execution was stopped or has timed out while its states were running."""
    _wakes: list[threading.Event] = field(default_factory=list)
    _parts: list[Run] = field(default_factory=list)

    def wake(self, event: threading.Event) -> None:
        """Set `event` when the execution is stopped, so that who waits for it sees that."""
        self._wakes.append(event)
        if self.stopped.is_set():
            event.set()

    def stop(self) -> None:
        """End whatever the execution waits for."""
        self.stopped.set()
        self.over.set()
        for event in self._wakes:
            event.set()
        for part in self._parts:
            part.stop()

    def branch(self) -> Run:
        """Return a part of this execution that can be stopped by itself, and is stopped with it."""
        part = Run(machine_arn=self.machine_arn, role_arn=self.role_arn)
        self._parts.append(part)
        if self.stopped.is_set():
            part.stop()
        return part

    def check(self) -> None:
        """Raise ExecutionStopped if the execution is over."""
        if self.stopped.is_set():
            raise ExecutionStopped


_current: contextvars.ContextVar[Run] = contextvars.ContextVar("finetune_execution")
_state: contextvars.ContextVar[tuple[str, str]] = contextvars.ContextVar("finetune_state")


class Executions:
    """Keeps the executions at work; installs itself into the engine."""

    def __init__(self, *, clock: Clock, identity: Identity) -> None:
        self._clock = clock
        self._identity = identity
        self._runs: dict[str, Run] = {}

    def install(self) -> None:
        """Take over role, pauses, time limits and stopping of all executions."""
        states.around_executions(self._run)
        states.around_tasks(self._enter)
        states.replace_pauses(self._pause)
        states.on_stop(self._stop)
        states.scope_branches(self._open_branch)
        maps.complete_distributed_maps(self._judge_children)

    def current(self) -> Run:
        """Return the execution that this thread works for."""
        return _current.get()

    @staticmethod
    def state() -> tuple[str, str]:
        """Return the name of the Task state that this thread works for, and its execution's input."""
        return _state.get()

    def stand_still(self) -> None:
        """Wait until the execution is over."""
        run = self.current()
        over = threading.Event()
        run.wake(over)
        over.wait()
        run.check()

    def session(self) -> LocalSession:
        """Return a session of the current execution's role.

        Raises TaskError when the role does not let Step Functions in.
        """
        run = self.current()
        account, region = gateway.tenant()
        try:
            return self._identity.assume(
                run.role_arn,
                service="states.amazonaws.com",
                source_arn=run.machine_arn,
                account=account,
                region=region,
            )
        except AssumeRoleRefusedError as refused:
            raise states.TaskError("States.Permissions", str(refused)) from refused

    def _enter(self, state: str, given: str) -> None:
        self.current().check()
        _state.set((state, given))

    def _run(self, execution: Json, machine: Json, walk: Callable[[], None]) -> None:
        run = Run(machine_arn=machine["stateMachineArn"], role_arn=machine["roleArn"])
        arn = execution["executionArn"]
        self._runs[arn] = run
        self._start_timer(execution, machine, run)
        token = _current.set(run)
        try:
            walk()
        except ExecutionStopped:
            logger.info("execution %s stopped", arn)
        finally:
            _current.reset(token)
            run.over.set()
            del self._runs[arn]

    def time_out(self, members: Json) -> Json:
        """Let the time limit of an execution's machine pass now (`time_out`)."""
        arn = str(members["execution"])
        over = states.time_out_by_arn(arn)
        if over:
            self._stop(arn)
        return {"timed_out": over}

    def _start_timer(self, execution: Json, machine: Json, run: Run) -> None:
        seconds = json.loads(machine["definition"]).get("TimeoutSeconds")
        if seconds is None:
            return

        def watch() -> None:
            if not self._clock.wait(run.over, seconds) and states.time_out(execution):
                run.stop()

        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(watch,), name="execution-timeout", daemon=True).start()

    def _judge_children(self, machine_arn: str) -> None:
        """Raise TaskError unless the current execution's role may start the machine itself."""
        credentials = self.session().get_credentials()
        key = credentials.access_key if credentials else ""
        if denial := iam.judge(key, "states:StartExecution", machine_arn, {}):
            raise states.TaskError("States.Permissions", denial.message)

    def _pause(self, seconds: float) -> None:
        run = self.current()
        self._clock.wait(run.stopped, seconds)
        run.check()

    def _open_branch(self) -> tuple[Callable[[], None], Callable[[], None]]:
        part = self.current().branch()

        def enter() -> None:
            _current.set(part)

        return enter, part.stop

    def _stop(self, execution_arn: str) -> None:
        if run := self._runs.get(execution_arn):
            run.stop()
