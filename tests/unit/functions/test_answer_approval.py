"""Approval by link: what a request to the public address can do, and what it cannot."""

import base64
import hashlib
import hmac
import io
import json
import logging
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from finetune_core.approval_links import ApprovalLink, token_digest
from tests.unit.functions.aws import FakeAws, error
from tests.unit.functions.samples import RUN_ID, plan, preflight, price, validation

Call = Callable[..., dict[str, Any]]
KEY = "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-000000000000"
ADDRESS = "https://abc.lambda-url.us-east-1.on.aws/"
TOKEN = "AAAAKgAAAAIAAAAAAAAAAf-task-token"
FORM = {"name": "Ada Lovelace", "reason": "as agreed", "decision": "approved"}
CHANGES = ("dynamodb:UpdateItem", "dynamodb:PutItem", "stepfunctions:SendTaskSuccess")


def mac(text: bytes) -> bytes:
    return hmac.new(b"the key in KMS", text, hashlib.sha256).digest()


@pytest.fixture
def cloud(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    """An account with a run that waits, and a key that signs as KMS does."""

    def verify(**given: Any) -> dict[str, Any]:
        if not hmac.compare_digest(mac(given["Message"]), given["Mac"]):
            raise error("KMSInvalidMacException")
        return {"MacValid": True}

    monkeypatch.setenv("LINK_KEY", KEY)
    monkeypatch.setenv("LINK_ADDRESS", ADDRESS)
    aws.on("kms:GenerateMac", lambda **given: {"Mac": mac(given["Message"])})
    aws.on("kms:VerifyMac", verify)
    aws.on("stepfunctions:SendTaskSuccess", {})
    waiting(aws)
    return aws


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


def test_a_look_shows_the_plan_and_changes_nothing(cloud: FakeAws, call: Call) -> None:
    for method in ("GET", "HEAD"):
        answer = call("answer_approval", event(link(), method))
        assert answer["statusCode"] == 200
    page = answer["body"]
    for part in (RUN_ID, "banking-qa", "Nova Micro", "5.00 to 9.00 USD", "Answer until", "UTC", "Found"):
        assert part in page
    assert unchanged(cloud)


def test_the_page_loads_nothing_runs_nothing_and_is_not_kept(cloud: FakeAws, call: Call) -> None:
    answer = call("answer_approval", event(link()))
    headers, page = answer["headers"], answer["body"]
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert not re.findall(r"<script|<link|<img|\bsrc=|\bhref=|url\(|style=|\bon\w+=", page)


def test_no_text_of_the_run_becomes_markup(cloud: FakeAws, call: Call) -> None:
    nasty = "<script>alert('x')</script>\"&"
    waiting(
        cloud,
        plan=json.dumps(plan(dataset=nasty)),
        preflight=json.dumps(preflight(base_model_name=nasty, warnings=[nasty])),
        price=json.dumps(price(items=[{"name": nasty, "low": 1, "expected": 1, "high": 1, "note": nasty}])),
    )
    page = call("answer_approval", event(link()))["body"]
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 6
    thanks = post(call, name=nasty)["body"]
    assert "<script" not in thanks
    assert "&lt;script&gt;" in thanks


@pytest.mark.parametrize("decision", ["approved", "declined"])
def test_an_answer_reaches_the_run_as_the_commands_does(cloud: FakeAws, call: Call, decision: str) -> None:
    answer = post(call, decision=decision, name="  Ada \r\n Lovelace ")
    assert answer["statusCode"] == 200
    assert f"was {decision} by Ada Lovelace" in answer["body"]
    told = given(cloud)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", told.pop("at"))
    assert told == {
        "decision": decision,
        "by": "Ada Lovelace",
        "reason": "as agreed",
        "identity": "signed link, opened from 203.0.113.7",
    }


def test_a_form_that_is_not_in_base64_is_read_too(cloud: FakeAws, call: Call) -> None:
    plain = event(link(), "POST") | {"body": urlencode(FORM | {"name": "Zoë"}), "isBase64Encoded": False}
    assert call("answer_approval", plain)["statusCode"] == 200
    assert given(cloud)["by"] == "Zoë"


def test_the_second_question_is_shown_as_one(cloud: FakeAws, call: Call) -> None:
    settings = plan()["settings"] | {"commitment": "OneMonth", "commitment_confirmed": "OneMonth"}
    waiting(cloud, plan=json.dumps(plan(settings=settings)))
    page = call("answer_approval", event(link(question="commitment")))["body"]
    assert "Commit to a term?" in page
    assert "cannot be deleted before the term ends" in page


def flipped(text: str) -> str:
    return ("0" if text[-1] != "0" else "1").join((text[:-1], ""))


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


@pytest.mark.parametrize(
    "changes",
    [
        {"task_token": "another-token"},  # the run's other question, or the same one asked again
        {"task_token": ""},  # answered
        {"phase": "train"},
        {"status": "FAILED"},
    ],
)
def test_a_link_dies_with_its_question(cloud: FakeAws, call: Call, changes: dict[str, str]) -> None:
    waiting(cloud, **changes)
    for answer in (call("answer_approval", event(link())), post(call)):
        assert (answer["statusCode"], "no longer waits" in answer["body"]) == (410, True)
        assert f"finetune status {RUN_ID}" in answer["body"]
    assert unchanged(cloud)


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_second_answer_changes_nothing(cloud: FakeAws, call: Call, code: str) -> None:
    """Between the first answer and the ledger's note of it, the token alone keeps the second one out."""
    cloud.on("stepfunctions:SendTaskSuccess", [{}, error(code)])
    assert post(call)["statusCode"] == 200
    second = post(call, decision="declined", name="Mallory")
    assert (second["statusCode"], "was given already" in second["body"]) == (410, True)


def test_an_unknown_run_is_told(cloud: FakeAws, call: Call) -> None:
    cloud.table.items.clear()
    answer = post(call)
    assert (answer["statusCode"], f"no run {RUN_ID}" in answer["body"]) == (404, True)
    assert unchanged(cloud)


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


@pytest.mark.parametrize("service", ["kms:VerifyMac", "dynamodb:GetItem", "stepfunctions:SendTaskSuccess"])
def test_when_aws_does_not_answer_the_page_says_so(cloud: FakeAws, call: Call, service: str) -> None:
    cloud.on(service, error("ThrottlingException", "slow down"))
    answer = post(call)
    assert (answer["statusCode"], "Try again" in answer["body"]) == (503, True)
    assert "slow down" not in answer["body"]


def test_a_run_that_cannot_be_read_is_no_crash(cloud: FakeAws, call: Call) -> None:
    waiting(cloud, preflight="{}")
    assert call("answer_approval", event(link()))["statusCode"] == 503


def test_neither_token_nor_signature_reaches_the_log(
    cloud: FakeAws, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.StringIO()
    (handler,) = logging.getLogger("finetune").handlers
    monkeypatch.setattr(handler, "stream", written)
    good = link()
    post(call, good)
    cloud.on("stepfunctions:SendTaskSuccess", error("InternalServerError", "no"))
    post(call, good)
    changed = good | {"mac": flipped(good["mac"])}
    call("answer_approval", event(changed))
    said = written.getvalue()
    assert RUN_ID in said
    assert '"status":403' in said
    assert '"source":"203.0.113.7"' in said
    for secret in (TOKEN, good["mac"], good["token"], changed["mac"], FORM["name"]):
        assert secret not in said


QUESTION = {"plan": plan(), "preflight": preflight(), "validation": validation(), "price": price()}


def asked(call: Call, **more: Any) -> None:
    assert call("request_approval", QUESTION | {"token": TOKEN, "seconds": 600} | more) == {}


def test_the_notices_link_opens_the_question(cloud: FakeAws, call: Call) -> None:
    asked(call)
    (notice,) = cloud.made("sns:Publish")
    (url,) = re.findall(r"https://abc\S+", notice["Message"])
    assert url.startswith(f"{ADDRESS}?run={RUN_ID}&")
    parameters = dict(parse_qsl(urlsplit(url).query))
    assert 590 < int(parameters["expires"]) - time.time() <= 600
    assert TOKEN not in notice["Message"]
    assert call("answer_approval", event(parameters))["statusCode"] == 200
    assert post(call, parameters)["statusCode"] == 200


def test_the_first_questions_link_does_not_answer_the_second(cloud: FakeAws, call: Call) -> None:
    asked(call)
    (url,) = re.findall(r"https://abc\S+", cloud.made("sns:Publish")[0]["Message"])
    asked(call, token="token of the second question", question="commitment")
    answer = post(call, dict(parse_qsl(urlsplit(url).query)))
    assert answer["statusCode"] == 410
    assert not cloud.made("stepfunctions:SendTaskSuccess")


def test_without_links_the_notice_holds_the_commands_alone(
    cloud: FakeAws, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINK_ADDRESS", "")
    monkeypatch.setenv("LINK_KEY", "")
    asked(call)
    (notice,) = cloud.made("sns:Publish")
    assert "https://" not in notice["Message"]
    assert f"finetune approve {RUN_ID}" in notice["Message"]
    assert not cloud.made("kms:GenerateMac")


def test_a_question_that_cannot_be_signed_is_asked_with_the_commands(cloud: FakeAws, call: Call) -> None:
    cloud.on("kms:GenerateMac", error("DisabledException", "the key is disabled"))
    asked(call)
    (notice,) = cloud.made("sns:Publish")
    assert "https://" not in notice["Message"]
    assert f"finetune approve {RUN_ID}" in notice["Message"]
