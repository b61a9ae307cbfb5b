"""`finetune validate` with its options: repair, lists of lines, number of examples, checks on request."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from finetune_cli import main as entry
from finetune_core.repair import Repaired, Repairer

MODEL = "amazon.nova-lite-v1:0"
LONG = " ".join(f"word{number}" for number in range(60))


def record(question: str, answer: str = "It is so.", **more: object) -> str:
    turns = [("user", question), ("assistant", answer)]
    messages = [{"role": role, "content": [{"text": words}]} for role, words in turns]
    return json.dumps({"schemaVersion": "bedrock-conversation-2024", "messages": messages, **more})


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def good(count: int) -> list[str]:
    return [record(f"question {number}", f"answer {number * 7}") for number in range(count)]


def validate(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict]:
    code = entry.main(["validate", *map(str, arguments), "--model", MODEL, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_fix_writes_a_valid_copy_and_the_list_of_changes(tmp_path, capsys) -> None:
    source = write(tmp_path / "train.jsonl", *good(20), "", good(20)[3], '{"mess', *good(3)[:1])
    out, page = tmp_path / "fixed.jsonl", tmp_path / "page.html"
    code, report = validate(capsys, source, "--fix", out, "--html", page)
    assert (code, report["valid"], report["records"]) == (0, True, 20)
    assert report["repair"]["dropped"] == {"blank_line": 1, "duplicate_record": 2, "invalid_json": 1}
    assert (report["repair"]["records_read"], report["repair"]["valid_before"]) == (23, False)
    changes = [json.loads(line) for line in (tmp_path / "fixed.jsonl.changes.jsonl").read_text().splitlines()]
    assert [(change["line"], change["code"]) for change in changes] == [
        (21, "blank_line"),
        (22, "duplicate_record"),
        (23, "invalid_json"),
        (24, "duplicate_record"),
    ]
    assert "holds 20 of the 23 records" in page.read_text()
    assert entry.main(["validate", str(source), "--fix", str(out), "--model", MODEL]) == 0
    assert "dropped         2  duplicate_record" in capsys.readouterr().out


def test_fix_says_when_it_cannot_help(tmp_path, capsys) -> None:
    array = write(tmp_path / "train.json", "[", *good(2), "]")
    assert entry.main(["validate", str(array), "--fix", str(tmp_path / "o"), "--model", MODEL]) == 2
    assert "finetune convert" in capsys.readouterr().err
    source = write(tmp_path / "train.jsonl", *good(9))
    assert entry.main(["validate", str(source), "--fix", str(source), "--model", MODEL]) == 2
    assert source.read_text().count("\n") == 9


def test_all_faulty_lines_and_as_many_examples_as_asked_for(tmp_path, capsys) -> None:
    lines = [*good(20), *(record("question?", " ") + " " * number for number in range(12))]
    source, listed = write(tmp_path / "train.jsonl", *lines), tmp_path / "lines.tsv"
    for asked, shown in ((0, 0), (3, 3), (100, 12)):
        code, report = validate(capsys, source, "--examples", asked, "--lines", listed)
        assert code == 1
        assert len([fault for fault in report["faults"] if fault["code"] == "blank_text"]) == shown
        assert report["counts"]["blank_text"] == 12
    assert "train\tblank_text\terror\t12\t21-32\n" in listed.read_text()
    assert entry.main(["validate", str(source), "--model", MODEL, "--examples", "0"]) == 1


def test_near_duplicates_are_told_in_a_file_and_across_files(tmp_path, capsys) -> None:
    train = write(tmp_path / "train.jsonl", *good(20), record(LONG + " one"), record(LONG + " two"))
    other = write(tmp_path / "validation.jsonl", record("new question", "42"), record(LONG + " three"))
    code, report = validate(capsys, train, other, "--near-duplicates", "warn")
    assert code == 0
    assert report["counts"]["near_duplicate"] == report["counts"]["near_leak"] == 1
    told = {fault["code"]: (fault["line"], fault["message"]) for fault in report["faults"]}
    assert told["near_duplicate"] == (22, "nearly the same as line 21")
    assert told["near_leak"] == (2, "nearly the same as line 21 of the train file")
    assert not validate(capsys, train, other)[1]["counts"].keys() & {"near_duplicate", "near_leak"}


def test_secrets_warn_or_block_and_are_not_repeated(tmp_path, capsys) -> None:
    key, mail = "AKIAQYLPMN5HHHFPZAM2", "jo@firm.io"
    source = write(
        tmp_path / "train.jsonl", *good(20), record(f"my key is {key}"), record(f"write to {mail}")
    )
    code, report = validate(capsys, source, "--secrets", "warn")
    assert (code, report["counts"]["likely_secret"], report["counts"]["personal_data"]) == (0, 1, 1)
    assert key not in json.dumps(report)
    assert [f["line"] for f in report["faults"] if f["code"] == "likely_secret"] == [21]
    assert validate(capsys, source, "--secrets", "block")[0] == 1
    assert "likely_secret" not in validate(capsys, source)[1]["counts"]


def test_media_are_looked_at_in_a_folder(tmp_path, capsys) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "cat.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    (tmp_path / "images" / "dog.png").write_bytes(b"GIF89a" + bytes(20))

    def shown(name: str) -> str:
        image = {"format": "png", "source": {"s3Location": {"uri": f"s3://bucket/images/{name}.png"}}}
        return record(name).replace('"content": [', f'"content": [{json.dumps({"image": image})}, ', 1)

    source = write(tmp_path / "train.jsonl", *map(shown, ("cat", "dog", "cow")), *good(20))
    code, report = validate(capsys, source, "--media-root", tmp_path)
    assert code == 1
    faults = {(f["code"], f["line"], f["path"]) for f in report["faults"] if f["severity"] == "error"}
    place = "$.messages[0].content[0].image.source.s3Location.uri"
    assert faults == {("media_type", 2, place), ("media_unreachable", 3, place)}


def test_fix_keeps_the_copies_that_a_small_dataset_needs(tmp_path, capsys) -> None:
    source, out = write(tmp_path / "train.jsonl", *good(4) * 2, "{"), tmp_path / "fixed.jsonl"
    code, report = validate(capsys, source, "--fix", out)
    assert (code, report["records"], report["repair"]["dropped"]) == (0, 8, {"invalid_json": 1})
    again = tmp_path / "again.jsonl"
    code, report = validate(capsys, out, "--fix", again)
    assert (code, report["repair"]["dropped"], again.read_bytes()) == (0, {}, out.read_bytes())


def test_nothing_that_is_read_or_written_is_written_over(tmp_path, capsys) -> None:
    source = write(tmp_path / "train.jsonl", *good(9))
    before, page = source.read_bytes(), tmp_path / "page.html"
    link = tmp_path / "link.jsonl"
    link.symlink_to(source)
    for options in (
        ["--html", source],
        ["--lines", link],
        ["--html", page, "--lines", page],
        ["--fix", tmp_path / "fixed", "--html", tmp_path / "fixed.changes.jsonl"],
    ):
        assert entry.main(["validate", str(source), *map(str, options), "--model", MODEL, "--json"]) == 2
        assert "would be overwritten" in json.loads(capsys.readouterr().err)["do"]
    assert source.read_bytes() == before
    assert not page.exists()
    assert validate(capsys, source, "--html", "/dev/null", "--lines", "/dev/null")[0] == 0


def run_command(*arguments: object, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "finetune_cli.main", "validate", *map(str, arguments), "--model", MODEL]
    return subprocess.run(command, input=given, capture_output=True, check=False)


def test_a_pipe_is_read_once(tmp_path) -> None:
    lines = ("\n".join(good(9)) + "\n").encode()
    result = run_command("-", "--json", given=lines)
    assert (result.returncode, json.loads(result.stdout)["records"]) == (0, 9)
    for option in (["--fix", tmp_path / "o"], ["--near-duplicates", "warn"], ["--media-root", tmp_path]):
        result = run_command("/dev/stdin", *option, "--json", given=lines)
        assert result.returncode == 2
        assert "can be read only once" in json.loads(result.stderr)["error"]


def test_what_is_no_file_is_told_in_words_or_json(tmp_path, capsys) -> None:
    for path, said in ((tmp_path, "is a folder"), (tmp_path / "none", "There is no file")):
        assert entry.main(["validate", str(path), "--model", MODEL]) == 2
        assert said in capsys.readouterr().err
        assert entry.main(["validate", str(path), "--model", MODEL, "--json"]) == 2
        assert said in json.loads(capsys.readouterr().err)["error"]


def own_process(source, *options: str) -> list[str]:
    """Give the command line that validates a file in a process of its own."""
    start = [sys.executable, "-m", "finetune_cli.main", "validate"]
    return [*start, str(source), "--model", MODEL, *options]


def test_a_reader_that_goes_away_does_not_change_the_verdict(tmp_path) -> None:
    source = write(tmp_path / "train.jsonl", *[record("x", "")] * 4_000)
    for option in ([], ["--json", "--examples", "5000"]):
        command = own_process(source, *option)
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.read(1)
            process.stdout.close()
            assert process.stderr.read() == b""
        assert process.returncode == 1


def test_letters_that_the_terminal_lacks_are_told_by_number(tmp_path) -> None:
    source = write(tmp_path / "train.jsonl", record("é").replace("user", "ü"))
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    for option in ([], ["--json"]):
        command = own_process(source, *option)
        result = subprocess.run(command, env=environment, capture_output=True, check=False)
        assert (result.returncode, result.stderr) == (1, b"")
        if option:
            assert "ü" in {fault["value"] for fault in json.loads(result.stdout)["faults"]}
        else:
            assert b'"\\xfc" is neither user nor assistant' in result.stdout


def test_a_repair_that_is_interrupted_leaves_nothing_and_no_traceback(tmp_path, capsys, monkeypatch) -> None:
    source, out = write(tmp_path / "train.jsonl", *good(9)), tmp_path / "fixed.jsonl"
    whole = Repairer.line

    def interrupted(self: Repairer, number: int, raw: bytes, *, unfinished: bool = False) -> Repaired:
        if number == 5:
            raise KeyboardInterrupt
        return whole(self, number, raw, unfinished=unfinished)

    monkeypatch.setattr(Repairer, "line", interrupted)
    assert entry.main(["validate", str(source), "--fix", str(out), "--model", MODEL]) == 130
    assert capsys.readouterr().err == "\nStopped.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["train.jsonl"]
