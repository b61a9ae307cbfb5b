"""Near duplicates: what is grouped, what is not, and what boilerplate does to it."""

from __future__ import annotations

import json
import random

import pytest

from finetune_core import near_duplicates
from finetune_core.catalogue import find_model
from finetune_core.near_duplicates import group, similarity, text_of
from finetune_core.split import plan_split

WORDS = [f"w{n}" for n in range(3000)]


def line(*texts: str) -> bytes:
    turns = [
        {"role": role, "content": [{"text": text}]}
        for role, text in zip(("user", "assistant"), texts, strict=False)
    ]
    return json.dumps({"messages": turns}).encode() + b"\n"


def sentence(seed: int, length: int = 60) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=length))  # noqa: S311


def grouped(lines: list[bytes]):
    return group(lambda: iter(lines))


def test_records_that_differ_in_case_and_punctuation_are_one_group() -> None:
    found = grouped(
        [line(sentence(1), "Yes."), line(sentence(2), "No."), line(sentence(1).upper() + "!", "yes")]
    )
    assert found.marks[0] == found.marks[2] != found.marks[1]
    assert (found.groups, found.grouped) == (1, 2)


def test_a_word_changed_in_sixty_is_a_near_duplicate_and_twenty_are_not() -> None:
    text = sentence(1).split()
    one = [*text[:30], "changed", *text[31:]]
    twenty = [word if n % 3 else f"other{n}" for n, word in enumerate(text)]
    found = grouped([line(" ".join(each)) for each in (text, one, twenty)])
    assert found.marks[0] == found.marks[1] != found.marks[2]


def test_equal_records_are_not_counted_as_near_duplicates() -> None:
    found = grouped([line("a b c d")] * 3)
    assert (len(set(found.marks)), found.groups) == (1, 0)


def test_a_prompt_that_all_records_share_does_not_make_them_alike() -> None:
    template = sentence(0, 1000)
    lines = [line(f"{template} Now {sentence(n, 8)}", sentence(-n, 8)) for n in range(1, 101)]
    assert similarity(text_of(lines[0]), text_of(lines[1])) > 0.9
    found = grouped(lines)
    assert (len(set(found.marks)), found.groups) == (100, 0)


def test_near_duplicates_are_found_among_records_that_share_a_prompt() -> None:
    template = sentence(0, 1000)
    lines = [line(f"{template} Now {sentence(n, 30)}") for n in range(1, 101)]
    lines.append(line(f"{template} NOW {sentence(7, 30)}..."))
    found = grouped(lines)
    assert (found.groups, found.grouped) == (1, 2)
    assert found.marks[6] == found.marks[100]


def test_short_records_are_alike_only_if_they_say_the_same() -> None:
    found = grouped([line("Yes"), line("yes!"), line("No"), line("Yes, of course"), line("")])
    assert found.marks[0] == found.marks[1]
    assert len(set(found.marks)) == 4


def test_scripts_without_spaces_are_compared_by_character() -> None:
    text = "東京は日本の首都であり、世界でも最大級の都市圏を形成している大都市である。" * 2
    found = grouped(
        [
            line(text),
            line(text.replace("大都市", "都市")),
            line("大阪は西日本の中心であり商業の町として古くから栄えてきた。"),
        ]
    )
    assert found.marks[0] == found.marks[1] != found.marks[2]


def test_lines_that_are_no_json_are_compared_as_they_are() -> None:
    found = grouped([b"not json at all\n", b"Not JSON at all\n", b"\xff\xfe\n"])
    assert found.marks[0] == found.marks[1] != found.marks[2]


def test_too_many_records_are_not_compared(monkeypatch) -> None:
    monkeypatch.setattr(near_duplicates, "MOST_RECORDS", 2)
    found = grouped([line("a b c d"), line("a b c d!"), line("a b c d")])
    assert found.compared is False
    assert found.marks[0] == found.marks[2] != found.marks[1]


def test_an_empty_file_has_no_groups() -> None:
    assert list(grouped([]).marks) == []


@pytest.mark.parametrize("seed", range(3))
def test_a_split_by_marks_parts_no_group(seed) -> None:
    rng = random.Random(seed)  # noqa: S311
    lines = [line(sentence(n % 120, 40) + ("!" if n >= 120 else "")) for n in range(300)]
    rng.shuffle(lines)
    found = grouped(lines)
    model = find_model("amazon.nova-micro-v1:0")
    assert model is not None
    plan = plan_split(found.marks, model.kinds["FINE_TUNING"], validation_fraction=0.2, evaluation_records=30)
    sides: dict[str, set[str]] = {}
    for mark, record in zip(found.marks, lines, strict=True):
        sides.setdefault(text_of(record).rstrip("!"), set()).add(plan.side(mark))
    assert all(len(each) == 1 for each in sides.values())
    assert plan.validation
    assert plan.evaluation
