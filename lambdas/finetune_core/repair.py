"""Repairs the records of a file: what can be put right without guessing is changed, the rest is dropped.

Every step is told as a `Change`; nothing is changed silently. A record that is repaired is checked again like
any other, and dropped if it still has an error. Order, and the records that are faultless, stay as they are.
"""

import json
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any, Final, Literal

from msgspec import Struct

from finetune_core.blocks import LONGEST_LINE, Block, BlockReader
from finetune_core.exact_json import Object, parse
from finetune_core.faults import Fault, cut
from finetune_core.findings import Spec
from finetune_core.line_check import WHITE_SPACE, check_line
from finetune_core.records import SCHEMA_VERSION, recognise
from finetune_core.scanner import stable_fingerprint

_BOM: Final = b"\xef\xbb\xbf"
_ROLES: Final = ("user", "assistant")
_TWINS: Final = ("converse", "messages")
"""Formats that differ in how a text is written; what others say another way is for `finetune convert`."""


class Change(Struct, frozen=True):
    """One thing that a repair changed or dropped. `before` and `after` are cut; `code` is the fault's."""

    line: int
    code: str
    action: Literal["changed", "dropped"]
    message: str
    before: str
    after: str = ""


class Repaired(Struct, frozen=True):
    """What became of one line: the line to write (ending in \\n), None if it was dropped, and the changes."""

    line: bytes | None
    changes: tuple[Change, ...] = ()


class Repairer:
    """Repairs the lines of one file, given in order. Keeps 8 bytes of each record to know its copies.

    `keep_copies` leaves records that are there more than once, as a small dataset may mean them.
    """

    def __init__(self, spec: Spec, *, keep_copies: bool = False) -> None:
        self._spec = spec
        self._keep_copies = keep_copies
        self._seen: dict[int, int] = {}

    def file(self, chunks: Iterable[bytes]) -> Iterator[Repaired]:
        """Repair a whole file given in pieces of any size; memory stays bounded."""
        number = 0
        for block in _blocks(chunks):
            if block.overlong:
                number += 1
                said = f"the line has {block.size:,} bytes; no model takes more than {LONGEST_LINE:,}"
                yield Repaired(None, (_dropped(number, "line_too_long", said, b""),))
                continue
            for line in BytesIO(block.lines):
                number += 1
                yield self.line(number, line, unfinished=not line.endswith(b"\n"))

    def line(self, number: int, raw: bytes, *, unfinished: bool = False) -> Repaired:
        """Repair one line with its line end, if it has one."""
        changes: list[Change] = []
        line = _trimmed(number, raw, changes)
        if line is None:
            return Repaired(None, tuple(changes))
        faults = _errors(line, self._spec, number, unfinished=unfinished)
        if faults or (self._spec.format == "converse" and b'"schemaVersion"' not in line):
            line, faults = self._mended(number, line, faults, changes)
        if faults:
            first = faults[0]
            return Repaired(None, (*changes, _dropped(number, first.code, first.message, line)))
        mark = stable_fingerprint(line)
        if not self._keep_copies and (earlier := self._seen.setdefault(mark, number)) != number:
            said = f"the same record as line {earlier:,}"
            return Repaired(None, (*changes, _dropped(number, "duplicate_record", said, line)))
        return Repaired(line + b"\n", tuple(changes))

    def _mended(
        self, number: int, line: bytes, faults: list[Fault], changes: list[Change]
    ) -> tuple[bytes, list[Fault]]:
        """Return the line with its record mended and the errors left, the line as it was if nothing helps."""
        record = None if any(fault.code == "duplicate_key" for fault in faults) else _record(line)
        if record is None:  # with a key given twice, writing anew would lose one of them without a word
            return line, faults
        if faults and faults[0].code == "wrong_format" and recognise(record) not in _TWINS:
            return line, faults
        mending = _Mending(number, self._spec)
        mending.record(record)
        mended = _written(record) if mending.changes else None
        if mended is None:
            return line, faults
        left = _errors(mended, self._spec, number)
        if left:
            return line, left
        changes += mending.changes
        return mended, left


class _Mending:
    """Puts right what one record says in another way than the format wants; changes the record in place."""

    def __init__(self, number: int, spec: Spec) -> None:
        self._number = number
        self._spec = spec
        self.changes: list[Change] = []

    def record(self, record: Object) -> None:
        """Mend the parts that have one right form."""
        self._unknown_keys(record)
        if self._spec.format not in ("converse", "messages"):
            return
        if self._spec.format == "converse":
            self._version(record)
        as_blocks = self._spec.format == "converse"
        if "system" in record and _is_blank(record["system"]):
            before = record.pop("system")
            self._tell("blank_text", "$.system: removed, it held no text", before, "")
        if "system" in record:
            self._form(record, "system", "$.system", blocks=as_blocks)
        messages = record.get("messages")
        for index, turn in enumerate(messages if isinstance(messages, list) else ()):
            if isinstance(turn, Object):
                self._role(turn, f"$.messages[{index}].role")
                self._form(turn, "content", f"$.messages[{index}].content", blocks=as_blocks)

    def _tell(self, code: str, message: str, before: object, after: object) -> None:
        self.changes.append(Change(self._number, code, "changed", message, _told(before), _told(after)))

    def _version(self, record: Object) -> None:
        before = record.get("schemaVersion")
        if before == SCHEMA_VERSION:
            return
        record["schemaVersion"] = SCHEMA_VERSION
        missing = "schemaVersion" if before is None else ""
        code = "missing_key" if missing else "wrong_value"
        self._tell(
            code, f"$.schemaVersion: set to {SCHEMA_VERSION}", "" if missing else before, SCHEMA_VERSION
        )

    def _role(self, turn: Object, path: str) -> None:
        role = turn.get("role")
        if isinstance(role, str) and role not in _ROLES and role.strip().lower() in _ROLES:
            turn["role"] = role.strip().lower()
            self._tell("unknown_role", f"{path}: written in small letters", role, turn["role"])

    def _form(self, owner: Object, key: str, path: str, *, blocks: bool) -> None:
        """Write a text as a list of blocks, or a list of text blocks as a text; drop blank blocks."""
        value = owner.get(key)
        if blocks and isinstance(value, str):
            owner[key] = [{"text": value}]
            self._tell("wrong_type", f"{path}: the text is now a list of blocks", value, owner[key])
        elif isinstance(value, list) and not blocks:
            texts = _texts(value)
            if texts is not None:
                owner[key] = "\n\n".join(texts)
                self._tell("wrong_type", f"{path}: the blocks are now one text", value, owner[key])
        elif isinstance(value, list):
            kept = [block for block in value if not _is_blank_block(block)]
            if 0 < len(kept) < len(value):
                owner[key] = kept
                self._tell("blank_text", f"{path}: empty text blocks removed", value, kept)

    def _unknown_keys(self, record: Object) -> None:
        """Remove keys where the model refuses them; where it only ignores them they stay."""
        known = {"messages": ("messages", "system"), "prompt-completion": ("prompt", "completion")}
        if self._spec.rules.unknown_keys != "error" or self._spec.format not in known:
            return
        for key in [key for key in record if key not in known[self._spec.format]]:
            before = record.pop(key)
            self._tell("unknown_key", f"$: the key {cut(key, 40)} removed", before, "")


def _blocks(chunks: Iterable[bytes]) -> Iterator[Block]:
    reader = BlockReader()
    for chunk in chunks:
        yield from reader.feed(chunk)
    yield from reader.finish()


def _trimmed(number: int, raw: bytes, changes: list[Change]) -> bytes | None:
    """Return the line without byte order mark, line end and outer white space, None if it is blank."""
    line = raw
    if line.startswith(_BOM):
        line = line[len(_BOM) :]
        changes.append(Change(number, "byte_order_mark", "changed", "byte order mark removed", "ef bb bf"))
    if line.endswith(b"\r\n"):
        line = line[:-2]
        changes.append(Change(number, "carriage_return", "changed", "line end is now \\n", "\\r\\n", "\\n"))
    line = line.removesuffix(b"\n")
    stripped = line.strip(WHITE_SPACE)
    if not stripped:
        changes.append(_dropped(number, "blank_line", "the line is blank", line))
        return None
    if stripped != line:
        said = "white space around the record removed"
        changes.append(Change(number, "outer_space", "changed", said, _shown(line), _shown(stripped)))
    return stripped


def _errors(line: bytes, spec: Spec, number: int, *, unfinished: bool = False) -> list[Fault]:
    result = check_line(line, spec, number, 0, unfinished=unfinished)
    return [fault for fault in result.faults if fault.severity == "error"]


def _record(line: bytes) -> Object | None:
    """Return the record of a line, None if it cannot be read without loss."""
    try:
        parsed = parse(line.decode("utf-8"))
    except UnicodeDecodeError:
        return None
    return parsed.value if isinstance(parsed.value, Object) and not parsed.constants else None


def _written(record: Object) -> bytes | None:
    """Return a record as JSON, None for half of a surrogate pair or a number too large to write again."""
    try:
        return json.dumps(record, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        return None


def _dropped(number: int, code: str, message: str, line: bytes) -> Change:
    return Change(number, code, "dropped", message, _shown(line))


def _shown(line: bytes) -> str:
    return cut(line[:500].decode("utf-8", "replace"))


def _told(value: object) -> str:
    return cut(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _texts(blocks: list[Any]) -> list[str] | None:
    """Return the texts of blocks that are text alone, None if there is anything else."""
    texts = [block.get("text") if isinstance(block, dict) and len(block) == 1 else None for block in blocks]
    return (
        [text for text in texts if isinstance(text, str)] if all(isinstance(t, str) for t in texts) else None
    )


def _is_blank_block(block: object) -> bool:
    text = block.get("text") if isinstance(block, dict) and len(block) == 1 else None
    return isinstance(text, str) and not text.strip()


def _is_blank(system: object) -> bool:
    """Whether a system prompt says nothing: blank text, no items, or blank items alone."""
    if isinstance(system, str):
        return not system.strip()
    return isinstance(system, list) and all(map(_is_blank_block, system))
