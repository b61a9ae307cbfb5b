"""Intake and preflight of a corpus that grows and of a dataset that goes on from its champion."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.functions.aws import FakeAws, error
from tests.unit.functions.samples import CUSTOM_ARN, MODEL_ARN, MODEL_ID
from tests.unit.functions.test_check_model import model

Call = Callable[..., dict[str, Any]]
TEXT = b'{"input": "some text"}\n'
RUN_JSON = json.dumps({"type": "fine-tuning", "serving": "none", "minimum_new_bytes": 60}).encode()


def put(aws: FakeAws, name: str, body: bytes = TEXT) -> str:
    return aws.s3.put("data-bucket", f"corpora/notes/{name}", body)


def dropped(call: Call, name: str, source: str = "aws.s3") -> dict[str, Any]:
    detail = {"bucket": {"name": "data-bucket"}, "object": {"key": f"corpora/notes/{name}"}}
    event = {"source": source, "detail": detail}
    return call("resolve_run", {"event": event, "execution_arn": "arn:execution", "waited": True})


def promote(aws: FakeAws, plan: dict[str, Any], preflight: dict[str, Any]) -> None:
    aws.table.put_plain(
        "champion#notes",
        "champion",
        run_id=plan["run_id"],
        model_arn=CUSTOM_ARN,
        base_model=preflight["base_model_id"],
    )
    aws.table.put_plain(f"run#{plan['run_id']}", "run", status="PROMOTED")
    parent = {
        "modelArn": CUSTOM_ARN,
        "modelName": "first",
        "creationTime": datetime(2026, 1, 1, tzinfo=UTC),
        "baseModelArn": MODEL_ARN,
        "customizationType": "FINE_TUNING",
    }
    aws.on("bedrock:GetCustomModel", parent)


@pytest.fixture
def first(aws: FakeAws, call: Call) -> dict[str, Any]:
    """A corpus with one promoted run."""
    aws.on("bedrock:GetFoundationModel", model())
    put(aws, "run.json", RUN_JSON)
    put(aws, "a.jsonl", TEXT * 3)
    plan = dropped(call, "a.jsonl")
    promote(aws, plan, call("check_model", {"plan": plan}))
    return plan


def test_a_drop_below_the_threshold_starts_nothing(aws: FakeAws, call: Call) -> None:
    put(aws, "run.json", RUN_JSON)
    put(aws, "a.jsonl")
    plan = dropped(call, "a.jsonl")
    assert (plan["action"], plan["run_id"]) == ("collect", "")
    assert "23 new bytes in 1 file(s); a run starts at 60" in plan["reason"]
    put(aws, "b.jsonl", TEXT * 2)
    assert dropped(call, "b.jsonl")["action"] == "run"


def test_the_same_drop_again_is_the_same_run(aws: FakeAws, call: Call, first: dict[str, Any]) -> None:
    assert dropped(call, "a.jsonl")["run_id"] == first["run_id"]


def test_only_what_is_new_counts_and_run_json_starts_at_once(
    aws: FakeAws, call: Call, first: dict[str, Any]
) -> None:
    put(aws, "b.jsonl")
    assert dropped(call, "b.jsonl")["action"] == "collect"
    assert dropped(call, "run.json")["action"] == "run"


def test_a_schedule_starts_a_run_with_anything_new(aws: FakeAws, call: Call, first: dict[str, Any]) -> None:
    put(aws, "b.jsonl")
    assert dropped(call, "scheduled", "finetune.schedule")["action"] == "run"
    assert dropped(call, "scheduled", "finetune.schedule")["action"] == "run"  # a retry: the same run


def test_a_schedule_with_nothing_new_or_nothing_at_all_is_quiet(aws: FakeAws, call: Call) -> None:
    assert dropped(call, "scheduled", "finetune.schedule")["action"] == "collect"


def test_files_of_a_failed_run_are_new_again(aws: FakeAws, call: Call, first: dict[str, Any]) -> None:
    put(aws, "b.jsonl", TEXT * 3)
    second = dropped(call, "b.jsonl")
    put(aws, "c.jsonl")
    aws.table.put_plain(f"run#{second['run_id']}", "run", status="RUNNING")
    assert dropped(call, "c.jsonl")["action"] == "collect"
    aws.table.put_plain(f"run#{second['run_id']}", "run", status="FAILED")
    assert dropped(call, "c.jsonl")["action"] == "run"


def test_the_second_drop_goes_on_from_the_first_with_the_new_file_alone(
    aws: FakeAws, call: Call, first: dict[str, Any]
) -> None:
    put(aws, "b.jsonl", TEXT * 3)
    plan = dropped(call, "b.jsonl")
    found = call("check_model", {"plan": plan})
    assert (found["base_model_id"], found["base_model_arn"]) == (MODEL_ID, CUSTOM_ARN)
    line = found["lineage"]
    assert (line["starts_from"], line["parent_run"], line["parent_model"]) == (
        "champion",
        first["run_id"],
        CUSTOM_ARN,
    )
    assert (line["generation"], line["trained_files"], line["seen_files"]) == (2, 1, 2)
    inputs = json.loads(aws.s3.text("artifacts-bucket", line["inputs"]["key"]))
    assert [f["key"] for f in inputs["files"] if f["role"] == "train"] == ["corpora/notes/b.jsonl"]
    listed = aws.table.items[f"lineage#{plan['run_id']}", "lineage"]["seen"]["L"]
    assert [entry["S"].partition("@")[0] for entry in listed] == [
        "corpora/notes/a.jsonl",
        "corpora/notes/b.jsonl",
    ]


def test_a_champion_whose_model_is_gone_means_a_fresh_start_with_everything(
    aws: FakeAws, call: Call, first: dict[str, Any]
) -> None:
    put(aws, "b.jsonl", TEXT * 3)
    plan = dropped(call, "b.jsonl")
    aws.on("bedrock:GetCustomModel", error("ResourceNotFoundException", status=404))
    found = call("check_model", {"plan": plan})
    assert found["base_model_arn"] == MODEL_ARN
    assert "a fresh start with all files" in found["lineage"]["reason"]
    assert "gone or not active" in found["lineage"]["reason"]
    assert (found["lineage"]["trained_files"], found["lineage"]["parent_model"]) == (2, None)


def test_base_model_champion_takes_the_champions_base(aws: FakeAws, call: Call) -> None:
    aws.table.put_plain("champion#banking-qa", "champion", base_model="amazon.nova-lite-v1:0:300k")
    aws.s3.put("data-bucket", "datasets/banking-qa/train.jsonl", TEXT)
    aws.s3.put("data-bucket", "datasets/banking-qa/run.json", b'{"base_model": "champion"}')
    detail = {"bucket": {"name": "data-bucket"}, "object": {"key": "datasets/banking-qa/run.json"}}
    plan = call("resolve_run", {"event": {"detail": detail}, "execution_arn": "e", "waited": False})
    assert plan["settings"]["base"] == "champion"
    assert plan["settings"]["base_model"] == "amazon.nova-lite-v1:0:300k"


def test_limits_come_from_the_base_below_a_line_of_custom_models(aws: FakeAws, call: Call) -> None:
    aws.on("bedrock:GetFoundationModel", model())
    grandparent = CUSTOM_ARN.replace("abcdefabcdef", "000000000000")
    answers = {
        CUSTOM_ARN: {"modelArn": CUSTOM_ARN, "modelName": "second", "baseModelArn": grandparent},
        grandparent: {"modelArn": grandparent, "modelName": "first", "baseModelArn": MODEL_ARN},
    }
    aws.on("bedrock:GetCustomModel", lambda modelIdentifier: answers[modelIdentifier])  # noqa: N803
    body = json.dumps({"base_model": CUSTOM_ARN, "serving": "none"}).encode()
    aws.s3.put("data-bucket", "datasets/banking-qa/train.jsonl", TEXT)
    aws.s3.put("data-bucket", "datasets/banking-qa/run.json", body)
    detail = {"bucket": {"name": "data-bucket"}, "object": {"key": "datasets/banking-qa/run.json"}}
    plan = call("resolve_run", {"event": {"detail": detail}, "execution_arn": "e", "waited": False})
    found = call("check_model", {"plan": plan})
    assert (found["base_model_id"], found["base_model_arn"]) == (MODEL_ID, CUSTOM_ARN)
    assert found["lineage"]["parent_model"] == CUSTOM_ARN
