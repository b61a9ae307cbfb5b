"""The service's own check of a training record, and what the model learns from it.

Sources: user guide, model-customization-prepare; Nova guides, fine-tune-prepare-data-understanding (copies of
2025 and 2026, read 2026-11-23). Written apart from the pipeline's validator on purpose: one judges the other.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Any, Final

from finetune_local.bedrock.conversations import block_text, render, system_text, turns_of
from finetune_local.bedrock.foundation_models import FoundationModel, RecordFormat
from finetune_local.language_model import Example

RESERVED_STRINGS: Final = ("User:", "Bot:", "Assistant:", "System:", "<image>", "<video>", "[EOS]")
MEDIA_FORMATS: Final = {
    "image": frozenset({"png", "jpeg", "gif", "webp"}),
    "video": frozenset({"mov", "mkv", "mp4", "webm"}),
}
MEDIA_LIMITS: Final = {"image": 10, "video": 1}
_URI: Final = re.compile(r"s3://[a-z0-9][-.a-z0-9]{1,61}[a-z0-9]/[\w\-/.]+", re.ASCII)


def faults(record: object, kind: RecordFormat, model: FoundationModel) -> Iterator[str]:
    """Yield what is wrong with `record`; nothing when it is right."""
    if not isinstance(record, dict):
        yield "the record is not a JSON object"
        return
    if kind in ("converse", "distillation"):
        if kind == "distillation":
            record = yield from _answered(record)
        yield from _converse_faults(record, model)
    elif kind == "reinforcement":
        yield from _prompt_faults(record, model)
        record = {"messages": record.get("messages")}
    else:
        yield from _flat_faults(record, _KEYS[kind])
    texts = [text for text in _texts(record) if isinstance(text, str)]
    if sum(map(len, texts)) > model.characters:
        yield f"Input size exceeded: more than {model.characters} characters"


def _answered(record: dict[str, Any]) -> Generator[str, None, dict[str, Any]]:
    """Yield the faults of distillation alone; return a record that ends with an answer, as others do."""
    if record.get("schemaVersion") != "bedrock-conversation-2024":
        yield "schemaVersion must be bedrock-conversation-2024"
    messages = record.get("messages")
    if isinstance(messages, list) and not answered(record):
        return {**record, "messages": [*messages, {"role": "assistant", "content": [{"text": "…"}]}]}
    return record


def answered(record: dict[str, Any]) -> bool:
    """Return whether a conversation ends with an answer."""
    last = (record.get("messages") or [None])[-1]
    return isinstance(last, dict) and last.get("role") == "assistant"


def examples(record: dict[str, Any], kind: RecordFormat) -> list[Example]:
    """Return the examples of a record without faults: one for each assistant turn."""
    if kind == "prompt_completion":
        return [Example(render("", [("user", record["prompt"])]), record["completion"])]
    if kind == "pretraining":
        return [Example("", record["input"])]
    system, turns = system_text(record.get("system")), turns_of(record["messages"])
    return [
        Example(render(system, turns[:index]), text)
        for index, (role, text) in enumerate(turns)
        if role == "assistant"
    ]


def media(record: dict[str, Any], kind: RecordFormat) -> list[str]:
    """Return the S3 URIs of the media that a record without faults names."""
    if kind == "caption":
        return [record["image-ref"]]
    if kind != "converse":
        return []
    return [
        block[name]["source"]["s3Location"]["uri"]
        for message in record["messages"]
        for block in message["content"]
        for name in MEDIA_FORMATS
        if name in block
    ]


_KEYS: Final[dict[RecordFormat, tuple[str, ...]]] = {
    "prompt_completion": ("prompt", "completion"),
    "pretraining": ("input",),
    "caption": ("image-ref", "caption"),
}


def _texts(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in ("image", "video", "image-ref", "schemaVersion", "role"):
                yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    else:
        yield value


def _flat_faults(record: dict[str, Any], keys: tuple[str, ...]) -> Iterator[str]:
    if set(record) != set(keys):
        yield f"the record must have the keys {list(keys)} and no other, not {sorted(record)}"
        return
    for key in keys:
        if not isinstance(record[key], str) or not record[key].strip():
            yield f"{key} must be a string that is not blank"
    if "image-ref" in keys and not _URI.fullmatch(str(record["image-ref"])):
        yield f"image-ref is not an S3 URI: {record['image-ref']!r}"


def _prompt_faults(record: dict[str, Any], model: FoundationModel) -> Iterator[str]:
    """Yield the faults of a prompt in OpenAI's chat format; all other keys are the reward function's.

    Source: user guide, rft-prepare-data (read 2026-11-28).
    """
    messages = record.get("messages")
    if not isinstance(messages, list) or not messages:
        yield "messages must be a list of at least one"
        return
    for index, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in ("system", "user", "assistant"):
            yield f"messages[{index}] must have the role system, user or assistant"
            return
        text = message.get("content")
        if not isinstance(text, str) or not text.strip():
            yield f"messages[{index}].content must be a string that is not blank"
        elif message["role"] != "assistant":
            yield from _reserved(text, model)
    if not any(message["role"] == "user" for message in messages):
        yield "messages must hold one of the user"


def _converse_faults(record: dict[str, Any], model: FoundationModel) -> Iterator[str]:
    system = record.get("system", [])
    if not isinstance(system, list) or not all(_is_text_block(block) for block in system):
        yield "system must be a list of text blocks"
        return
    messages = record.get("messages")
    if not isinstance(messages, list) or len(messages) < 2:
        yield "messages must be a list of at least two"
        return
    for block in system:
        yield from _reserved(block["text"], model)
    counts = dict.fromkeys(MEDIA_FORMATS, 0)
    for index, message in enumerate(messages):
        role = ("user", "assistant")[index % 2]
        if not isinstance(message, dict) or message.get("role") != role:
            yield f"messages[{index}] must have the role {role}: turns alternate, and the user begins"
            return
        yield from _message_faults(message.get("content"), f"messages[{index}]", role, model, counts)
    if messages[-1]["role"] != "assistant":
        yield "the last message must have the role assistant"
    for name, limit in MEDIA_LIMITS.items():
        if counts[name] > limit:
            yield f"{counts[name]} {name}s in one record; at most {limit}"
    if all(counts.values()):
        yield "images and videos in one record"


def _message_faults(
    content: object, path: str, role: str, model: FoundationModel, counts: dict[str, int]
) -> Iterator[str]:
    if not isinstance(content, list) or not content:
        yield f"{path}.content must be a list of at least one block"
        return
    for index, block in enumerate(content):
        if not isinstance(block, dict) or len(block) != 1:
            yield f"{path}.content[{index}] must be an object with one key"
            return
        yield from _block_faults(block, f"{path}.content[{index}]", role, model, counts)
    if all(_is_text_block(block) for block in content) and not "".join(map(block_text, content)).strip():
        yield f"{path} has no text"


def _block_faults(
    block: dict[str, Any], path: str, role: str, model: FoundationModel, counts: dict[str, int]
) -> Iterator[str]:
    ((name, value),) = block.items()
    if name == "text":
        if not isinstance(value, str):
            yield f"{path}.text must be a string"
        elif role == "user":
            yield from _reserved(value, model)
    elif name in MEDIA_FORMATS:
        counts[name] += 1
        yield from _media_faults(name, value, path, role, model)
    elif name in ("toolUse", "toolResult", "reasoningContent", "document") and model.tools:
        if not isinstance(value, dict) or (role == "user") != (name in ("toolResult", "document")):
            yield f"{path}.{name} is malformed or in the wrong turn"
    else:
        yield f"{path}: {name} is not supported by {model.model_id}"


def _media_faults(name: str, value: object, path: str, role: str, model: FoundationModel) -> Iterator[str]:
    if name not in model.media:
        yield f"{path}: {name} is not supported by {model.model_id}"
    elif role != "user":
        yield f"{path}: {name} in a turn of the assistant"
    elif not isinstance(value, dict) or value.get("format") not in MEDIA_FORMATS[name]:
        yield f"{path}.{name}.format must be one of {sorted(MEDIA_FORMATS[name])}"
    else:
        source = value.get("source")
        location = source.get("s3Location") if isinstance(source, dict) else None
        uri = location.get("uri") if isinstance(location, dict) else None
        if not isinstance(uri, str) or not _URI.fullmatch(uri):
            yield f"{path}.{name}.source.s3Location.uri is not an S3 URI of letters, digits and _ - / ."


def _is_text_block(block: object) -> bool:
    return isinstance(block, dict) and isinstance(block.get("text"), str)


def _reserved(text: str, model: FoundationModel) -> Iterator[str]:
    if model.reserved_strings:
        yield from (f"reserved string {word!r}" for word in RESERVED_STRINGS if word in text)
