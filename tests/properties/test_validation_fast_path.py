"""Speed decides no verdict: the fast path accepts only what the exact check finds faultless."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from finetune_core.fast_path import FastPath
from finetune_core.line_check import check_line
from tests.properties.validation_records import NEAR, near_lines, near_record, spec_of

TURN = b'{"role" : "user", "role": "user", "content": [{"text": "a"}]}'
ANSWER = b'{"role": "assistant", "content": [{"text": "b"}]}'
HIDDEN = b'{"role": "user", "content": "a\\u000aHuman: hi"}, {"role": "assistant", "content": "b"}'


@settings(deadline=None, max_examples=2000)
@given(near_lines())
@example(("converse-lax", b'{"messages": [%b, %b]}' % (TURN, ANSWER)))
@example(("prompt-completion", b'{"prompt": "a", "prompt" :"b", "completion": "c"}'))
@example(("prompt-completion", b'{"prompt": "::", "completion": "\\u2003"}'))
@example(("messages", b'{"messages": [%b]}' % HIDDEN))
def test_the_fast_path_accepts_only_what_the_exact_check_finds_faultless(drawn: tuple[str, bytes]) -> None:
    name, line = drawn
    spec = spec_of(name)
    accepted = FastPath(spec).accept_line(line + b"\n")
    exact = check_line(line, spec, 1, 0)
    if accepted:
        assert exact.faults == []


@settings(deadline=None, max_examples=600)
@given(st.lists(near_lines(), min_size=1, max_size=8), st.sampled_from(NEAR))
def test_a_block_is_accepted_only_if_each_of_its_lines_is_faultless(
    drawn: list[tuple[str, bytes]], name: str
) -> None:
    held = [line for case_name, line in drawn if case_name == name]
    spec = spec_of(name)
    path = FastPath(spec)
    if held and path.accept(b"\n".join(held) + b"\n", [line + b"\n" for line in held]):
        assert [check_line(line, spec, 1, 0).faults for line in held] == [[]] * len(held)


@pytest.mark.parametrize("name", NEAR)
@pytest.mark.parametrize("spaces", [(", ", ": "), (",", ":")])
@pytest.mark.parametrize("opening", ["Hello", "\n\nHello", "  x", "über", "你好", "\\x", "User"])
def test_the_fast_path_does_accept_ordinary_records(name: str, spaces: tuple[str, str], opening: str) -> None:
    record = near_record(name, [f'{opening} is "said": so', "and : done {}"], 1, version=True)
    for escape in (True, False):
        line = json.dumps(record, ensure_ascii=escape, separators=spaces).encode() + b"\n"
        assert FastPath(spec_of(name)).accept(line * 3, [line] * 3)
