"""Files scanned side by side: the same report as from one process, whatever the files are like."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from finetune_cli import main as entry
from finetune_cli import scanning
from finetune_cli.errors import CommandError
from finetune_core.catalogue import find_model
from finetune_core.sniff import Sniffed
from finetune_core.validation import judge, spec_of

NOVA = "amazon.nova-lite-v1:0"


def record(number: int) -> str:
    turns = [("user", f"question {number} \u00e9\u4e2d"), ("assistant", f"answer {number * 7}")]
    messages = [{"role": role, "content": [{"text": words}]} for role, words in turns]
    return json.dumps(
        {"messages": messages, "schemaVersion": "bedrock-conversation-2024"}, ensure_ascii=False
    )


def faulty(count: int) -> bytes:
    rng = random.Random(3)  # noqa: S311 - the same places each time
    lines = [record(number) for number in range(count)]
    for strange in ("", '{"messages": [', record(2), "x" * 9_000, record(7).replace("answer", "User:")):
        lines.insert(rng.randrange(count), strange)
    lines[3] += "\r"
    return "\n".join(lines).encode()


@pytest.mark.parametrize("content", [faulty(40), b"\xef\xbb\xbf" + faulty(9), b"", b"\n", b"[{}]\n", b"{"])
@pytest.mark.parametrize("processes", [2, 5])
def test_processes_change_nothing(tmp_path: Path, content: bytes, processes: int) -> None:
    path, other = tmp_path / "train.jsonl", tmp_path / "validation.jsonl"
    path.write_bytes(content)
    other.write_bytes(faulty(5) + b"\n")
    model = find_model(NOVA)
    assert model
    files = {"train": (path,), "validation": (other,)}
    alone, shared = (
        judge(scanning.scan_files(files, model, "fine-tuning", processes=number), model, "fine-tuning")
        for number in (1, processes)
    )
    assert alone == shared
    assert len(alone.files) == 2


def test_several_files_are_read_as_one_text_from_any_byte(tmp_path: Path) -> None:
    contents = [b"one\n", b"two", b"", b"three", b"", b"four\n", b"five"]
    paths = [tmp_path / str(number) for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    text = scanning.pieces_of(paths)
    whole = b"one\ntwo\nthree\nfour\nfive"
    assert sum(piece.length for piece in text) == len(whole)
    for start in range(len(whole) + 2):
        assert b"".join(scanning.read(text, start)) == whole[start:]


def test_large_files_are_worth_all_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(6)), raising=False)
    assert scanning._workers(63_999_999, "off") == 1
    assert scanning._workers(64_000_000, "off") == 6
    assert scanning._workers(4_000_000, "warn") == 6
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 200)
    assert scanning._workers(4_000_000, "block") == scanning.MOST_PROCESSES


@pytest.mark.skipif("fork" not in scanning.METHOD, reason="what is replaced here is inherited by forking")
def test_a_process_that_is_killed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "train.jsonl"
    path.write_bytes(faulty(30))
    model = find_model(NOVA)
    assert model
    monkeypatch.setattr(scanning, "scan_range", lambda *_: os._exit(1))
    with pytest.raises(CommandError, match="ended from outside") as raised:
        scanning.scan_files({"train": (path,)}, model, "fine-tuning", processes=2)
    assert "train.jsonl" in raised.value.where


def test_a_file_that_cannot_be_read_is_told_as_from_one_process(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_bytes(faulty(30))
    model = find_model(NOVA)
    assert model
    text = [*scanning.pieces_of([path]), scanning.Piece(tmp_path / "gone.jsonl", 9, line_end=False)]
    spec = spec_of(Sniffed(), model, "fine-tuning", "train")
    with pytest.raises(FileNotFoundError, match=r"gone\.jsonl"):
        scanning._side_by_side(text, spec, 2)


def test_the_command_shares_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "train.jsonl"
    path.write_bytes(faulty(60))
    reports = []
    for more in ([], ["--processes", "2"]):
        assert entry.main(["validate", str(path), "--model", NOVA, "--json", *more]) == 1
        reports.append(json.loads(capsys.readouterr().out))
    assert reports[0] == reports[1]
    with pytest.raises(SystemExit):
        entry.main(["validate", str(path), "--model", NOVA, "--processes", "0"])
    assert "0 is not from 1 to 64" in capsys.readouterr().err
