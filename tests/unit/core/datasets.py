"""Small datasets for the validation tests, and the report on them."""

import json
from typing import Any

from finetune_core.catalogue import find_model
from finetune_core.model_rules import Model
from finetune_core.validation import Report, validate

NOVA, LITE, NOVA_2 = "amazon.nova-micro-v1:0", "amazon.nova-lite-v1:0", "amazon.nova-2-lite-v1:0"
CLAUDE, LLAMA_31, LLAMA_33 = (
    "anthropic.claude-3-haiku-20240307-v1:0",
    "meta.llama3-1-8b-instruct-v1:0",
    "meta.llama3-3-70b-instruct-v1:0",
)
TITAN, CANVAS = "amazon.titan-text-express-v1", "amazon.nova-canvas-v1:0"


def model(name: str) -> Model:
    found = find_model(name)
    assert found is not None
    return found


def turn(role: str, *blocks: Any) -> dict[str, Any]:
    return {
        "role": role,
        "content": [{"text": block} if isinstance(block, str) else block for block in blocks],
    }


def chat(*turns: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return {"schemaVersion": "bedrock-conversation-2024", **keys, "messages": list(turns)}


def picture(uri: str = "s3://bucket/a.png", form: str = "png", **more: Any) -> dict[str, Any]:
    return {"image": {"format": form, "source": {"s3Location": {"uri": uri, **more}}}}


GOOD = chat(turn("user", "Hello"), turn("assistant", "Good day"))
PLAIN = {"messages": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Good day"}]}
PAIR = {"prompt": "Hello", "completion": "Good day"}


def check(*records: Any, name: str = NOVA, kind: str = "fine-tuning", role: Any = "train") -> Report:
    lines = [item if isinstance(item, bytes) else json.dumps(item).encode() for item in records]
    return validate([b"\n".join(lines)], model(name), kind, role=role)


def codes(*records: Any, **how: Any) -> set[str]:
    """Return the codes of the faults that records have, apart from their number and copies."""
    report = check(*records, **how)
    ignored = {"few_records", "too_few_records", "duplicate_record"}
    return {f"{fault.code}:{fault.severity}" for fault in report.faults if fault.code not in ignored}


def many(count: int, start: int = 0) -> bytes:
    return b"".join(
        json.dumps(chat(turn("user", f"q{n}"), turn("assistant", f"a{n}"))).encode() + b"\n"
        for n in range(start, start + count)
    )
