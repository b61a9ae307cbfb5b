"""docs/cli.md is what the command says about itself today."""

from __future__ import annotations

from pathlib import Path

from finetune_cli.documentation import render

ROOT = Path(__file__).resolve().parents[2]


def test_the_command_lines_page_is_fresh(monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")  # the reader's window must not matter
    written = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert written == render(), "run `make docs`"
