"""The language of faultless lines: what it must leave out, one by one, and what it must not."""

import json
from itertools import product

import pytest

from finetune_core.catalogue import MODELS
from finetune_core.fast_path import FastPath
from finetune_core.findings import is_invisible
from finetune_core.grammar import RESERVED
from finetune_core.line_check import check_line
from finetune_core.reserved import CLAUDE_REFUSED, NOVA_CHECKED, NOVA_DOCUMENTED, find_reserved
from tests.properties.validation_records import NEAR, near_record, spec_of

PLAIN = FastPath(spec_of("input"))
NOVA = FastPath(spec_of("converse"))
CLAUDE = FastPath(spec_of("messages"))


def plain(inside: bytes) -> bool:
    return PLAIN.accept_line(b'{"input": "' + inside + b'"}\n')


def nova(inside: bytes, part: int = 1) -> bool:
    texts = [b"Hi", b"Hi"]
    texts[part] = inside
    return NOVA.accept_line(
        b'{"messages": [{"role": "user", "content": [{"text": "%b"}]}, '
        b'{"role": "assistant", "content": [{"text": "%b"}]}]}\n' % tuple(texts)
    )


def claude(inside: bytes) -> bool:
    return CLAUDE.accept_line(
        b'{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "%b"}]}\n'
        % inside
    )


def test_every_white_space_alone_is_left_out() -> None:
    spaces = [chr(point) for point in range(0x110000) if chr(point).isspace()]
    written = [json.dumps(space)[1:-1].encode() for space in spaces]
    written += [space.encode() for space in spaces if space >= " "]
    assert len(written) > 40
    for one, other in product(written, repeat=2):
        assert not plain(one + other)
        assert not nova(one + other)
    assert all(plain(one + b"x" + one) and nova(one + b"x" + one) for one in written if b"u00" not in one)


def test_characters_that_are_not_seen_are_left_out_alone() -> None:
    hidden = [chr(point) for point in range(0x110000) if is_invisible(chr(point))]
    assert len(hidden) > 4_000
    assert {"\u200b", "\ufeff", "\xad", "\u2800", "\u3164", "\x7f", "\U000e0020"} <= set(hidden)
    for one in hidden:
        if 0xD800 <= ord(one) < 0xE000:
            continue
        assert not plain(json.dumps(one)[1:-1].encode() * 2)
        assert not plain(one.encode() * 2)
        assert "\0" in one or plain(b"x" + json.dumps(one)[1:-1].encode())


def test_every_escape_that_is_taken_is_a_character_and_no_space() -> None:
    taken = [point for point in range(0x10000) if plain(b"\\u%04x" % point)]
    assert len(taken) > 55_000
    assert not [point for point in taken if 0xD800 <= point < 0xE000 or chr(point).isspace()]
    assert not [point for point in range(0x80) if nova(b"x\\u%04X" % point)]
    assert plain(b"\\ud83d\\ude00")
    assert not plain(b"\\ude00\\ud83d")
    assert not plain(b"x\\ud83dx\\ude00")


def test_bytes_that_are_taken_are_utf8_without_control_characters() -> None:
    heads = [b"", b"\xe0", b"\xed", b"\xf0", b"\xf4\x90"]
    for head, first, second in product(heads, range(256), range(256)):
        inside = head + bytes((first, second))
        if first in b'"\\\n' or second in b'"\\\n':
            continue
        if plain(b"x" + inside):
            assert json.loads(b'"x%b"' % inside) is not None


@pytest.mark.parametrize("word", [*NOVA_DOCUMENTED, *NOVA_CHECKED, "aSSISTANt:", "<IMAGE>", "<Unk>"])
def test_every_reserved_string_is_left_out_wherever_it_stands(word: str) -> None:
    before = ["", "a", "é", "\n", "\\", '"', ":", "]", "us", "user", "sys", "x:", "<", "[", "🙂", "m", " "]
    for start, end, part in product(before, ["", "x", "\n", ":", "user"], (0, 1)):
        text = start + word + end
        assert not nova(json.dumps(text, ensure_ascii=False)[1:-1].encode(), part)


@pytest.mark.parametrize("word", CLAUDE_REFUSED)
def test_turn_marks_of_claude_are_left_out(word: str) -> None:
    for start in ("", "a", "\n", "\\", ":", "x:"):
        assert not claude(json.dumps(start + word)[1:-1].encode())


def test_strings_that_only_resemble_reserved_ones_are_taken() -> None:
    for text in ("ser:", "usar: x", "another:", "a:b:c", "user :", "robot", "s:", ":", "[EOS", "EOS]", "<b>"):
        assert nova(text.encode()) != bool(find_reserved("nova", text, "user"))
    assert nova("\u017fystem:".encode())
    assert not find_reserved("nova", "\u017fystem:", "user")
    assert claude(b"The human race: and so on")


def test_every_family_of_reserved_strings_has_its_language() -> None:
    families = {rules.reserved for model in MODELS for rules in model.kinds.values()}
    assert families <= RESERVED.keys()


@pytest.mark.parametrize("name", NEAR)
def test_any_order_of_keys_is_taken(name: str) -> None:
    record = near_record(name, ["Hi", "Ho"], 1, version=True)
    for keys in (sorted(record), sorted(record, reverse=True)):
        turned = {key: record[key] for key in keys}
        path = FastPath(spec_of(name))
        line = json.dumps(turned).encode() + b"\n"
        assert path.accept_line(line)
        assert path.accept(line * 3, [line] * 3)
    line = json.dumps(record, sort_keys=True).encode() + b"\n"
    assert FastPath(spec_of(name)).accept_line(line)


USER = b'{"role": "user", "content": [{"text": "Hi"}]}'
ANSWER = b'{"role": "assistant", "content": [{"text": "Ho"}]}'


@pytest.mark.parametrize(
    "line",
    [
        b'{"messages": [%b, %b], "messages": [%b, %b]}' % (USER, ANSWER, USER, ANSWER),
        b'{"messages": [%b, %b]}{"messages": [%b, %b]}' % (USER, ANSWER, USER, ANSWER),
        b'{"messages": [%b, %b,]}' % (USER, ANSWER),
        b'{"messages": [, %b, %b]}' % (USER, ANSWER),
        b'{"messages": [%b, %b, %b]}' % (USER, ANSWER, USER),
        b'{"messages": [%b, %b]}' % (ANSWER, USER),
        b'{"messages": []}',
        b'{"messages": [%b, %b], "x": {"role": "user"}}' % (USER, ANSWER),
        b'{"messages": [%b, %b], "system": "Hi"}' % (USER, ANSWER),
        b'{"messages": [%b, %b]' % (USER, ANSWER),
        b'[{"messages": [%b, %b]}]' % (USER, ANSWER),
        b'{"messages": [%b, %b]}' % (USER.replace(b'"Hi"', b'"Hi", "text": "Hi"'), ANSWER),
        b'{"messages": [%b, %b]}' % (USER.replace(b'"user"', b'"user", "role": "user"'), ANSWER),
        b'{"messages": [%b, %b]}' % (USER.replace(b'"Hi"', b"5"), ANSWER),
        b'{"messages": [%b, %b]}' % (USER.replace(b'"Hi"', b'{"text": "Hi"}'), ANSWER),
        b'{"messages": [%b, %b]} x' % (USER, ANSWER),
    ],
)
def test_look_alikes_are_left_out_as_the_exact_check_finds_them_faulty(line: bytes) -> None:
    assert not NOVA.accept_line(line + b"\n")
    assert check_line(line, spec_of("converse"), 1, 0).faults


def test_keys_and_records_inside_texts_are_texts() -> None:
    for text in ('"role": "user"', '", "content": [{"text": "', "{}", '\\"}]}', '"}]}\n{"messages": ['):
        inside = json.dumps(text)[1:-1].encode()
        assert nova(inside)
        assert claude(inside)
        assert plain(inside)
