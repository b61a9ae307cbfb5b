"""Plain decoding of the benchmark's files: what full validation is compared with."""

import gc
import json
from pathlib import Path
from typing import Final, Literal

import msgspec
import pydantic

_BLOCK: Final = 131_072

Role = Literal["user", "assistant"]


class Block(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Plain Converse content."""

    text: str


class Turn(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A plain Converse message."""

    role: Role
    content: list[Block]


class Converse(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A plain Converse record."""

    schemaVersion: str  # noqa: N815 - the service's key
    system: list[Block]
    messages: list[Turn]


class PlainTurn(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A message with text."""

    role: Role
    content: str


class Messages(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """System text and messages."""

    system: str
    messages: list[PlainTurn]


class Pair(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Prompt and completion."""

    prompt: str
    completion: str


class Input(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Text for continued pre-training."""

    input: str


class Strict(pydantic.BaseModel):
    """A pydantic model that refuses unknown keys."""

    model_config = pydantic.ConfigDict(extra="forbid")


class BlockModel(Strict):
    """Plain Converse content."""

    text: str


class TurnModel(Strict):
    """A plain Converse message."""

    role: Role
    content: list[BlockModel]


class ConverseModel(Strict):
    """A plain Converse record."""

    schemaVersion: str  # noqa: N815 - the service's key
    system: list[BlockModel]
    messages: list[TurnModel]


class PlainTurnModel(Strict):
    """A message with text."""

    role: Role
    content: str


class MessagesModel(Strict):
    """System text and messages."""

    system: str
    messages: list[PlainTurnModel]


class PairModel(Strict):
    """Prompt and completion."""

    prompt: str
    completion: str


class InputModel(Strict):
    """Text for continued pre-training."""

    input: str


PYDANTIC_TYPES: Final[dict[str, type[Strict]]] = {
    "messages": MessagesModel,
    "prompt-completion": PairModel,
    "pretraining": InputModel,
}
TYPES: Final = {"messages": Messages, "prompt-completion": Pair, "pretraining": Input}


def decode_typed(path: Path, name: str) -> None:
    """Decode every line into its type: nothing else can be faster and look at every value."""
    decode = msgspec.json.Decoder(TYPES.get(name, Converse)).decode
    with path.open("rb") as file:
        for line in file:
            decode(line)


def decode_blocks(path: Path, name: str) -> None:
    """Decode into the same types by whole blocks of lines: no line becomes an object of its own."""
    decode = msgspec.json.Decoder(TYPES.get(name, Converse)).decode_lines
    gc.disable()  # it would look at all lists of a block, again and again
    with path.open("rb", buffering=0) as file:
        rest = b""
        while block := file.read(_BLOCK):
            end = block.rfind(b"\n") + 1
            decode(rest + block[:end])
            rest = block[end:]
        decode(rest)
    gc.enable()


def decode_json(path: Path, name: str) -> None:
    """Decode every line with the standard library."""
    with path.open("rb") as file:
        for line in file:
            json.loads(line)


def decode_pydantic(path: Path, name: str) -> None:
    """Decode every line into the same type with pydantic."""
    validate_json = pydantic.TypeAdapter(PYDANTIC_TYPES.get(name, ConverseModel)).validate_json
    with path.open("rb") as file:
        for line in file:
            validate_json(line)
