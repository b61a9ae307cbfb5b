"""Lambda in memory: functions are made from their archives, and their Python really runs."""

# ruff: noqa: N803 - arguments have the service's own names

from __future__ import annotations

import base64
import hashlib
import io
import json
import traceback
import zipfile
from typing import Any

from tests.unit.functions.aws import FakeAws, error

ACCOUNT = "arn:aws:lambda:us-east-1:111122223333:function:"


class Lambdas:
    """The functions of one account; ``states`` are given to each new one in turn, the last for good."""

    def __init__(self, aws: FakeAws, states: tuple[str, ...] = ("Pending", "Active")) -> None:
        self.found: dict[str, dict[str, Any]] = {}
        self.states = states
        aws.on("lambda:CreateFunction", self._create)
        aws.on("lambda:GetFunction", self._get)
        aws.on("lambda:DeleteFunction", self._delete)
        aws.on("lambda:ListFunctions", lambda **_: {"Functions": self._list()})
        aws.on("lambda:Invoke", self._invoke)

    def put(self, name: str, source: str, tags: dict[str, str] | None = None) -> str:
        """Deploy a function that is there before the pipeline looks; return its ARN."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as zipped:
            zipped.writestr("reward.py", source)
        self._add(name, archive.getvalue(), tags or {}, ["Active"])
        return ACCOUNT + name

    def _add(self, name: str, archive: bytes, tags: dict[str, str], states: list[str]) -> None:
        with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
            source = zipped.read("reward.py").decode()
        digest = base64.b64encode(hashlib.sha256(archive).digest()).decode()
        self.found[name] = {"source": source, "tags": tags, "states": states, "sha": digest}

    def _create(self, FunctionName: str, Code: dict[str, bytes], Tags: dict[str, str], **_: Any) -> Any:
        if FunctionName in self.found:
            raise error("ResourceConflictException", status=409)
        self._add(FunctionName, Code["ZipFile"], Tags, list(self.states))
        return {}

    def _named(self, name: str) -> dict[str, Any]:
        plain = name.removeprefix(ACCOUNT)
        if plain not in self.found:
            raise error("ResourceNotFoundException", status=404)
        return self.found[plain]

    def _get(self, FunctionName: str) -> dict[str, Any]:
        one = self._named(FunctionName)
        states = one["states"]
        state = states.pop(0) if len(states) > 1 else states[0]
        plain = FunctionName.removeprefix(ACCOUNT)
        described = {
            "FunctionArn": ACCOUNT + plain,
            "FunctionName": plain,
            "State": state,
            "StateReason": "EFS is not a reward" if state == "Failed" else "",
            "CodeSha256": one["sha"],
            "Timeout": 60,
        }
        return {"Configuration": described, "Tags": one["tags"]}

    def _delete(self, FunctionName: str) -> dict[str, Any]:
        self._named(FunctionName)
        del self.found[FunctionName.removeprefix(ACCOUNT)]
        return {}

    def _list(self) -> list[dict[str, str]]:
        return [{"FunctionName": name} for name in self.found]

    def _invoke(self, FunctionName: str, Payload: bytes, **_: Any) -> dict[str, Any]:
        one = self._named(FunctionName)
        names: dict[str, Any] = {}
        try:
            exec(compile(one["source"], "/var/task/reward.py", "exec"), names)  # noqa: S102 - what Lambda does
            answer = names["lambda_handler"](json.loads(Payload), None)
            body = json.dumps(answer)
        except Exception as raised:
            report = {
                "errorType": type(raised).__name__,
                "errorMessage": str(raised),
                "stackTrace": traceback.format_tb(raised.__traceback__),
            }
            return {"Payload": io.BytesIO(json.dumps(report).encode()), "FunctionError": "Unhandled"}
        return {"Payload": io.BytesIO(body.encode()), "StatusCode": 200}
