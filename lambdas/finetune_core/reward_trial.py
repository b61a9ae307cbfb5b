"""Tries a reward function on a few records of its dataset before anything is spent.

Each record is graded with its reference answer and with another record's. The ids tell nothing of which is
which.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from statistics import fmean
from typing import Any, Final, NamedTuple

from finetune_core.grading import Answered, reference_text, to_grading

RECORDS: Final = 8
"""Records that are tried: enough to see a pattern, few enough to be over in seconds."""
NO_ANSWER: Final = "I do not know."
"""What stands in for a wrong answer where no other record has another reference."""
_SHOWN: Final = 60


class Pair(NamedTuple):
    """One record tried twice: ids of the reference answer (None: it has none) and of a wrong one."""

    right: str | None
    wrong: str


class Trial(NamedTuple):
    """What is asked, and which answers belong together."""

    asked: list[Answered]
    pairs: list[Pair]


class Outcome(NamedTuple):
    """Mean scores of right and wrong answers (None without reference answers), and what to be warned of."""

    right: float | None
    wrong: float | None
    warnings: list[str]


def plan_trial(records: Iterable[dict[str, Any]]) -> Trial:
    """Return the trial on the first records."""
    chosen = list(islice(records, RECORDS))
    references = [reference_text(record) for record in chosen]
    asked: list[Answered] = []
    pairs = []
    for index, record in enumerate(chosen):
        answers = [references[index], _another(references, index)] if references[index] else [NO_ANSWER]
        first = len(asked)
        grading, name = to_grading(record), _name(index, record)
        asked += [
            Answered(id=f"trial-{first + place}", grading=grading, answer=answer, name=name)
            for place, answer in enumerate(answers)
        ]
        right = asked[first].id if references[index] else None
        pairs.append(Pair(right, asked[-1].id))
    return Trial(asked, pairs)


def judge(trial: Trial, scores: Mapping[str, float]) -> Outcome:
    """Return what the scores say of the reward function."""
    if not trial.pairs:
        return Outcome(None, None, ["The reward function was not tried: no record could be read for it."])
    both = [(scores[right], scores[wrong]) for right, wrong in trial.pairs if right is not None]
    if not both:
        told = "No record tried has a reference_answer: whether the reward tells right from wrong is open."
        return Outcome(None, None, [told])
    right, wrong = (fmean(column) for column in zip(*both, strict=True))
    return Outcome(right, wrong, list(_doubts(both, right, wrong)))


def _doubts(both: Sequence[tuple[float, float]], right: float, wrong: float) -> Iterator[str]:
    if right > wrong:
        return
    yield (
        f"The reward function does not tell right from wrong: reference answers got {right:.4g} on average, "
        f"other records' answers {wrong:.4g} ({len(both)} records tried). Training would lead nowhere."
    )


def _another(references: Sequence[str], index: int) -> str:
    """Return the next reference that differs from a record's own."""
    turned = [*references[index + 1 :], *references[:index]]
    return next((text for text in turned if text and text != references[index]), NO_ANSWER)


def _name(index: int, record: dict[str, Any]) -> str:
    """Return how people recognise a record: its place in the training split, its id or its first words."""
    said = [str(each.get("content", "")) for each in record["messages"] if each.get("role") == "user"]
    text = str(record["id"]) if record.get("id") else " ".join((said[0] if said else "").split())
    return f'record {index + 1} of the training split ("{text[:_SHOWN]}{"…" if len(text) > _SHOWN else ""}")'
