"""What the emulator's Lambda leaves out: the class name of a failed call's exception, and fast time.

On Lambda a failed Python call answers `errorType` = the exception's class name, which is what a state machine
catches (https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html, read 2026-11-23). The emulator's
Python worker sends home the message alone.
"""

from __future__ import annotations

from typing import Final

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from finetune_local.values import Json, Value

_SENT: Final = '"error": str(e), "trace": traceback.format_exc()'
_MARK: Final = "\x1f"
_SENT_WITH_TYPE: Final = f'"error": type(e).__name__ + "{_MARK!s}" + str(e), "trace": traceback.format_exc()'

_FAST_TIME: Final = "import time; _real_sleep = time.sleep; time.sleep = lambda s: _real_sleep(s / {speed})\n"


def pause_in_simulated_time(speed: float) -> None:
    """Make functions that pause (`time.sleep`) do so `speed` times as fast, as everything else does here.

    Workers that run already keep the speed that they were started with.
    """
    lambda_runtime._PYTHON_WORKER_SCRIPT = (
        _FAST_TIME.format(speed=speed) + lambda_runtime._PYTHON_WORKER_SCRIPT
    )


def report_error_types() -> None:
    """Make failed Python functions answer with the class name of their exception.

    Raises:
        RuntimeError: the emulator's worker is not the one that this was written for.
    """
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    if script.count(_SENT) != 1:
        raise RuntimeError("the emulator's Python worker has changed: hooks/functions.py does not fit it")
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(_SENT, _SENT_WITH_TYPE.replace(_MARK, "\\x1f"))
    run = lambda_svc._execute_function_warm

    def run_with_type(func: Json, event: Value, request_id: str) -> Json:
        answer: Json = run(func, event, request_id)
        body = answer.get("body")
        if answer.get("error") and isinstance(body, dict):
            name, mark, message = str(body.get("errorMessage", "")).partition(_MARK)
            if mark:
                answer["body"] = {**body, "errorType": name, "errorMessage": message}
        return answer

    lambda_svc._execute_function_warm = run_with_type
