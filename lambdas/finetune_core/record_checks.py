"""The exact rules of the text formats: messages, prompt/completion, pre-training, captions.

Each check walks one parsed record and notes every fault. Converse and RFT have their own files.
"""

from collections.abc import Callable
from typing import Final

from finetune_core.converse_checks import check_converse
from finetune_core.exact_json import Object
from finetune_core.findings import Findings
from finetune_core.reinforcement_checks import check_reinforcement
from finetune_core.s3_addresses import REFUSED, is_s3_address
from finetune_core.turns import check_turns


def check_messages(record: Object, found: Findings) -> None:
    """Check `{"system"?: text, "messages": [{"role", "content": text}, …]}`."""
    found.keys(record, "$", ("messages",), ("system",))
    if "system" in record:
        found.text(record["system"], "$.system", "system")
    turns = check_turns(record, found)
    for index, turn in turns:
        path = f"$.messages[{index}]"
        found.keys(turn, path, ("role", "content"))
        if "content" in turn:
            found.text(turn["content"], f"{path}.content", str(turn.get("role")))


def check_prompt_completion(record: Object, found: Findings) -> None:
    """Check `{"prompt": text, "completion": text}`."""
    found.keys(record, "$", ("prompt", "completion"))
    for key in ("prompt", "completion"):
        if key in record:
            found.text(record[key], f"$.{key}", key)
    found.messages = 1


def check_input(record: Object, found: Findings) -> None:
    """Check `{"input": text}`."""
    _check_single(record, found, "input")


def check_text(record: Object, found: Findings) -> None:
    """Check `{"text": text}`."""
    _check_single(record, found, "text")


def _check_single(record: Object, found: Findings, key: str) -> None:
    found.keys(record, "$", (key,))
    if key in record:
        found.text(record[key], f"$.{key}", key)


def check_image_caption(record: Object, found: Findings) -> None:
    """Check `{"image-ref": s3 address, "caption": text}`; the caption is optional where none is required."""
    rules = found.spec.rules
    required = ("image-ref", "caption") if rules.text_min else ("image-ref",)
    found.keys(record, "$", required, ("caption",))
    if "image-ref" in record:
        _check_image_ref(record["image-ref"], found)
    if "caption" not in record:
        return
    caption = record["caption"]
    if caption != "" or rules.text_min:
        found.text(caption, "$.caption", "caption")
    if not isinstance(caption, str):
        return
    if len(caption) < rules.text_min:
        found.add(
            "text_too_short",
            "$.caption",
            caption,
            f"{len(caption)} characters, at least {rules.text_min} are needed",
        )
    if rules.text_max and len(caption) > rules.text_max.value:
        limit = rules.text_max
        found.add(
            "text_too_long",
            "$.caption",
            caption,
            f"{len(caption):,} characters, at most {limit.value:,} ({limit.source.name})",
        )


def _check_image_ref(value: object, found: Findings) -> None:
    address = found.string(value, "$.image-ref")
    found.media = {"image": 1}
    media = found.spec.rules.media
    if address is None or media is None:
        return
    if not is_s3_address(address):
        found.add("media_uri", "$.image-ref", address, REFUSED)
    ending = address.rpartition(".")[2].lower().replace("jpg", "jpeg")
    if ending not in media.image_formats:
        found.add(
            "media_format",
            "$.image-ref",
            address,
            f"the name must end in one of {', '.join(media.image_formats)}",
        )


CHECKS: Final[dict[str, Callable[[Object, Findings], None]]] = {
    "converse": check_converse,
    "messages": check_messages,
    "prompt-completion": check_prompt_completion,
    "input": check_input,
    "text": check_text,
    "image-caption": check_image_caption,
    "reinforcement": check_reinforcement,
}
"""The exact check of each format that Bedrock takes."""
