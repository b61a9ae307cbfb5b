from __future__ import annotations

import io

import pytest

from finetune_cli.console import Console
from finetune_cli.stages import Stages


def test_stages_are_timed_and_said() -> None:
    err = io.StringIO()
    ticks = iter([0.0, 2.5, 10.0, 11.0])
    stages = Stages(Console(out=io.StringIO(), err=err), clock=lambda: next(ticks))
    with stages.stage("first") as tell:
        tell("shown live, never logged")
    with pytest.raises(ValueError, match="x"), stages.stage("second"):
        raise ValueError("x")
    assert stages.done == [("first", 2.5)]
    assert [" ".join(line.split()) for line in err.getvalue().splitlines()] == [
        "✓ first 2.5 s",
        "✗ second 1.0 s",
    ]
