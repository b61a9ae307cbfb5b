"""Answers that are labels: counts them, and judges their balance.

A file's answers are taken for labels when there are many records for each distinct answer. The count covers
the whole file, at the price of decoding it once more; it ends with the first answer that is too long or one
too many to be a label, so that other files are not slowed down.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from finetune_core.faults import cut
from finetune_core.findings import Findings, Spec
from finetune_core.partials import Label, Partial

_LONGEST: Final = 64
"""Characters of a label at most."""
_LEAST_RECORDS: Final = 20
_RECORDS_PER_LABEL: Final = 5
_RARE: Final = 0.2
"""A label is rare with less than this share of what it would have if all were equally frequent."""
_SHOWN: Final = 6
_FORMATS: Final = ("converse", "messages", "prompt-completion")

_decode: Final = msgspec.json.Decoder().decode


def count_labels(lines: Iterable[bytes], format_name: str, partial: Partial) -> None:
    """Count the answers of the next lines; an answer too long for a label ends the count."""
    if format_name not in _FORMATS:
        partial.labels = None
    for number, line in enumerate(lines, partial.lines + 1):
        if partial.labels is None:
            return
        answer = _answer(line, format_name)
        if answer is None:
            continue
        if len(answer) > _LONGEST:
            partial.labels = None
            return
        partial.count_label(answer, (number,))


def check_labels(partial: Partial, spec: Spec) -> None:
    """Warn of labels that are rare beside the others, or of a single label; every share is told.

    The fault names the first record with a rare label; its lines are those of all records that have one, as
    far as they are remembered.
    """
    labels, total = partial.labels, sum(label.count for label in (partial.labels or {}).values())
    if not labels or total < _LEAST_RECORDS or len(labels) * _RECORDS_PER_LABEL > total:
        return
    ordered = sorted(labels, key=lambda answer: (-labels[answer].count, answer))
    fair = total / len(labels)
    rare = [answer for answer in ordered if labels[answer].count < _RARE * fair]
    if len(labels) > 1 and not rare:
        return
    shares = ", ".join(f"{cut(answer, 30)} {labels[answer].count / total:.1%}" for answer in ordered[:_SHOWN])
    more = f", and {len(ordered) - _SHOWN} more" if len(ordered) > _SHOWN else ""
    said = f"the answers are labels ({shares}{more})"
    said += (
        f"; rare: {', '.join(cut(answer, 30) for answer in rare[:_SHOWN])}" if rare else "; all are the same"
    )
    _note(partial, spec, [labels[answer] for answer in rare or ordered], shares, said)


def _note(partial: Partial, spec: Spec, labels: list[Label], shares: str, said: str) -> None:
    lines = sorted(line for label in labels for line in label.lines)
    found = Findings(spec, lines[0], partial.offset(lines[0]))
    found.add("label_balance", "$", shares, said)
    partial.add(found.faults[0])
    tally = partial.tally("label_balance", found.faults[0].severity)
    for line in lines[1:]:
        tally.add_lines(line, line)
    tally.cut = tally.cut or len(lines) < sum(label.count for label in labels)


def _answer(line: bytes, format_name: str) -> str | None:
    """Return the last answer of a record as text, None if it has none."""
    try:
        record = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(record, dict):
        return None
    if format_name == "prompt-completion":
        completion = record.get("completion")
        return completion.strip() if isinstance(completion, str) else None
    messages = record.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    if not isinstance(last, dict) or last.get("role") != "assistant":
        return None
    text = _text(last.get("content"))
    return text.strip() if text is not None else None


def _text(content: Any) -> str | None:  # noqa: ANN401 - any JSON
    if isinstance(content, list) and len(content) == 1 and isinstance(content[0], dict):
        content = content[0].get("text")
    return content if isinstance(content, str) else None
