"""Questions made of training records."""

import json
from typing import Any

import pytest

from finetune_core.prompts import Prompt, read_prompts, to_prompt


def ask(value: dict[str, Any]) -> Prompt:
    prompt = to_prompt(7, value)
    assert prompt is not None
    return prompt


def test_a_conversation_is_asked_up_to_its_last_answer() -> None:
    turns = [("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")]
    value = {
        "schemaVersion": "bedrock-conversation-2024",
        "system": [{"text": "s"}],
        "messages": [{"role": role, "content": [{"text": text}]} for role, text in turns],
    }
    prompt = ask(value)
    assert (prompt.record, prompt.reference) == (7, "d")
    assert prompt.request == {"system": [{"text": "s"}], "messages": value["messages"][:3]}


def test_plain_text_messages_become_blocks() -> None:
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    prompt = ask({"system": "s", "messages": messages})
    assert prompt.request["system"] == [{"text": "s"}]
    assert prompt.request["messages"] == [{"role": "user", "content": [{"text": "a"}]}]


def test_a_system_turn_moves_to_system() -> None:
    messages = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
    ]
    assert ask({"messages": messages}).request["system"] == [{"text": "s"}]


def test_tool_calls_are_compared_as_json_and_thoughts_are_not_asked_for() -> None:
    use = {"toolUse": {"toolUseId": "1", "name": "f", "input": {"b": 1, "a": 2}}}
    thought = {"reasoningContent": {"reasoningText": {"text": "hm"}}}
    value = {
        "toolConfig": {"tools": []},
        "messages": [
            {"role": "user", "content": [{"text": "a"}]},
            {"role": "assistant", "content": [thought, use]},
        ],
    }
    assert json.loads(ask(value).reference) == {"name": "f", "input": {"a": 2, "b": 1}}
    assert "toolConfig" not in ask(value).request
    tools = [{"toolSpec": {"name": "f", "inputSchema": {"json": {}}}}]
    assert ask(value | {"toolConfig": {"tools": tools}}).request["toolConfig"]["tools"] == tools


def test_prompt_and_completion() -> None:
    prompt = ask({"prompt": "p", "completion": "c" * 900})
    assert prompt.request == {"messages": [{"role": "user", "content": [{"text": "p"}]}]}
    assert prompt.max_tokens == 600


@pytest.mark.parametrize("key", ["input", "text"])
def test_a_raw_text_is_continued(key: str) -> None:
    text = " ".join(f"word{number}" for number in range(40))
    prompt = ask({key: text})
    given = prompt.request["messages"][0]["content"][0]["text"]
    assert f"{given} {prompt.reference}" == text
    assert len(prompt.reference) <= 600


@pytest.mark.parametrize(
    "value",
    [
        {"image-ref": "s3://b/k.png", "caption": "x"},
        {"messages": [{"role": "user", "content": "a"}]},
        {"messages": [{"role": "assistant", "content": "a"}]},
        {"prompt": "p", "completion": "  "},
        {"input": "oneword"},
        {"messages": []},
    ],
)
def test_what_holds_no_question_is_left_out(value: dict[str, Any]) -> None:
    assert to_prompt(0, value) is None


def test_written_prompts_read_back() -> None:
    line = b'{"record":1,"request":{"messages":[]},"reference":"r","max_tokens":64}\n'
    assert [prompt.reference for prompt in read_prompts(line * 2)] == ["r", "r"]
