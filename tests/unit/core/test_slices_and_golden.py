"""Slices of the held-out records, and golden prompts."""

import json
from typing import Any

import pytest

from finetune_core import golden, settings, slices
from finetune_core.contracts import RunSettings
from finetune_core.errors import RunRejected
from finetune_core.gate import GoldenPrompt
from finetune_core.prompts import to_prompt

DEFAULTS = RunSettings(base_model="amazon.nova-micro-v1:0:128k")


def record(**more: Any) -> dict[str, Any]:
    return {"prompt": "What is it?", "completion": "A thing", **more}


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"slice": " refunds "}, "refunds"),
        ({"category": "billing"}, "billing"),
        ({"slice": "a", "category": "b"}, "a"),
        ({"slice": 3}, ""),
        ({}, ""),
    ],
)
def test_a_record_may_name_its_slice(more: dict[str, Any], name: str) -> None:
    prompt = to_prompt(0, record(**more))
    assert prompt is not None
    assert prompt.slice == name


def test_slices_are_derived_from_form_length_and_turns() -> None:
    words = {"messages": [{"role": "user", "content": [{"text": "word " * 150}]}] * 3}
    assert slices.derived(words, "{}") == ["reference is JSON", "prompt over 100 words", "several turns"]
    few = {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}
    assert slices.derived(few, "x") == ["reference is text", "prompt up to 20 words", "one turn"]


def test_small_slices_and_the_whole_are_left_out() -> None:
    names = {index: ["all", "few" if index < 4 else "many"] for index in range(20)}
    even = dict.fromkeys(range(20), 0.5)
    assert [part.name for part in slices.compare(names, even, even, 0.1, "s")] == ["many"]


@pytest.mark.parametrize(
    ("rule", "answer", "passed"),
    [
        ({"contains": "paris"}, "It is Paris.", True),
        ({"contains": "Rome"}, "It is Paris.", False),
        ({"equals": "yes"}, " YES ", True),
        ({"equals": "yes"}, "yes!", False),
        ({"matches": r"^\d+$"}, "42", True),
        ({"matches": r"^\d+$"}, "about 42", False),
    ],
)
def test_golden_prompts(rule: dict[str, str], answer: str, passed: bool) -> None:
    prompt = GoldenPrompt(prompt="?", **rule)
    assert golden.passes(prompt, answer) is passed
    assert repr(next(iter(rule.values()))) in golden.expectation(prompt)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"golden_prompts": [{"prompt": "a"}]}, "exactly one of contains, equals, matches"),
        ({"golden_prompts": [{"prompt": "a", "contains": "b", "equals": "c"}]}, "exactly one"),
        ({"golden_prompts": [{"prompt": "a", "matches": "("}]}, "no regular expression"),
        ({"golden_prompts": [{"prompt": "a", "contain": "("}]}, "contain"),
        ({"gate": {"metric": "bleu"}}, "gate.metric"),
        ({"gate": {"slice_los": 1}}, "slice_los"),
        ({"watch": {"hours": -1}}, "watch.hours"),
    ],
)
def test_wrong_settings_are_named(given: dict[str, Any], told: str) -> None:
    with pytest.raises(RunRejected, match=told):
        settings.merge(DEFAULTS, json.dumps(given).encode(), where="run.json")


def test_right_settings_are_taken() -> None:
    given = {
        "gate": {"metric": "rouge_l", "slice_loss": None},
        "watch": {"hours": 0},
        "golden_prompts": [{"prompt": "2 + 2?", "contains": "4"}],
    }
    found = settings.merge(DEFAULTS, json.dumps(given).encode(), where="run.json")
    assert (found.gate.metric, found.gate.slice_loss, found.watch.hours) == ("rouge_l", None, 0)
    assert found.golden_prompts[0].contains == "4"
