"""Tools are carried over with matching ids, or written as text, and never lost silently."""

from __future__ import annotations

import json

TOOLS = [
    {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}
]


def call(identity: str, name: str = "f", arguments: str = '{"n": 1}') -> dict:
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}


def talk(*messages: dict, tools: list | None = None) -> dict:
    record = {"messages": [{"role": "user", "content": "Go"}, *messages]}
    return record if tools is None else {**record, "tools": tools}


DONE = {"role": "assistant", "content": "Done"}


def blocks(record: dict, kind: str) -> list[dict]:
    return [block[kind] for turn in record["messages"] for block in turn["content"] if kind in block]


def test_calls_and_results_keep_their_ids(converted) -> None:
    calls = {"role": "assistant", "content": None, "tool_calls": [call("a"), call("b")]}
    results = [{"role": "tool", "tool_call_id": which, "content": which} for which in ("b", "a")]
    done = converted([talk(calls, *results, DONE, tools=TOOLS)], "nova-2")
    (record,) = done.records
    assert [use["toolUseId"] for use in blocks(record, "toolUse")] == ["a", "b"]
    assert [(each["toolUseId"], each["content"]) for each in blocks(record, "toolResult")] == [
        ("b", [{"text": "b"}]),
        ("a", [{"text": "a"}]),
    ]
    assert record["toolConfig"] == {
        "tools": [
            {"toolSpec": {"name": "f", "description": "d", "inputSchema": {"json": {"type": "object"}}}}
        ]
    }
    assert [turn["role"] for turn in record["messages"]] == ["user", "assistant", "user", "assistant"]
    assert done.losses == {}


def test_sharegpt_calls_get_ids_that_their_results_share(converted) -> None:
    value = json.dumps([{"name": "f", "arguments": {"n": 1}}, {"name": "g", "arguments": "{}"}])
    record = {
        "tools": json.dumps([{"name": "f", "parameters": {}}, {"name": "g", "parameters": {}}]),
        "conversations": [
            {"from": "human", "value": "Go"},
            {"from": "gpt", "value": "Let me see."},
            {"from": "function_call", "value": value},
            {"from": "observation", "value": '{"r": 1}'},
            {"from": "observation", "value": "two"},
            {"from": "gpt", "value": "Done"},
        ],
    }
    done = converted([record], "nova-2")
    uses, results = blocks(done.records[0], "toolUse"), blocks(done.records[0], "toolResult")
    assert [use["name"] for use in uses] == ["f", "g"]
    assert (
        [use["toolUseId"] for use in uses]
        == [result["toolUseId"] for result in results]
        == ["call_1", "call_2"]
    )
    assert [result["content"] for result in results] == [[{"json": {"r": 1}}], [{"text": "two"}]]
    assert done.losses == {"tool-id": 2}


def test_undeclared_tools_are_declared_and_odd_names_made_usable(converted) -> None:
    calls = {"role": "assistant", "tool_calls": [call("a", "my tool.v2")]}
    done = converted([talk(calls, {"role": "tool", "tool_call_id": "a", "content": "x"}, DONE)], "nova-2")
    (record,) = done.records
    assert blocks(record, "toolUse")[0]["name"] == "my_tool_v2"
    assert record["toolConfig"]["tools"][0]["toolSpec"]["name"] == "my_tool_v2"
    assert done.losses == {"tool-renamed": 1, "tool-declared": 1}


def test_an_id_used_twice_is_made_anew(converted) -> None:
    step = [
        {"role": "assistant", "tool_calls": [call("a")]},
        {"role": "tool", "tool_call_id": "a", "content": "x"},
    ]
    done = converted(
        [talk(*step, DONE, {"role": "user", "content": "Again"}, *step, DONE, tools=TOOLS)], "nova-2"
    )
    uses, results = blocks(done.records[0], "toolUse"), blocks(done.records[0], "toolResult")
    assert (
        [use["toolUseId"] for use in uses] == [result["toolUseId"] for result in results] == ["a", "call_2"]
    )
    assert done.losses == {"tool-id": 1}


def test_a_call_without_result_and_a_result_without_call_become_text(converted) -> None:
    unanswered = {"role": "assistant", "content": "Wait", "tool_calls": [call("a")]}
    stray = {"role": "tool", "tool_call_id": "z", "content": "stray"}
    done = converted([talk(unanswered, stray, DONE, tools=TOOLS)], "nova-2")
    (record,) = done.records
    assert blocks(record, "toolUse") == blocks(record, "toolResult") == []
    assert blocks(record, "text")[1:4] == [
        "Wait",
        '{"name": "f", "arguments": {"n": 1}}',
        "Result of the tool:\nstray",
    ]
    assert done.losses == {"tool-call-as-text": 1, "tool-result-as-text": 1}


def test_a_last_call_needs_no_result(converted) -> None:
    done = converted([talk({"role": "assistant", "tool_calls": [call("a")]}, tools=TOOLS)], "nova-2")
    assert [use["toolUseId"] for use in blocks(done.records[0], "toolUse")] == ["a"]
    assert done.losses == {}


def test_the_older_functions_of_openai_are_read(converted) -> None:
    record = talk(
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "1"},
        DONE,
    ) | {"functions": [{"name": "f", "parameters": {"type": "object"}}]}
    done = converted([record], "nova-2")
    assert blocks(done.records[0], "toolUse") == [{"toolUseId": "call_1", "name": "f", "input": {}}]
    assert blocks(done.records[0], "toolResult") == [{"toolUseId": "call_1", "content": [{"text": "1"}]}]


def test_anthropic_tool_blocks_are_read(converted) -> None:
    record = talk(
        {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": {"n": 1}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "x"}]},
        DONE,
        tools=[{"name": "f", "description": "d", "input_schema": {"type": "object"}}],
    )
    done = converted([record], "nova-2")
    assert blocks(done.records[0], "toolUse") == [{"toolUseId": "a", "name": "f", "input": {"n": 1}}]
    assert done.losses == {}


def test_a_model_without_tool_use_gets_them_as_text(converted) -> None:
    calls = {"role": "assistant", "content": "I look.", "tool_calls": [call("a")]}
    record = talk(calls, {"role": "tool", "tool_call_id": "a", "content": "42"}, DONE, tools=TOOLS)
    done = converted([record], "nova")
    (out,) = done.records
    assert "toolConfig" not in out
    assert [[block["text"] for block in turn["content"]] for turn in out["messages"]] == [
        ["Go"],
        ["I look.", '{"name": "f", "arguments": {"n": 1}}'],
        ["Result of f:\n42"],
        ["Done"],
    ]
    assert '{"name": "f", "description": "d", "parameters": {"type": "object"}}' in out["system"][0]["text"]
    assert done.losses == {"tools-as-text": 1, "tool-call-as-text": 1, "tool-result-as-text": 1}
