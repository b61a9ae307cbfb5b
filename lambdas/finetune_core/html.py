"""Small pieces of HTML that reports are made of; all text is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any


def table(head: Sequence[str], rows: Sequence[Sequence[Any]], numbers: Sequence[int] = ()) -> str:
    """Return a table with one header row; the columns in ``numbers`` are set to the right."""

    def row(cells: Sequence[Any], tag: str) -> str:
        marks = (' class="n"' if index in numbers else "" for index in range(len(cells)))
        inner = "".join(
            f"<{tag}{mark}>{escape(str(cell))}</{tag}>" for mark, cell in zip(marks, cells, strict=True)
        )
        return f"<tr>{inner}</tr>"

    return f"<table>{row(head, 'th')}{''.join(row(cells, 'td') for cells in rows)}</table>"
