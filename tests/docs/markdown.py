"""Reads the parts of Markdown that the documentation's tests are about."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    *(path for path in sorted((ROOT / "docs").rglob("*.md")) if path.name != "cli.md"),
]
"""Everything written by hand; docs/cli.md is generated and has a test of its own."""

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def fences(page: Path, language: str) -> list[str]:
    """The contents of the page's fenced blocks in one language."""
    return [body for kind, body in _FENCE.findall(page.read_text()) if kind == language]


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return _FENCE.sub("", page.read_text())


def code(page: Path) -> list[str]:
    """What stands between single backticks."""
    return _CODE.findall(prose(page))


def links(page: Path) -> list[str]:
    """The targets of the page's links."""
    return _LINK.findall(prose(page))


def commands(page: Path) -> Iterator[list[str]]:
    """Commands in console blocks and between backticks, as words; comments are cut off."""
    lines = [line for block in fences(page, "console") for line in block.splitlines()]
    for line in (*lines, *code(page)):
        if re.match(r"(make|npx|aws|finetune|\.venv/bin/\w+)( |$)", line.strip()):
            yield shlex.split(line, comments=True)


def tables(page: Path, *head: str) -> Iterator[list[str]]:
    """Rows of every table of the page whose header begins with these cells."""
    inside = False
    for line in prose(page).splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        if not line.startswith("|"):
            inside = False
        elif inside and not set(cells[0]) <= set("- "):
            yield cells
        elif tuple(cells[: len(head)]) == head:
            inside = True


def headings(page: Path, level: int) -> list[str]:
    """The texts of the headings of one level."""
    return re.findall(rf"^{'#' * level} (.+)$", page.read_text(), re.MULTILINE)


def anchor(heading: str) -> str:
    """The anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
