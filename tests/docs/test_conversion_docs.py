"""docs/conversion.md names every loss that a conversion can report, in the same words."""

from __future__ import annotations

from pathlib import Path

from finetune_cli.conversion.losses import KINDS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "conversion.md"


def test_every_kind_of_loss_is_explained_and_no_other() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert rows == [f"| `{name}` | {kind.effect} | {kind.meaning} |" for name, kind in KINDS.items()]
