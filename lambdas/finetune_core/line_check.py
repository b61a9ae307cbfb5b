"""Judges one line exactly: every fault of it, with its place and what to do."""

from typing import Final

from finetune_core.exact_json import Object, Parsed, parse
from finetune_core.faults import Fault, cut
from finetune_core.findings import Findings, Spec, type_name
from finetune_core.record_checks import CHECKS
from finetune_core.records import BEDROCK_FORMATS, PROMPT_FORMATS, describe, recognise
from finetune_core.tokens import SKELETON, measure, token_range

_BOM: Final = b"\xef\xbb\xbf"
_UNREAD: Final = {
    "preference": "Keep the answers to learn: finetune convert --prompt-field prompt --completion-field "
    "chosen, or write them as conversations.",
    "invocation-log": "Take prompts and answers out of the log: one record on each line.",
}
"""What to do with formats that finetune convert does not read of itself."""
WHITE_SPACE: Final = b" \t\r\n"


class LineResult:
    """The faults of one line, its media by kind, and whether it holds a record at all."""

    __slots__ = ("faults", "media", "record")

    def __init__(
        self, faults: list[Fault], media: dict[str, int] | None = None, *, record: bool = True
    ) -> None:
        self.faults = faults
        self.media = media or {}
        self.record = record


def check_line(
    line: bytes, spec: Spec, number: int, byte_offset: int, *, unfinished: bool = False
) -> LineResult:
    """Return every fault of one line (without its line end).

    `unfinished` says that the file ends with this line and without a line end. Never raises.
    """
    found = Findings(spec, number, byte_offset)
    if not line.strip(WHITE_SPACE):
        found.add("blank_line", "", "", "the line is blank")
        return LineResult(found.faults, record=False)
    _check_length(line, found)
    if line.startswith(_BOM):
        said = "a byte order mark within the file: files were joined"
        found.add("byte_order_mark", "$", _BOM.hex(" "), said)
        line = line.removeprefix(_BOM)
        found.byte_offset += len(_BOM)
    text = _decode(line, found)
    parsed = parse(text)
    if parsed.error:
        _note_syntax(parsed, text, line, found, unfinished=unfinished)
        return LineResult(found.faults)
    for constant in parsed.constants:
        found.add("invalid_number", "$", constant, f"{constant} is not JSON")
    if not isinstance(parsed.value, Object):
        said = f"the line holds {type_name(parsed.value)}, not an object"
        found.add("not_an_object", "$", cut(parsed.value), said)
        return LineResult(found.faults)
    if parsed.odd:
        found.structure(parsed.value, "$")
    _check_record(parsed.value, found)
    _check_tokens(line, found)
    _check_characters(line, parsed.value, found)
    return LineResult(found.faults, found.media)


def _check_length(line: bytes, found: Findings) -> None:
    limit = found.spec.rules.line_bytes
    if limit is not None and len(line) > limit.value:
        said = f"the line has {len(line):,} bytes, at most {limit.value:,} are taken ({limit.source.name})"
        found.add("line_too_long", "$", len(line), said)


def _decode(line: bytes, found: Findings) -> str:
    """Return the line as text, bad bytes replaced, and note them."""
    at = line.find(b"\0")
    if at >= 0:
        found.add(
            "nul_byte", "$", f"byte {at} of the line", f"the line holds {line.count(0)} NUL bytes", at=at
        )
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        bad = line[error.start : error.start + 4].hex(" ")
        said = f"byte {error.start} of the line ({bad[:2]} hexadecimal) is not UTF-8: {error.reason}"
        found.add("invalid_utf8", "$", bad, said, at=error.start)
        return line.decode("utf-8", "replace")


def _note_syntax(parsed: Parsed, text: str, line: bytes, found: Findings, *, unfinished: bool) -> None:
    if b"\0" in line:
        return  # NUL bytes are the cause and have been noted
    at = len(text[: parsed.at].encode("utf-8", "replace"))
    around = text[max(parsed.at - 30, 0) : parsed.at + 30]
    if unfinished and parsed.cut_off:
        found.add("truncated_line", "$", around, "the file ends in the middle of this record", at=at)
        return
    said = f"column {parsed.at + 1}: {parsed.error}"
    if text.count("\r") > 1 and "\n" not in text:
        said += " (the lines end with a lone carriage return; JSON Lines need \\n)"
    found.add("invalid_json", "$", around, said, at=at)


def _check_record(record: Object, found: Findings) -> None:
    wanted = found.spec.format
    actual = recognise(record)
    if wanted == "reinforcement" and actual in PROMPT_FORMATS:
        actual = wanted
    if actual is not None and actual != wanted:
        found.add(
            "wrong_format",
            "$",
            ", ".join(record),
            f"this is {describe(actual)}; {found.spec.model_name} takes {describe(wanted)}",
            remedy=_conversion(actual),
        )
        return
    CHECKS[wanted](record, found)


def _conversion(actual: str) -> str:
    if actual in _UNREAD:
        return _UNREAD[actual]
    if actual in BEDROCK_FORMATS:
        return "Convert it (finetune convert), or choose a model that takes this format."
    return "Convert it: finetune convert writes the format that the model takes and lists what it drops."


def _check_tokens(line: bytes, found: Findings) -> None:
    """Judge the estimated tokens: an error when even the low estimate is too much."""
    limit = found.spec.rules.tokens_max
    if limit is None or len(line) <= 2 * (limit.strict or limit.value):
        return
    characters, further = measure(line)
    per_record, per_message = SKELETON[found.spec.format]
    text = max(characters - per_record - per_message * found.messages, 0)
    tokens = token_range(text, further, found.messages)
    said = f"about {tokens.expected:,} tokens ({tokens.low:,} to {tokens.high:,})"
    if tokens.low > limit.value:
        said += f", at most {limit.value:,} per record ({limit.source.name})"
        found.add("too_many_tokens", "$", tokens.expected, said)
    elif tokens.expected > limit.value:
        said += f"; the limit is {limit.value:,} per record ({limit.source.name})"
        found.add("too_many_tokens", "$", tokens.expected, said, severity="warning")
    elif limit.strict is not None and limit.strict_source is not None and tokens.expected > limit.strict:
        where = f" {limit.strict_where}" if limit.strict_where else ""
        said += f"; {limit.strict_source.name} gives {limit.strict:,}{where}, "
        said += f"{limit.source.name} {limit.value:,}"
        found.add("too_many_tokens", "$", tokens.expected, said, severity="warning")


def _check_characters(line: bytes, record: Object, found: Findings) -> None:
    """Judge the characters of all texts together."""
    limit = found.spec.rules.characters_max
    if limit is None or len(line) <= limit.value:
        return
    count = sum(len(value) for value in record.values() if isinstance(value, str))
    if count > limit.value:
        said = f"{count:,} characters in all, at most {limit.value:,} are taken ({limit.source.name})"
        found.add("text_too_long", "$", count, said)
