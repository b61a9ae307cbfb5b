"""Conversations as plain text: the same rendering in training and in inference.

A lone user turn without a system prompt is its bare text, so that prompt/completion records, raw prompts of
InvokeModel and single-turn Converse calls all look alike to the model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

Turn = tuple[str, str]
"""(role, text)."""


def render(system: str, turns: Sequence[Turn]) -> str:
    """Return the prompt that asks for the assistant's turn after `turns`."""
    if not system and len(turns) == 1:
        return turns[0][1]
    parts = [("system", system)] if system else []
    parts += turns
    return "".join(f"{role}\n{text}\n\n" for role, text in parts) + "assistant\n"


def system_text(blocks: Sequence[Mapping[str, Any]] | None) -> str:
    """Return the text of a Converse `system` list."""
    return "\n".join(str(block["text"]) for block in blocks or () if "text" in block)


def turns_of(messages: Sequence[Mapping[str, Any]]) -> list[Turn]:
    """Return the turns of Converse `messages`."""
    return [(str(message["role"]), "\n".join(map(block_text, message["content"]))) for message in messages]


def block_text(block: Mapping[str, Any]) -> str:
    """Return what a text model can see of a content block; media are only named."""
    if "text" in block:
        return str(block["text"])
    if "toolUse" in block:
        use = block["toolUse"]
        return json.dumps({"name": use["name"], "parameters": use["input"]}, ensure_ascii=False)
    if "toolResult" in block:
        parts = block["toolResult"]["content"]
        return "\n".join(
            str(part["text"]) if "text" in part else json.dumps(part, default=str) for part in parts
        )
    if "reasoningContent" in block:
        return str(block["reasoningContent"].get("reasoningText", {}).get("text", ""))
    return "".join(f"[{kind}]" for kind in block if kind in ("image", "video", "document", "audio"))
