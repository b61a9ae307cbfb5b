"""What every format is read into and every record is written from: one conversation in parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["user", "assistant"]


class Unusable(Exception):  # noqa: N818 - a verdict on one record, not a failure of the program
    """A record that cannot become a record of the target format; `reason` is a code, `detail` says more."""

    def __init__(self, reason: str, detail: str, path: str = "$") -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.path = path


@dataclass(slots=True)
class Text:
    """Words."""

    text: str


@dataclass(slots=True)
class Reasoning:
    """What the assistant thought before it answered."""

    text: str


@dataclass(slots=True)
class Media:
    """An image, video or document: where it lies (`uri`), or its bytes from the record itself (`data`).

    `format` is Converse's word (png, jpeg, mp4, pdf …), "" while unknown.
    """

    kind: Literal["image", "video", "document"]
    format: str
    uri: str = ""
    data: bytes = b""
    owner: str = ""
    name: str = ""


@dataclass(slots=True)
class ToolCall:
    """The assistant calls a tool. `id` is "" where the source has none."""

    id: str
    name: str
    arguments: dict[str, Any]


@dataclass(slots=True)
class ToolResult:
    """What a tool answered. `id` and `name` are "" where the source does not say which call it answers."""

    id: str
    name: str
    content: str


Block = Text | Reasoning | Media | ToolCall | ToolResult


@dataclass(slots=True)
class Turn:
    """One message. `path` is its place in the source record; `tool_only` marks one made of tool results."""

    role: Role
    blocks: list[Block]
    path: str = "$"
    tool_only: bool = False


@dataclass(slots=True)
class Tool:
    """A tool that the assistant may call; `schema` is the JSON Schema of its arguments."""

    name: str
    description: str
    schema: dict[str, Any]


@dataclass(slots=True)
class Conversation:
    """One record. `text` is set instead of turns for plain text; `extras` are keys nobody knows."""

    system: list[str] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    tools: list[Tool] = field(default_factory=list)
    text: str | None = None
    extras: dict[str, Any] = field(default_factory=dict)
