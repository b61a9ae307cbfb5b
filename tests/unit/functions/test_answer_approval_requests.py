"""Requests to the public address of approvals that are no good: links, methods, paths and forms."""

import time
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.unit.functions.aws import FakeAws
from tests.unit.functions.links import FORM, Call, event, flipped, given, link, post, unchanged
from tests.unit.functions.samples import RUN_ID


def test_a_form_that_is_not_in_base64_is_read_too(cloud: FakeAws, call: Call) -> None:
    plain = event(link(), "POST") | {"body": urlencode(FORM | {"name": "Zoë"}), "isBase64Encoded": False}
    assert call("answer_approval", plain)["statusCode"] == 200
    assert given(cloud)["by"] == "Zoë"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("field", ["run", "question", "expires", "token", "mac"])
def test_a_changed_link_is_refused(cloud: FakeAws, call: Call, field: str, method: str) -> None:
    parameters = link()
    other = {
        "run": RUN_ID.replace("banking", "lending"),
        "question": "commitment",
        "expires": str(int(parameters["expires"]) + 1),
    }
    parameters[field] = other.get(field) or flipped(parameters[field])
    answer = call("answer_approval", event(parameters, method, urlencode(FORM).encode()))
    assert (answer["statusCode"], "has been changed" in answer["body"]) == (403, True)
    assert not cloud.made("dynamodb:GetItem")
    assert unchanged(cloud)


@pytest.mark.parametrize("parameters", [{}, {"run": RUN_ID}, {"mac": "x"}])
def test_what_is_no_link_costs_no_call(cloud: FakeAws, call: Call, parameters: dict[str, str]) -> None:
    for more in ({}, {"queryStringParameters": None} if not parameters else {}):
        answer = call("answer_approval", event(parameters, **more))
        assert (answer["statusCode"], "no link of ours" in answer["body"]) == (400, True)
    assert cloud.calls == []


def test_an_expired_link_costs_no_call(cloud: FakeAws, call: Call) -> None:
    for answer in (post(call, link(expires=int(time.time()))), post(call, link(expires=1))):
        assert (answer["statusCode"], "has expired" in answer["body"]) == (410, True)
    assert cloud.calls == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(cloud: FakeAws, call: Call, method: str) -> None:
    answer = call("answer_approval", event(link(), method, urlencode(FORM).encode()))
    assert (answer["statusCode"], answer["headers"]["allow"]) == (405, "GET, HEAD, POST")
    assert cloud.calls == []


def test_other_paths_are_refused(cloud: FakeAws, call: Call) -> None:
    assert call("answer_approval", event(link(), rawPath="/favicon.ico"))["statusCode"] == 404
    assert cloud.calls == []


PLAIN = {"headers": {"content-type": "text/plain"}}


@pytest.mark.parametrize(
    ("body", "more", "status"),
    [
        (urlencode(FORM | {"reason": "x" * 8200}).encode(), {}, 413),
        (urlencode(FORM | {"reason": "x" * 20_000}).encode(), {}, 413),
        (urlencode(FORM).encode(), PLAIN, 415),
        (urlencode(FORM).encode(), {"headers": None}, 415),
        (b"name=Ada&decision=approved&name=Bob", {}, 400),
        (b"name=Ada&decision=approved&other=1", {}, 400),
        (b"name", {}, 400),
        (b"name=%FF&decision=approved", {}, 400),
        (b"name=\xff&decision=approved", {}, 400),
        (b"&".join(b"f%d=1" % number for number in range(20)), {}, 400),
        (b"", {"body": "no base64!"}, 400),
        (b"", {"body": "é", "isBase64Encoded": True}, 400),
    ],
)
def test_a_form_that_is_none_is_refused(
    cloud: FakeAws, call: Call, body: bytes, more: dict[str, Any], status: int
) -> None:
    answer = call("answer_approval", event(link(), "POST", body, **more))
    assert answer["statusCode"] == status, answer["body"]
    assert cloud.calls == []


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": "-"}, "Give your name"),
        ({"name": " \t "}, "Give your name"),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"reason": "x" * 301}, "a reason of at most 300"),
        ({"name": "Ada\u202egnal"}, "no control characters"),
        ({"reason": "a\x00b"}, "no control characters"),
        ({"decision": "-"}, "Choose Approve or Decline"),
        ({"decision": "maybe"}, "Choose Approve or Decline"),
    ],
)
def test_a_form_with_gaps_is_shown_again(
    cloud: FakeAws, call: Call, fields: dict[str, str], problem: str
) -> None:
    answer = post(call, **fields)
    assert answer["statusCode"] == 422
    assert problem in answer["body"]
    assert '<form method="post"' in answer["body"]
    assert unchanged(cloud)


def test_a_form_at_its_longest_fits(cloud: FakeAws, call: Call) -> None:
    answer = post(call, name="漢" * 100, reason="😀" * 300)
    assert answer["statusCode"] == 200, answer["body"]
    assert given(cloud)["reason"] == "😀" * 300
