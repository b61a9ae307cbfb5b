from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from finetune_cli import main as entry
from finetune_cli.commands import runs

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("line", [[], ["nonsense"], ["status"], ["submit", "--env"], ["local"]])
def test_wrong_usage_is_exit_code_2(line, capsys) -> None:
    with pytest.raises(SystemExit) as caught:
        entry.main(line)
    assert caught.value.code == 2
    assert "usage: finetune" in capsys.readouterr().err


def test_help_needs_nothing_heavy() -> None:
    heavy = "{'boto3', 'botocore', 'rich', 'numpy', 'msgspec', 'finetune_local', 'aws_cdk'}"
    code = (
        "from finetune_cli.main import build_parser; build_parser().format_help(); "
        f"print({heavy} & set(sys.modules))"
    )
    paths = [str(ROOT / name) for name in ("src", "lambdas", "")]
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {paths}; {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "set()"


def test_an_unforeseen_error_is_one_message_and_debug_shows_where(monkeypatch, capsys) -> None:
    def broken(*_: object) -> int:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(runs, "connect", broken)
    assert entry.main(["runs"]) == 2
    err = capsys.readouterr().err
    assert "Unexpected ZeroDivisionError" in err
    assert "Traceback" not in err
    assert entry.main(["runs", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_is_no_traceback(monkeypatch, capsys) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "connect", interrupted)
    assert entry.main(["runs"]) == 130
    assert "Traceback" not in capsys.readouterr().err
