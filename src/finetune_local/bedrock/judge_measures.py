"""How the local Bedrock's judges score an answer: by the words of prompt, reference and answer alone.

A judge of AWS is a large language model with a prompt per metric; ours is small and writes no judgement. Its
scores are therefore measured, as follows, and rounded to steps of a quarter, as a judge marks in steps too
(Bedrock user guide, model-evaluation-type-judge-prompt, read 2026-11-28):

Correctness              F-measure of the answer's words against the reference's
Completeness             share of the reference's words that the answer has
Faithfulness             share of the answer's words that prompt or reference have
Relevance                the same, against prompt and reference together, each word once
Helpfulness              mean of Correctness and Completeness
FollowingInstructions    the same, and 0 for an answer three times as long as its reference
Coherence                share of the answer's pairs of neighbouring words that are not said again
ProfessionalStyleAndTone share of the answer's characters that are letters, digits, usual punctuation

Without a reference the prompt stands in for it. Harmfulness, Stereotyping and Refusal cannot be measured so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

STEPS: Final = 4
_WORD: Final = re.compile(r"\w+")
_PLAIN: Final = re.compile(r"[\w\s.,;:!?'\"(){}\[\]/%$€&+*=<>@#_-]")
_TOO_LONG: Final = 3


@dataclass(frozen=True)
class Exchange:
    """What a judge reads of one record."""

    prompt: str
    reference: str
    response: str

    @property
    def wanted(self) -> list[str]:
        """The words to find: the reference's, or the prompt's where there is none."""
        return words(self.reference) or words(self.prompt)


def words(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return _WORD.findall(text.lower())


def _common(one: list[str], other: list[str]) -> int:
    return sum((Counter(one) & Counter(other)).values())


def _correctness(read: Exchange) -> float:
    given, wanted = words(read.response), read.wanted
    return 2 * _common(given, wanted) / max(1, len(given) + len(wanted))


def _completeness(read: Exchange) -> float:
    return _common(words(read.response), read.wanted) / max(1, len(read.wanted))


def _faithfulness(read: Exchange) -> float:
    known, given = set(words(read.prompt)) | set(words(read.reference)), words(read.response)
    return sum(word in known for word in given) / max(1, len(given))


def _relevance(read: Exchange) -> float:
    known, given = set(words(read.prompt)) | set(words(read.reference)), set(words(read.response))
    return len(known & given) / max(1, len(given))


def _helpfulness(read: Exchange) -> float:
    return (_correctness(read) + _completeness(read)) / 2


def _following(read: Exchange) -> float:
    return 0.0 if len(words(read.response)) > _TOO_LONG * max(1, len(read.wanted)) else _helpfulness(read)


def _coherence(read: Exchange) -> float:
    pairs = list(pairwise(words(read.response)))
    return len(set(pairs)) / len(pairs) if pairs else 1.0


def _style(read: Exchange) -> float:
    return len(_PLAIN.findall(read.response)) / max(1, len(read.response))


MEASURES: Final[Mapping[str, Callable[[Exchange], float]]] = {
    "Builtin.Correctness": _correctness,
    "Builtin.Completeness": _completeness,
    "Builtin.Faithfulness": _faithfulness,
    "Builtin.Relevance": _relevance,
    "Builtin.Helpfulness": _helpfulness,
    "Builtin.FollowingInstructions": _following,
    "Builtin.Coherence": _coherence,
    "Builtin.ProfessionalStyleAndTone": _style,
}
NOT_MEASURED: Final = frozenset({"Builtin.Harmfulness", "Builtin.Stereotyping", "Builtin.Refusal"})


def score(metric: str, read: Exchange) -> float:
    """Return a metric of one answer, 0 to 1 in steps of a quarter."""
    return round(MEASURES[metric](read) * STEPS) / STEPS
