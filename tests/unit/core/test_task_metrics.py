"""Metrics by task, and how the one that decides is chosen."""

import random

import pytest

from finetune_core import task_metrics
from finetune_core.task_metrics import choose, common_subsequence, field_accuracy, rouge_l


def slow_subsequence(one: list[str], other: list[str]) -> int:
    """The textbook's table, to hold the bit-parallel one against."""
    rows = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, left in enumerate(one):
        for j, right in enumerate(other):
            rows[i + 1][j + 1] = rows[i][j] + 1 if left == right else max(rows[i][j + 1], rows[i + 1][j])
    return rows[-1][-1]


def test_the_longest_common_subsequence_is_the_textbooks() -> None:
    chance = random.Random(7)  # noqa: S311 - a test
    for _ in range(200):
        one = chance.choices("abcd", k=chance.randint(0, 30))
        other = chance.choices("abcde", k=chance.randint(0, 30))
        assert common_subsequence(one, other) == slow_subsequence(one, other)


@pytest.mark.parametrize(
    ("answer", "reference", "value"),
    [
        ("police killed the gunman", "police kill the gunman", 0.75),
        ("the gunman police killed", "police killed the gunman", 0.5),
        ("", "words", 0.0),
        ("same words", "Same, words!", 1.0),
    ],
)
def test_rouge_l(answer: str, reference: str, value: float) -> None:
    assert rouge_l(answer, reference) == pytest.approx(value)


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ('{"b": [1, {"c": "x"}], "a": 1}', 1.0),
        ('{"a": 1, "b": [1, {"c": " x "}]}', 1.0),
        ('{"a": 2, "b": [1, {"c": "x"}]}', 2 / 3),
        ('{"a": 1}', 1 / 3),
        ('{"a": 1, "b": [1, {"c": "x"}], "made up": true}', 3 / 4),
        ("no json", 0.0),
        ("", 0.0),
        ("[" * 100_000, 0.0),
    ],
)
def test_field_accuracy(answer: str, value: float) -> None:
    assert field_accuracy(answer, '{"a": 1, "b": [1, {"c": "x"}]}') == pytest.approx(value)


def test_field_accuracy_knows_true_from_one_and_empty_from_nothing() -> None:
    assert field_accuracy('{"a": true}', '{"a": 1}') == 0.0
    assert field_accuracy("{}", "[]") == 0.0
    assert field_accuracy("{}", "{}") == 1.0
    assert field_accuracy("Yes.", "yes") == 1.0


LONG = " ".join(f"word{number}" for number in range(60))


@pytest.mark.parametrize(
    ("references", "metric"),
    [
        (["positive", "negative", "neutral"] * 5, "label_accuracy"),
        ([f'{{"id": {number}}}' for number in range(9)] + ["none"], "field_accuracy"),
        ([f"Paris {number}" for number in range(10)], "exact_match"),
        ([f"The answer to this one is number {number}" for number in range(10)], "token_f1"),
        ([f"{LONG} {number}" for number in range(10)], "rouge_l"),
        (["yes"] * 10, "exact_match"),
        ([], "token_f1"),
    ],
)
def test_the_metric_follows_from_the_references(references: list[str], metric: str) -> None:
    name, why = choose(references)
    assert name == metric
    assert why
    assert name in task_metrics.METRICS
    assert name in task_metrics.WORDS


def test_no_label_is_a_label_of_its_own_answer_only() -> None:
    assert not task_metrics.are_labels([f"label {number}" for number in range(10)])
    assert task_metrics.are_labels(["a", "b"] * 3)
