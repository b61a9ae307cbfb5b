"""The record formats as types, one line of a dataset each: what `schemas/` is generated from, for editors.

They say what a good record looks like; the validator (`finetune_core.validation`) says what is wrong with a
bad one, and knows each model's bounds. Sources of the shapes: "Preparing data for fine-tuning" of the Bedrock
and Nova user guides (read 2026-11-23); patterns of tool names and ids: botocore 1.43.106, bedrock-runtime.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

S3_URI: Final = r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[A-Za-z0-9_/.-]+$"

Role = Annotated[
    Literal["user", "assistant"], Meta(description="Who speaks; roles take turns, the user begins.")
]
Words = Annotated[str, Meta(min_length=1, pattern=r"\S")]
ToolName = Annotated[
    str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}$", description="Letters, digits, _ and - only.")
]
ToolId = Annotated[
    str, Meta(pattern=r"^[a-zA-Z0-9_.:-]{1,64}$", description="The same in a toolUse and its toolResult.")
]


class TextItem(Struct, forbid_unknown_fields=True):
    """A text."""

    text: Words


class S3Location(Struct, forbid_unknown_fields=True):
    """Where the file lies: in the dataset's own bucket."""

    uri: Annotated[str, Meta(pattern=S3_URI, description="s3://bucket/key of letters, digits, _ - / and .")]
    bucketOwner: (  # noqa: N815 - the service's key, as all below
        Annotated[str, Meta(pattern=r"^[0-9]{12}$", description="Account that owns the bucket.")] | UnsetType
    ) = UNSET


class MediaSource(Struct, forbid_unknown_fields=True):
    """Where media come from: Bedrock reads them from S3 only."""

    s3Location: S3Location  # noqa: N815


class Image(Struct, forbid_unknown_fields=True):
    """An image; which formats are taken depends on the model."""

    format: Literal["png", "jpeg", "gif", "webp"]
    source: MediaSource


class Video(Struct, forbid_unknown_fields=True):
    """A video; which formats are taken depends on the model."""

    format: Literal["mov", "mkv", "mp4", "webm"]
    source: MediaSource


class Document(Struct, forbid_unknown_fields=True):
    """A PDF."""

    format: Literal["pdf"]
    source: MediaSource
    name: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET


class ReasoningText(Struct):
    """What the assistant thought."""

    text: Words


class ReasoningContent(Struct):
    """Reasoning of an assistant turn (Nova 2 only)."""

    reasoningText: ReasoningText  # noqa: N815


class ToolUse(Struct, forbid_unknown_fields=True):
    """The assistant calls a tool that toolConfig declares."""

    toolUseId: ToolId  # noqa: N815
    name: ToolName
    input: Annotated[dict[str, Any], Meta(description="The arguments.")]


class ToolResultItem(Struct, forbid_unknown_fields=True):
    """One part of a tool's answer: text or JSON."""

    text: str | UnsetType = UNSET
    json: Any | UnsetType = UNSET


class ToolResult(Struct, forbid_unknown_fields=True):
    """What a tool answered, in the user turn after the call."""

    toolUseId: ToolId  # noqa: N815
    content: list[Annotated[ToolResultItem, Meta(extra_json_schema={"minProperties": 1, "maxProperties": 1})]]
    status: Literal["success", "error"] | UnsetType = UNSET


class ContentBlock(Struct, forbid_unknown_fields=True):
    """One part of a turn: exactly one of these keys."""

    text: Words | UnsetType = UNSET
    image: Image | UnsetType = UNSET
    video: Video | UnsetType = UNSET
    document: Document | UnsetType = UNSET
    reasoningContent: ReasoningContent | UnsetType = UNSET  # noqa: N815
    toolUse: ToolUse | UnsetType = UNSET  # noqa: N815
    toolResult: ToolResult | UnsetType = UNSET  # noqa: N815


class ConverseMessage(Struct, forbid_unknown_fields=True):
    """One turn."""

    role: Role
    content: Annotated[
        list[Annotated[ContentBlock, Meta(extra_json_schema={"minProperties": 1, "maxProperties": 1})]],
        Meta(min_length=1),
    ]


class InputSchema(Struct, forbid_unknown_fields=True):
    """Wraps the JSON Schema of a tool's arguments."""

    json: Annotated[dict[str, Any], Meta(description="JSON Schema of the arguments.")]


class ToolSpec(Struct, forbid_unknown_fields=True):
    """A tool that the assistant may call."""

    name: ToolName
    inputSchema: InputSchema  # noqa: N815
    description: Annotated[str, Meta(min_length=1)] | UnsetType = UNSET


class Tool(Struct, forbid_unknown_fields=True):
    """Wraps a tool."""

    toolSpec: ToolSpec  # noqa: N815


class ToolConfig(Struct, forbid_unknown_fields=True):
    """The tools of a record."""

    tools: Annotated[list[Tool], Meta(min_length=1)]


class ConverseRecord(Struct, forbid_unknown_fields=True):
    """A conversation for Nova, Llama 3.2 and 3.3, and distillation."""

    messages: Annotated[
        list[ConverseMessage], Meta(min_length=1, description="The turns; the last is the answer to learn.")
    ]
    schemaVersion: (  # noqa: N815
        Annotated[
            str,
            Meta(
                description="Write bedrock-conversation-2024; some models take no other word.",
                examples=["bedrock-conversation-2024"],
            ),
        ]
        | UnsetType
    ) = UNSET
    system: list[TextItem] | UnsetType = UNSET
    toolConfig: ToolConfig | UnsetType = UNSET  # noqa: N815


class PlainMessage(Struct, forbid_unknown_fields=True):
    """One turn in plain text."""

    role: Role
    content: Words


class MessagesRecord(Struct, forbid_unknown_fields=True):
    """A conversation in plain text, for Claude 3 Haiku."""

    messages: Annotated[
        list[PlainMessage], Meta(min_length=2, description="The turns; the last is the answer to learn.")
    ]
    system: Words | UnsetType = UNSET


class PairRecord(Struct, forbid_unknown_fields=True):
    """A prompt and its completion, for Titan Text, Llama 3.1 and Cohere Command."""

    prompt: Words
    completion: Words


class InputRecord(Struct, forbid_unknown_fields=True):
    """A text for continued pre-training of Titan Text."""

    input: Words


class TextRecord(Struct, forbid_unknown_fields=True):
    """A text for continued pre-training under Nova's key."""

    text: Words


class CaptionRecord(Struct, forbid_unknown_fields=True):
    """An image and its caption, for image and embedding models (embeddings take images without caption)."""

    image_ref: Annotated[str, Meta(pattern=S3_URI)] = field(name="image-ref")
    caption: Words | UnsetType = UNSET


class PromptMessage(Struct, forbid_unknown_fields=True):
    """One turn of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: Words


class ReinforcementRecord(Struct):
    """A prompt for reinforcement fine-tuning; every key beside `messages` goes to the grader."""

    messages: Annotated[list[PromptMessage], Meta(min_length=1)]
    reference_answer: Annotated[Any, Meta(description="What the grader compares the answer with.")] = None


RECORDS: Final[dict[str, type[Struct]]] = {
    "converse": ConverseRecord,
    "messages": MessagesRecord,
    "prompt-completion": PairRecord,
    "input": InputRecord,
    "text": TextRecord,
    "image-caption": CaptionRecord,
    "reinforcement": ReinforcementRecord,
}
"""The type of each format in `finetune_core.records.BEDROCK_FORMATS`."""
