"""Links to a run that waits, and requests with them, for the tests of approval by link."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from finetune_core.approval_links import ApprovalLink, token_digest
from tests.unit.functions.aws import FakeAws
from tests.unit.functions.samples import RUN_ID, plan, preflight, price, validation

Call = Callable[..., dict[str, Any]]
KEY = "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-000000000000"
ADDRESS = "https://abc.lambda-url.us-east-1.on.aws/"
TOKEN = "AAAAKgAAAAIAAAAAAAAAAf-task-token"
FORM = {"name": "Ada Lovelace", "reason": "as agreed", "decision": "approved"}
CHANGES = ("dynamodb:UpdateItem", "dynamodb:PutItem", "stepfunctions:SendTaskSuccess")


def mac(text: bytes) -> bytes:
    return hmac.new(b"the key in KMS", text, hashlib.sha256).digest()


def waiting(aws: FakeAws, **changes: str) -> None:
    values = {
        "status": "RUNNING",
        "phase": "approve",
        "task_token": TOKEN,
        "plan": json.dumps(plan()),
        "preflight": json.dumps(preflight()),
        "validation": json.dumps(validation()),
        "price": json.dumps(price()),
    }
    aws.table.put_plain(f"run#{RUN_ID}", "run", **values | changes)


def link(**changes: Any) -> dict[str, str]:
    """The parameters of a link that was signed."""
    fields = {"run_id": RUN_ID, "question": "run", "expires": int(time.time()) + 600} | changes
    made = ApprovalLink(**{"digest": token_digest(TOKEN)} | fields)
    return dict(parse_qsl(urlsplit(made.url(ADDRESS, mac(made.text()))).query))


def event(
    parameters: dict[str, str], method: str = "GET", form: bytes | None = None, /, **more: Any
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "version": "2.0",
        "rawPath": "/",
        "rawQueryString": urlencode(parameters),
        "queryStringParameters": parameters,
        "headers": {"content-type": "application/x-www-form-urlencoded"},
        "requestContext": {"http": {"method": method, "path": "/", "sourceIp": "203.0.113.7"}},
        "isBase64Encoded": form is not None,
    }
    if form is not None:
        made["body"] = base64.b64encode(form).decode()
    return made | more


def post(call: Call, parameters: dict[str, str] | None = None, **fields: str) -> dict[str, Any]:
    given = {name: value for name, value in (FORM | fields).items() if value != "-"}
    return call("answer_approval", event(parameters or link(), "POST", urlencode(given).encode()))


def unchanged(aws: FakeAws) -> bool:
    return not [name for name, _ in aws.calls if name in CHANGES]


def given(aws: FakeAws) -> dict[str, Any]:
    (request,) = aws.made("stepfunctions:SendTaskSuccess")
    assert request["taskToken"] == TOKEN
    answer: dict[str, Any] = json.loads(request["output"])
    return answer


def flipped(text: str) -> str:
    return ("0" if text[-1] != "0" else "1").join((text[:-1], ""))
