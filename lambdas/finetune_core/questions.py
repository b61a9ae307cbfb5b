"""What contestants are asked: prompts of text models, pairs of image and caption of embedding models.

``evaluation.jsonl`` of a run holds one kind of them.
"""

from __future__ import annotations

import base64
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from finetune_core import slice_names
from finetune_core.prompts import Prompt, to_graded, to_prompt


class Pair(msgspec.Struct, kw_only=True, frozen=True):
    """A held-out image (``s3://`` address, and the version that all contestants see) and its caption."""

    record: int
    image: str
    caption: str
    version: str = ""
    slice: str = ""


class Vectors(msgspec.Struct, kw_only=True, frozen=True):
    """A contestant's answer to a pair: both vectors, as text (``packed``)."""

    image: str
    caption: str


Question = Prompt | Pair


def to_pair(record: int, value: dict[str, Any]) -> Pair | None:
    """Return the question in an image-caption record; None without a caption to look for it by."""
    image, caption = value.get("image-ref"), value.get("caption")
    if not isinstance(image, str) or not isinstance(caption, str) or not caption.strip():
        return None
    return Pair(record=record, image=image, caption=caption, slice=slice_names.named(value))


def to_questions(lines: Iterable[bytes], record_format: str = "") -> Iterator[Question]:
    """Yield a question for each record that holds one, numbered without gaps."""
    number = 0
    for line in lines:
        value = msgspec.json.decode(line)
        question = _to_question(number, value, record_format)
        if question is not None:
            yield question
            number += 1


def _to_question(number: int, value: dict[str, Any], record_format: str) -> Question | None:
    if record_format == "reinforcement":
        return to_graded(number, value)
    return to_pair(number, value) if "image-ref" in value else to_prompt(number, value)


def read_questions(lines: bytes) -> Iterator[Question]:
    """Yield the questions of an ``evaluation.jsonl`` that the pipeline wrote."""
    for line in lines.splitlines():
        value = msgspec.json.decode(line)
        yield msgspec.convert(value, Pair) if "image" in value else msgspec.convert(value, Prompt)


def packed(vector: Sequence[float]) -> str:
    """Return a vector as base64 of 32-bit floats."""
    return base64.b64encode(array("f", vector).tobytes()).decode()


def unpacked(text: str) -> list[float]:
    """Return the vector that `packed` wrote."""
    return array("f", base64.b64decode(text)).tolist()
