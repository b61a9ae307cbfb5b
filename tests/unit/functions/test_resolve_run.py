"""Intake: what a drop becomes."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from finetune_core.errors import RunRejected, SettingsError
from tests.unit.functions.aws import FakeAws

Call = Callable[..., dict[str, Any]]
LINE = b'{"prompt": "a", "completion": "b"}\n'


def event(key: str, *, waited: bool = True) -> dict[str, Any]:
    detail = {"bucket": {"name": "data-bucket"}, "object": {"key": key, "version-id": "x"}}
    return {"event": {"detail": detail}, "execution_arn": "arn:execution", "waited": waited}


def drop(aws: FakeAws, **files: bytes) -> dict[str, str]:
    return {
        name: aws.s3.put("data-bucket", f"datasets/banking-qa/{name.replace('_', '.')}", body)
        for name, body in files.items()
    }


def test_pins_the_current_versions_and_writes_them_down(aws: FakeAws, call: Call) -> None:
    drop(aws, train_jsonl=b"old")
    current = drop(aws, train_jsonl=LINE, evaluation_jsonl=LINE)
    plan = call("resolve_run", event("datasets/banking-qa/train.jsonl"))
    assert plan["action"] == "run"
    inputs = json.loads(aws.s3.text("artifacts-bucket", plan["inputs"]["key"]))
    assert {file["role"]: file["version_id"] for file in inputs["files"]} == {
        "train": current["train_jsonl"],
        "evaluation": current["evaluation_jsonl"],
    }
    assert plan["bytes"] == 2 * len(LINE)
    assert plan["settings"]["base_model"] == "amazon.nova-micro-v1:0:128k"


def test_both_events_of_one_drop_make_the_same_run(aws: FakeAws, call: Call) -> None:
    drop(aws, train_jsonl=LINE, run_json=b'{"budget_usd": 5}')
    first = call("resolve_run", event("datasets/banking-qa/train.jsonl"))
    second = call("resolve_run", event("datasets/banking-qa/run.json", waited=False))
    assert first == second
    drop(aws, train_jsonl=LINE)
    assert call("resolve_run", event("datasets/banking-qa/train.jsonl"))["run_id"] != first["run_id"]


def test_the_dropped_data_is_never_written(aws: FakeAws, call: Call) -> None:
    drop(aws, train_jsonl=LINE)
    call("resolve_run", event("datasets/banking-qa/train.jsonl"))
    assert [params["Bucket"] for params in aws.made("s3:PutObject")] == ["artifacts-bucket"]


def test_run_json_alone_waits_once_and_is_then_refused(aws: FakeAws, call: Call) -> None:
    drop(aws, run_json=b"{}")
    waiting = call("resolve_run", event("datasets/banking-qa/run.json", waited=False))
    assert (waiting["action"], waiting["run_id"]) == ("wait", "")
    with pytest.raises(RunRejected, match=r"train\.jsonl is missing.*datasets/banking-qa/"):
        call("resolve_run", event("datasets/banking-qa/run.json", waited=True))


@pytest.mark.parametrize(
    ("run_json", "told"),
    [
        (b'{"budget": 5}', 'Did you mean "budget_usd"'),
        (b"{", "line 1, column 2"),
        (b"\xff", "not UTF-8"),
        (b"{" + b" " * 70_000 + b"}", "70,002 bytes"),
        (b"", "empty"),
    ],
)
def test_a_broken_run_json_is_a_known_run_that_is_refused(
    aws: FakeAws, call: Call, run_json: bytes, told: str
) -> None:
    drop(aws, train_jsonl=LINE, run_json=run_json)
    plan = call("resolve_run", event("datasets/banking-qa/run.json"))
    assert plan["action"] == "reject"
    assert told in plan["reason"]
    assert plan["run_id"].startswith("banking-qa-")


def test_an_empty_training_file_is_refused(aws: FakeAws, call: Call) -> None:
    drop(aws, train_jsonl=b"")
    plan = call("resolve_run", event("datasets/banking-qa/train.jsonl"))
    assert plan["action"] == "reject"
    assert "train.jsonl is empty" in plan["reason"]


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("datasets/my data/train.jsonl", r"space.*datasets/my-data/train\.jsonl"),
        ("datasets/dt=2026-11-23/train.jsonl", r"=.*datasets/dt-2026-11-23/train\.jsonl"),
        ("datasets/größe/train.jsonl", r"U\+00F6"),
        ("datasets/a/b/train.jsonl", "without folders below"),
        ("datasets/banking-qa/notes.txt", "starts no run"),
        ("datasets/*/train.jsonl", "cannot name a dataset"),
    ],
)
def test_keys_that_bedrock_refuses_are_refused_at_the_door(
    aws: FakeAws, call: Call, key: str, told: str
) -> None:
    with pytest.raises(RunRejected, match=told):
        call("resolve_run", event(key))
    assert not aws.calls


def test_a_bucket_without_versions_is_refused(aws: FakeAws, call: Call) -> None:
    found = {"Key": "datasets/a/train.jsonl", "VersionId": "null", "IsLatest": True, "Size": 5}
    aws.on("s3:ListObjectVersions", {"Versions": [found], "IsTruncated": False})
    with pytest.raises(RunRejected, match="versioning is off"):
        call("resolve_run", event("datasets/a/train.jsonl"))


def test_a_corpus_pins_every_file_for_continued_pre_training(aws: FakeAws, call: Call) -> None:
    for name in ("a.jsonl", "b.jsonl", "readme.txt", "deep/c.jsonl"):
        aws.s3.put("data-bucket", f"corpora/manuals/{name}", b'{"input": "x"}\n')
    plan = call("resolve_run", event("corpora/manuals/a.jsonl"))
    inputs = json.loads(aws.s3.text("artifacts-bucket", plan["inputs"]["key"]))
    assert [file["key"] for file in inputs["files"]] == ["corpora/manuals/a.jsonl", "corpora/manuals/b.jsonl"]
    assert plan["settings"]["customization_type"] == "CONTINUED_PRE_TRAINING"


def test_another_bucket_is_refused(aws: FakeAws, call: Call) -> None:
    other = event("datasets/banking-qa/train.jsonl")
    other["event"]["detail"]["bucket"]["name"] = "other-bucket"
    with pytest.raises(RunRejected, match=r"other-bucket is not this pipeline's.*data-bucket"):
        call("resolve_run", other)


def test_a_missing_variable_is_named(aws: FakeAws, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(aws, train_jsonl=LINE)
    monkeypatch.delenv("RUN_DEFAULTS")
    with pytest.raises(SettingsError, match="RUN_DEFAULTS is missing"):
        call("resolve_run", event("datasets/banking-qa/train.jsonl"))
