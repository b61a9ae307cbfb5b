"""Whatever a file holds, every record is written or accounted for, and nothing ends in a traceback."""

from __future__ import annotations

import json
import tempfile
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finetune_cli.conversion.choices import target_of
from finetune_cli.conversion.engine import Order, Result, convert
from finetune_cli.errors import CommandError
from finetune_core.catalogue import MODELS
from finetune_core.validation import validate

TARGETS = [(model, kind) for model in MODELS for kind in model.kinds]
STRUCTURE = {
    "wrong_type",
    "missing_key",
    "unknown_key",
    "wrong_value",
    "unknown_role",
    "first_role",
    "last_role",
    "role_order",
    "too_few_messages",
    "system_items",
    "empty_list",
    "blank_text",
    "tool_unknown",
    "invalid_json",
    "not_an_object",
    "media_not_allowed",
    "media_in_assistant",
    "media_format",
    "reasoning_not_allowed",
    "tools_not_allowed",
    "duplicate_key",
    "lone_surrogate",
}

WORDS = st.sampled_from(["Hi", "Hello", "User: x", "two words", "ä東", "{}", '{"r": 1}'])
text = st.one_of(WORDS, WORDS, WORDS, st.sampled_from(["", " "]), st.text(max_size=6))
scalar = st.one_of(text, st.none(), st.booleans(), st.integers(-9, 9))
png = "data:image/png;base64,iVBORw0KGgo="
url = st.sampled_from(["s3://bucket/a.png", "s3://bucket/a.png", "https://x/y.png", png, "data:,x", ""])
arguments = st.sampled_from(["{}", '{"n": 1}', "", "{", "[]"])
names = st.sampled_from(["f", "f", "f", "g h", ""])
function = st.fixed_dictionaries({"name": names, "arguments": arguments})
call = st.fixed_dictionaries({"function": function}, optional={"id": st.sampled_from(["a", "b", "", "!"])})
calls = {"tool_calls": st.lists(call, max_size=2)}
image = st.fixed_dictionaries(
    {"type": st.just("image_url"), "image_url": st.fixed_dictionaries({"url": url})}
)
words = st.fixed_dictionaries({"type": st.sampled_from(["text", "text", "thinking"]), "text": text})
parts = st.lists(st.one_of(words, words, words, image, scalar), max_size=3)
extra = {"weight": st.sampled_from([0, 1]), "name": text, "reasoning_content": text}
content = st.one_of(text, text, text, st.lists(words, min_size=1, max_size=2), parts)
user = st.fixed_dictionaries({"role": st.just("user"), "content": content})
assistant = st.fixed_dictionaries(
    {"role": st.just("assistant"), "content": text}, optional={**extra, **calls}
)
tool = st.fixed_dictionaries(
    {"role": st.just("tool"), "content": text}, optional={"tool_call_id": st.sampled_from(["a", "b", "c"])}
)
system = st.fixed_dictionaries({"role": st.just("system"), "content": text})
turns = st.tuples(
    st.lists(st.one_of(system, assistant), max_size=1),
    st.lists(user, min_size=1, max_size=2),
    st.lists(st.one_of(assistant, assistant, tool, user, system), max_size=4),
    st.lists(assistant, max_size=1),
).map(lambda several: [*chain.from_iterable(several)])
declared = st.lists(st.fixed_dictionaries({"name": st.sampled_from(["f", "x"])}), max_size=2)
chat = st.fixed_dictionaries(
    {"messages": turns},
    optional={"system": scalar, "reference_answer": scalar, "tools": declared, "id": scalar},
)
says = st.sampled_from(["human", "human", "gpt", "gpt", "function_call", "observation"])
value = st.one_of(text, text, st.just('{"name": "f", "arguments": {}}'))
sharegpt = st.fixed_dictionaries(
    {"conversations": st.lists(st.fixed_dictionaries({"from": says, "value": value}), max_size=6)}
)
block = st.one_of(
    st.fixed_dictionaries({"text": text}),
    st.fixed_dictionaries({"toolUse": st.fixed_dictionaries({"name": st.just("f"), "input": st.just({})})}),
    st.fixed_dictionaries({"reasoningContent": st.just({"reasoningText": {"text": "hm"}})}),
)
spoken = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant"]), "content": st.lists(block, max_size=3)}
)
converse = st.fixed_dictionaries({"schemaVersion": scalar, "messages": st.lists(spoken, max_size=5)})
KEYS = (
    "prompt completion response instruction input output text history question answer system "
    "image-ref caption id"
)
flat = st.dictionaries(st.sampled_from(KEYS.split()), scalar, max_size=5)
pair = st.fixed_dictionaries({"prompt": text, "completion": text}, optional={"system": scalar})
caption = st.fixed_dictionaries({"image-ref": url, "caption": text})
junk = st.fixed_dictionaries({"messages": st.lists(scalar, max_size=2)})
record = st.one_of(chat, chat, chat, sharegpt, converse, flat, pair, caption, junk)


def run(
    data: bytes, name: str, target: tuple[Any, str], source: str = ""
) -> tuple[Result | None, bytes, bytes]:
    """Result, output and losses of one conversion; no result when the file as a whole was refused."""
    model, kind = target
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        prefix = "s3://bucket/media"
        order = Order(
            path, Path(folder, "out.jsonl"), target_of(model, kind, None), source, media_prefix=prefix
        )
        try:
            result = convert(order)
        except CommandError as error:
            assert error.what
            assert error.do
            assert not order.out.exists()
            return None, b"", b""
        output = order.out.read_bytes() if order.out.exists() else b""
        return result, output, order.losses.read_bytes() if order.losses.exists() else b""


@settings(max_examples=300, deadline=None)
@given(st.lists(record, max_size=5), st.sampled_from(TARGETS))
def test_every_record_is_written_or_its_loss_is(records: list[Any], target: tuple[Any, str]) -> None:
    data = b"".join(json.dumps(each).encode() + b"\n" for each in records)
    result, output, losses = run(data, "in.jsonl", target)
    assert result is not None
    entries = [json.loads(line) for line in losses.splitlines()]
    dropped = {entry["record"] for entry in entries if entry["effect"] == "dropped"}
    assert result.read == len(records)
    assert result.written == len(output.splitlines()) == result.read - len(dropped)
    assert sum(loss["count"] for loss in result.losses) == len(entries)
    assert all(entry["record"] not in dropped or entry["effect"] == "dropped" for entry in entries)


@settings(max_examples=300, deadline=None)
@given(st.lists(record, min_size=1, max_size=5), st.sampled_from(TARGETS))
def test_what_is_written_has_no_fault_of_structure(records: list[Any], target: tuple[Any, str]) -> None:
    data = b"".join(json.dumps(each).encode() + b"\n" for each in records)
    _, output, _ = run(data, "in.jsonl", target)
    if output:
        report = validate([output], *target)
        faults = [fault for fault in report.faults if fault.code in STRUCTURE and fault.severity == "error"]
        assert not faults, (faults[0], output)


@settings(max_examples=150, deadline=None)
@given(st.lists(record, min_size=1, max_size=4), st.sampled_from(TARGETS))
def test_converting_twice_changes_nothing_more(records: list[Any], target: tuple[Any, str]) -> None:
    data = b"".join(json.dumps(each).encode() + b"\n" for each in records)
    _, once, _ = run(data, "in.jsonl", target)
    result, twice, losses = run(once, "again.jsonl", target)
    if target[1] == "REINFORCEMENT_FINE_TUNING":
        return  # there a last answer moves into the reference each time
    assert result is not None
    assert (twice, losses) == (once, b"")


@pytest.mark.parametrize("name", ["in.jsonl", "in.json", "in.csv", "in.tsv"])
@settings(max_examples=120, deadline=None)
@given(st.one_of(
    st.binary(max_size=80),
    st.text(alphabet='[]{}",:\\ \n\r\t;prompt01ä\ud800'.replace("\ud800", ""), max_size=60).map(str.encode),
), st.sampled_from(TARGETS))  # fmt: skip
def test_any_bytes_end_in_a_report_or_one_message(name: str, data: bytes, target: tuple[Any, str]) -> None:
    result, output, _ = run(data, name, target)
    if result is not None:
        assert result.written == len(output.splitlines())
