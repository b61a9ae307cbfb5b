"""ShareGPT: `conversations` of `{from, value}`, with tools (function_call, observation, `tools` as JSON).

Field names as LLaMA-Factory's data/README.md gives them (read 2026-11-23), with the spellings seen elsewhere.
"""

from __future__ import annotations

from typing import Any, Final

from finetune_cli.conversion.conversation import (
    Block,
    Conversation,
    Text,
    ToolCall,
    ToolResult,
    Turn,
    Unusable,
)
from finetune_cli.conversion.losses import Notes
from finetune_cli.conversion.recognition import CONVERSATIONS, first
from finetune_cli.conversion.sources import values

_ROLES: Final = {
    "system": "system", "human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant",
    "chatgpt": "assistant", "bot": "assistant", "model": "assistant",
    "function_call": "call", "function-call": "call", "tool_call": "call",
    "observation": "result", "tool": "result", "function": "result", "function_response": "result",
    "function-response": "result", "tool_response": "result",
}  # fmt: skip
_RECORD_KEYS: Final = frozenset({*CONVERSATIONS, "messages", "system", "tools"})
_MESSAGE_KEYS: Final = frozenset({"from", "role", "value", "content", "weight"})


def parse(record: dict[str, Any], notes: Notes) -> Conversation:
    """Read one record."""
    talk = Conversation(extras=values.extras(record, _RECORD_KEYS))
    system = values.text(record.get("system"), "$.system")
    talk.system = [system] if system.strip() else []
    talk.tools = values.tools(record.get("tools"), "$.tools", notes)
    key = first(record, (*CONVERSATIONS, "messages"))
    for at, message in enumerate(values.objects(record.get(key), f"$.{key}")):
        _message(talk, message, f"$.{key}[{at}]", notes)
    return talk


def _message(talk: Conversation, message: dict[str, Any], path: str, notes: Notes) -> None:
    speaker = message.get("from", message.get("role"))
    role = _ROLES.get(str(speaker).lower())
    if role is None:
        raise Unusable("malformed", f"the speaker {speaker!r} is not known", f"{path}.from")
    value = values.text(message.get("value", message.get("content")), f"{path}.value")
    for key in values.extras(message, _MESSAGE_KEYS):
        notes.note("key", f"{path}.{key}", message[key])
    if role == "system":
        if talk.turns:
            notes.note("system-moved", path, value)
        talk.system += [value] if value.strip() else []
    elif role == "call":
        calls: list[Block] = [*_calls(value, f"{path}.value")]
        talk.turns.append(Turn("assistant", calls, path))
    elif role == "result":
        talk.turns.append(Turn("user", [ToolResult("", "", value)], path, tool_only=True))
    else:
        if role == "assistant" and message.get("weight") == 0:
            notes.note("weight", f"{path}.weight", value)
        talk.turns.append(Turn("user" if role == "user" else "assistant", [Text(value)], path))


def _calls(value: str, path: str) -> list[ToolCall]:
    """A call is `{"name": …, "arguments": {…}}` as JSON, several are a list of them."""
    found = values.parsed(value, path)
    calls = []
    for call in values.objects(found if isinstance(found, list) else [found], path):
        name = values.text(call.get("name"), path)
        if not name:
            raise Unusable("malformed", "a function call has no name", path)
        arguments = call.get("arguments", call.get("parameters"))
        calls.append(ToolCall("", name, values.an_object(arguments, path)))
    return calls
