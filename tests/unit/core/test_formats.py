"""Distillation and reinforcement prompts, reasoning, mixed formats, and a model added as a row."""

from typing import Any

import msgspec
import pytest

from finetune_core.model_rules import Limit, Source
from finetune_core.validation import validate
from tests.unit.core.datasets import (
    GOOD,
    LITE,
    LLAMA_33,
    NOVA,
    NOVA_2,
    PAIR,
    PLAIN,
    chat,
    check,
    codes,
    many,
    model,
    turn,
)

SYSTEM = {"system": [{"text": "Be brief"}]}
PROMPT = chat(turn("user", "Why?"), **SYSTEM)
DISTILLATION: list[tuple[set[str], dict[str, Any]]] = [
    (set(), PROMPT),
    (set(), chat(turn("user", "Why?"), turn("assistant", "So"), **SYSTEM)),
    ({"missing_key:error"}, {key: value for key, value in PROMPT.items() if key != "schemaVersion"}),
    ({"wrong_value:error"}, PROMPT | {"schemaVersion": "bedrock-conversion-2024"}),
    (set(), chat(turn("user", "Why?"))),
    ({"system_items:warning"}, PROMPT | {"system": [{"text": "a"}, {"text": "b"}]}),
    ({"too_many_messages:warning"}, chat(turn("user", "Why?", "Who?"), **SYSTEM)),
    (
        {"too_many_messages:warning"},
        chat(turn("user", "a"), turn("assistant", "b"), turn("user", "c"), **SYSTEM),
    ),
    ({"first_role:warning"}, chat(turn("assistant", "So"), **SYSTEM)),
    ({"media_not_allowed:error", "too_many_messages:warning"}, chat(
        turn("user", "a", {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://bucket/a.png"}}}}),
        **SYSTEM)),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "record"), DISTILLATION)
def test_distillation_prompts(wanted: set[str], record: dict[str, Any]) -> None:
    assert codes(record, name=NOVA, kind="distillation") == wanted


def test_llama_is_distilled_from_single_turns_only() -> None:
    several = chat(turn("user", "a"), turn("assistant", "b"), turn("user", "c"))
    assert codes(several, name=LLAMA_33, kind="distillation") == {"too_many_messages:error"}
    assert codes(chat(turn("user", "a")), name=LLAMA_33, kind="distillation") == set()


ASK = {"role": "user", "content": "2 + 2?"}
REINFORCEMENT: list[tuple[set[str], dict[str, Any]]] = [
    (set(), {"messages": [ASK], "reference_answer": "4", "id": "1", "level": 3}),
    (set(), {"messages": [{"role": "system", "content": "Count"}, ASK], "reference_answer": {"n": 4}}),
    ({"missing_key:warning"}, {"messages": [ASK]}),
    ({"missing_key:warning"}, {"messages": [{"role": "system", "content": "Count"}, ASK]}),
    ({"blank_text:warning"}, {"messages": [ASK], "reference_answer": ""}),
    ({"wrong_type:warning"}, {"messages": [ASK], "reference_answer": "4", "id": 1}),
    (
        {"last_role:warning"},
        {"messages": [ASK, {"role": "assistant", "content": "4"}], "reference_answer": "4"},
    ),
    (
        {"role_order:warning"},
        {"messages": [ASK, {"role": "system", "content": "Count"}, ASK], "reference_answer": "4"},
    ),
    (
        {"too_few_messages:error"},
        {"messages": [{"role": "system", "content": "Count"}], "reference_answer": "4"},
    ),
    (
        {"unknown_role:error"},
        {"messages": [ASK, {"role": "tool", "content": "4"}], "reference_answer": "4"},
    ),
    ({"wrong_type:error"}, {"messages": [], "reference_answer": "4"}),
    (
        {"reserved_string:error"},
        {"messages": [{"role": "user", "content": "User: x"}], "reference_answer": 4},
    ),
]


@pytest.mark.parametrize(("wanted", "record"), REINFORCEMENT)
def test_reinforcement_prompts(wanted: set[str], record: dict[str, Any]) -> None:
    assert codes(record, name=NOVA_2, kind="reinforcement-fine-tuning") == wanted


def test_prompts_without_answers_are_still_reinforcement_records() -> None:
    report = check(*[{"messages": [ASK]}] * 3, name=NOVA_2, kind="reinforcement-fine-tuning")
    assert report.format == "reinforcement"
    assert "wrong_format" not in report.counts


def test_mixed_formats_are_told_as_such() -> None:
    report = check(*[GOOD] * 8, PAIR, PLAIN)
    assert (report.counts["wrong_format"], report.counts["mixed_formats"]) == (2, 1)
    told = next(fault for fault in report.faults if fault.code == "mixed_formats")
    assert told.message == "2 of 10 records are of another format than the rest"
    assert "mixed_formats" not in check(*[PAIR] * 10).counts


@pytest.mark.parametrize(
    "record",
    [
        {"prompt": "x", "chosen": "y", "rejected": "z"},
        chat({"role": "assistant", "candidates": [{"preferenceLabel": "preferred"}]}),
    ],
)
def test_preference_pairs_are_called_so(record: dict[str, Any]) -> None:
    fault = next(fault for fault in check(record).faults if fault.code == "wrong_format")
    assert "preference pairs" in fault.message


THOUGHT = {"reasoningContent": {"reasoningText": {"text": "hm"}}}


def test_reasoning_only_where_it_is_taken() -> None:
    record = chat(turn("user", "x"), turn("assistant", THOUGHT, "y"))
    assert codes(record, name=NOVA_2) == set()
    assert codes(record, name=LITE) == {"reasoning_not_allowed:error"}
    asked = chat(turn("user", "x", THOUGHT), turn("assistant", "y"))
    assert codes(asked, name=NOVA_2) == {"reasoning_not_allowed:error"}


def test_adding_a_model_is_adding_a_row() -> None:
    """A model that takes plain pairs, few of them, is judged by its row alone."""
    source = Source("Made-up model card", "https://example.com/card", "2026-11-24")
    rules = msgspec.structs.replace(
        model(NOVA).kinds["FINE_TUNING"],
        source=source,
        formats=("prompt-completion",),
        records_min=Limit(3, source, 5, source),
        records_max=Limit(6, source),
        reserved="claude",
        unknown_keys="error",
    )
    new = msgspec.structs.replace(
        model(NOVA), id="example.new-v1:0", name="New Model", kinds={"FINE_TUNING": rules}
    )

    def judged(*lines: bytes) -> dict[str, int]:
        report = validate([b"".join(lines)], new, "fine-tuning")
        return {code: count for code, count in report.counts.items() if code != "few_records"}

    pair = [b'{"prompt": "p%d", "completion": "c%d"}\n' % (n, n) for n in range(9)]
    assert judged(*pair[:5]) == {}
    assert judged(*pair[:3]) == {"too_few_records": 1}
    assert judged(*pair[:7]) == {"too_many_records": 1}
    assert judged(*pair[:5], b'{"prompt": "a\\n\\nHuman: b", "completion": "c"}\n') == {"reserved_string": 1}
    assert judged(*pair[:5], b'{"prompt": "User: b", "completion": "c", "id": 1}\n') == {"unknown_key": 1}
    assert judged(many(5))["wrong_format"] == 5
    with pytest.raises(ValueError, match="New Model does not offer DISTILLATION"):
        validate([b""], new, "distillation")
