"""Task states: every service call is a real signed request under the state machine's role."""

from __future__ import annotations

import contextvars
import json
import logging
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from botocore.exceptions import ClientError

from finetune_local.clock import Clock
from finetune_local.executions import Executions
from finetune_local.hooks.states import TaskError, close_token, error_name, open_token
from finetune_local.sdk import Integration, call
from finetune_local.state_faults import StateFaults
from finetune_local.values import Json, Value

logger = logging.getLogger(__name__)

POLL_SECONDS = 60
"""Simulated pause between two looks at a training job."""
_POLL_WALL_SECONDS = 0.2
"""Shortest pause in wall-clock time, however fast the clock runs."""
_TRAINING = Integration.parse("arn:aws:states:::bedrock:createModelCustomizationJob.sync")
_PASSING_ERRORS = ("ThrottlingException", "InternalServerException", "SdkClientException")


class ServiceTasks:
    """Runs tasks (`hooks.states.Tasks`).

    Time limits of functions and plain calls are wall-clock seconds, because that is how long they work;
    limits of training jobs and of waiting for a person are simulated seconds.
    """

    def __init__(self, *, clock: Clock, executions: Executions, faults: StateFaults) -> None:
        self._clock = clock
        self._executions = executions
        self._faults = faults

    def invoke(self, resource: str, arguments: Value) -> Value:
        """Run a task and return its result."""
        return self._invoke(resource, arguments, math.inf)

    def invoke_within(self, resource: str, arguments: Value, seconds: float) -> Value:
        """Run a task; States.Timeout after `seconds`."""
        if ".sync" in resource:
            return self._invoke(resource, arguments, seconds)
        pool = ThreadPoolExecutor(max_workers=1)
        context = contextvars.copy_context()
        work = pool.submit(context.run, self._invoke, resource, arguments, seconds)
        pool.shutdown(wait=False)
        try:
            return work.result(timeout=seconds)
        except TimeoutError:
            raise _timed_out(seconds) from None

    def invoke_and_wait(self, resource: str, arguments: Value, token: str, state: Json) -> Value:
        """Run a task and wait for its token to come back."""
        run = self._executions.current()
        seconds = state.get("TimeoutSeconds", math.inf)
        deadline = self._clock.monotonic() + seconds  # of the whole task, the call that asks included
        returned = open_token(token)
        run.wake(returned)
        try:
            self._invoke(resource.replace(".waitForTaskToken", ""), arguments, math.inf)
        except TaskError:
            close_token(token)
            raise
        in_time = self._clock.wait(returned, deadline - self._clock.monotonic())
        run.check()
        answer = close_token(token)
        if not in_time:
            raise _timed_out(seconds)
        return answer

    def read_object(self, bucket: str, key: str) -> str:
        """Return the text of an S3 object; States.ItemReaderFailed if it cannot be read."""
        client = self._executions.session().shared_client("s3")
        try:
            content: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            raise TaskError("States.ItemReaderFailed", str(error)) from error
        return content.decode()

    def _invoke(self, resource: str, arguments: Value, seconds: float) -> Value:
        """Run a task, or what a test has ordered of its state."""
        return self._faults.around(
            *self._executions.state(),
            lambda: self._perform(resource, arguments, seconds),
            self._executions.stand_still,
        )

    def _perform(self, resource: str, arguments: Value, seconds: float) -> Value:
        if resource.startswith("arn:aws:lambda:"):
            return self._call_function({"FunctionName": resource, "Payload": arguments})["Payload"]
        integration = Integration.parse(resource)
        if integration.service == "lambda" and integration.optimized:
            return self._call_function(arguments)
        if integration.pattern == "sync":
            return self._train(integration, arguments, seconds)
        if integration.pattern:
            raise TaskError("States.Runtime", f"the local cloud offers no integration {resource}")
        return self._call(integration, arguments)

    def _call(self, integration: Integration, arguments: Value) -> Json:
        client = self._executions.session().shared_client(integration.client)
        return call(client, integration, arguments)

    def _call_function(self, arguments: Json) -> Json:
        """Invoke a function; an error that it raises has its class as name and its report as cause."""
        integration = Integration.parse("arn:aws:states:::lambda:invoke")
        result = self._call(integration, arguments)
        payload = json.loads(result.get("Payload") or "null")
        if result.pop("FunctionError", None):
            report = payload if isinstance(payload, dict) else {"errorMessage": payload}
            raise TaskError(report.get("errorType") or "Lambda.Unknown", json.dumps(report))
        return {**result, "Payload": payload}

    def _train(self, integration: Integration, arguments: Value, seconds: float) -> Json:
        """Run a model customization job to its end; stop it when the task times out or is aborted."""
        if integration != _TRAINING:
            raise TaskError("States.Runtime", f"the local cloud offers no {integration.operation}.sync")
        job = {"JobIdentifier": self._call(integration, arguments)["JobArn"]}
        run = self._executions.current()
        deadline = self._clock.monotonic() + seconds
        while (state := self._look_at(job)).get("Status") not in ("Completed", "Failed", "Stopped"):
            pause = max(POLL_SECONDS, _POLL_WALL_SECONDS * self._clock.speed)
            left = deadline - self._clock.monotonic()
            stopped = self._clock.wait(run.stopped, min(pause, left))
            if stopped or left <= 0:
                self._stop_training(job)
                run.check()
                raise _timed_out(seconds)
        if state["Status"] != "Completed":
            raise TaskError("States.TaskFailed", json.dumps(state))
        return state

    def _look_at(self, job: Json) -> Json:
        integration = replace(_TRAINING, operation="GetModelCustomizationJob")
        try:
            return self._call(integration, job)
        except TaskError as error:
            if error_name(error).endswith(_PASSING_ERRORS):
                return {}
            raise

    def _stop_training(self, job: Json) -> None:
        integration = replace(_TRAINING, operation="StopModelCustomizationJob")
        try:
            self._call(integration, job)
        except TaskError as error:
            # As on AWS, stopping is a best effort: the state's own error is what counts.
            logger.warning("training job %s was not stopped: %s", job["JobIdentifier"], error)


def _timed_out(seconds: float) -> Exception:
    return TaskError("States.Timeout", f"the task did not end within {seconds} seconds")
