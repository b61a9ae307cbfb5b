"""Approval by link: what a request to the public address can do, and what it cannot."""

import base64
import hashlib
import io
import json
import logging
import re
import time
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.unit.functions.aws import FakeAws, error
from tests.unit.functions.links import (
    ADDRESS,
    FORM,
    TOKEN,
    Call,
    event,
    flipped,
    given,
    link,
    post,
    unchanged,
    waiting,
)
from tests.unit.functions.samples import RUN_ID, plan, preflight, price, validation


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


def test_the_second_question_is_shown_as_one(cloud: FakeAws, call: Call) -> None:
    settings = plan()["settings"] | {"commitment": "OneMonth", "commitment_confirmed": "OneMonth"}
    waiting(cloud, plan=json.dumps(plan(settings=settings)))
    page = call("answer_approval", event(link(question="commitment")))["body"]
    assert "Commit to a term?" in page
    assert "cannot be deleted before the term ends" in page


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
