"""Warnings about a dataset's make-up: rare labels and unusual lengths; neither depends on cuts."""

import json
from itertools import pairwise

import pytest

from finetune_core.lengths import outlier_steps
from finetune_core.partials import length_bucket, merge
from finetune_core.sniff import sniff
from finetune_core.validation import Report, Scanned, judge, scan, scan_range, spec_of, validate
from tests.unit.core.datasets import CLAUDE, LLAMA_31, NOVA, chat, model, turn


def pairs(answers: list[str]) -> bytes:
    return b"".join(
        json.dumps({"prompt": f"Is number {n} even?", "completion": answer}).encode() + b"\n"
        for n, answer in enumerate(answers)
    )


def judged(content: bytes, name: str = LLAMA_31) -> Report:
    return validate([content], model(name), "fine-tuning")


def message(report: Report, code: str) -> str:
    return next(fault.message for fault in report.faults if fault.code == code)


def test_rare_labels_are_told_with_their_shares() -> None:
    report = judged(pairs(["yes"] * 80 + ["no"] * 35 + ["perhaps"] * 5))
    said = message(report, "label_balance")
    assert said == "the answers are labels (yes 66.7%, no 29.2%, perhaps 4.2%); rare: perhaps"
    assert report.valid


def test_a_single_label_teaches_nothing_else() -> None:
    assert "all are the same" in message(judged(pairs(["yes"] * 120)), "label_balance")


@pytest.mark.parametrize(
    "answers",
    [
        ["yes", "no"] * 60,
        [f"answer {n}" for n in range(120)],
        ["x" * 99, "y"] * 60,
        ["a", "b"] * 60 + ["z" * 99],
    ],
)
def test_balanced_or_free_answers_are_not_remarked_on(answers: list[str]) -> None:
    assert "label_balance" not in judged(pairs(answers)).counts


def test_labels_are_counted_in_every_chat_format() -> None:
    answers = ["yes"] * 115 + ["no"] * 5
    blocks = [chat(turn("user", f"q{n}"), turn("assistant", answer)) for n, answer in enumerate(answers)]
    plain = [
        {"messages": [{"role": "user", "content": f"q{n}"}, {"role": "assistant", "content": answer}]}
        for n, answer in enumerate(answers)
    ]
    for records, name in ((blocks, NOVA), (plain, CLAUDE)):
        report = judged("\n".join(map(json.dumps, records)).encode(), name)
        assert message(report, "label_balance").startswith("the answers are labels (yes 95.8%, no 4.2%)")


def test_labels_and_lengths_do_not_depend_on_the_shards() -> None:
    content = pairs(["yes"] * 300 + ["no"] * 9 + ["yes" + " " * 5000])
    llama = model(LLAMA_31)
    whole = scan([content], llama, "fine-tuning", stable=True)
    spec = spec_of(sniff(content), llama, "fine-tuning", "train")
    cuts = [0, 1, 4000, 4001, 9000, len(content)]
    parts = [scan_range([content[max(a - 1, 0) :]], spec, a, b) for a, b in pairwise(cuts)]
    sharded = judge([Scanned("train", whole.sniffed, merge(parts))], llama, "fine-tuning")
    assert sharded == judge([whole], llama, "fine-tuning")
    assert sharded.counts["label_balance"] == sharded.counts["length_outlier"] == 1


def test_labels_that_turn_out_to_be_many_are_forgotten() -> None:
    content = pairs(["yes", "no"] * 250 + [f"answer {n}" for n in range(100)])
    part = scan([content], model(LLAMA_31), "fine-tuning").partial
    assert part.labels is None
    assert "label_balance" not in judged(content).counts


def test_the_rare_label_is_named_with_its_lines_wherever_they_are() -> None:
    answers = ["yes"] * 900 + ["no"] * 800
    answers[1] = answers[600] = answers[601] = "perhaps"
    content = pairs(answers)
    report = judged(content)
    fault = next(fault for fault in report.faults if fault.code == "label_balance")
    assert (fault.line, fault.byte_offset) == (2, content.index(b"\n") + 1)
    row = next(row for row in report.lines if row.code == "label_balance")
    assert row.ranges == ((2, 2), (601, 602))
    assert not row.cut


def test_far_longer_and_far_shorter_records_are_named() -> None:
    usual = [f"answer {n} " + "word " * (60 + n % 40) for n in range(200)]
    content = b"\xef\xbb\xbf\n" + pairs(["x", *usual, "much " * 3000, *usual[:20]]).replace(b"\n", b"\r\n")
    report = judged(content)
    found = [fault for fault in report.faults if fault.code == "length_outlier"]
    assert [fault.line for fault in found] == [2, 203]
    for fault in found:
        line = content[fault.byte_offset :].partition(b"\r\n")[0]
        assert line == content.splitlines()[fault.line - 1]
        assert fault.message.startswith(f"the record has {len(line) + 1:,} bytes; most have ")
    assert report.counts["length_outlier"] == 2
    assert "length_outlier" not in judged(pairs(usual)).counts


def test_the_fences_follow_the_quartiles() -> None:
    assert outlier_steps({length_bucket(100): 49}) is None
    low, high = outlier_steps({length_bucket(100): 40, length_bucket(1600): 20}) or (0, 0)
    assert low <= length_bucket(100) - 8
    assert high >= length_bucket(1600) + 48
