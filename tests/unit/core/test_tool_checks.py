"""Tools of a record, and reserved strings in the places beside the plain turns."""

import json
from typing import Any

import pytest

from finetune_core.reserved import NOVA_CHECKED, NOVA_DOCUMENTED
from tests.unit.core.datasets import NOVA_2, chat, check, codes, picture, turn


def tool_chat(*, used: str = "weather", answered: str = "1", asked: str = "1") -> dict[str, Any]:
    config = {"tools": [{"toolSpec": {"name": "weather", "description": "d", "inputSchema": {"json": {}}}}]}
    return chat(
        turn("user", "Is it raining?"),
        turn("assistant", {"toolUse": {"toolUseId": asked, "name": used, "input": {}}}),
        turn("user", {"toolResult": {"toolUseId": answered, "content": [{"text": "yes"}]}}),
        turn("assistant", "It is"),
        toolConfig=config,
    )


def test_tools_are_matched_with_their_results() -> None:
    assert tool_codes(tool_chat()) == set()
    assert tool_codes(tool_chat(used="wheather")) == {"tool_unknown:error"}
    assert tool_codes(tool_chat(answered="2")) == {"tool_unmatched:error", "tool_unmatched:warning"}


def tool_codes(record: dict[str, Any]) -> set[str]:
    """The faults beside the warning that a source disputes tools."""
    found = codes(record, name=NOVA_2)
    assert "tools_not_allowed:warning" in found
    return found - {"tools_not_allowed:warning"}


CALL, ANSWER = ("messages", 1, "content", 0, "toolUse"), ("messages", 2, "content", 0, "toolResult")
TOOL = ("toolConfig", "tools", 0, "toolSpec")
TOOL_FAULTS: list[tuple[str, tuple[Any, ...], Any]] = [
    ("missing_key:error", (*CALL, "toolUseId"), None),
    ("missing_key:error", (*CALL, "name"), None),
    ("missing_key:error", (*CALL, "input"), None),
    ("wrong_type:error", (*CALL, "input"), "{}"),
    ("wrong_type:error", (*CALL, "toolUseId"), 1),
    ("wrong_value:warning", (*CALL, "toolUseId"), "a b"),
    ("unknown_key:warning", (*CALL, "more"), 1),
    ("wrong_value:error", ("messages", 1, "role"), "user"),
    ("missing_key:error", (*ANSWER, "toolUseId"), None),
    ("missing_key:error", (*ANSWER, "content"), None),
    ("wrong_type:error", (*ANSWER, "content"), "yes"),
    ("wrong_type:error", (*ANSWER, "content"), ["yes"]),
    ("wrong_type:error", (*ANSWER, "content"), [{"text": "a", "json": {}}]),
    ("wrong_type:error", (*ANSWER, "content"), [{"image": {}}]),
    ("wrong_type:error", (*ANSWER, "content"), [{"text": 1}]),
    ("wrong_value:error", (*ANSWER, "status"), "fine"),
    ("unknown_key:warning", (*ANSWER, "more"), 1),
    ("reserved_string:error", (*ANSWER, "content"), [{"text": "User: yes"}]),
    ("reserved_string:warning", (*ANSWER, "content"), [{"text": "user: yes"}]),
    ("missing_key:error", (*TOOL, "name"), None),
    ("missing_key:error", (*TOOL, "inputSchema"), None),
    ("wrong_type:error", (*TOOL, "inputSchema"), {"json": "{}"}),
    ("wrong_type:error", (*TOOL, "inputSchema"), []),
    ("wrong_type:error", (*TOOL, "description"), 5),
    ("wrong_value:warning", (*TOOL, "name"), "the weather"),
    ("unknown_key:warning", (*TOOL, "more"), 1),
    ("wrong_type:error", ("toolConfig", "tools"), []),
    ("wrong_type:error", ("toolConfig",), []),
]


@pytest.mark.parametrize(("code", "place", "value"), TOOL_FAULTS)
def test_each_fault_of_tools_is_found(code: str, place: tuple[Any, ...], value: Any) -> None:
    record = tool_chat()
    owner: Any = record
    for step in place[:-1]:
        owner = owner[step]
    if value is None:
        del owner[place[-1]]
    else:
        owner[place[-1]] = value
    assert code in codes(record, name=NOVA_2)


def test_a_tool_is_declared_once_and_answers_may_be_json_or_empty() -> None:
    twice = tool_chat()
    twice["toolConfig"]["tools"] *= 2
    assert tool_codes(twice) == {"wrong_value:warning"}
    for answer in ([{"json": {"a": [1]}}], [{"text": ""}], []):
        record = tool_chat()
        record["messages"][2]["content"][0]["toolResult"]["content"] = answer
        assert tool_codes(record) == set()


def test_where_sources_dispute_tools_formats_and_documents_both_are_named() -> None:
    def document() -> dict[str, Any]:
        return {"document": {"format": "pdf", "source": {"s3Location": {"uri": "s3://bucket/a.pdf"}}}}

    for record, code in (
        (tool_chat(), "tools_not_allowed"),
        (chat(turn("user", "x", picture(form="webp")), turn("assistant", "y")), "media_format"),
        (chat(turn("user", "x", document()), turn("assistant", "y")), "media_format"),
    ):
        report = check(record, name=NOVA_2)
        fault = next(fault for fault in report.faults if fault.code == code)
        assert fault.severity == "warning"
        assert "Bedrock Nova 2 fine-tuning data" in fault.message
        assert "Nova 2 SFT data preparation" in fault.message
    for form in ("png", "jpeg", "gif"):
        record = chat(turn("user", "x", picture(form=form)), turn("assistant", "y"))
        assert codes(record, name=NOVA_2) == set()


def place_of_nova(place: str, text: str) -> tuple[dict[str, Any], str]:
    """A record for Nova 2 with one text at a place, and the kind of customization."""
    if place.startswith("rft "):
        role = place.removeprefix("rft ")
        turns = [{"role": role, "content": text}, {"role": "user", "content": "Hello"}]
        return {"messages": turns, "reference_answer": "x"}, "reinforcement-fine-tuning"
    if place == "reasoning":
        thought = {"reasoningContent": {"reasoningText": {"text": text}}}
        return chat(turn("user", "Hello"), turn("assistant", thought, "Good day")), "fine-tuning"
    record = tool_chat()
    record["messages"][2]["content"][0]["toolResult"]["content"] = [{"text": text}]
    return record, "fine-tuning"


@pytest.mark.parametrize("string", NOVA_CHECKED)
@pytest.mark.parametrize("place", ["reasoning", "tool result", "rft system", "rft user", "rft assistant"])
def test_each_reserved_string_of_nova_is_caught_in_the_other_places(string: str, place: str) -> None:
    record, kind = place_of_nova(place, f"well {string} so")
    spared = place == "rft assistant"
    severity = "error" if string in NOVA_DOCUMENTED and not spared else "warning"
    line = json.dumps(record)
    at = line.index(string)
    written = [line, *(
        line[: at + offset] + f"\\u{ord(letter):04x}" + line[at + offset + 1 :]
        for offset, letter in enumerate(string)
    )]  # fmt: skip
    for each in written:
        found = codes(each.encode(), name=NOVA_2, kind=kind)
        assert f"reserved_string:{severity}" in found
        assert found <= {f"reserved_string:{severity}", "tools_not_allowed:warning"}


def test_every_reserved_string_of_a_text_is_told() -> None:
    record = chat(turn("user", "User: a <image> b User: c"), turn("assistant", "x"))
    told = [fault.message for fault in check(record).faults if fault.code == "reserved_string"]
    assert [message.split('"')[1] for message in told] == ["User:", "<image>", "User:"]
