"""The local cloud from outside: start it, find a running one, talk to it, stop it."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from finetune_local.environment import client_environment, without_aws
from finetune_local.server import ADMIN_PATH, BEDROCK, READY_FILE
from finetune_local.sessions import REGION, Credentials, LocalSession
from finetune_local.values import Untyped, Value

ACCOUNT = "000000000000"
"""The account of `finetune local`; tests take accounts of their own."""

DEFAULT_STATE = Path(".local")
_START_SECONDS = 60
_STOP_SECONDS = 10
_SOURCE_ROOT = Path(__file__).parents[1]


class LocalCloudError(RuntimeError):
    """The local cloud cannot be started, found or ordered; the message says why and what to do."""


class LocalCloud:
    """A local cloud in a process of its own, on a free port of 127.0.0.1.

    As a context manager it is started on entry and stopped on exit, and ends with this process at the latest.
    `start(detached=True)` leaves it running for other processes, which find it by the state directory:
    `LocalCloud(state).attach()`.
    """

    def __init__(
        self,
        state_dir: Path = DEFAULT_STATE,
        *,
        speed: float = 1.0,
        port: int = 0,
        bedrock: str = BEDROCK,
        import_paths: Sequence[Path] = (),
    ) -> None:
        self.state_dir = state_dir.resolve()
        self._options = ["--speed", str(speed), "--port", str(port), "--bedrock", bedrock]
        self._import_paths = [_SOURCE_ROOT, _SOURCE_ROOT.parent / "lambdas", *import_paths]
        self._process: subprocess.Popen[bytes] | None = None
        self._server: dict[str, Any] = {}

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server."""
        self.stop()

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.state_dir / "server.log"

    @property
    def endpoint(self) -> str:
        """The URL of every service, `https://127.0.0.1:<port>`."""
        return str(self._known()["endpoint"])

    @property
    def ca_bundle(self) -> str:
        """Path of the certificate that clients must trust."""
        return str(self._known()["ca"])

    def start(self, *, detached: bool = False) -> None:
        """Start the server and return when it serves; raise LocalCloudError if it does not."""
        if self.attach():
            raise LocalCloudError(
                f"a local cloud is already running on {self.endpoint} with state in {self.state_dir}: "
                "use it, or stop it with `finetune local down`"
            )
        self.state_dir.mkdir(parents=True, exist_ok=True)
        (self.state_dir / READY_FILE).unlink(missing_ok=True)
        command = [sys.executable, "-m", "finetune_local.server", "--state-dir", str(self.state_dir)]
        command += self._options if detached else [*self._options, "--with-parent"]
        paths = os.pathsep.join(map(str, self._import_paths))
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL if detached else subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**without_aws(dict(os.environ)), "PYTHONPATH": paths},
            )
        self._await_ready(self._process)

    def attach(self) -> bool:
        """Find the server that runs with this state directory; False if there is none."""
        try:
            found = json.loads((self.state_dir / READY_FILE).read_text())
            self._server = found
            # A file left over from a crash may name a port or a process that is somebody else's by now.
            return bool(self.admin(command="status")["pid"] == found["pid"])
        except (OSError, ValueError, KeyError, LocalCloudError):
            self._server = {}
            return False

    def stop(self) -> None:
        """Stop the server, if it is running, and wait until it is gone."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            if self._process.stdin:
                self._process.stdin.close()
            self._process = None
        elif self.attach():
            os.kill(int(self._server["pid"]), signal.SIGTERM)
            self._await(lambda: not (self.state_dir / READY_FILE).exists(), _STOP_SECONDS, "stop")
        self._server = {}

    def environment(self, account: str = ACCOUNT) -> dict[str, str]:
        """Return the variables by which AWS tools reach this cloud as the root of `account`."""
        return client_environment(self.endpoint, self.ca_bundle, account)

    def child_environment(self, account: str = ACCOUNT) -> dict[str, str]:
        """Return a whole environment for a child process: this one's, with `environment()` for AWS."""
        return {**without_aws(dict(os.environ)), **self.environment(account)}

    def session(self, account: str = ACCOUNT, *, region: str = REGION) -> LocalSession:
        """Return a boto3 session as the root of `account`."""
        return self.session_of(Credentials.root(account), region=region)

    def session_of(self, credentials: Credentials, *, region: str = REGION) -> LocalSession:
        """Return a boto3 session with other credentials, such as those of an assumed role."""
        return LocalSession(credentials, endpoint_url=self.endpoint, ca_bundle=self.ca_bundle, region=region)

    def client(self, name: str, account: str = ACCOUNT) -> Value:
        """Return a boto3 client as the root of `account`."""
        return self.session(account).client(name)

    def admin(self, **order: Value) -> dict[str, Any]:
        """Give the operator's order `command=…` to the server and return its answer.

        Commands: status · enforce(on) · advance(seconds) · speed(speed) · refusals(account) · bedrock(…).
        """
        request = urllib.request.Request(  # noqa: S310 - the scheme is ours
            f"{self.endpoint}{ADMIN_PATH}", data=json.dumps(order).encode(), method="POST"
        )
        trusted = ssl.create_default_context(cafile=self.ca_bundle)
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusted)
        )
        try:
            with opener.open(request, timeout=60) as response:
                answer: dict[str, Any] = json.load(response)
        except urllib.error.HTTPError as refused:
            raise LocalCloudError(f"the local cloud refuses {order}: {refused.read().decode()}") from refused
        except OSError as error:
            raise LocalCloudError(f"no local cloud answers on {self.endpoint}: {error}") from error
        return answer

    def _known(self) -> dict[str, Any]:
        if not self._server and not self.attach():
            raise LocalCloudError(
                f"no local cloud runs with state in {self.state_dir}: start it with `finetune local up`"
            )
        return self._server

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        self._await((self.state_dir / READY_FILE).exists, _START_SECONDS, "start", process)
        self._server = json.loads((self.state_dir / READY_FILE).read_text())

    def _await(
        self, reached: Untyped, seconds: float, what: str, process: subprocess.Popen[bytes] | None = None
    ) -> None:
        deadline = time.monotonic() + seconds
        while not reached():
            if process is not None and process.poll() is not None:
                raise LocalCloudError(
                    f"the local cloud did not {what}; {self.log} ends with:\n{self._log_tail()}"
                )
            if time.monotonic() > deadline:
                raise LocalCloudError(
                    f"the local cloud did not {what} within {seconds} seconds; {self.log} ends with:\n"
                    f"{self._log_tail()}"
                )
            time.sleep(0.05)

    def _log_tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])
