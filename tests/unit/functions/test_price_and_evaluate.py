"""Price, approval, answers and verdict."""

import base64
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from finetune_aws import runtime
from finetune_core.errors import EvaluationFailed, ServiceUnavailable
from tests.unit.functions.account import Endpoints, champion, throughput
from tests.unit.functions.aws import FakeAws, error
from tests.unit.functions.samples import (
    OLD_PT_ARN,
    PT_ARN,
    RUN_ID,
    endpoint,
    plan,
    preflight,
    price,
    prompts,
    reply,
    training,
    validation,
)

Call = Callable[..., dict[str, Any]]


def test_a_question_is_asked_and_its_token_kept(aws: FakeAws, call: Call) -> None:
    aws.table.put_plain(f"run#{RUN_ID}", "run", status="RUNNING")
    event = {"plan": plan(), "preflight": preflight(), "validation": validation(), "price": price()}
    assert call("request_approval", event | {"token": "task-token", "seconds": 86_400}) == {}
    item = aws.table.plain(f"run#{RUN_ID}", "run")
    assert item["task_token"] == "task-token"
    left = datetime.fromisoformat(item["answer_by"]) - datetime.now(UTC)
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    notice = aws.made("sns:Publish")[0]
    assert f"finetune approve {RUN_ID}" in notice["Message"]
    assert "expected 7.00" in notice["Message"]
    assert "60.50 USD an hour" in notice["Message"]


def ask(call: Call, contestant: str = "candidate", seconds: float = 900, **shard: int) -> dict[str, Any]:
    event = {
        "plan": plan(),
        "preflight": preflight(),
        "validation": validation(),
        "contestant": contestant,
        "model_id": PT_ARN,
        "shard": {"from": 0, "to": 6} | shard,
    }
    return call("answer_prompts", event, seconds)


def put_prompts(aws: FakeAws) -> None:
    aws.s3.put("artifacts-bucket", f"runs/{RUN_ID}/evaluation.jsonl", prompts())


def question(messages: list[Any]) -> str:
    return str(messages[0]["content"][0]["text"])


def test_answers_are_written_failures_included(aws: FakeAws, call: Call) -> None:
    put_prompts(aws)

    def converse(messages: list[Any], **_: Any) -> Any:
        if question(messages) == "question 3":
            raise error("ValidationException", "too long")
        return reply("said " + question(messages))

    aws.on("bedrock-runtime:Converse", converse)
    found = ask(call, **{"from": 2, "to": 5})
    assert (found["answered"], found["failed"]) == (2, 1)
    lines = [json.loads(line) for line in aws.s3.text("artifacts-bucket", found["key"]).splitlines()]
    assert [line["record"] for line in lines] == [2, 3, 4]
    assert lines[0]["answer"] == "said question 2"
    assert lines[1]["answer"] is None
    assert "too long" in lines[1]["error"]


def test_throttling_is_retried(aws: FakeAws, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    put_prompts(aws)
    monkeypatch.setattr(runtime.random, "uniform", lambda low, high: 0.0)
    aws.on("bedrock-runtime:Converse", [error("ThrottlingException", status=429), reply("x")])
    assert ask(call)["failed"] == 0


def test_no_time_left_means_again_not_failed_answers(aws: FakeAws, call: Call) -> None:
    put_prompts(aws)
    aws.on("bedrock-runtime:Converse", reply("x"))
    with pytest.raises(ServiceUnavailable, match="time is up"):
        ask(call, seconds=10)
    assert not aws.made("s3:PutObject")


def judged(
    aws: FakeAws, call: Call, base: str, candidate: str, champion: str = "", **changes: Any
) -> dict[str, Any]:
    put_prompts(aws)
    sets = []
    texts = {"base": base, "candidate": candidate} | ({"champion": champion} if champion else {})
    for contestant, text in texts.items():
        aws.on(
            "bedrock-runtime:Converse",
            lambda messages, text=text, **_: reply(text.format(question(messages)[9:])),
        )
        sets.append(ask(call, contestant))
    event = {
        "plan": plan(),
        "preflight": preflight(),
        "validation": validation(),
        "training": training(),
        "endpoint": endpoint(),
        "answers": sets,
        "champion": {"run_id": "old-run", "model_id": OLD_PT_ARN} if champion else None,
    }
    return call("judge_models", event | changes)


def test_a_better_candidate_is_promoted(aws: FakeAws, call: Call) -> None:
    found = judged(aws, call, "no idea", "answer {}")
    assert found["verdict"] == "PROMOTE"
    assert found["candidate"]["exact_match"] == 1.0
    assert found["interval"][0] > 0
    kept = json.loads(aws.s3.text("artifacts-bucket", f"runs/{RUN_ID}/evaluation.json"))
    assert kept == found


def test_the_champion_is_beaten_or_stays(aws: FakeAws, call: Call) -> None:
    found = judged(aws, call, "no idea", "answer {}", champion="no idea")
    assert (found["verdict"], found["opponent"], found["champion_run"]) == ("PROMOTE", "champion", "old-run")
    found = judged(aws, call, "no idea", "answer {}", champion="answer {}")
    assert (found["verdict"], found["interval"]) == ("HOLD", [0.0, 0.0])
    found = judged(aws, call, "no idea", "perhaps", champion="answer {}")
    assert (found["verdict"], found["champion"]["exact_match"]) == ("REJECT", 1.0)


def found_champion(call: Call, **changes: Any) -> dict[str, Any]:
    event = {"plan": plan(), "validation": validation(), "endpoint": endpoint()}
    return call("find_champion", event | changes)


def test_a_dataset_without_champion_has_two_contestants(aws: FakeAws, call: Call) -> None:
    assert found_champion(call) == {"run_id": "", "model_id": "", "note": ""}


def test_a_champion_that_answers_is_a_contestant(aws: FakeAws, call: Call) -> None:
    put_prompts(aws)
    champion(aws, OLD_PT_ARN)
    Endpoints(aws, throughput(OLD_PT_ARN, provisionedModelName="old"))
    aws.on("bedrock-runtime:Converse", reply("yes"))
    assert found_champion(call) == {"run_id": "old-run", "model_id": OLD_PT_ARN, "note": ""}
    assert aws.made("bedrock-runtime:Converse")[0]["modelId"] == OLD_PT_ARN


@pytest.mark.parametrize(
    ("served", "answer", "told"),
    [
        (False, reply("x"), "its endpoint is gone"),
        (True, error("ValidationException", "broken"), "does not answer.*broken"),
        (True, error("AccessDeniedException", "no"), "does not answer"),
    ],
)
def test_a_champion_that_cannot_be_asked_is_told_about(
    aws: FakeAws, call: Call, served: bool, answer: Any, told: str
) -> None:
    put_prompts(aws)
    champion(aws, OLD_PT_ARN)
    Endpoints(aws, *([throughput(OLD_PT_ARN, provisionedModelName="old")] if served else []))
    aws.on("bedrock-runtime:Converse", answer)
    found = found_champion(call)
    assert (found["run_id"], found["model_id"]) == ("old-run", "")
    assert re.search(told, found["note"])


def test_a_worse_candidate_is_rejected(aws: FakeAws, call: Call) -> None:
    assert judged(aws, call, "answer {}", "no idea")["verdict"] == "REJECT"


def test_missing_answers_are_no_verdict(aws: FakeAws, call: Call) -> None:
    with pytest.raises(EvaluationFailed, match="answers of the base are missing for 6 of 6"):
        judged(aws, call, "a", "b", answers=[])


def test_without_an_endpoint_the_validation_loss_decides(aws: FakeAws, call: Call) -> None:
    found = judged(aws, call, "a", "b", endpoint=endpoint(kind="none", arn="", status="None"), answers=[])
    assert (found["verdict"], found["metric"]) == ("PROMOTE", "validation_loss")
    assert "no prompt was asked" in found["reasons"][0]


def put_pairs(aws: FakeAws, count: int = 6) -> None:
    lines = [
        {
            "record": n,
            "image": f"s3://data-bucket/datasets/a/{n}.png",
            "caption": f"view {n}",
            "version": aws.s3.put("data-bucket", f"datasets/a/{n}.png", bytes([n])),
        }
        for n in range(count)
    ]
    del aws.s3.versions["data-bucket", f"datasets/a/{count - 1}.png"]
    body = "".join(json.dumps(line) + "\n" for line in lines).encode()
    aws.s3.put("artifacts-bucket", f"runs/{RUN_ID}/evaluation.jsonl", body)


def vectors(body: str, **_: Any) -> dict[str, Any]:
    """A model that knows which caption belongs to which image."""
    asked = json.loads(body)
    text = asked.get("inputText")
    number = int(text[5:]) if text else base64.b64decode(asked["inputImage"])[0]
    found = json.dumps({"embedding": [float(number == k) for k in range(6)], "inputTextTokenCount": 2})
    return {"body": io.BytesIO(found.encode()), "contentType": "application/json"}


def test_pairs_are_asked_for_vectors_and_judged_by_retrieval(aws: FakeAws, call: Call) -> None:
    put_pairs(aws)
    aws.on("bedrock-runtime:InvokeModel", lambda **_: vectors('{"inputText": "view 0"}'))
    sets = [ask(call, "base")]
    aws.on("bedrock-runtime:InvokeModel", vectors)
    sets.append(ask(call, "candidate"))
    assert (sets[1]["answered"], sets[1]["failed"]) == (5, 1)
    pinned = [each for each in aws.made("s3:GetObject") if each["Key"] == "datasets/a/0.png"]
    assert all(each["VersionId"] for each in pinned)
    event = dict.fromkeys(("champion",)) | {
        "plan": plan(),
        "validation": validation(format="image-caption"),
        "training": training(),
        "endpoint": endpoint(),
        "answers": sets,
    }
    found = call("judge_models", event)
    assert (found["metric"], found["verdict"]) == ("recall_at_1", "PROMOTE")
    assert (found["base"]["recall_at_1"], found["candidate"]["recall_at_1"]) == (0.0, pytest.approx(5 / 6))


def test_a_vector_that_the_model_does_not_give_is_a_failed_answer(aws: FakeAws, call: Call) -> None:
    put_pairs(aws)
    refusal = json.dumps({"embedding": None, "inputTextTokenCount": 0, "message": "unsafe image"}).encode()
    aws.on("bedrock-runtime:InvokeModel", lambda **_: {"body": io.BytesIO(refusal), "contentType": "x"})
    found = ask(call)
    assert found["failed"] == 6
    assert "unsafe image" in aws.s3.text("artifacts-bucket", found["key"])
