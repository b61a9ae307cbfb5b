"""Make a conversation one that the model takes; each step tells what it dropped, moved or rewrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from finetune_cli.conversion import media, tool_use
from finetune_cli.conversion.conversation import (
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
from finetune_core.findings import is_blank
from finetune_core.model_rules import Format, Kind, KindRules

REFERENCE: Final = "reference_answer"
"""The key beside `messages` that holds the right answer, for a grader of reinforcement fine-tuning."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is written: the format, for which kind of customization, under which rules of the model."""

    format: Format
    kind: Kind
    rules: KindRules

    @property
    def prompts_only(self) -> bool:
        """Whether a record needs no answer: the teacher or the grader brings it."""
        return self.kind in {"DISTILLATION", "REINFORCEMENT_FINE_TUNING"}

    @property
    def with_blocks(self) -> bool:
        """Whether a turn may hold more than text."""
        return self.format == "converse"


def fit(talk: Conversation, target: Target, notes: Notes) -> None:
    """Change `talk` until it has the shape that `target` takes.

    Raises:
        Unusable: no such shape is left.
    """
    if talk.text is not None:
        if target.format not in {"input", "text"}:
            raise Unusable("plain-text", "text without question and answer")
        if is_blank(talk.text):
            raise Unusable("no-question", "the text is empty")
        return
    _answer_by_reference(talk, target, notes)
    _drop_reasoning(talk, target, notes)
    taken = target.rules.media if target.with_blocks or target.format == "image-caption" else None
    media.check(talk, taken, notes)
    _drop_empty(talk, notes)
    _merge(talk, notes)
    _drop_leading(talk, notes)
    _drop_trailing(talk, target, notes)
    if target.with_blocks and target.rules.tools:
        tool_use.native(talk, notes)
    else:
        tool_use.as_text(talk, notes)
    _join_system(talk, target, notes)


def _answer_by_reference(talk: Conversation, target: Target, notes: Notes) -> None:
    """A prompt for reinforcement fine-tuning carries its answer beside the messages."""
    reference = talk.extras.get(REFERENCE)
    if (
        target.prompts_only
        or not isinstance(reference, str)
        or not talk.turns
        or talk.turns[-1].role != "user"
    ):
        return
    notes.note("reference-as-answer", f"$.{REFERENCE}", reference)
    talk.turns.append(Turn("assistant", [Text(reference)], f"$.{REFERENCE}"))
    del talk.extras[REFERENCE]


def _drop_reasoning(talk: Conversation, target: Target, notes: Notes) -> None:
    for turn in talk.turns:
        takes = target.with_blocks and target.rules.reasoning and turn.role == "assistant"
        for block in turn.blocks:
            if isinstance(block, Reasoning) and not takes:
                notes.note("reasoning", turn.path, block.text)
        turn.blocks = [block for block in turn.blocks if takes or not isinstance(block, Reasoning)]


def _drop_empty(talk: Conversation, notes: Notes) -> None:
    for turn in talk.turns:
        turn.blocks = [
            block
            for block in turn.blocks
            if not isinstance(block, Text | Reasoning) or not is_blank(block.text)
        ]
        if not turn.blocks:
            notes.note("empty-turn", turn.path)
    talk.turns = [turn for turn in talk.turns if turn.blocks]


def _merge(talk: Conversation, notes: Notes) -> None:
    """Merge turns of the same role in a row. Tool results, and calls after words, belong together anyway."""
    merged: list[Turn] = []
    for turn in talk.turns:
        if not merged or merged[-1].role != turn.role:
            merged.append(turn)
            continue
        before = merged[-1]
        if not (before.tool_only and turn.tool_only) and not _only_calls(before) and not _only_calls(turn):
            notes.note("merged-turns", turn.path, turn.role)
        before.blocks += turn.blocks
        before.tool_only = before.tool_only and turn.tool_only
    talk.turns = merged


def _only_calls(turn: Turn) -> bool:
    return all(isinstance(block, ToolCall) for block in turn.blocks)


def _drop_leading(talk: Conversation, notes: Notes) -> None:
    while talk.turns and talk.turns[0].role == "assistant":
        notes.note("leading-answer", talk.turns[0].path, _words(talk.turns[0]))
        del talk.turns[0]
    if not talk.turns:
        raise Unusable("no-question", "the user says nothing")


def _drop_trailing(talk: Conversation, target: Target, notes: Notes) -> None:
    if target.prompts_only:
        return
    while talk.turns and talk.turns[-1].role == "user":
        if len(talk.turns) == 1:
            raise Unusable("no-answer", "the assistant answers nothing", talk.turns[-1].path)
        notes.note("unanswered-turn", talk.turns[-1].path, _words(talk.turns[-1]))
        del talk.turns[-1]


def _join_system(talk: Conversation, target: Target, notes: Notes) -> None:
    single = target.format != "converse" or target.rules.system_items == 1
    if single and len(talk.system) > 1:
        notes.note("system-joined", "$", len(talk.system))
        talk.system = ["\n\n".join(talk.system)]


def _words(turn: Turn) -> str:
    """What a turn says, for a report."""
    parts = []
    for block in turn.blocks:
        if isinstance(block, Text | Reasoning):
            parts.append(block.text)
        elif isinstance(block, ToolResult):
            parts.append(block.content)
        elif isinstance(block, ToolCall):
            parts.append(block.name)
        elif isinstance(block, Media):
            parts.append(f"[{block.kind}]")
    return "\n".join(parts)
