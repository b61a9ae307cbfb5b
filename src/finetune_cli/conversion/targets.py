"""A fitted conversation → one record of the target format.

    converse            {"schemaVersion", "system": [{"text"}], "messages": [{"role", "content": [block]}],
                        "toolConfig"}
    messages            {"system", "messages": [{"role", "content": text}]}
    prompt-completion   {"prompt", "completion"}; system and earlier turns open the prompt
    input, text         {"input": text} or {"text": text}; the turns one after the other
    reinforcement       {"messages": [{"role", "content": text}], "reference_answer", … all other keys}
    image-caption       {"image-ref", "caption"}

Where content is plain text, an empty line joins the blocks of a turn. Earlier turns open a prompt like this:

    ### User
    <words>

    ### Assistant
    <words>
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from finetune_cli.conversion.conversation import (
    Block,
    Conversation,
    Media,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
    Unusable,
)
from finetune_cli.conversion.fitting import REFERENCE
from finetune_cli.conversion.losses import Notes
from finetune_cli.conversion.media import Store, document_name

SCHEMA_VERSION: Final = "bedrock-conversation-2024"

Record = dict[str, Any]


def render(talk: Conversation, target: str, store: Store, notes: Notes) -> Record:
    """The record; media are put into `store`."""
    if target != "reinforcement":
        for key, value in talk.extras.items():
            notes.note("key", f"$.{key}", value)
    return _RENDERERS[target](talk, store, notes)


def _converse(talk: Conversation, store: Store, notes: Notes) -> Record:
    record: Record = {"schemaVersion": SCHEMA_VERSION}
    if talk.system:
        record["system"] = [{"text": text} for text in talk.system]
    if talk.tools:
        record["toolConfig"] = {"tools": [{"toolSpec": _tool(tool)} for tool in talk.tools]}
    record["messages"] = [
        {"role": turn.role, "content": [_block(block, turn, store, notes) for block in turn.blocks]}
        for turn in talk.turns
    ]
    return record


def _tool(tool: Tool) -> Record:
    named = {"name": tool.name, **({"description": tool.description} if tool.description else {})}
    return {**named, "inputSchema": {"json": tool.schema or {"type": "object"}}}


def _block(block: Block, turn: Turn, store: Store, notes: Notes) -> Record:
    if isinstance(block, Text):
        return {"text": block.text}
    if isinstance(block, Reasoning):
        return {"reasoningContent": {"reasoningText": {"text": block.text}}}
    if isinstance(block, ToolCall):
        return {"toolUse": {"toolUseId": block.id, "name": block.name, "input": block.arguments}}
    if isinstance(block, ToolResult):
        return {"toolResult": {"toolUseId": block.id, "content": [_result(block.content)]}}
    return _media(block, turn, store, notes)


def _result(content: str) -> Record:
    """A tool's answer: an object stays one, everything else is text."""
    if content.lstrip()[:1] == "{":
        try:
            return {"json": json.loads(content)}
        except (ValueError, RecursionError):
            pass  # it only looked like JSON
    return {"text": content}


def _media(media: Media, turn: Turn, store: Store, notes: Notes) -> Record:
    place = {"uri": store.uri(media, turn.path, notes)}
    if media.owner:
        place["bucketOwner"] = media.owner
    body: Record = {"format": media.format, "source": {"s3Location": place}}
    if media.kind == "document":
        body["name"] = document_name(media, place["uri"])
    return {media.kind: body}


def _messages(talk: Conversation, _: Store, __: Notes) -> Record:
    record: Record = {"system": talk.system[0]} if talk.system else {}
    record["messages"] = [{"role": turn.role, "content": _text(turn)} for turn in talk.turns]
    return record


def _pair(talk: Conversation, _: Store, notes: Notes) -> Record:
    *before, last = talk.turns
    parts = list(talk.system)
    if talk.system:
        notes.note("system-into-prompt", "$.system", talk.system[0])
    if len(before) == 1:
        parts.append(_text(before[0]))
    else:
        notes.note("turns-into-prompt", "$", f"{len(before)} turns before the last answer")
        parts += [f"### {turn.role.capitalize()}\n{_text(turn)}" for turn in before]
        parts.append("### Assistant\n")
    return {"prompt": "\n\n".join(parts), "completion": _text(last)}


def _plain(key: str) -> Callable[[Conversation, Store, Notes], Record]:
    def render_plain(talk: Conversation, _: Store, notes: Notes) -> Record:
        if talk.text is not None:
            return {key: talk.text}
        notes.note("roles", "$", f"{len(talk.turns)} turns")
        return {key: "\n\n".join([*talk.system, *map(_text, talk.turns)])}

    return render_plain


def _reinforcement(talk: Conversation, _: Store, notes: Notes) -> Record:
    system = [{"role": "system", "content": text} for text in talk.system]
    record: Record = {"messages": system, **talk.extras}
    turns = talk.turns
    if turns[-1].role == "assistant":
        kind = "trailing-answer" if REFERENCE in record else "answer-as-reference"
        notes.note(kind, turns[-1].path, _text(turns[-1]))
        record.setdefault(REFERENCE, _text(turns[-1]))
        turns = turns[:-1]
    system += [{"role": turn.role, "content": _text(turn)} for turn in turns]
    return record


def _caption(talk: Conversation, store: Store, notes: Notes) -> Record:
    asked = [(turn, block) for turn in talk.turns for block in turn.blocks if turn.role == "user"]
    images = [(turn, block) for turn, block in asked if isinstance(block, Media) and block.kind == "image"]
    if len(images) != 1:
        raise Unusable("no-image", f"{len(images)} images")
    for turn, block in asked:
        if isinstance(block, Text):
            notes.note("question", turn.path, block.text)
    for text in talk.system:
        notes.note("question", "$.system", text)
    turn, image = images[0]
    return {"image-ref": store.uri(image, turn.path, notes), "caption": _text(talk.turns[-1])}


def _text(turn: Turn) -> str:
    return "\n\n".join(block.text for block in turn.blocks if isinstance(block, Text))


_RENDERERS: Final[dict[str, Callable[[Conversation, Store, Notes], Record]]] = {
    "converse": _converse,
    "messages": _messages,
    "prompt-completion": _pair,
    "input": _plain("input"),
    "text": _plain("text"),
    "reinforcement": _reinforcement,
    "image-caption": _caption,
}
