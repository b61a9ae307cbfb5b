"""Proves blocks of records faultless, at nearly the speed of decoding them; judges nothing.

A typed decode settles types, values, unknown keys and UTF-8. What it cannot see is settled by counting marks
over the raw bytes (`marks`): each key of a record leaves one, except that a message leaves one for its three
keys, in the usual order; each reserved word leaves one; a blank message is not folded and so leaves three.

Why the number of marks is proof. Let a line decode to a record of n messages and t other keys. It has at
least 3n + t keys, and more if one is repeated. With f messages folded it leaves (keys - 2f) marks and one for
each reserved word. As f > n would need a second list of messages, which adds its own marks, this is at least
n + t, and exactly n + t only if every message is folded, no key is repeated and nothing is reserved. No line
can leave fewer, so the sum over a block is exact only if every line is. The letters of the folded roles then
show the order of turns.
"""

from collections.abc import Callable
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from finetune_core.findings import Spec
from finetune_core.marks import SUSPECT, key_marks, turn_marks

Text = Annotated[str, Meta(min_length=1)]
Role = Literal["user", "assistant"]


class TextBlock(Struct, forbid_unknown_fields=True, gc=False):
    """A block of Converse content with text alone."""

    text: Text


class ConverseTurn(Struct, forbid_unknown_fields=True, gc=False):
    """A Converse message of one text."""

    role: Role
    content: tuple[TextBlock]


class ConverseRecord(Struct, forbid_unknown_fields=True, gc=False):
    """A Converse record of texts."""

    messages: Annotated[list[ConverseTurn], Meta(min_length=2)]
    system: tuple[TextBlock, ...] | UnsetType = UNSET
    schemaVersion: Literal["bedrock-conversation-2024"] | UnsetType = UNSET  # noqa: N815 - the service's key


class PlainTurn(Struct, forbid_unknown_fields=True, gc=False):
    """A message with plain text content."""

    role: Role
    content: Text


class MessagesRecord(Struct, forbid_unknown_fields=True, gc=False):
    """A record of system text and messages."""

    messages: Annotated[list[PlainTurn], Meta(min_length=2)]
    system: Text | UnsetType = UNSET


class PairRecord(Struct, forbid_unknown_fields=True, gc=False):
    """A prompt and its completion."""

    prompt: Text
    completion: Text


class InputRecord(Struct, forbid_unknown_fields=True, gc=False):
    """A text for continued pre-training under the key `input`."""

    input: Text


class TextRecord(Struct, forbid_unknown_fields=True, gc=False):
    """A text for continued pre-training under the key `text`."""

    text: Text


Prover = Callable[[bytes, list[bytes]], int | None]
"""Takes a block and its lines; returns the number of messages if all are proved faultless, else None."""

_UNDECODABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class FastPath:
    """The fast path for one file: accepts what it can prove, leaves the rest to the exact check."""

    def __init__(self, spec: Spec) -> None:
        rules = spec.rules
        bounds = [2 * (rules.tokens_max.strict or rules.tokens_max.value)] if rules.tokens_max else []
        bounds += [rules.line_bytes.value] if rules.line_bytes else []
        self._longest = min(bounds, default=1 << 62)
        self._prove = _prover(spec)

    def accept(self, block: bytes, lines: list[bytes]) -> int | None:
        """Return the number of messages in a block of whole lines, None unless all are proved faultless."""
        if self._prove is None or (len(block) > self._longest and max(map(len, lines)) > self._longest):
            return None
        return self._prove(block, lines)

    def accept_line(self, line: bytes) -> int | None:
        """Return the number of messages of one line, None unless it is proved faultless."""
        return self.accept(line, [line])


def _prover(spec: Spec) -> Prover | None:
    """Return the prover for a file's format and rules, None where every line needs the exact check."""
    if spec.format == "prompt-completion":
        return _prove_pairs(spec)
    if spec.format in ("input", "text"):
        return _prove_texts(spec)
    prompts_alone = spec.rules.validation_file == "refused" and not spec.rules.strict_turns
    if (
        spec.format not in ("converse", "messages")
        or prompts_alone
        or spec.rules.schema_version == "required"
    ):
        return None
    return _prove_converse(spec) if spec.format == "converse" else _prove_messages(spec)


_ROOM: Final = len('{"prompt":"","completion":""}' + '"prompt":"",')
"""Bytes around the texts of a pair, at the least, if one of its keys is repeated: with fewer, none is."""


def _prove_pairs(spec: Spec) -> Prover:
    reserved = spec.rules.reserved
    decode = msgspec.json.Decoder(PairRecord).decode
    find = key_marks(spec.rules.reserved).findall
    suspect = SUSPECT[spec.rules.reserved]

    def prove(block: bytes, lines: list[bytes]) -> int | None:
        try:
            records = list(map(decode, lines))
        except _UNDECODABLE:
            return None
        if suspect(block):
            return None
        doubtful = []
        for line, record in zip(lines, records, strict=True):
            prompt, completion = record.prompt, record.completion
            if prompt.isspace() or completion.isspace():
                return None
            if len(line) - len(prompt) - len(completion) >= _ROOM:
                doubtful.append(line)
        if reserved or doubtful:
            searched = block if reserved else b"".join(doubtful)
            if len(find(searched)) != 2 * (len(records) if reserved else len(doubtful)):
                return None
        return len(records)

    return prove


def _prove_texts(spec: Spec) -> Prover:
    field = spec.format
    decode = msgspec.json.Decoder(InputRecord if field == "input" else TextRecord).decode
    find = key_marks(spec.rules.reserved).findall
    suspect = SUSPECT[spec.rules.reserved]

    def prove(block: bytes, lines: list[bytes]) -> int | None:
        try:
            texts = [getattr(decode(line), field) for line in lines]
        except _UNDECODABLE:
            return None
        if len(find(block)) != len(texts) or suspect(block) or any(map(str.isspace, texts)):
            return None
        return 0

    return prove


class _Turns:
    """Finds the marks of chat records, with the search that fits how the file is written."""

    def __init__(self, openings: tuple[bytes, ...], family: str) -> None:
        self._searches = [
            turn_marks(opening, family, careful=careful).findall
            for careful in (False, True)
            for opening in openings
        ]
        self._suspect = SUSPECT[family]

    def proved(self, block: bytes, wanted: int) -> bool:
        """Whether the block leaves exactly the wanted marks, its turns alternate, and nothing is reserved."""
        for position, search in enumerate(self._searches):
            marks = search(block)
            if len(marks) == wanted:
                if position:  # a file is written in one way: try this one first from now on
                    self._searches.insert(0, self._searches.pop(position))
                return _alternate(marks) and not self._suspect(block)
        return False


def _alternate(marks: list[bytes]) -> bool:
    """Whether every run of role letters is user, assistant, user, …, assistant."""
    order = b"..%b.." % b".".join(marks)
    return not (b"u.u" in order or b"a.a" in order or b"..a" in order or b"u.." in order)


def _prove_converse(spec: Spec) -> Prover:
    decode = msgspec.json.Decoder(ConverseRecord).decode
    turns = _Turns((b'", "content": [{"text": "', b'","content":[{"text":"'), spec.rules.reserved)
    items = spec.rules.system_items

    def prove(block: bytes, lines: list[bytes]) -> int | None:
        try:
            records = list(map(decode, lines))
        except _UNDECODABLE:
            return None
        messages = sum([len(record.messages) for record in records])
        systems = [record.system for record in records if record.system is not UNSET]
        versions = len(records) - [record.schemaVersion for record in records].count(UNSET)
        for system in systems:
            if items is not None and len(system) != items:
                return None
            for item in system:
                if item.text.isspace():
                    return None
        others = len(records) + versions + len(systems) + sum(map(len, systems))
        return messages if turns.proved(block, messages + others) else None

    return prove


def _prove_messages(spec: Spec) -> Prover:
    decode = msgspec.json.Decoder(MessagesRecord).decode
    turns = _Turns((b'", "content": "', b'","content":"'), spec.rules.reserved)

    def prove(block: bytes, lines: list[bytes]) -> int | None:
        try:
            records = list(map(decode, lines))
        except _UNDECODABLE:
            return None
        messages = sum([len(record.messages) for record in records])
        systems = [record.system for record in records if record.system is not UNSET]
        if any(map(str.isspace, systems)):
            return None
        return messages if turns.proved(block, messages + len(records) + len(systems)) else None

    return prove
