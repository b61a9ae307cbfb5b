"""Converse (`bedrock-conversation-2024`) as a source: for a model of another format, or of fewer blocks."""

from __future__ import annotations

import json
from typing import Any, Final

from finetune_cli.conversion.conversation import (
    Block,
    Conversation,
    Media,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Turn,
    Unusable,
)
from finetune_cli.conversion.losses import Notes
from finetune_cli.conversion.sources import values

_RECORD_KEYS: Final = frozenset({"schemaVersion", "system", "messages", "toolConfig"})


def parse(record: dict[str, Any], notes: Notes) -> Conversation:
    """Read one record."""
    talk = Conversation(extras=values.extras(record, _RECORD_KEYS))
    system = record.get("system")
    if isinstance(system, str):
        talk.system = [system] if system.strip() else []
    else:
        entries = (values.text(entry.get("text"), "$.system") for entry in values.objects(system, "$.system"))
        talk.system = [entry for entry in entries if entry.strip()]
    config = values.an_object(record.get("toolConfig"), "$.toolConfig")
    talk.tools = values.tools(config.get("tools"), "$.toolConfig.tools", notes)
    if "toolChoice" in config:
        notes.note("key", "$.toolConfig.toolChoice", config["toolChoice"])
    for at, message in enumerate(values.objects(record.get("messages"), "$.messages")):
        talk.turns.append(_turn(message, f"$.messages[{at}]", notes))
    return talk


def _turn(message: dict[str, Any], path: str, notes: Notes) -> Turn:
    role = message.get("role")
    if role not in {"user", "assistant"}:
        raise Unusable("malformed", f"role {role!r} is neither user nor assistant", f"{path}.role")
    content = message.get("content")
    if isinstance(content, str):
        return Turn(role, [Text(content)], path)
    blocks: list[Block] = []
    for at, block in enumerate(values.objects(content, f"{path}.content")):
        blocks += _block(block, f"{path}.content[{at}]", notes)
    tool_only = bool(blocks) and all(isinstance(block, ToolResult) for block in blocks)
    return Turn(role, blocks, path, tool_only=tool_only)


def _block(block: dict[str, Any], path: str, notes: Notes) -> list[Block]:
    if "text" in block:
        return [Text(values.text(block["text"], f"{path}.text"))]
    for kind in ("image", "video", "document"):
        if kind in block:
            return [_media(kind, values.an_object(block[kind], f"{path}.{kind}"), f"{path}.{kind}")]
    if "toolUse" in block:
        use = values.an_object(block["toolUse"], f"{path}.toolUse")
        name = values.text(use.get("name"), path)
        if not name:
            raise Unusable("malformed", "a tool call has no name", f"{path}.toolUse")
        return [
            ToolCall(values.text(use.get("toolUseId"), path), name, values.an_object(use.get("input"), path))
        ]
    if "toolResult" in block:
        result = values.an_object(block["toolResult"], f"{path}.toolResult")
        parts = values.objects(result.get("content"), f"{path}.toolResult.content")
        words = [
            part["text"] if "text" in part else json.dumps(part.get("json"), ensure_ascii=False)
            for part in parts
        ]
        return [ToolResult(values.text(result.get("toolUseId"), path), "", "\n".join(map(str, words)))]
    if "reasoningContent" in block:
        inner = values.an_object(block["reasoningContent"], path).get("reasoningText")
        return [Reasoning(values.text(values.an_object(inner, path).get("text"), path))]
    for key, value in block.items():
        notes.note("key", f"{path}.{key}", value)
    return []


def _media(kind: str, media: dict[str, Any], path: str) -> Media:
    source = values.an_object(media.get("source"), f"{path}.source")
    name = values.text(media.get("name"), f"{path}.name")
    word = values.format_of(values.text(media.get("format"), f"{path}.format"))
    if "bytes" in source:
        data = values.decoded(values.text(source["bytes"], path), f"{path}.source.bytes")
        return Media(kind, word, data=data, name=name)  # type: ignore[arg-type]
    place = values.an_object(source.get("s3Location"), f"{path}.source.s3Location")
    found = values.media(kind, values.text(place.get("uri"), path), f"{path}.source.s3Location.uri")
    found.format, found.name = word or found.format, name
    found.owner = values.text(place.get("bucketOwner"), path)
    return found
