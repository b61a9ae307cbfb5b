"""Turns a training record into a question that a model can be asked, and the answer it should give.

The question is a Converse request (botocore 1.43.106, bedrock-runtime/2023-09-30), so that the same bytes go
to the base model and to the candidate.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from finetune_core import slice_names
from finetune_core.grading import Grading, reference_text, to_grading

CONTINUATION_CHARS: Final = 600
"""Characters of a raw text (continued pre-training) that a model is asked to go on with."""
CONTEXT_CHARS: Final = 1500
"""Characters of a raw text that it is given."""
GRADED_TOKENS: Final = 1024
"""Tokens of an answer that is graded by its reward: room for reasoning before a short result."""
MIN_ANSWER_TOKENS: Final = 64
MAX_ANSWER_TOKENS: Final = 2048
_CHARS_PER_TOKEN: Final = 3
"""A low estimate, so that an answer as long as the reference is never cut off."""


class Prompt(msgspec.Struct, kw_only=True, frozen=True):
    """One line of ``evaluation.jsonl``: record number, Converse request, reference answer, token limit.

    ``slice`` is the slice that the record names itself (``slice_names.KEYS``), "" for none; ``grading`` is
    what the reward function of a reinforcement fine-tuning gets beside the answer.
    """

    record: int
    request: dict[str, Any]
    reference: str
    max_tokens: int
    slice: str = ""
    grading: Grading | None = None


def to_prompt(record: int, value: dict[str, Any]) -> Prompt | None:
    """Return the question in a record of any text format, or None when it holds none.

    A conversation is asked up to its last assistant turn; that turn is the reference. A raw text is cut in
    two, and the second part is the reference. Image captions have no reference answer.
    """
    if isinstance(value.get("messages"), list):
        asked = _conversation(value)
    elif isinstance(value.get("prompt"), str) and isinstance(value.get("completion"), str):
        asked = ({"messages": [_turn("user", value["prompt"])]}, value["completion"])
    else:
        text = value.get("input", value.get("text"))
        asked = _continuation(text) if isinstance(text, str) else None
    if asked is None or not asked[1].strip():
        return None
    request, reference = asked
    return Prompt(
        record=record,
        request=request,
        reference=reference,
        max_tokens=_limit(reference),
        slice=slice_names.named(value),
    )


def to_graded(record: int, value: dict[str, Any]) -> Prompt:
    """Return the question in a record of reinforcement fine-tuning, with what its grader gets.

    It may do without a reference answer; how long an answer has to be to earn its reward nobody knows.
    """
    grading = to_grading(value)
    asked = _conversation({"messages": [*grading.messages, {"role": "assistant", "content": ""}]})
    return Prompt(
        record=record,
        request=asked[0] if asked else {"messages": []},
        reference=reference_text(value),
        max_tokens=GRADED_TOKENS,
        slice=slice_names.named(value),
        grading=grading,
    )


def _conversation(value: dict[str, Any]) -> tuple[dict[str, Any], str] | None:
    messages = value["messages"]
    last = next(
        (index for index in reversed(range(len(messages))) if messages[index].get("role") == "assistant"), 0
    )
    if not last:
        return None
    system: list[Any] = _blocks(value.get("system"))
    turns = []
    for message in messages[:last]:
        if message["role"] == "system":
            system += _blocks(message["content"])
        else:
            turns.append({"role": message["role"], "content": _blocks(message["content"])})
    request: dict[str, Any] = {"messages": turns}
    if system:
        request["system"] = system
    if (value.get("toolConfig") or {}).get("tools"):
        request["toolConfig"] = value["toolConfig"]
    return (request, answer_text(_blocks(messages[last]["content"]))) if turns else None


def _continuation(text: str) -> tuple[dict[str, Any], str] | None:
    middle = min(len(text) // 2, CONTEXT_CHARS)
    cut = text.find(" ", middle)
    if cut <= 0:
        return None
    given, rest = text[:cut].strip(), text[cut:].strip()
    return ({"messages": [_turn("user", given)]}, rest[:CONTINUATION_CHARS]) if given else None


def answer_text(blocks: list[Any]) -> str:
    """Return the words of an answer; a tool call counts as its JSON, thoughts do not count."""
    parts = []
    for block in blocks:
        if isinstance(block.get("text"), str):
            parts.append(block["text"])
        elif isinstance(block.get("toolUse"), dict):
            use = block["toolUse"]
            call = {"name": use.get("name"), "input": use.get("input")}
            parts.append(json.dumps(call, ensure_ascii=False, sort_keys=True))
    return "\n".join(parts)


def _blocks(content: Any) -> list[Any]:  # noqa: ANN401 - a string or a list of blocks
    if not content:
        return []
    if isinstance(content, str):
        return [{"text": content}]
    return [
        {"text": block} if isinstance(block, str) else _without_type(block)
        for block in content
        if not (isinstance(block, dict) and "reasoningContent" in block)
    ]


def _without_type(block: dict[str, Any]) -> dict[str, Any]:
    """Return a block as Converse takes it: ``{"type": "text", "text": …}`` loses its ``type``."""
    return {"text": block["text"]} if block.get("type") == "text" and "text" in block else block


def _turn(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": [{"text": text}]}


def _limit(reference: str) -> int:
    wanted = 2 * len(reference) // _CHARS_PER_TOKEN
    return max(MIN_ANSWER_TOKENS, min(MAX_ANSWER_TOKENS, wanted))


def read_prompts(lines: bytes) -> Iterator[Prompt]:
    """Yield the prompts of an ``evaluation.jsonl`` that the pipeline wrote."""
    decoder = msgspec.json.Decoder(Prompt)
    for line in lines.splitlines():
        yield decoder.decode(line)
