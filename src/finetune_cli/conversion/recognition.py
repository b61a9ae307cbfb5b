"""Which format a record is in, told from its keys: each record on its own, so that a file may mix them.

The formats' names are the validator's (`finetune_core.records`); added are the field names of common tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from finetune_core import records

OPENAI: Final = "openai-chat"
SHAREGPT: Final = "sharegpt"
ALPACA: Final = "alpaca"
MESSAGES: Final = "messages"
PAIRS: Final = "prompt-completion"
CONVERSE: Final = "converse"
TEXT: Final = "text"
CAPTION: Final = "image-caption"
SOURCES: Final = (OPENAI, SHAREGPT, ALPACA, MESSAGES, PAIRS, CONVERSE, TEXT, CAPTION)
"""Formats that can be read; tables are records of one of them."""

PROMPTS: Final = ("prompt", "question", "query", "input")
COMPLETIONS: Final = ("completion", "response", "answer", "output", "target")
CONTEXTS: Final = ("input", "context")
TEXTS: Final = ("text", "input", "content")
CONVERSATIONS: Final = ("conversations", "conversation")

_SAME: Final = {"reinforcement": OPENAI, "prompt-response": PAIRS, "input-output": PAIRS, "input": TEXT}
"""The validator's finer names that are read in the same way."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields that hold prompt, completion and system text, as the user named them ("" = known names)."""

    prompt: str = ""
    completion: str = ""
    system: str = ""


def recognise(record: dict[str, Any], fields: Fields) -> str:
    """The format of a record, one of `SOURCES`; "" if none fits."""
    if fields.prompt or fields.completion:
        return PAIRS
    if _speaks_sharegpt(record):
        return SHAREGPT
    if "instruction" in record:
        return ALPACA
    name = records.recognise(record)
    if name in {TEXT, "input", None}:
        pair = first(record, PROMPTS) and first(record, COMPLETIONS)
        return PAIRS if pair or "question" in record else TEXT if first(record, TEXTS) else ""
    found = _SAME.get(name or "", name)
    return str(found) if found in SOURCES else ""


def first(record: dict[str, Any], names: tuple[str, ...]) -> str:
    """The first of `names` that is a key of the record, "" if none is."""
    return next((name for name in names if name in record), "")


def _speaks_sharegpt(record: dict[str, Any]) -> bool:
    """Messages of `from` and `value`, under whatever key."""
    for key in (*CONVERSATIONS, "messages"):
        value = record.get(key)
        if key in CONVERSATIONS and isinstance(value, list | str):
            return True
        if isinstance(value, list) and value and isinstance(value[0], dict) and "from" in value[0]:
            return True
    return False
