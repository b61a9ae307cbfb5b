"""Every fault of a record is found; every listed reserved string is caught, however it is written."""

import json
from typing import Any

import pytest

from finetune_core.reserved import CLAUDE_REFUSED, NOVA_CHECKED, NOVA_DOCUMENTED
from tests.unit.core.datasets import (
    CANVAS,
    CLAUDE,
    GOOD,
    LITE,
    LLAMA_31,
    LLAMA_33,
    NOVA,
    PAIR,
    PLAIN,
    TITAN,
    chat,
    check,
    codes,
    picture,
    turn,
)

TWO_USERS = chat(turn("user", "x"), turn("user", "y"), turn("assistant", "z"))
REPEATED = json.dumps(GOOD).replace('"role": "u', '"role": "user", "role": "u').encode()
THOUGHTFUL = chat(
    turn("user", "x"), turn("assistant", {"reasoningContent": {"reasoningText": {"text": "r"}}}, "y")
)
TOOLED = GOOD | {"toolConfig": {"tools": [{"toolSpec": {"name": "t", "inputSchema": {"json": {}}}}]}}

RECORD_FAULTS: list[tuple[str, Any, dict[str, Any]]] = [
    ("not_an_object:error", [1, 2], {}),
    ("not_an_object:error", b"null", {}),
    ("invalid_json:error", b"{'a': 1}", {}),
    ("invalid_json:error", b'{"messages": None}', {}),
    ("invalid_json:error", b'{"a": 1,}', {}),
    ("invalid_json:error", b'{"a": 1} {"a": 2}', {}),
    ("invalid_json:error", b'{"a": "x\ty"}', {}),
    ("invalid_number:error", b'{"messages": NaN}', {}),
    ("invalid_utf8:error", b'{"messages": "\xff"}', {}),
    ("nul_byte:error", b'{"messages": "\x00"}', {}),
    ("lone_surrogate:error", b'{"messages": "\\ud83d"}', {}),
    ("duplicate_key:error", REPEATED, {}),
    ("duplicate_key:error", b'{"prompt": "a", "prompt": "b", "completion": "c"}', {"name": LLAMA_31}),
    ("wrong_format:error", PAIR, {}),
    ("wrong_format:error", GOOD, {"name": CLAUDE}),
    ("missing_key:error", {"schemaVersion": "bedrock-conversation-2024"}, {}),
    ("missing_key:error", chat({"role": "user"}, turn("assistant", "x")), {}),
    ("unknown_key:warning", GOOD | {"note": 1}, {}),
    ("unknown_key:error", PLAIN | {"note": 1}, {"name": CLAUDE}),
    ("wrong_type:error", chat(turn("user", {"text": 5}), turn("assistant", "x")), {}),
    ("wrong_type:error", GOOD | {"system": "Be brief"}, {}),
    ("wrong_type:error", GOOD | {"system": None}, {}),
    ("wrong_type:error", GOOD | {"messages": None}, {}),
    ("wrong_type:error", PLAIN | {"messages": None}, {"name": CLAUDE}),
    ("wrong_type:error", GOOD | {"messages": {}}, {}),
    ("empty_list:warning", GOOD | {"system": []}, {}),
    ("wrong_type:error", PAIR | {"prompt": 7}, {"name": LLAMA_31}),
    ("wrong_value:warning", GOOD | {"schemaVersion": "mine"}, {}),
    ("wrong_value:error", GOOD | {"schemaVersion": "mine"}, {"name": LLAMA_33}),
    ("wrong_value:error", chat(turn("user", {"text": "a", "image": {}}), turn("assistant", "x")), {}),
    ("too_few_messages:error", chat(turn("user", "Hello")), {}),
    ("unknown_role:error", chat(turn("system", "x"), turn("user", "y"), turn("assistant", "z")), {}),
    ("first_role:error", chat(turn("assistant", "x"), turn("user", "y"), turn("assistant", "z")), {}),
    ("last_role:error", chat(turn("user", "x"), turn("assistant", "y"), turn("user", "z")), {}),
    ("role_order:error", TWO_USERS, {}),
    ("role_order:warning", TWO_USERS, {"name": LLAMA_33}),
    ("system_items:warning", GOOD | {"system": [{"text": "a"}, {"text": "b"}]}, {"name": LLAMA_33}),
    ("empty_list:error", chat({"role": "user", "content": []}, turn("assistant", "x")), {}),
    ("text_too_short:error", {"image-ref": "s3://bucket/a.png", "caption": "ab"}, {"name": CANVAS}),
    ("text_too_long:error", {"image-ref": "s3://bucket/a.png", "caption": "a" * 2000}, {"name": CANVAS}),
    ("media_format:error", {"image-ref": "s3://bucket/a.bmp", "caption": "a cat"}, {"name": CANVAS}),
    ("media_uri:error", {"image-ref": "s3://bucket/my cat.png", "caption": "a cat"}, {"name": CANVAS}),
    ("text_too_long:error", PAIR | {"prompt": "a" * 60_000, "completion": "b" * 36_001}, {"name": LLAMA_31}),
    ("text_too_long:error", {"input": "a" * 24_577}, {"name": TITAN, "kind": "continued-pre-training"}),
    ("media_uri:error", {"image-ref": "s3://bucket/a//b.png", "caption": "a cat"}, {"name": CANVAS}),
    ("media_uri:error", {"image-ref": f"s3://bucket/{'a' * 1010}.png", "caption": "cat"}, {"name": CANVAS}),
    ("too_many_tokens:error", PAIR | {"prompt": "word " * 30_000}, {"name": LLAMA_31}),
    ("too_many_tokens:warning", PAIR | {"prompt": "word " * 16_000}, {"name": LLAMA_31}),
    ("reasoning_not_allowed:error", THOUGHTFUL, {}),
    ("tools_not_allowed:error", TOOLED, {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "record", "how"), RECORD_FAULTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_each_fault_of_a_record_is_found(code: str, record: Any, how: dict[str, Any]) -> None:
    found = codes(record, **how)
    assert code in found


def film() -> dict[str, Any]:
    return {"video": {"format": "mp4", "source": {"s3Location": {"uri": "s3://bucket/a.mp4"}}}}


MEDIA_FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("media_not_allowed:error", chat(turn("user", "x", picture()), turn("assistant", "y")), NOVA),
    ("media_in_assistant:error", chat(turn("user", "x"), turn("assistant", "y", picture())), LITE),
    ("media_format:error", chat(turn("user", "x", picture(form="bmp")), turn("assistant", "y")), LITE),
    ("media_count:error", chat(turn("user", "x", *[picture()] * 11), turn("assistant", "y")), LITE),
    ("media_mixed:error", chat(turn("user", "x", picture(), film()), turn("assistant", "y")), LITE),
    (
        "media_uri:error",
        chat(turn("user", "x", picture("s3://bucket/a b.png")), turn("assistant", "y")),
        LITE,
    ),
    ("wrong_value:error", chat(turn("user", "x", picture(bucketOwner="12")), turn("assistant", "y")), LITE),
]


@pytest.mark.parametrize(
    ("code", "record", "name"), MEDIA_FAULTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_each_fault_of_media_is_found(code: str, record: dict[str, Any], name: str) -> None:
    assert codes(record, name=name) == {code}


@pytest.mark.parametrize("string", NOVA_CHECKED)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_each_reserved_string_of_nova_is_caught(string: str, place: int) -> None:
    texts = ["Be brief", "Hello", "Good day"]
    texts[place] = f"well {string} so"
    record = chat(turn("user", texts[1]), turn("assistant", texts[2]), system=[{"text": texts[0]}])
    severity = "error" if string in NOVA_DOCUMENTED and place < 2 else "warning"
    assert codes(GOOD, record, GOOD) == {f"reserved_string:{severity}"}
    line = json.dumps(record)
    at = line.index(string)
    for offset in range(len(string)):
        letter = f"\\u{ord(line[at + offset]):04x}"
        written = (line[: at + offset] + letter + line[at + offset + 1 :]).encode()
        assert codes(GOOD, written, GOOD) == {f"reserved_string:{severity}"}


@pytest.mark.parametrize("string", CLAUDE_REFUSED)
def test_each_reserved_string_of_claude_is_caught(string: str) -> None:
    line = json.dumps({"messages": [{"role": "user", "content": f"a{string} b"}, PLAIN["messages"][1]]})
    assert codes(line.encode(), name=CLAUDE) == {"reserved_string:error"}
    for letter in ("\\n", string[1], ":"):
        written = line.replace(letter, f"\\u{ord(json.loads(chr(34) + letter + chr(34))):04x}", 1)
        if letter != ":":
            assert codes(written.encode(), name=CLAUDE) == {"reserved_string:error"}
    assert codes(line.replace("\\n", " ").encode(), name=CLAUDE) == set()


@pytest.mark.parametrize(
    "blank", ["", " ", "\t\n", "\u00a0", "\u1680", "\u2009 \u3000", "\x1c", "\x85", "\u2028"]
)
@pytest.mark.parametrize("escape", [True, False])
def test_blank_text_is_found_in_every_place(blank: str, escape: bool) -> None:
    places: list[tuple[str, dict[str, Any], str]] = [
        (NOVA, chat(turn("user", blank), turn("assistant", "x")), "fine-tuning"),
        (NOVA, chat(turn("user", "x"), turn("assistant", blank)), "fine-tuning"),
        (NOVA, GOOD | {"system": [{"text": blank}]}, "fine-tuning"),
        (CLAUDE, PLAIN | {"system": blank}, "fine-tuning"),
        (
            CLAUDE,
            {"messages": [PLAIN["messages"][0], {"role": "assistant", "content": blank}]},
            "fine-tuning",
        ),
        (LLAMA_31, PAIR | {"prompt": blank}, "fine-tuning"),
        (LLAMA_31, PAIR | {"completion": blank}, "fine-tuning"),
        (TITAN, {"input": blank}, "continued-pre-training"),
    ]
    for name, record, kind in places:
        line = json.dumps(record, ensure_ascii=escape).encode()
        assert codes(line, name=name, kind=kind) == {"blank_text:error"}, (name, record)


@pytest.mark.parametrize(
    "hidden", ["\u200b", "\ufeff\u2060", "\xad", "\u2800 ", "\u3164", "\u200d\ufe0f", "\x00"]
)
@pytest.mark.parametrize("escape", [True, False])
def test_a_text_without_a_visible_character_is_a_warning(hidden: str, escape: bool) -> None:
    for name, record in (
        (NOVA, chat(turn("user", hidden), turn("assistant", "x"))),
        (CLAUDE, PLAIN | {"system": hidden}),
        (LLAMA_31, PAIR | {"completion": hidden}),
    ):
        found = codes(json.dumps(record, ensure_ascii=escape).encode(), name=name)
        assert found - {"nul_byte:warning"} == {"blank_text:warning"}
        assert ("\0" in hidden) == ("nul_byte:warning" in found)
    assert codes(PAIR | {"completion": f"a{hidden}"}, name=LLAMA_31) <= {"nul_byte:warning"}


def test_a_caption_may_be_empty_where_no_length_is_asked_for() -> None:
    record = {"image-ref": "s3://bucket/a.png", "caption": ""}
    assert codes(record, name="amazon.titan-embed-image-v1") == set()
    assert codes(record | {"caption": "  "}, name="amazon.titan-embed-image-v1") == {"blank_text:error"}
    assert codes(record, name=CANVAS) == {"blank_text:error", "text_too_short:error"}


def test_formats_that_cannot_be_converted_are_not_sent_there() -> None:
    for record, word in (
        ({"prompt": "a", "chosen": "b", "rejected": "c"}, "--completion-field chosen"),
        ({"modelId": "m", "input": {}, "output": {}}, "out of the log"),
        ({"conversations": [{"from": "human", "value": "a"}]}, "finetune convert writes"),
    ):
        fault = next(fault for fault in check(record).faults if fault.code == "wrong_format")
        assert word in fault.remedy
