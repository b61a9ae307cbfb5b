"""How close an answer comes to its reference: one metric per kind of task, each between 0 and 1.

exact_match      the same words in the same order (case and punctuation apart)
token_f1         harmonic mean of precision and recall over words
rouge_l          F-measure of the longest common subsequence of words
                 (C.-Y. Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004, section 3)
json_valid       the answer is a JSON object or array
field_accuracy   fields with the same value, of all fields that answer or reference have
label_accuracy   exact match, where the references are few labels
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from statistics import median
from typing import Any, Final

_IDEOGRAM = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"[{_IDEOGRAM}]|[^\W{_IDEOGRAM}]+")

MOST_LABELS: Final = 30
LONGEST_LABEL: Final = 5
"""Words: references that are longer are answers and no labels."""
RECORDS_PER_LABEL: Final = 3
"""Fewer records per distinct reference on average, and the references are no labels."""
JSON_SHARE: Final = 0.8
"""Share of references that must be JSON for the task to be one of fields."""
SHORT_WORDS: Final = 3
LONG_WORDS: Final = 40
"""Median words of the references up to which, and from which, answers are short facts or long texts."""


def tokens(text: str) -> list[str]:
    """Return the words of ``text`` without case and punctuation; ideographs count one by one."""
    return _TOKEN.findall(text.casefold())


def exact_match(answer: str, reference: str) -> float:
    """Return 1.0 when both say the same but for case, punctuation and blanks."""
    if answer.strip() == reference.strip():
        return 1.0
    words = tokens(answer)
    return float(bool(words) and words == tokens(reference))


def token_f1(answer: str, reference: str) -> float:
    """Return the harmonic mean of precision and recall over the words of answer and reference."""
    given, wanted = tokens(answer), tokens(reference)
    if not given or not wanted:
        return float(answer.strip() == reference.strip())
    common = sum((Counter(given) & Counter(wanted)).values())
    return 2 * common / (len(given) + len(wanted))


def rouge_l(answer: str, reference: str) -> float:
    """Return the F-measure of the longest common subsequence of words."""
    given, wanted = tokens(answer), tokens(reference)
    if not given or not wanted:
        return float(answer.strip() == reference.strip())
    return 2 * common_subsequence(given, wanted) / (len(given) + len(wanted))


def common_subsequence(one: list[str], other: list[str]) -> int:
    """Return the length of the longest common subsequence, row by row as bits of one integer.

    H. Hyyrö, "Bit-parallel LCS-length computation revisited", 2004: thousands of words take milliseconds.
    """
    places: dict[str, int] = {}
    for index, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << index
    full = (1 << len(one)) - 1
    row = full
    for word in other:
        matches = row & places.get(word, 0)
        row = (row + matches | row - matches) & full
    return len(one) - row.bit_count()


def parsed(text: str) -> dict[str, Any] | list[Any] | None:
    """Return ``text`` as a JSON object or array, or None when it is neither."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def is_json(text: str) -> bool:
    """Return whether ``text`` is a JSON object or array."""
    return parsed(text) is not None


def json_valid(answer: str, reference: str) -> float:
    """Return 1.0 when the answer is a JSON object or array, whatever it says."""
    return float(is_json(answer))


def field_accuracy(answer: str, reference: str) -> float:
    """Return the share of fields (paths to a value) on which both agree, of all that either has.

    Made-up fields count against the answer as missing ones do; an answer that is no JSON has none right.
    A reference that is no JSON itself is judged by exact match.
    """
    wanted = parsed(reference)
    if wanted is None:
        return exact_match(answer, reference)
    given = parsed(answer)
    if given is None:
        return 0.0
    ours, theirs = dict(_fields(given)), dict(_fields(wanted))
    paths = ours.keys() | theirs.keys()
    if not paths:
        return float(given == wanted)
    return sum(path in ours and path in theirs and ours[path] == theirs[path] for path in paths) / len(paths)


def _fields(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield (path, value as JSON) of every leaf; an empty object or array is a leaf too."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _fields(inner, (*path, name))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _fields(inner, (*path, index))
    else:
        yield path, value.strip() if isinstance(value, str) else json.dumps(value)


METRICS: Final[Mapping[str, Callable[[str, str], float]]] = {
    "exact_match": exact_match,
    "token_f1": token_f1,
    "rouge_l": rouge_l,
    "json_valid": json_valid,
    "field_accuracy": field_accuracy,
    "label_accuracy": exact_match,
}
"""Metric name → (answer, reference) → 0..1."""

WORDS: Final[Mapping[str, str]] = {
    "exact_match": "exact match",
    "token_f1": "token F1",
    "rouge_l": "ROUGE-L",
    "json_valid": "JSON validity",
    "field_accuracy": "field accuracy",
    "label_accuracy": "label accuracy",
    "recall_at_1": "retrieval accuracy (recall@1)",
    "recall_at_5": "recall@5",
    "mrr": "mean reciprocal rank",
    "judge": "judge's score",
    "reward": "reward",
}
"""Metric name → how people write it."""


def are_labels(references: Collection[str]) -> bool:
    """Return whether the references are few distinct short words or phrases."""
    words = [tuple(tokens(text)) for text in references]
    distinct = len(set(words))
    return (
        2 <= distinct <= MOST_LABELS
        and distinct * RECORDS_PER_LABEL <= len(words)
        and all(0 < len(each) <= LONGEST_LABEL for each in words)
        and not any(is_json(text) for text in references)
    )


def choose(references: Collection[str]) -> tuple[str, str]:
    """Return the metric that fits a task with these reference answers, and why in words."""
    if not references:
        return "token_f1", "there are no references to tell the task by"
    structured = sum(is_json(text) for text in references) / len(references)
    if structured >= JSON_SHARE:
        return "field_accuracy", f"{structured:.0%} of the references are JSON"
    if are_labels(references):
        distinct = len({tuple(tokens(text)) for text in references})
        return "label_accuracy", f"the references are {distinct} labels"
    typical = median(len(tokens(text)) for text in references)
    if typical <= SHORT_WORDS:
        return "exact_match", f"half of the references have at most {typical:g} words"
    if typical >= LONG_WORDS:
        return "rouge_l", f"half of the references have {typical:g} words or more"
    return "token_f1", f"the references have about {typical:g} words"
