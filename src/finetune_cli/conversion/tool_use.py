"""Tools in a conversation: carried over with matching ids, or written as text for a model that takes none.

As text, each part keeps its place and takes this form (no line of it is a string that Nova reserves):

    system      You can call the tools below. To call one, answer with a JSON object of its name and
                arguments: {"name": …, "arguments": {…}}
                {"name": …, "description": …, "parameters": {JSON Schema}}          one line a tool
    assistant   {"name": …, "arguments": {…}}                                       one block a call
    user        Result of <name>:
                <what the tool answered>
"""

from __future__ import annotations

import json
import re
from typing import Final

from finetune_cli.conversion.conversation import Block, Conversation, Text, Tool, ToolCall, ToolResult, Turn
from finetune_cli.conversion.losses import Notes

_ID: Final = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""ToolUseBlock.toolUseId and ToolSpecification.name in botocore's bedrock-runtime model (read 2026-11-24)."""

_INTRODUCTION: Final = (
    "You can call the tools below. To call one, answer with a JSON object of its name and arguments: "
    '{"name": "…", "arguments": {…}}'
)


def as_text(talk: Conversation, notes: Notes) -> None:
    """Write declarations, calls and results as text."""
    names: dict[str, str] = {}
    last = ""
    for turn in talk.turns:
        for at, block in enumerate(turn.blocks):
            if isinstance(block, ToolCall):
                last = names[block.id] = block.name
                turn.blocks[at] = _call_text(block, turn, notes)
            elif isinstance(block, ToolResult):
                turn.blocks[at] = _result_text(block, block.name or names.get(block.id, last), turn, notes)
    if talk.tools:
        notes.note("tools-as-text", "$.tools", ", ".join(tool.name for tool in talk.tools))
        talk.system.append("\n".join([_INTRODUCTION, *map(_declaration, talk.tools)]))
        talk.tools = []


def native(talk: Conversation, notes: Notes) -> None:
    """Give every call an id that one result of the next turn answers; what finds no partner becomes text.

    Calls of the last turn need no result: there the call is what the model learns.
    """
    _rename(talk, notes)
    used: set[str] = set()
    for at, turn in enumerate(talk.turns):
        if turn.role == "assistant":
            following = talk.turns[at + 1] if at + 1 < len(talk.turns) else None
            _match(turn, following, used, notes)
    for turn in talk.turns:
        for at, block in enumerate(turn.blocks):
            if isinstance(block, ToolResult) and (block.id not in used or turn.role != "user"):
                turn.blocks[at] = _result_text(block, block.name, turn, notes)
            elif isinstance(block, ToolCall) and turn.role != "assistant":
                turn.blocks[at] = _call_text(block, turn, notes)
    _results_first(talk.turns)
    _declare(talk, notes)


def _match(turn: Turn, following: Turn | None, used: set[str], notes: Notes) -> None:
    results = [block for block in following.blocks if isinstance(block, ToolResult)] if following else []
    taken: list[tuple[int, ToolCall, ToolResult | None]] = []
    for at, call in enumerate(turn.blocks):
        if isinstance(call, ToolCall):
            result = _partner(call, results)
            if result:
                results = [other for other in results if other is not result]
            taken.append((at, call, result))
    for at, call, result in taken:
        if following and not result:
            turn.blocks[at] = _call_text(call, turn, notes)
            continue
        if not _ID.fullmatch(call.id) or call.id in used:
            notes.note("tool-id", turn.path, call.id or None)
            call.id = _new_id(used)
        used.add(call.id)
        if result:
            result.id = call.id
    for result in results:
        result.id = ""  # answers nothing of the turn before it


def _partner(call: ToolCall, results: list[ToolResult]) -> ToolResult | None:
    """The result with the call's id; failing that, of those without an id, its name's or simply the next."""
    for result in results:
        if result.id and result.id == call.id:
            return result
    loose = [result for result in results if not result.id or not call.id]
    named = [result for result in loose if result.name == call.name]
    unnamed = [result for result in loose if not result.name]
    return next(iter(named or unnamed), None)


def _new_id(used: set[str]) -> str:
    number = len(used) + 1
    while f"call_{number}" in used:
        number += 1
    return f"call_{number}"


def _results_first(turns: list[Turn]) -> None:
    """Results come before words in a turn, as the tool's answer came before what the user said next."""
    for turn in turns:
        if any(isinstance(block, ToolResult) for block in turn.blocks):
            turn.blocks.sort(key=lambda block: not isinstance(block, ToolResult))


def _rename(talk: Conversation, notes: Notes) -> None:
    """Make names that Bedrock takes, the same for a tool, its calls and its results."""
    holders: list[Tool | ToolCall | ToolResult] = [*talk.tools]
    for turn in talk.turns:
        holders += [block for block in turn.blocks if isinstance(block, ToolCall | ToolResult)]
    renamed: dict[str, str] = {}
    for holder in holders:
        name = holder.name
        if name and not _NAME.fullmatch(name):
            holder.name = renamed.setdefault(name, re.sub(r"[^a-zA-Z0-9_-]", "_", name)[:64])
    for name, new in renamed.items():
        notes.note("tool-renamed", "$", f"{name} → {new}")


def _declare(talk: Conversation, notes: Notes) -> None:
    known = {tool.name for tool in talk.tools}
    for turn in talk.turns:
        for block in turn.blocks:
            if isinstance(block, ToolCall) and block.name not in known:
                known.add(block.name)
                notes.note("tool-declared", turn.path, block.name)
                talk.tools.append(Tool(block.name, "", {"type": "object"}))


def _call_text(call: ToolCall, turn: Turn, notes: Notes) -> Block:
    text = json.dumps({"name": call.name, "arguments": call.arguments}, ensure_ascii=False)
    notes.note("tool-call-as-text", turn.path, text)
    return Text(text)


def _result_text(result: ToolResult, name: str, turn: Turn, notes: Notes) -> Block:
    notes.note("tool-result-as-text", turn.path, result.content)
    return Text(f"Result of {name or 'the tool'}:\n{result.content}")


def _declaration(tool: Tool) -> str:
    parts = {"name": tool.name, "description": tool.description, "parameters": tool.schema}
    return json.dumps({key: value for key, value in parts.items() if value}, ensure_ascii=False)
