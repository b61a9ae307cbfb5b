"""OpenAI chat, and system + messages (Anthropic): roles, parts, tools, weights, names.

Formats: https://platform.openai.com/docs/guides/supervised-fine-tuning and
https://platform.openai.com/docs/api-reference/chat (tool calls, content parts; also the older `functions`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from finetune_cli.conversion.conversation import (
    Block,
    Conversation,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Turn,
    Unusable,
)
from finetune_cli.conversion.losses import Notes
from finetune_cli.conversion.sources import values

_RECORD_KEYS: Final = frozenset({"messages", "system", "tools", "functions"})
_MESSAGE_KEYS: Final = frozenset(
    [
        "role",
        "content",
        "name",
        "weight",
        "tool_calls",
        "function_call",
        "tool_call_id",
        "refusal",
        "reasoning",
        "reasoning_content",
    ]
)
_ROLES: Final = {
    "system": "system", "developer": "system", "user": "user", "human": "user",
    "assistant": "assistant", "model": "assistant", "tool": "tool", "function": "tool",
}  # fmt: skip


def parse(record: dict[str, Any], notes: Notes) -> Conversation:
    """Read one record."""
    talk = Conversation(extras=values.extras(record, _RECORD_KEYS))
    talk.tools = values.tools(record.get("tools") or record.get("functions"), "$.tools", notes)
    for text in _system(record.get("system"), "$.system"):
        talk.system.append(text)
    for at, message in enumerate(values.objects(record.get("messages"), "$.messages")):
        _message(talk, message, f"$.messages[{at}]", notes)
    return talk


def _system(value: object, path: str) -> list[str]:
    if isinstance(value, list):
        return [values.text(entry.get("text"), path) for entry in values.objects(value, path)]
    text = values.text(value, path)
    return [text] if text.strip() else []


def _message(talk: Conversation, message: dict[str, Any], path: str, notes: Notes) -> None:
    role = _ROLES.get(str(message.get("role", "")).lower())
    if role is None:
        raise Unusable("malformed", f"role {message.get('role')!r} is not known", f"{path}.role")
    if message.get("name") is not None and role != "tool":
        notes.note("name", f"{path}.name", message["name"])
    for key in values.extras(message, _MESSAGE_KEYS):
        if message[key] not in ([], {}, ""):
            notes.note("key", f"{path}.{key}", message[key])
    if role == "system":
        if talk.turns:
            notes.note("system-moved", path, message.get("content"))
        talk.system += [
            part.text for part in _content(message, path) if isinstance(part, Text) and part.text.strip()
        ]
    elif role == "tool":
        _answer(talk, message, path)
    elif role == "user":
        talk.turns.append(Turn("user", _content(message, path), path))
    else:
        if message.get("weight") == 0:
            notes.note("weight", f"{path}.weight", message.get("content"))
        talk.turns.append(Turn("assistant", _said(message, path), path))


def _answer(talk: Conversation, message: dict[str, Any], path: str) -> None:
    """A tool's answer; answers in a row belong to one turn."""
    content = "\n".join(part.text for part in _content(message, path) if isinstance(part, Text))
    name = values.text(message.get("name"), f"{path}.name")
    result = ToolResult(values.text(message.get("tool_call_id"), path), name, content)
    if talk.turns and talk.turns[-1].tool_only:
        talk.turns[-1].blocks.append(result)
    else:
        talk.turns.append(Turn("user", [result], path, tool_only=True))


def _said(message: dict[str, Any], path: str) -> list[Block]:
    """What the assistant thought, said and called, in this order."""
    thought = values.text(message.get("reasoning_content") or message.get("reasoning"), f"{path}.reasoning")
    blocks: list[Block] = [Reasoning(thought)] if thought.strip() else []
    blocks += _content(message, path)
    refusal = values.text(message.get("refusal"), f"{path}.refusal")
    if refusal:
        blocks.append(Text(refusal))
    for at, call in enumerate(values.objects(message.get("tool_calls"), f"{path}.tool_calls")):
        inner = values.an_object(call.get("function"), f"{path}.tool_calls[{at}].function")
        blocks.append(_call(inner, values.text(call.get("id"), path), f"{path}.tool_calls[{at}]"))
    if message.get("function_call"):
        inner = values.an_object(message["function_call"], f"{path}.function_call")
        blocks.append(_call(inner, "", f"{path}.function_call"))
    return blocks


def _call(function: dict[str, Any], call_id: str, path: str) -> ToolCall:
    name = values.text(function.get("name"), f"{path}.name")
    if not name:
        raise Unusable("malformed", "a tool call has no name", path)
    return ToolCall(call_id, name, values.an_object(function.get("arguments"), f"{path}.arguments"))


def _content(message: dict[str, Any], path: str) -> list[Block]:
    content = message.get("content")
    if not isinstance(content, list):
        return [Text(values.text(content, f"{path}.content"))] if content is not None else []
    blocks: list[Block] = []
    for at, part in enumerate(content):
        place = f"{path}.content[{at}]"
        blocks.append(Text(part) if isinstance(part, str) else _part(values.an_object(part, place), place))
    return blocks


def _part(part: dict[str, Any], path: str) -> Block:
    """One part of a content list, by its `type`; one without is text."""
    kind = str(part.get("type", "text"))
    reader = _PARTS.get(kind)
    if reader is None:
        raise Unusable("media-unusable", f"a part of type {kind!r} cannot be carried over", path)
    return reader(part, path)


def _words(part: dict[str, Any], path: str) -> Block:
    return Text(values.text(part.get("text", part.get("refusal")), path))


def _thought(part: dict[str, Any], path: str) -> Block:
    return Reasoning(values.text(part.get("thinking", part.get("text")), path))


def _linked(part: dict[str, Any], path: str) -> Block:
    """image_url, video_url: an object with the URL, or the URL itself."""
    kind = part["type"]
    inner = part.get(kind)
    url = inner if isinstance(inner, str) else values.an_object(inner, f"{path}.{kind}").get("url")
    return values.media(kind[:5], values.text(url, f"{path}.{kind}"), f"{path}.{kind}")


def _file(part: dict[str, Any], path: str) -> Block:
    inner = values.an_object(part.get("file"), f"{path}.file")
    return values.media("document", values.text(inner.get("file_data"), path), f"{path}.file")


def _sourced(part: dict[str, Any], path: str) -> Block:
    """Anthropic's image and document: base64 with its type, or a URL."""
    source = values.an_object(part.get("source"), f"{path}.source")
    url = source.get("url") or f"data:{source.get('media_type')};base64,{source.get('data') or ''}"
    return values.media(part["type"], values.text(url, path), f"{path}.source")


def _used(part: dict[str, Any], path: str) -> Block:
    call = {"name": part.get("name"), "arguments": part.get("input")}
    return _call(call, values.text(part.get("id"), path), path)


def _resulted(part: dict[str, Any], path: str) -> Block:
    words = "\n".join(block.text for block in _content(part, path) if isinstance(block, Text))
    return ToolResult(values.text(part.get("tool_use_id"), path), "", words)


_PARTS: Final[dict[str, Callable[[dict[str, Any], str], Block]]] = {
    **dict.fromkeys(("text", "input_text", "output_text", "refusal"), _words),
    **dict.fromkeys(("thinking", "reasoning"), _thought),
    **dict.fromkeys(("image_url", "video_url"), _linked),
    **dict.fromkeys(("image", "document"), _sourced),
    "file": _file,
    "tool_use": _used,
    "tool_result": _resulted,
}
