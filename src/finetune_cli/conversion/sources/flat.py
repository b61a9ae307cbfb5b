"""Records without turns: Alpaca, prompt and completion (under the names people use), plain text, captions."""

from __future__ import annotations

from typing import Any

from finetune_cli.conversion import recognition as names
from finetune_cli.conversion.conversation import Conversation, Text, Turn, Unusable
from finetune_cli.conversion.recognition import COMPLETIONS, CONTEXTS, PROMPTS, TEXTS, Fields, first
from finetune_cli.conversion.sources import values


def parse(record: dict[str, Any], source: str, fields: Fields) -> Conversation:
    """Read one record of the format `source`."""
    if source == names.ALPACA:
        return _alpaca(record)
    if source == names.PAIRS:
        return _pair(record, fields)
    if source == names.CAPTION:
        return _caption(record)
    key = first(record, TEXTS)
    return Conversation(text=values.text(record.get(key), f"$.{key}"), extras=_rest(record, key))


def _alpaca(record: dict[str, Any]) -> Conversation:
    """instruction, and what it is about (input, or Dolly's context); `history` holds earlier pairs."""
    context, answer = first(record, CONTEXTS), first(record, COMPLETIONS)
    talk = Conversation(extras=_rest(record, "instruction", context, answer, "system", "history"))
    _add_system(talk, record.get("system"), "$.system")
    for at, pair in enumerate(_history(record.get("history"))):
        _add(talk, pair[0], pair[1], f"$.history[{at}]", f"$.history[{at}]")
    words = [values.text(record.get(key), f"$.{key}") for key in ("instruction", context) if key]
    question = "\n\n".join(part for part in words if part.strip())
    _add(talk, question, values.text(record.get(answer), f"$.{answer}"), "$.instruction", f"$.{answer}")
    return talk


def _history(value: object) -> list[list[str]]:
    pairs: Any = (
        values.parsed(value, "$.history") if isinstance(value, str) and value.strip() else value or []
    )
    if not isinstance(pairs, list) or any(not isinstance(pair, list) or len(pair) != 2 for pair in pairs):
        raise Unusable("malformed", "history is not a list of [instruction, output]", "$.history")
    return [[values.text(word, "$.history") for word in pair] for pair in pairs]


def _pair(record: dict[str, Any], fields: Fields) -> Conversation:
    prompt = fields.prompt or first(record, PROMPTS)
    answer = fields.completion or first(record, COMPLETIONS)
    system = fields.system or ("system" if "system" in record else "")
    talk = Conversation(extras=_rest(record, prompt, answer, system))
    _add_system(talk, record.get(system), f"$.{system}")
    question = values.text(record.get(prompt), f"$.{prompt}")
    _add(talk, question, values.text(record.get(answer), f"$.{answer}"), f"$.{prompt}", f"$.{answer}")
    return talk


def _caption(record: dict[str, Any]) -> Conversation:
    image = values.media("image", values.text(record.get("image-ref"), "$.image-ref"), "$.image-ref")
    caption = values.text(record.get("caption"), "$.caption")
    turns = [Turn("user", [image], "$.image-ref"), Turn("assistant", [Text(caption)], "$.caption")]
    return Conversation(turns=turns, extras=_rest(record, "image-ref", "caption"))


def _add(talk: Conversation, question: str, answer: str, asked: str, answered: str) -> None:
    if question.strip():
        talk.turns.append(Turn("user", [Text(question)], asked))
    if answer.strip():
        talk.turns.append(Turn("assistant", [Text(answer)], answered))


def _add_system(talk: Conversation, value: object, path: str) -> None:
    text = values.text(value, path)
    if text.strip():
        talk.system.append(text)


def _rest(record: dict[str, Any], *known: str) -> dict[str, Any]:
    return values.extras(record, frozenset(known))
