"""Grouping near duplicates does not depend on order, and its candidates keep what exact comparison finds."""

from __future__ import annotations

import json
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from finetune_core.near_duplicates import SIMILAR, group, similarity, text_of

VOCABULARY = [
    "ash",
    "bay",
    "cod",
    "dew",
    "elk",
    "fig",
    "gum",
    "hay",
    "ivy",
    "jay",
    "kit",
    "log",
    "map",
    "nut",
    "oak",
    "pea",
    "rye",
    "sap",
    "tea",
    "urn",
    "vow",
    "wax",
    "yew",
    "zip",
]
texts = st.lists(st.sampled_from(VOCABULARY), min_size=0, max_size=30).map(" ".join)
anything = st.one_of(texts, st.text(max_size=60))


def lines_of(written: list[str]) -> list[bytes]:
    return [json.dumps({"prompt": text, "completion": text[:7]}).encode() + b"\n" for text in written]


@settings(max_examples=60, deadline=None)
@given(st.lists(anything, max_size=25), st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(written: list[str], rng: random.Random) -> None:
    lines = lines_of(written)
    marks = dict(zip(lines, group(lambda: iter(lines)).marks, strict=True))
    rng.shuffle(lines)
    assert dict(zip(lines, group(lambda: iter(lines)).marks, strict=True)) == marks


@settings(max_examples=60, deadline=None)
@given(st.lists(anything, min_size=1, max_size=25))
def test_every_group_holds_a_chain_of_similar_records_and_marks_are_members_own(written: list[str]) -> None:
    lines = lines_of(written)
    found = group(lambda: iter(lines))
    alone = {line: group(lambda line=line: iter([line])).marks[0] for line in lines}
    members: dict[int, set[bytes]] = {}
    for mark, line in zip(found.marks, lines, strict=True):
        members.setdefault(mark, set()).add(line)
    for mark, group_of in members.items():
        assert mark in {alone[line] for line in group_of}
        if len(written) >= 10 or len(group_of) == 1:
            continue  # from ten records on boilerplate is set aside, which `similarity` does not
        for line in group_of:
            others = group_of - {line}
            assert any(similarity(text_of(line), text_of(other)) >= SIMILAR for other in others)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(VOCABULARY), min_size=60, max_size=120), st.data())
def test_one_changed_word_in_sixty_is_always_found(words: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(words) - 1))
    changed = [*words[:at], "another", *words[at + 1 :]]
    lines = lines_of([" ".join(words), " ".join(changed), "something else entirely here"])
    marks = group(lambda: iter(lines)).marks
    if similarity(text_of(lines[0]), text_of(lines[1])) >= SIMILAR + 0.1:
        assert marks[0] == marks[1]
    assert marks[2] not in marks[:2]
