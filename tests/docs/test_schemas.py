"""`schemas/` is fresh, takes what is valid and refuses what is not."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from finetune_cli.record_types import RECORDS
from finetune_cli.schemas import REPORT_KEYS, RUN_KEYS, render
from finetune_core.catalogue import find_model
from finetune_core.contracts import RunSettings
from finetune_core.errors import RunRejected
from finetune_core.records import BEDROCK_FORMATS
from finetune_core.settings import KEYS, merge
from finetune_core.validation import Report, validate
from finetune_core.validation_report import to_json

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "schemas"
EXAMPLES = sorted([*(ROOT / "examples").rglob("*.jsonl"), *(ROOT / "examples").rglob("run.json")])
SHARED = ROOT.parent / "shared" / "data"
SHARED_VALID = {
    "tool-use/train.jsonl": "converse",
    "converse/eight-records.jsonl": "converse",
    "chat-messages/train.jsonl": "messages",
    "chat-messages/haiku-train.jsonl": "messages",
    "chat-messages/haiku-validation.jsonl": "messages",
    "prompt-completion/summaries.jsonl": "prompt-completion",
    "prompt-completion/banking-qa.jsonl": "prompt-completion",
    "prompt-completion/uber10k.jsonl": "prompt-completion",
    "pretraining/c4.jsonl": "text",
    "reinforcement/train.jsonl": "reinforcement",
}
SHARED_INVALID = {
    "openai-chat/tools.jsonl": "converse",
    "openai-chat/text2sql.jsonl": "messages",
    "other/dolly.jsonl": "prompt-completion",
}

S3 = {"s3Location": {"uri": "s3://bucket/a/b.png"}}
GOOD: dict[str, dict[str, Any]] = {
    "converse": {
        "schemaVersion": "bedrock-conversation-2024",
        "system": [{"text": "S"}],
        "toolConfig": {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object"}}}}]},
        "messages": [
            {"role": "user", "content": [{"text": "a"}, {"image": {"format": "png", "source": S3}}]},
            {"role": "assistant", "content": [{"toolUse": {"toolUseId": "x", "name": "f", "input": {}}}]},
            {"role": "user", "content": [{"toolResult": {"toolUseId": "x", "content": [{"text": "r"}]}}]},
            {
                "role": "assistant",
                "content": [{"reasoningContent": {"reasoningText": {"text": "hm"}}}, {"text": "b"}],
            },
        ],
    },
    "messages": {
        "system": "S",
        "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
    },
    "prompt-completion": {"prompt": "a", "completion": "b"},
    "input": {"input": "a"},
    "text": {"text": "a"},
    "image-caption": {"image-ref": "s3://bucket/a.png", "caption": "a cat"},
    "reinforcement": {"messages": [{"role": "user", "content": "a"}], "reference_answer": {"n": 1}, "id": 7},
}
RUN = {
    "$schema": "run.schema.json",
    "base_model": "m",
    "type": "fine-tuning",
    "hyperparameters": {"epochCount": 2},
}
TAKEN_BY = {
    "converse": ("amazon.nova-2-lite-v1:0", "fine-tuning"),
    "messages": ("anthropic.claude-3-haiku-20240307-v1:0", "fine-tuning"),
    "prompt-completion": ("meta.llama3-1-8b-instruct-v1:0", "fine-tuning"),
    "input": ("amazon.titan-text-lite-v1:0:4k", "continued-pre-training"),
    "image-caption": ("amazon.titan-embed-image-v1:0", "fine-tuning"),  # takes images without caption
    "reinforcement": ("amazon.nova-2-lite-v1:0", "reinforcement-fine-tuning"),
}


def schema(name: str) -> Draft202012Validator:
    found = json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found)


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def refused(validator: Draft202012Validator, records: list[Any]) -> list[str]:
    return [error.message for record in records for error in validator.iter_errors(record)]


def test_the_files_are_fresh() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert written == render(), "run `python -m finetune_cli.schemas`"


def test_every_format_and_every_key_is_covered() -> None:
    assert tuple(RECORDS) == BEDROCK_FORMATS
    assert tuple(RUN_KEYS) == KEYS
    assert tuple(REPORT_KEYS) == Report.__struct_fields__


@pytest.mark.parametrize("name", GOOD)
def test_a_good_record_passes(name) -> None:
    assert not refused(schema(name), [GOOD[name]])


def _broken(value: Any) -> list[Any]:
    """The value with one thing wrong, at every place: a key gone, added or of another type."""
    if not isinstance(value, dict | list):
        return [None, 7 if isinstance(value, str) else "x", " ", ""]
    found: list[Any] = [[], {}, None]
    places = value.items() if isinstance(value, dict) else enumerate(value)
    for place, inner in places:
        for wrong in _broken(inner):
            other = copy.copy(value)
            other[place] = wrong
            found.append(other)
        if isinstance(value, dict):
            found.append({key: kept for key, kept in value.items() if key != place})
    return [*found, {**value, "odd": 1}] if isinstance(value, dict) else found


@pytest.mark.parametrize("name", TAKEN_BY)
def test_what_the_schema_takes_has_no_fault_of_shape_for_the_validator(name) -> None:
    """Of all records with one thing wrong, the schema takes none whose shape the validator refuses."""
    model = find_model(TAKEN_BY[name][0])
    assert model is not None
    validator = schema(name)
    for record in _broken(GOOD[name]):
        if not isinstance(record, dict) or refused(validator, [record]):
            continue
        report = validate([json.dumps(record).encode()], model, TAKEN_BY[name][1])
        shape = [fault for fault in report.faults if fault.severity == "error" and fault.code in SHAPE]
        assert not shape, (record, shape)


SHAPE = {"wrong_type", "missing_key", "unknown_key", "blank_text", "media_uri", "unknown_role"}


@pytest.mark.parametrize("name", GOOD)
def test_a_record_of_another_format_is_refused(name) -> None:
    others = [
        record
        for other, record in GOOD.items()
        if other != name and (name, other) != ("reinforcement", "messages")
    ]
    validator = schema(name)
    assert all(refused(validator, [record]) for record in others)


BAD_CONVERSE = {
    "plain content": ("content", "a"),
    "no content": ("content", []),
    "two kinds in a block": ("content", [{"text": "a", "image": {"format": "png", "source": S3}}]),
    "empty block": ("content", [{}]),
    "blank text": ("content", [{"text": " "}]),
    "role": ("role", "system"),
    "inline image": ("content", [{"image": {"format": "png", "source": {"bytes": "aGk="}}}]),
    "uri with a space": (
        "content",
        [{"image": {"format": "png", "source": {"s3Location": {"uri": "s3://bucket/a b.png"}}}}],
    ),
    "id": ("content", [{"toolUse": {"toolUseId": "a b", "name": "f", "input": {}}}]),
}


@pytest.mark.parametrize(("key", "value"), BAD_CONVERSE.values(), ids=BAD_CONVERSE)
def test_known_bad_converse_records_fail(key, value) -> None:
    record = copy.deepcopy(GOOD["converse"])
    record["messages"][0][key] = value
    assert refused(schema("converse"), [record])


BAD_RUN = {
    "unknown key": {"epochs": 3},
    "type": {"type": "FINE_TUNING"},
    "range": {"model_units": 0},
    "fraction": {"validation_fraction": 0.6},
    "hyperparameter": {"hyperparameters": {"epochCount": True}},
    "word": {"serving": "provisioned"},
    "budget": {"budget_usd": 0},
    "list": {"base_model": ["m"]},
}


def test_a_run_json_passes_and_is_read() -> None:
    assert not refused(schema("run"), [RUN, {}])
    merge(RunSettings(base_model="m"), json.dumps(RUN).encode(), where="run.json")


@pytest.mark.parametrize("wrong", BAD_RUN.values(), ids=BAD_RUN)
def test_what_the_pipeline_refuses_in_run_json_the_schema_refuses(wrong) -> None:
    assert refused(schema("run"), [{**RUN, **wrong}])
    with pytest.raises(RunRejected):
        merge(RunSettings(base_model="m"), json.dumps({**RUN, **wrong}).encode(), where="run.json")


def test_reports_of_good_and_bad_data_follow_their_schema() -> None:
    model = find_model("amazon.nova-micro-v1:0")
    assert model is not None
    good = json.dumps({**GOOD["messages"]}).encode() + b"\n"
    for data in (b"", good * 20, b"[1]", b'{"messages": []}\n' * 3, b"\xff\n\n{"):
        report = json.loads(to_json(validate([data], model, "fine-tuning")))
        assert not refused(schema("validation-report"), [report])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_example_passes(path) -> None:
    if path.name == "run.json":
        assert not refused(schema("run"), [json.loads(path.read_text(encoding="utf-8"))])
        return
    records = lines(path)
    names = [name for name in BEDROCK_FORMATS if not refused(schema(name), records[:1])]
    assert names
    assert not refused(schema(names[0]), records)


@pytest.mark.parametrize(("name", "format_name"), SHARED_VALID.items())
def test_real_datasets_pass(name, format_name) -> None:
    if not SHARED.is_dir():
        pytest.skip("no shared data")
    records = lines(SHARED / name)
    wrong = refused(schema(format_name), records)
    assert not wrong, wrong[0][-300:]


@pytest.mark.parametrize(("name", "format_name"), SHARED_INVALID.items())
def test_real_datasets_of_another_format_fail(name, format_name) -> None:
    if not SHARED.is_dir():
        pytest.skip("no shared data")
    validator = schema(format_name)
    assert all(refused(validator, [record]) for record in lines(SHARED / name)[:50])
