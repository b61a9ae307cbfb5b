"""Formats are recognised, and the real datasets get the verdicts that the service's documentation implies."""

import json
from pathlib import Path
from typing import Any

import pytest

from finetune_core.records import NAMES, describe, recognise
from finetune_core.sniff import sniff
from finetune_core.validation import Report, validate
from tests.unit.core.datasets import (
    CLAUDE,
    GOOD,
    LITE,
    LLAMA_31,
    NOVA,
    NOVA_2,
    PAIR,
    PLAIN,
    TITAN,
    check,
    model,
)

DATA = Path(__file__).parents[4] / "shared" / "data"

SHAPES: list[tuple[str | None, dict[str, Any]]] = [
    ("converse", GOOD),
    ("converse", {"messages": [{"role": "user", "content": [{"text": "x"}]}]}),
    ("messages", PLAIN),
    ("messages", PLAIN | {"system": "x"}),
    ("openai-chat", {"messages": [{"role": "system", "content": "x"}, *PLAIN["messages"]]}),
    ("openai-chat", PLAIN | {"tools": []}),
    ("openai-chat", {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]}),
    ("reinforcement", PLAIN | {"reference_answer": "4"}),
    ("preference", {"messages": [{"role": "assistant", "candidates": []}]}),
    ("preference", {"prompt": "x", "chosen": "y", "rejected": "z"}),
    ("prompt-completion", PAIR),
    ("prompt-response", {"prompt": "x", "response": "y"}),
    ("sharegpt", {"conversations": [{"from": "human", "value": "x"}]}),
    ("alpaca", {"instruction": "x", "input": "", "output": "y"}),
    ("input", {"input": "x"}),
    ("text", {"text": "x"}),
    ("image-caption", {"image-ref": "s3://b/a.png", "caption": "x"}),
    ("input-output", {"input": "x", "output": "y"}),
    ("invocation-log", {"modelId": "m", "input": {}, "output": {}}),
    (None, {"question": "x"}),
    (None, {}),
]


@pytest.mark.parametrize(
    ("name", "record"), SHAPES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_record_is_recognised(name: str | None, record: dict[str, Any]) -> None:
    assert recognise(record) == name
    assert sniff(json.dumps(record).encode()).format == name
    assert describe(name)


def test_every_format_has_a_shape_here() -> None:
    assert {name for name, _ in SHAPES if name} == set(NAMES)


def test_another_format_is_named_with_the_way_out() -> None:
    report = check({"messages": [{"role": "system", "content": "x"}, *PLAIN["messages"]]})
    fault = next(fault for fault in report.faults if fault.code == "wrong_format")
    assert (
        fault.message == "this is OpenAI chat; Amazon Nova Micro takes Converse (bedrock-conversation-2024)"
    )
    assert "finetune convert" in fault.remedy


def test_a_stray_record_of_another_format_is_found_among_good_ones() -> None:
    report = check(*[GOOD] * 20, PAIR, *[GOOD] * 20)
    assert [(fault.code, fault.line) for fault in report.faults if fault.severity == "error"] == [
        ("wrong_format", 21)
    ]


REAL = [
    ("tool-use/train.jsonl", LITE, "fine-tuning", True, "converse"),
    ("chat-messages/train.jsonl", CLAUDE, "fine-tuning", True, "messages"),
    ("chat-messages/haiku-train.jsonl", CLAUDE, "fine-tuning", True, "messages"),
    ("chat-messages/haiku-validation.jsonl", CLAUDE, "fine-tuning", True, "messages"),
    ("converse/eight-records.jsonl", NOVA, "fine-tuning", True, "converse"),
    ("prompt-completion/uber10k.jsonl", LLAMA_31, "fine-tuning", True, "prompt-completion"),
    ("prompt-completion/summaries.jsonl", LLAMA_31, "fine-tuning", True, "prompt-completion"),
    ("prompt-completion/banking-qa.jsonl", LLAMA_31, "fine-tuning", True, "prompt-completion"),
    ("prompt-completion/validation-not-json-lines.json", LLAMA_31, "fine-tuning", False, None),
    ("reinforcement/train.jsonl", NOVA_2, "reinforcement-fine-tuning", True, "reinforcement"),
    ("pretraining/c4.jsonl", TITAN, "continued-pre-training", False, "text"),
    ("openai-chat/text2sql.jsonl", NOVA, "fine-tuning", False, "openai-chat"),
    ("openai-chat/coqa-multi-turn.jsonl", NOVA, "fine-tuning", False, "openai-chat"),
    ("openai-chat/tools.jsonl", NOVA, "fine-tuning", False, "openai-chat"),
    ("openai-chat/multimodal.jsonl", NOVA, "fine-tuning", False, "openai-chat"),
    ("other/alpaca.json", NOVA, "fine-tuning", False, None),
    ("other/sharegpt-tools.json", NOVA, "fine-tuning", False, None),
    ("other/dolly.jsonl", NOVA, "fine-tuning", False, "prompt-response"),
    ("other/table.csv", NOVA, "fine-tuning", False, None),
]


def real(path: str, name: str, kind: str) -> Report:
    file = DATA / path
    if not file.exists():
        pytest.skip(f"{path} is not here")
    return validate([file.read_bytes()], model(name), kind)


@pytest.mark.parametrize(("path", "name", "kind", "valid", "form"), REAL, ids=[row[0] for row in REAL])
def test_a_real_dataset_gets_its_verdict(
    path: str, name: str, kind: str, valid: bool, form: str | None
) -> None:
    report = real(path, name, kind)
    assert (report.valid, report.format) == (valid, form)
    if not valid:
        assert {"wrong_format", "not_json_lines"} & report.counts.keys()
