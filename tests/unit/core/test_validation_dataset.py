"""Faults of files and of datasets as a whole, and what a report says of them."""

import bz2
import json
import lzma
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune_core import dataset_checks
from finetune_core.blocks import LONGEST_LINE
from finetune_core.catalogue_sources import PREP
from finetune_core.faults import RULES
from finetune_core.model_rules import Limit
from finetune_core.validation import validate, validate_files
from tests.unit.core.datasets import CANVAS, CLAUDE, GOOD, NOVA, NOVA_2, TITAN, chat, check, many, model, turn

FILE_FAULTS: list[tuple[str, bytes]] = [
    ("empty_file", b""),
    ("empty_file", b"\n\n"),
    ("not_json_lines", b'[\n{"a": 1},\n{"a": 2}\n]'),
    ("not_json_lines", b'[{"a": 1}, {"a": 2}]'),
    ("not_json_lines", b'{\n"a": 1\n}'),
    ("not_json_lines", b"question,answer\na,b\nc,d\n"),
    ("compressed_file", b"\x1f\x8b\x08\x00abc"),
    ("compressed_file", b"\x28\xb5\x2f\xfd\x04\x00abc"),
    ("compressed_file", bz2.compress(b"abc")),
    ("compressed_file", lzma.compress(b"abc")),
    ("compressed_file", b"7z\xbc\xaf\x27\x1c\x00\x04"),
    ("compressed_file", b"PK\x03\x04\x14\x00\x00\x00"),
    ("not_json_lines", b"PAR1\x15\x04\x15"),
    ("not_json_lines", b"%PDF-1.7\n%\xb5\xb5"),
    ("not_json_lines", b"\x89PNG\r\n\x1a\n\x00"),
    ("wrong_encoding", json.dumps(GOOD).encode("utf-16")),
    ("wrong_encoding", json.dumps(GOOD).encode("utf-32")),
    ("wrong_encoding", json.dumps(GOOD).encode("utf-16-le")),
    ("byte_order_mark", json.dumps(GOOD).encode() + b"\n\xef\xbb\xbf" + json.dumps(GOOD).encode()),
    ("byte_order_mark", b"\xef\xbb\xbf" + json.dumps(GOOD).encode()),
    ("carriage_return", json.dumps(GOOD).encode() + b"\r\n"),
    ("blank_line", json.dumps(GOOD).encode() + b"\n\n"),
    ("truncated_line", json.dumps(GOOD).encode() + b"\n" + json.dumps(GOOD).encode()[:50]),
    ("line_too_long", b'{"messages": "' + b"x" * LONGEST_LINE + b'"}'),
    ("nul_byte", b"\0" * 40),
    ("invalid_json", json.dumps(GOOD).encode() + b","),
    ("too_few_records", json.dumps(GOOD).encode()),
]


@pytest.mark.parametrize(
    ("code", "content"), FILE_FAULTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_each_fault_of_a_file_is_found(code: str, content: bytes) -> None:
    report = validate([content], model(NOVA), "fine-tuning")
    assert code in report.counts
    assert report.counts[code] == 1


def test_a_file_that_is_too_large_is_told_by_the_sources_that_bound_it() -> None:
    rules = model(CLAUDE).kinds["FINE_TUNING"]
    content = many(3)
    for limit, valid in ((Limit(len(content), PREP), True), (Limit(len(content) - 1, PREP), False)):
        small = msgspec.structs.replace(
            rules, file_bytes=limit, formats=("converse",), records_min=Limit(1, PREP)
        )
        changed = msgspec.structs.replace(model(CLAUDE), kinds={"FINE_TUNING": small})
        report = validate([content], changed, "fine-tuning")
        assert report.valid is valid
        assert ("file_too_large" in report.counts) is not valid
    fault = next(fault for fault in report.faults if fault.code == "file_too_large")
    assert PREP.name in fault.message


def test_few_records_are_advised_against_only_where_they_are_enough() -> None:
    assert validate([many(5)], model(NOVA), "fine-tuning").counts == {"too_few_records": 1}
    assert validate([many(9)], model(NOVA), "fine-tuning").counts == {"few_records": 1}


def test_values_are_shown_as_json() -> None:
    bad = chat({"role": None, "content": [{"text": True}]}, turn("assistant", "x"))
    shown = {fault.code: fault.value for fault in check(bad).faults}
    assert shown["unknown_role"] == "null"
    assert shown["wrong_type"] == "true"
    cut_off = chat({"role": "user", "content": {"text": ["é"]}}, turn("assistant", "x"))
    assert {fault.value for fault in check(cut_off).faults if fault.code == "wrong_type"} == {
        '{"text": ["é"]}'
    }


def test_every_code_has_a_title_and_a_remedy() -> None:
    for code, rule in RULES.items():
        assert rule.title[0].isupper(), code
        assert rule.remedy.endswith((".", "?")), code


def test_every_code_is_reported_by_the_validator_and_expected_by_a_test() -> None:
    root = Path(__file__).parents[3]
    for folders in (("lambdas", "src"), ("tests",)):
        files = [path for folder in folders for path in (root / folder).rglob("*.py")]
        texts = [path.read_text(encoding="utf-8") for path in files if path.name != "faults.py"]
        named = {code for text in texts for code in re.findall(r'"([a-z0-9_]+)[":]', text)}
        assert RULES.keys() - named == set()


def test_every_fault_of_a_record_is_told_with_its_place() -> None:
    record = chat(turn("assistant", " "), turn("assistant", "User: x"), extra=1)
    report = check(GOOD, record, GOOD, *[GOOD] * 8)
    assert {(fault.code, fault.line, fault.path) for fault in report.faults if fault.line == 2} == {
        ("unknown_key", 2, "$.extra"),
        ("first_role", 2, "$.messages[0].role"),
        ("role_order", 2, "$.messages[1].role"),
        ("blank_text", 2, "$.messages[0].content[0].text"),
        ("reserved_string", 2, "$.messages[1].content[0].text"),
    }
    assert {fault.byte_offset for fault in report.faults if fault.line == 2} == {len(json.dumps(GOOD)) + 1}


def test_counts_and_lines_are_complete_though_examples_are_few() -> None:
    bad = chat(turn("user", "x"), turn("user", "y"))
    report = check(*([bad] * 40 + [GOOD] * 2 + [bad] * 3))
    assert report.counts["role_order"] == 43
    assert len([fault for fault in report.faults if fault.code == "role_order"]) == 5
    row = next(row for row in report.lines if row.code == "role_order")
    assert row.ranges == ((1, 40), (43, 45))


def test_records_are_counted_with_the_validation_file() -> None:
    rules = model(NOVA).kinds["FINE_TUNING"]
    small = msgspec.structs.replace(rules, records_max=Limit(150, PREP))
    changed = msgspec.structs.replace(model(NOVA), kinds={"FINE_TUNING": small})
    assert validate_files({"train": [many(120)], "validation": [many(30, 500)]}, changed, "fine-tuning").valid
    report = validate_files({"train": [many(120)], "validation": [many(31, 500)]}, changed, "fine-tuning")
    assert report.counts == {"too_many_records": 1}
    assert not report.valid


def test_where_sources_conflict_the_stricter_one_warns_and_both_are_named() -> None:
    report = validate([many(50)], model(NOVA_2), "fine-tuning")
    fault = next(fault for fault in report.faults if fault.code == "too_few_records")
    assert report.valid
    assert fault.severity == "warning"
    assert "Nova 2 supervised fine-tuning" in fault.message
    assert "Nova 2 data preparation" in fault.message
    assert not validate([many(5)], model(NOVA_2), "fine-tuning").valid


def test_leakage_between_the_files_is_found() -> None:
    files = {"train": [many(120)], "validation": [many(20, 110)], "evaluation": [many(10, 125)]}
    report = validate_files(files, model(NOVA), "fine-tuning")
    assert report.valid
    assert {row.role: row.ranges for row in report.lines} == {
        "validation": ((1, 10),),
        "evaluation": ((1, 5),),
    }


@pytest.mark.parametrize("before", [0, 1, 700, 1_500, 2_300, 3_100])
def test_a_text_one_character_too_long_is_found_wherever_it_lies(before: int) -> None:
    short, longest = b'{"input": "short"}\n', 24_576
    text = [b'{"input": "%b"}\n' % (b"a" * size) for size in (longest, longest + 1)]
    content = b"".join((short * before, text[0], text[1], short * 9_000))
    report = validate([content], model(TITAN), "continued-pre-training")
    found = [fault.line for fault in report.faults if fault.code == "text_too_long"]
    assert found == [before + 2]


def test_copies_name_the_first_of_them() -> None:
    report = validate([many(3) + many(2) + many(200, 10)], model(NOVA), "fine-tuning")
    assert [(f.line, f.message) for f in report.faults] == [
        (4, "the same record as line 1"),
        (5, "the same record as line 2"),
    ]


@given(st.lists(st.integers(0, 40), max_size=40), st.integers(1, 9))
def test_copies_are_found_wherever_they_are_in_the_file(records: list[int], part: int) -> None:
    """Records by number, 0 for a line without a record; fingerprints are held against others part by part."""
    lines = [b"" if number == 0 else many(1, number).strip() for number in records]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset_checks, "_PART", part)
        report = validate([b"\n".join([*lines, many(1, 99)])], model(NOVA), "fine-tuning")
    seen = [number for number in records if number]
    assert report.counts.get("duplicate_record", 0) == len(seen) - len(set(seen))


@pytest.mark.parametrize(
    ("name", "code", "valid"),
    [
        (NOVA, None, True),
        (NOVA_2, "validation_file_disputed", True),
        (CANVAS, "validation_file_refused", False),
    ],
)
def test_a_validation_file_is_judged_by_the_model(name: str, code: str | None, valid: bool) -> None:
    def content(start: int) -> bytes:
        if name != CANVAS:
            return many(300, start)
        refs = (
            f'{{"image-ref": "s3://bucket/{n}.png", "caption": "cat {n}"}}\n'
            for n in range(start, start + 10)
        )
        return "".join(refs).encode()

    report = validate_files({"train": [content(0)], "validation": [content(900)]}, model(name), "fine-tuning")
    assert ({code} if code else set()) <= report.counts.keys()
    assert report.valid is valid


def test_a_kind_that_the_model_lacks_is_refused_in_words() -> None:
    with pytest.raises(
        ValueError, match="Amazon Nova Micro does not offer CONTINUED_PRE_TRAINING; it offers FINE_TUNING"
    ):
        validate([b""], model(NOVA), "continued-pre-training")
