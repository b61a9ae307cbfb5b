"""What must hold for any bytes at all: the fuzzer and its test share it."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Final

from finetune_core.line_check import check_line
from finetune_core.partials import merge
from finetune_core.repair import Repairer
from finetune_core.sniff import HEAD, sniff
from finetune_core.validation import Report, Scanned, judge, scan, scan_range, spec_of, validate
from finetune_core.validation_report import to_html, to_json, to_lines
from tests.properties.validation_records import CASES, case

NAMES: Final = sorted(CASES)

_PLAIN: Final = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo"}]
_BLOCKS: Final = [{"role": turn["role"], "content": [{"text": turn["content"]}]} for turn in _PLAIN]
_IMAGE: Final = {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://bucket/a.png"}}}}
_TOOLS: Final = {
    "toolConfig": {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {}}}}]},
    "messages": [
        {"role": "user", "content": [_IMAGE]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "1", "name": "f", "input": {}}}]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "1", "content": [{"text": "x"}]}}]},
        {"role": "assistant", "content": [{"reasoningContent": {"reasoningText": {"text": "x"}}}]},
    ],
}
RECORDS: Final = (
    {"schemaVersion": "bedrock-conversation-2024", "system": [{"text": "S"}], "messages": _BLOCKS},
    _TOOLS,
    {"system": "S", "messages": _PLAIN},
    {"prompt": "Hi", "completion": "Yo"},
    {"input": "Hi"},
    {"text": "Hi"},
    {"image-ref": "s3://bucket/a.png", "caption": "a cat"},
    {"messages": _PLAIN[:1], "reference_answer": {"n": 1}},
)
SEEDS: Final = tuple(
    bytes([number]) + b"\n".join(json.dumps(record, separators=spaces).encode() for _ in range(2)) + ending
    for number in range(len(NAMES))
    for record in RECORDS
    for spaces, ending in (((", ", ": "), b"\n"), ((",", ":"), b"\r\n"))
)
WORDS: Final = """
    role content text messages system user assistant prompt completion input image-ref caption
    toolUse toolResult toolUseId toolConfig tools toolSpec name inputSchema json image video
    document format source s3Location uri bucketOwner reasoningContent reasoningText
    schemaVersion bedrock-conversation-2024 reference_answer User: [EOS] <image> Human:
    NaN -Infinity 1e999 null true
"""
"""The fuzzer's dictionary."""


def check(data: bytes) -> None:
    """Assert all that must hold: the first byte chooses the format, the others are the file."""
    if not data:
        return
    model, kind = case(NAMES[data[0] % len(NAMES)])
    content = data[1:]
    report = validate([content], model, kind)
    assert report.valid == (report.errors == 0)
    assert json.loads(to_json(report))["counts"] == report.counts
    assert to_html(report).endswith("</html>\n")
    to_lines(report)
    step = 1 + len(content) // 3
    assert validate([content[at : at + step] for at in range(0, len(content), step)], model, kind) == report
    _check_shards(content, model, kind, step)
    _check_repair(content, model, kind)


def _check_shards(content: bytes, model: object, kind: str, step: int) -> None:
    """Three shards, cut anywhere, give the report of the whole."""
    whole = scan([content], model, kind, stable=True)  # type: ignore[arg-type]
    if whole.sniffed.code:
        return
    spec = spec_of(whole.sniffed, model, kind, "train")  # type: ignore[arg-type]
    cuts = [*range(0, len(content), step), len(content)]
    parts = [scan_range([content[max(a - 1, 0) :]], spec, a, b) for a, b in pairwise(cuts)]
    joined = Scanned("train", whole.sniffed, merge(parts))
    assert _judged(joined, model, kind) == _judged(whole, model, kind)


def _judged(scanned: Scanned, model: object, kind: str) -> Report:
    return judge([scanned], model, kind)  # type: ignore[arg-type]


def _check_repair(content: bytes, model: object, kind: str) -> None:
    """What a repair keeps has no error on any line; repairing twice changes nothing more."""
    sniffed = sniff(content[:HEAD])
    if sniffed.code:
        return
    spec = spec_of(sniffed, model, kind, "train")  # type: ignore[arg-type]
    results = list(Repairer(spec).file([content]))
    written = [result.line for result in results if result.line is not None]
    for line in written:
        faults = check_line(line.rstrip(b"\n"), spec, 1, 0).faults
        assert not [fault for fault in faults if fault.severity == "error"], (line, faults)
    again = list(Repairer(spec).file(written))
    assert [result.line for result in again] == written
    assert not [change for result in again for change in result.changes]
    dropped = [change for result in results for change in result.changes if change.action == "dropped"]
    assert len(dropped) + len(written) == len(results)
