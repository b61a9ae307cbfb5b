"""Every source format becomes the record that its data says."""

from __future__ import annotations

import json

import pytest

from finetune_cli.conversion.recognition import Fields

QUESTION = {"role": "user", "content": "Hi"}
ANSWER = {"role": "assistant", "content": "Hello"}
CONVERSE = [
    {"role": "user", "content": [{"text": "Hi"}]},
    {"role": "assistant", "content": [{"text": "Hello"}]},
]
USED = {"toolUseId": "x:1"}
TOOL = {"toolSpec": {"name": "f", "description": "d", "inputSchema": {"json": {"type": "object"}}}}

SAME_RECORD = {
    "openai": {"messages": [{"role": "system", "content": "S"}, QUESTION, ANSWER]},
    "openai-developer": {"messages": [{"role": "developer", "content": "S"}, QUESTION, ANSWER]},
    "openai-parts": {
        "messages": [
            {"role": "system", "content": [{"type": "text", "text": "S"}]},
            {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
            ANSWER,
        ]
    },
    "messages": {"system": "S", "messages": [QUESTION, ANSWER]},
    "sharegpt": {
        "system": "S",
        "conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}],
    },
    "sharegpt-in-messages": {
        "messages": [
            {"from": "system", "value": "S"},
            {"from": "user", "value": "Hi"},
            {"from": "assistant", "value": "Hello"},
        ]
    },
    "alpaca": {"instruction": "Hi", "input": "", "output": "Hello", "system": "S"},
    "pair": {"prompt": "Hi", "completion": "Hello", "system": "S"},
    "response": {"prompt": "Hi", "response": "Hello", "system": "S"},
    "question": {"question": "Hi", "answer": "Hello", "system": "S"},
    "input-output": {"input": "Hi", "output": "Hello", "system": "S"},
    "converse": {"system": [{"text": "S"}], "messages": CONVERSE},
    "strings-of-json": {
        "conversations": json.dumps([{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]),
        "system": "S",
    },
}


@pytest.mark.parametrize("record", SAME_RECORD.values(), ids=SAME_RECORD)
def test_each_format_becomes_the_same_converse_record(converted, record) -> None:
    done = converted([record])
    expected = {"schemaVersion": "bedrock-conversation-2024", "system": [{"text": "S"}], "messages": CONVERSE}
    assert done.records == [expected]
    assert done.losses == {}


def test_a_converse_record_comes_out_as_it_went_in(converted) -> None:
    record = {
        "schemaVersion": "bedrock-conversation-2024",
        "system": [{"text": "One"}, {"text": "Two"}],
        "toolConfig": {"tools": [TOOL]},
        "messages": [
            {"role": "user", "content": [{"text": "a"}, {"text": "b"}]},
            {"role": "assistant", "content": [{"toolUse": {**USED, "name": "f", "input": {"n": 1}}}]},
            {"role": "user", "content": [{"toolResult": {**USED, "content": [{"json": {"r": [1]}}]}}]},
            {
                "role": "assistant",
                "content": [{"reasoningContent": {"reasoningText": {"text": "hm"}}}, {"text": "Done"}],
            },
        ],
    }  # fmt: skip
    done = converted([record], "nova-2")
    assert done.records == [record]
    assert done.losses == {}


def test_alpaca_joins_instruction_and_input_and_keeps_history(converted) -> None:
    record = {"instruction": "Sum up", "input": "A text", "output": "T", "history": [["Hi", "Hello"]]}
    messages = converted([record]).records[0]["messages"]
    assert [turn["content"][0]["text"] for turn in messages] == ["Hi", "Hello", "Sum up\n\nA text", "T"]


def test_names_weights_and_unknown_keys_are_reported(converted) -> None:
    record = {
        "id": 7,
        "messages": [
            {**QUESTION, "name": "ann"},
            {**ANSWER, "weight": 0},
            QUESTION,
            {**ANSWER, "weight": 1, "annotations": [{"x": 1}], "audio": None},
        ],
    }
    done = converted([record])
    assert done.losses == {"name": 1, "weight": 1, "key": 2}
    assert next(loss for loss in done.result.losses if loss["kind"] == "key")["keys"] == {
        "id": 1,
        "annotations": 1,
    }


def test_the_reference_answer_of_a_reward_prompt_becomes_the_answer(converted) -> None:
    done = converted([{"messages": [QUESTION], "reference_answer": "Hello"}])
    assert done.records[0]["messages"] == CONVERSE
    assert done.losses == {"reference-as-answer": 1}


def test_the_users_own_field_names_are_followed(converted) -> None:
    record = {"Q": "Hi", "A": "Hello", "ctx": "S", "n": 1}
    done = converted([record], fields=Fields("Q", "A", "ctx"))
    assert done.records[0]["messages"] == CONVERSE
    assert done.records[0]["system"] == [{"text": "S"}]
    assert done.losses == {"key": 1}


BROKEN = {
    "role": ({"messages": [{"role": "owl", "content": "x"}, ANSWER]}, "malformed", "$.messages[0].role"),
    "content": ({"messages": [{**QUESTION, "content": {}}, ANSWER]}, "malformed", "$.messages[0].content"),
    "speaker": ({"conversations": [{"from": "owl", "value": "x"}]}, "malformed", "$.conversations[0].from"),
    "turn": ({"messages": ["x"]}, "malformed", "$.messages[0]"),
    "arguments": (
        {"messages": [QUESTION, {**ANSWER, "tool_calls": [{"function": {"name": "f", "arguments": "{"}}]}]},
        "malformed",
        "$.messages[1].tool_calls[0].arguments",
    ),
    "call": (
        {"conversations": [{"from": "human", "value": "x"}, {"from": "function_call", "value": "f(x)"}]},
        "malformed",
        "$.conversations[1].value",
    ),
    "audio": (
        {"messages": [{"role": "user", "content": [{"type": "input_audio"}]}, ANSWER]},
        "media-unusable",
        "$.messages[0].content[0]",
    ),
    "no answer": ({"messages": [QUESTION]}, "no-answer", "$.messages[0]"),
    "no question": ({"messages": [ANSWER]}, "no-question", "$"),
    "nothing": ({"messages": []}, "no-question", "$"),
    "prompt only": ({"prompt": "Hi"}, "no-answer", "$.prompt"),
    "instruction only": ({"instruction": "Hi", "input": "x"}, "no-answer", "$.instruction"),
    "plain text": ({"text": "Hi"}, "plain-text", "$"),
    "unknown": ({"a": 1}, "unknown-format", "$"),
    "preference": ({"prompt": "a", "chosen": "b", "rejected": "c"}, "unknown-format", "$"),
    "list": (["x"], "not-an-object", "$"),
}  # fmt: skip


@pytest.mark.parametrize(("record", "reason", "path"), BROKEN.values(), ids=BROKEN)
def test_a_record_that_cannot_be_used_is_left_out_with_line_place_and_reason(
    converted, record, reason, path
) -> None:
    good = {"prompt": "Hi", "completion": "Hello"}
    done = converted([good, record, good])
    assert len(done.records) == 2
    assert done.losses == {reason: 1}
    entry = json.loads(done.order.losses.read_text(encoding="utf-8"))
    assert (entry["line"], entry["kind"], entry["effect"], entry["path"]) == (2, reason, "dropped", path)
