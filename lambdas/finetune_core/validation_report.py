"""Writes a validation report: JSON for programs, one HTML page for people, the faulty lines as text."""

import re
from html import escape
from typing import Final

import msgspec

from finetune_core.faults import RULES, UNREAD, Fault
from finetune_core.validation import FileReport, Repair, Report

_ROLES: Final = {"train": "Training", "validation": "Validation", "evaluation": "Evaluation"}

_STYLE: Final = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
.verdict{padding:.8rem 1rem;border-radius:.5rem;font-weight:600}
.yes{background:#dff3e4;color:#0b5a26}.no{background:#fbe3e1;color:#8a1c14}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #d8dde3}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}
.error{color:#8a1c14;font-weight:600}.warning{color:#7a5200;font-weight:600}
.fault{border-left:4px solid #d8dde3;padding:.2rem .9rem;margin:.8rem 0}
.fault.error{border-color:#c0392b;font-weight:400;color:inherit}
.fault.warning{border-color:#d99a00;font-weight:400;color:inherit}
code{background:#f1f3f5;padding:.1rem .3rem;border-radius:.25rem;overflow-wrap:anywhere}
svg{width:100%;height:auto}small,.quiet{color:#57606a}
"""


def to_json(report: Report) -> bytes:
    """Return the report as indented JSON, with a line end at its end."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def to_lines(report: Report) -> str:
    """Return every faulty line as text: file, code, severity, then line numbers and ranges, tab-separated."""
    rows = []
    for row in report.lines:
        spans = " ".join(str(first) if first == last else f"{first}-{last}" for first, last in row.ranges)
        more = " …" if row.cut else ""
        rows.append(f"{row.role}\t{row.code}\t{row.severity}\t{row.count}\t{spans}{more}\n")
    return "".join(rows)


def to_html(report: Report, title: str = "Dataset check") -> str:
    """Return one self-contained page: the verdict, figures per file, every kind of fault with examples."""
    parts = (
        _verdict(report),
        _files(report),
        _repair(report.repair),
        _overview(report),
        _examples(report),
        *(_histogram(file) for file in report.files if file.histogram),
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(title)}</h1>{''.join(parts)}</body></html>\n"
    )


def counted(number: int, word: str) -> str:
    """Return a number and a word, with an s behind it unless there is one."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _verdict(report: Report) -> str:
    if report.valid:
        warnings = f" Worth a look: {counted(report.warnings, 'warning')}." if report.warnings else ""
        words, look = f"This dataset can be used to train {report.model_name}.{warnings}", "yes"
    else:
        words = f"This dataset cannot be used yet: {counted(report.errors, 'error')} must be corrected first."
        look = "no"
    kind = report.kind.lower().replace("_", "-")
    return (
        f'<p class="verdict {look}">{escape(words)}</p>'
        f"<p>Checked for {escape(kind)} of {escape(report.model_name)} "
        f"(<code>{escape(report.model)}</code>). The records look like: {escape(report.format_name)}.</p>"
    )


def _files(report: Report) -> str:
    unread = {row.role for row in report.lines if row.code in UNREAD}
    rows = "".join(_file(file, unread=file.role in unread) for file in report.files)
    return (
        "<h2>Files</h2><table><tr><th>File<th class=number>Records<th class=number>Bytes"
        f"<th class=number>Tokens, estimated<th class=number>Range</tr>{rows}</table>"
        "<p class=quiet>Tokens are the pieces of text that training is billed by. The model's own counter is "
        "not public, so they are estimated from the length of the texts.</p>"
    )


def _file(file: FileReport, *, unread: bool) -> str:
    size = "not read" if unread else f"{file.size:,}"
    return (
        f"<tr><td>{_ROLES[file.role]}</td><td class=number>{file.records:,}</td>"
        f"<td class=number>{size}</td><td class=number>{file.tokens.expected:,}</td>"
        f"<td class=number>{file.tokens.low:,} to {file.tokens.high:,}</td></tr>"
    )


def _repair(repair: Repair | None) -> str:
    """Tell what was dropped and changed before the file was checked."""
    if repair is None:
        return ""
    rows = "".join(
        f"<tr><td>{verb}</td><td>{escape(_title(code))}</td><td class=number>{count:,}</td></tr>"
        for verb, counts in (("dropped", repair.dropped), ("changed", repair.changed))
        for code, count in counts.items()
    )
    table = f"<table><tr><th>What<th>Why<th class=number>Number</tr>{rows}</table>" if rows else ""
    return (
        f"<h2>Repaired</h2><p><code>{escape(repair.output)}</code> holds {repair.records_written:,} of the "
        f"{repair.records_read:,} records of <code>{escape(repair.source)}</code>; this page is about it. "
        f"{'' if rows else 'Nothing had to be changed. '}Every change is listed in "
        f"<code>{escape(repair.changes)}</code>.</p>{table}"
    )


def _title(code: str) -> str:
    return RULES[code].title if code in RULES else code.replace("_", " ").capitalize()


def _overview(report: Report) -> str:
    if not report.lines:
        return "<h2>Faults</h2><p>None were found.</p>"
    rows = "".join(
        f'<tr><td class="{row.severity}">{row.severity}</td><td>{escape(RULES[row.code].title)}</td>'
        f"<td>{_ROLES[row.role]}</td><td class=number>{row.count:,}</td>"
        f"<td>{escape(_spans(row.ranges)) or 'the whole file'}</td></tr>"
        for row in report.lines
    )
    return (
        "<h2>Faults by kind</h2><table><tr><th>Weight<th>Kind<th>File<th class=number>Number<th>Lines</tr>"
        f"{rows}</table><p class=quiet>An error stops the training; a warning is worth a look.</p>"
    )


def _spans(ranges: tuple[tuple[int, int], ...], shown: int = 8) -> str:
    spans = [f"{first:,}" if first == last else f"{first:,} to {last:,}" for first, last in ranges[:shown]]
    return ", ".join(spans) + (" and more" if len(ranges) > shown else "")


def _examples(report: Report) -> str:
    if not report.faults:
        return ""
    return "<h2>Examples</h2>" + "".join(_example(fault) for fault in report.faults)


def _example(fault: Fault) -> str:
    where = f"{_ROLES[fault.role]} file"
    if fault.line:
        where += f", line {fault.line:,}"
    words = place_in_words(fault.path)
    place = f", in the {escape(words)} <code>{escape(fault.path)}</code>" if words else ""
    value = f"<br>Found: <code>{escape(fault.value)}</code>" if fault.value else ""
    return (
        f'<div class="fault {fault.severity}"><b>{escape(RULES[fault.code].title)}</b> '
        f"<small>{escape(where)}{place}</small><br>{escape(fault.message)}{value}"
        f"<br><i>{escape(fault.remedy)}</i></div>"
    )


def place_in_words(path: str) -> str:
    """Return a JSON path for people: `$.messages[0].content[1].text` is "message 1, part 2, text"."""
    words: list[str] = []
    for key, index in _STEP.findall(path):
        if not index:
            words.append(key)
        elif words:
            words[-1] = f"{_PARTS.get(words[-1], words[-1])} {int(index) + 1}"
    return ", ".join(words)


_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_PARTS: Final = {"messages": "message", "content": "part", "system": "system prompt", "tools": "tool"}


def _histogram(file: FileReport) -> str:
    """Draw the number of records by estimated tokens."""
    bars = file.histogram
    most = max(count for _, count in bars)
    width = 900 / len(bars)
    drawn = []
    for index, (least, count) in enumerate(bars):
        height = max(round(170 * count / most, 1), 1)
        x = round(30 + index * width, 1)
        drawn.append(
            f'<rect x="{x}" y="{round(190 - height, 1)}" width="{round(width * 0.85, 1)}" height="{height}" '
            f'fill="#3b6fb6"><title>{count:,} records from about {least:,} tokens</title></rect>'
        )
        step = len(bars) // 12 + 1
        if index == len(bars) - 1 or (index % step == 0 and index + step / 2 < len(bars)):
            drawn.append(f'<text x="{x}" y="208" font-size="12" fill="#57606a">{least:,}</text>')
    label = f"{_ROLES[file.role]}: records by length in tokens (estimated)"
    return (
        f"<h2>{label}</h2><svg viewBox='0 0 960 220' role='img' aria-label='{label}'>"
        f"<line x1='30' y1='190' x2='940' y2='190' stroke='#57606a'/>{''.join(drawn)}"
        f"<text x='0' y='14' font-size='12' fill='#57606a'>{most:,} records</text></svg>"
        "<p class=quiet>Below each bar stands the length from which on records are counted in it.</p>"
    )
