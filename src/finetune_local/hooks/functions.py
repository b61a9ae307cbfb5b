"""What the emulator's Lambda leaves out: the class name of a failed call's exception, fast time, which
function a CreateFunction is about, and one copy of the code that many functions share.

On Lambda a failed Python call answers `errorType` = the exception's class name, which is what a state machine
catches (https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html, read 2026-11-23). The emulator's
Python worker sends home the message alone.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Final

from ministack.core import iam_actions, lambda_runtime
from ministack.services import lambda_svc

from finetune_local.values import Json, Value

_SENT: Final = '"error": str(e), "trace": traceback.format_exc()'
_MARK: Final = "\x1f"
_SENT_WITH_TYPE: Final = f'"error": type(e).__name__ + "{_MARK!s}" + str(e), "trace": traceback.format_exc()'

_FAST_TIME: Final = "import time; _real_sleep = time.sleep; time.sleep = lambda s: _real_sleep(s / {speed})\n"


def judge_creations_by_name() -> None:
    """Let IAM judge CreateFunction on the function that it names: its name is in the body, not in the path.

    The action works on functions (service authorization reference, AWS Lambda, read 2026-11-28); the emulator
    judges it on "*", which no policy with a name in it allows.
    """
    known = iam_actions.extract_resource_arn

    def extract(  # noqa: PLR0917 - the parts of an HTTP request
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query_params: Json,
        region: str,
        account_id: str,
    ) -> str:
        found = str(known(service, method, path, headers, body, query_params, region, account_id))
        if (
            service != "lambda"
            or found != "*"
            or method != "POST"
            or not path.rstrip("/").endswith("/functions")
        ):
            return found
        name = json.loads(body or b"{}").get("FunctionName", "*")
        return name if name.startswith("arn:") else f"arn:aws:lambda:{region}:{account_id}:function:{name}"

    iam_actions.extract_resource_arn = extract


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


class _Unpacked(zipfile.ZipFile):
    """A function's code, unpacked once for all functions that have the same."""

    _folder = Path()
    _unpacking = threading.Lock()  # an archive has a _lock of its own

    def extractall(self, path: Value = None, members: Value = None, pwd: bytes | None = None) -> None:
        """Link what the archive holds into the folder `path`; all other arguments are as they were."""
        if path is None or members is not None or pwd is not None:
            super().extractall(path, members, pwd)
            return
        for entry in self._tree().iterdir():
            (Path(path) / entry.name).symlink_to(entry)

    def _tree(self) -> Path:
        held = repr([(each.filename, each.CRC, each.file_size) for each in self.infolist()])
        tree = self._folder / hashlib.sha256(held.encode()).hexdigest()
        with self._unpacking:
            if not tree.exists():
                half = Path(tempfile.mkdtemp(dir=self._folder))
                super().extractall(half)
                half.rename(tree)
        return tree


def unpack_code_once() -> None:
    """Unpack code that functions share once, since nobody writes into it: Lambda's is read-only.

    The emulator unpacks it for each process of each function: two seconds of every cold start.
    """
    _Unpacked._folder = Path(tempfile.mkdtemp(prefix="code-"))
    lambda_runtime.zipfile = SimpleNamespace(ZipFile=_Unpacked, BadZipFile=zipfile.BadZipFile)
