"""Any bytes give a report; cuts, shards and line ends change nothing."""

import json
import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from finetune_core.findings import Spec
from finetune_core.partials import merge
from finetune_core.records import recognise
from finetune_core.scanner import Scanner
from finetune_core.validation import Report, Scanned, judge, offered_rules, scan, scan_range, validate
from finetune_core.validation_report import to_html, to_json, to_lines
from tests.properties.validation_records import case, files, names, records, spec_of


def verdict(report: Report) -> tuple[object, ...]:
    """What must not depend on line ends: all but offsets and the note about the line ends themselves."""
    counts = {code: count for code, count in report.counts.items() if code != "carriage_return"}
    faults = [
        (f.code, f.severity, f.line, f.path, f.value, f.message)
        for f in report.faults
        if f.code != "carriage_return"
    ]
    return report.valid, report.format, report.records, counts, faults, report.tokens


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=400), names)
@example(b"\xff\xfe{\x00}\x00", "converse")
@example(b"\x1f\x8b\x08", "messages")
@example(b"[" * 5000, "input")
@example(b'{"a":' * 5000, "converse")
@example(b'{"prompt": ' + b"9" * 5000 + b', "completion": "x"}', "prompt-completion")
@example(b'{"messages": 1e999, "system": -Infinity}', "messages")
def test_any_bytes_give_a_report(content: bytes, name: str) -> None:
    report = validate([content], *case(name))
    assert report.valid == (report.errors == 0)
    assert json.loads(to_json(report))["valid"] == report.valid
    assert to_html(report).startswith("<!doctype html>")
    assert to_lines(report) is not None


@settings(deadline=None, max_examples=250)
@given(files, names, st.randoms(use_true_random=False))
def test_the_report_does_not_depend_on_the_pieces(
    content: list[bytes], name: str, rng: random.Random
) -> None:
    data = b"\n".join(content)
    cuts = sorted(rng.sample(range(len(data) + 1), min(5, len(data) + 1)))
    pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    assert validate(pieces, *case(name)) == validate([data], *case(name))


@settings(deadline=None, max_examples=250)
@given(files, names, st.randoms(use_true_random=False))
def test_the_report_does_not_depend_on_the_shards(
    content: list[bytes], name: str, rng: random.Random
) -> None:
    data = b"\n".join(content)
    model, kind = case(name)
    whole = scan([data], model, kind, stable=True)
    if whole.sniffed.code:
        return
    rules = offered_rules(model, kind)
    form = whole.sniffed.format if whole.sniffed.format in rules.formats else rules.formats[0]
    spec = Spec(rules, form, "train", model.name)
    cuts = [0, *sorted(rng.sample(range(len(data) + 1), min(3, len(data) + 1))), len(data)]
    parts = [scan_range([data[max(a - 1, 0) :]], spec, a, b) for a, b in pairwise(cuts) if b > a]
    sharded = Scanned("train", whole.sniffed, merge(parts))
    assert judge([sharded], model, kind) == judge([whole], model, kind)


@settings(deadline=None, max_examples=250)
@given(files, names)
def test_the_verdict_does_not_depend_on_the_line_ends(content: list[bytes], name: str) -> None:
    unix = b"".join(line + b"\n" for line in content)
    windows = b"".join(line + b"\r\n" for line in content)
    assert verdict(validate([unix], *case(name))) == verdict(validate([windows], *case(name)))


@pytest.mark.parametrize("seed", range(4))
def test_large_files_sample_the_same_lines_however_they_are_cut(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - test data
    made = [
        json.dumps(
            {"prompt": "é" * rng.randint(1, 6000), "completion": "x" * rng.choice([0, 5, 70_000])},
            ensure_ascii=False,
        )
        for _ in range(60)
    ]
    data = "\n".join(made).encode()
    spec = spec_of("prompt-completion")
    whole = Scanner(spec, stable=True)
    whole.feed(data)
    expected = merge([whole.finish()])
    cuts = [0, *sorted(rng.sample(range(len(data)), 5)), len(data)]
    parts = [scan_range([data[max(a - 1, 0) :]], spec, a, b) for a, b in pairwise(cuts)]
    assert merge(parts) == expected
    assert expected.sampled < expected.json_size


@settings(deadline=None, max_examples=300)
@given(records)
def test_recognition_never_fails(record: dict[str, Any]) -> None:
    assert recognise(record) is None or isinstance(recognise(record), str)
