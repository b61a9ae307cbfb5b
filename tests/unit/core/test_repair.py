"""A repaired file is valid, what was good stays as it was, and every change is told."""

import json
from typing import Any

import pytest

from finetune_core.repair import Change, Repairer
from finetune_core.sniff import sniff
from finetune_core.validation import spec_of, validate
from tests.unit.core.datasets import CLAUDE, GOOD, LLAMA_31, NOVA, PAIR, PLAIN, chat, model, turn


def repair(content: bytes, name: str = NOVA, pieces: int = 1 << 20) -> tuple[bytes, list[Change]]:
    repairer = Repairer(spec_of(sniff(content), model(name), "fine-tuning", "train"))
    chunks = [content[at : at + pieces] for at in range(0, len(content), pieces)]
    results = list(repairer.file(chunks))
    return b"".join(r.line for r in results if r.line), [change for r in results for change in r.changes]


def line(record: Any) -> bytes:
    return json.dumps(record).encode() + b"\n"


def good(number: int) -> bytes:
    return line(chat(turn("user", f"question {number}"), turn("assistant", "answer")))


NO_VERSION = {"messages": GOOD["messages"]}
ODD_ROLES = chat(turn("User", "a"), turn(" ASSISTANT", "b"))
BLANK_SYSTEM = GOOD | {"system": [{"text": " "}]}
BLANK_BLOCK = chat(turn("user", "a", " "), turn("assistant", "b"))

CHANGED = [
    ("byte_order_mark", b"\xef\xbb\xbf" + good(0), good(0), NOVA),
    ("carriage_return", good(0)[:-1] + b"\r\n", good(0), NOVA),
    ("outer_space", b"  " + good(0)[:-1] + b" \t\n", good(0), NOVA),
    ("missing_key", line(NO_VERSION), line(NO_VERSION | {"schemaVersion": GOOD["schemaVersion"]}), NOVA),
    ("unknown_role", line(ODD_ROLES), line(chat(turn("user", "a"), turn("assistant", "b"))), NOVA),
    ("blank_text", line(BLANK_SYSTEM), line(GOOD), NOVA),
    ("blank_text", line(BLANK_BLOCK), line(chat(turn("user", "a"), turn("assistant", "b"))), NOVA),
    ("wrong_type", line(GOOD), line(PLAIN), CLAUDE),
    ("unknown_key", line(PLAIN | {"id": 7}), line(PLAIN), CLAUDE),
]


@pytest.mark.parametrize(("code", "content", "wanted", "name"), CHANGED, ids=[row[0] for row in CHANGED])
def test_what_can_be_put_right_is(code: str, content: bytes, wanted: bytes, name: str) -> None:
    if name == CLAUDE and code == "wrong_type":  # Converse records for a model that takes plain messages
        content = line({key: value for key, value in GOOD.items() if key != "schemaVersion"})
    written, changes = repair(content, name)
    assert json.loads(written) == json.loads(wanted)
    assert code in {change.code for change in changes}
    assert {change.action for change in changes} == {"changed"}


def test_plain_text_becomes_blocks() -> None:
    written, changes = repair(line(PLAIN | {"system": "Be brief"}))
    wanted = chat(turn("user", "Hello"), turn("assistant", "Good day"), system=[{"text": "Be brief"}])
    assert json.loads(written) == wanted
    assert [change.code for change in changes].count("wrong_type") == 3


DROPPED = [
    ("blank_line", b" \n"),
    ("invalid_json", b'{"messages": }\n'),
    ("truncated_line", good(1)[:40]),
    ("duplicate_record", good(0)),
    ("invalid_utf8", good(1).replace(b"answer", b"\xff")),
    ("nul_byte", good(1).replace(b"answer", b"a\0")),
    ("blank_text", line(chat(turn("user", "a"), turn("assistant", " ")))),
    ("role_order", line(chat(turn("user", "a"), turn("user", "b"), turn("assistant", "c")))),
    ("duplicate_key", b'{"schemaVersion": "x", ' + good(1)[1:]),
    ("not_an_object", b"[1]\n"),
    ("wrong_format", line(PAIR)),
    ("wrong_format", line({"messages": [{"role": "system", "content": "S"}, *PLAIN["messages"]]})),
]


@pytest.mark.parametrize(("code", "bad"), DROPPED, ids=[row[0] for row in DROPPED])
def test_what_cannot_is_dropped_and_told(code: str, bad: bytes) -> None:
    written, changes = repair(good(0) + bad)
    assert written == good(0)
    assert [(change.line, change.code, change.action) for change in changes] == [(2, code, "dropped")]
    assert changes[0].message


def test_a_number_too_large_to_write_again_is_not_changed_silently() -> None:
    huge = line(NO_VERSION).replace(b'{"messages"', b'{"n": ' + b"9" * 5000 + b', "messages"')
    written, changes = repair(huge)
    assert written == huge
    assert changes == []


def test_the_repaired_file_is_valid_whatever_the_pieces() -> None:
    bad = b"".join(content for _, content, _, name in CHANGED if name == NOVA)
    content = b"".join(map(good, range(20))) + bad + b"".join(item for _, item in reversed(DROPPED))
    written, changes = repair(content)
    assert (written, changes) == repair(content, pieces=7)
    report = validate([written], model(NOVA), "fine-tuning")
    assert report.valid
    assert not report.counts.keys() & {"duplicate_record", "carriage_return", "blank_line"}
    assert repair(written) == (written, [])


def test_good_records_are_not_touched() -> None:
    content = b"".join(line({"prompt": f"p {n}", "completion": "c"}) for n in range(50))
    assert repair(content, LLAMA_31) == (content, [])
