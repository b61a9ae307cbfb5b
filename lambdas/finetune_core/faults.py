"""The faults a dataset can have: one code each, with its usual severity and what to do about it."""

import json
from typing import Final, Literal

from msgspec import Struct

Severity = Literal["error", "warning"]
Answer = Literal["off", "warn", "block"]
"""What is done about faults that are looked for on request: nothing, warnings, or errors."""


class Fault(Struct, frozen=True):
    """One fault of one record or file.

    `line` counts from 1 and `byte_offset` from 0, both 0 for a fault of the whole file. `path` is a JSON
    path (`$.messages[0].role`), `value` the offending value, cut.
    """

    code: str
    severity: Severity
    role: str
    line: int
    byte_offset: int
    path: str
    value: str
    message: str
    remedy: str


class Rule(Struct, frozen=True):
    """What stands behind a code: its usual severity, a title for reports and the remedy."""

    severity: Severity
    title: str
    remedy: str


_E: Final = "error"
_W: Final = "warning"

RULES: Final[dict[str, Rule]] = {
    # the file
    "empty_file": Rule(_E, "File without records", "Put one JSON record on each line."),
    "not_json_lines": Rule(
        _E,
        "Not a JSON Lines file",
        "Write one complete JSON object on each line; finetune convert does it with arrays and tables.",
    ),
    "compressed_file": Rule(_E, "Compressed file", "Decompress the file: Bedrock reads plain JSON Lines."),
    "wrong_encoding": Rule(_E, "Not UTF-8", "Save the file as UTF-8 without a byte order mark."),
    "byte_order_mark": Rule(_E, "Byte order mark", "Save the file as UTF-8 without a byte order mark."),
    "carriage_return": Rule(_W, "Windows line ends", "Save the file with line ends \\n."),
    "blank_line": Rule(_W, "Blank lines", "Remove the blank lines."),
    "truncated_line": Rule(
        _E, "Last line cut off", "The file ends inside a record: upload it again in full."
    ),
    "line_too_long": Rule(_E, "Line too long", "Split or shorten the record."),
    "file_too_large": Rule(_E, "File too large", "Use fewer or shorter records."),
    "too_few_records": Rule(_E, "Too few records", "Add records."),
    "too_many_records": Rule(_E, "Too many records", "Remove records or ask AWS to raise the quota."),
    "mixed_formats": Rule(_W, "Records of several formats", "Bring all records into the model's format."),
    "few_records": Rule(_W, "Fewer records than advised", "Add records if you can."),
    "validation_file_refused": Rule(_E, "Validation file not taken", "Remove the validation file."),
    "validation_file_disputed": Rule(_W, "Validation file may be ignored", "Be ready to run without it."),
    "duplicate_record": Rule(_W, "Duplicate records", "Remove the copies unless you repeat them on purpose."),
    "leaked_record": Rule(_W, "Records in two files", "Remove the record from one of the files."),
    "near_duplicate": Rule(_W, "Nearly the same records", "Keep one of them, unless the variants are meant."),
    "near_leak": Rule(_W, "Nearly the same in two files", "Remove the record from one of the files."),
    "length_outlier": Rule(
        _W, "Unusual lengths", "Look at these records: joined, cut off, or of another kind?"
    ),
    "label_balance": Rule(
        _W, "Unbalanced labels", "Add records of the rare labels, or remove some of the others."
    ),
    # a line
    "invalid_utf8": Rule(_E, "Invalid UTF-8", "Save the file as UTF-8; find what wrote these bytes."),
    "nul_byte": Rule(_E, "NUL bytes", "Remove the NUL bytes; the file may be UTF-16 or damaged."),
    "invalid_json": Rule(_E, "Invalid JSON", "Correct the JSON of this line."),
    "invalid_number": Rule(_E, "NaN or Infinity", "JSON has no NaN and no Infinity: use a number or null."),
    "lone_surrogate": Rule(
        _E, "Half of a character", "Write the character in full; a text was cut in its middle."
    ),
    "duplicate_key": Rule(
        _E, "Key given twice", "Keep one of the two: all but the last are lost in reading."
    ),
    "not_an_object": Rule(_E, "Not an object", "Write one JSON object, in braces, on each line."),
    "wrong_format": Rule(
        _E, "Record of another format", "Convert the record to the format that the model takes."
    ),
    "missing_key": Rule(_E, "Missing key", "Add the key."),
    "unknown_key": Rule(_W, "Unknown key", "Remove the key: the service ignores or refuses it."),
    "wrong_type": Rule(_E, "Wrong type", "Use a value of the type named."),
    "wrong_value": Rule(_E, "Wrong value", "Use one of the values named."),
    # a conversation
    "too_few_messages": Rule(
        _E, "Too few messages", "A record needs a user message and the assistant's answer."
    ),
    "too_many_messages": Rule(_W, "More than one turn", "Cut it to one turn of one text."),
    "unknown_role": Rule(_E, "Unknown role", "Roles are user and assistant; system text has its own key."),
    "first_role": Rule(_E, "Does not start with the user", "Let the first message be the user's."),
    "last_role": Rule(
        _E, "Does not end with the assistant", "Let the last message be the assistant's answer."
    ),
    "role_order": Rule(
        _E, "Roles do not alternate", "Alternate user and assistant; join neighbours of one role."
    ),
    "system_items": Rule(_E, "System prompt items", "Join the system texts into one item."),
    "empty_list": Rule(_E, "Empty list", "Add at least one item or remove the key."),
    # a text
    "blank_text": Rule(_E, "Empty text", "Fill in the text or remove the record."),
    "reserved_string": Rule(
        _E, "Reserved string", "Rephrase: these strings mark turns inside the model's prompt."
    ),
    "text_too_short": Rule(_E, "Text too short", "Lengthen the text or remove the record."),
    "text_too_long": Rule(_E, "Text too long", "Shorten the text."),
    "too_many_tokens": Rule(_E, "Too many tokens", "Shorten or split the record."),
    # media and tools
    "media_not_allowed": Rule(_E, "Media not taken", "Remove the media or choose a model that takes it."),
    "media_in_assistant": Rule(_E, "Media in an assistant message", "Only user messages may hold media."),
    "media_format": Rule(_E, "Media format", "Use one of the formats named."),
    "media_count": Rule(_E, "Too many media", "Use fewer media in this record."),
    "media_mixed": Rule(_E, "Kinds of media mixed", "Keep images, videos and documents in separate records."),
    "media_uri": Rule(_E, "Media address", "Use s3://bucket/key with letters, digits, _ - / and . only."),
    "media_unreachable": Rule(_E, "Media cannot be read", "Upload the file or correct its address."),
    "media_unchecked": Rule(_W, "Media not looked at", "Check them with finetune validate --media-root."),
    "media_bucket": Rule(_E, "Media in another bucket", "Put media into the bucket of the dataset."),
    "media_type": Rule(
        _E, "Media of another type", "Convert the file, or name the format that it really has."
    ),
    "media_size": Rule(_E, "Media file too large", "Make the file smaller."),
    "media_length": Rule(_E, "Video too long", "Cut the video."),
    "media_dimensions": Rule(_E, "Image dimensions", "Scale or crop the image."),
    "likely_secret": Rule(_W, "Likely secret", "Remove it, and revoke it if it is real: models repeat them."),
    "personal_data": Rule(_W, "Likely personal data", "Remove or replace it unless you may train on it."),
    "reasoning_not_allowed": Rule(_E, "Reasoning not taken", "Remove reasoningContent."),
    "tools_not_allowed": Rule(_E, "Tools not taken", "Describe the tools in the prompt instead."),
    "tool_unknown": Rule(_E, "Undeclared tool", "Declare the tool in toolConfig."),
    "tool_unmatched": Rule(
        _E, "Tool call without its result", "Give each toolUse one toolResult with its id."
    ),
}


UNREAD: Final = ("not_json_lines", "compressed_file", "wrong_encoding")
"""Faults with which no line of a file is read."""


def cut(value: object, length: int = 120) -> str:
    """Return `value` as short printable text for a message: a text as it is, anything else as JSON."""
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        return "…"  # nested nearly too deeply to be read
    text = (
        text[: length + 1].encode("unicode_escape", "backslashreplace").decode("ascii")
        if not text.isprintable()
        else text
    )
    return text if len(text) <= length else text[:length] + "…"
