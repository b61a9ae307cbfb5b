"""Files of every container become items with the right line, and broken ones say what is wrong."""

from __future__ import annotations

import gzip
import json

import pytest

from finetune_cli.conversion import reading
from finetune_cli.conversion.reading import container_of, read
from finetune_cli.errors import CommandError

ROW = {"prompt": "ä", "completion": "ö"}


def items(path, data: bytes):
    path.write_bytes(data)
    return list(read(path, container_of(path)))


CONTAINERS = {
    "a.jsonl": (json.dumps(ROW).encode(), "jsonl"),
    "b.json": (json.dumps(ROW).encode(), "jsonl"),
    "c.json": (json.dumps([ROW]).encode(), "json"),
    "d.jsonl": (b" \n [\n" + json.dumps(ROW).encode() + b"]", "json"),
    "e.json": (json.dumps(ROW, indent=2).encode(), "json"),
    "f.csv": ("prompt,completion\nä,ö\n".encode(), "csv"),
    "g.csv": ("prompt;completion\nä;ö\n".encode(), "csv"),
    "h.tsv": ("prompt\tcompletion\nä\tö\n".encode(), "tsv"),
    "i.jsonl.gz": (gzip.compress(json.dumps(ROW).encode()), "jsonl"),
    "j.csv.gz": (gzip.compress("\ufeffprompt,completion\nä,ö\n".encode()), "csv"),
    "k.jsonl": (b"\xef\xbb\xbf" + json.dumps(ROW).encode(), "jsonl"),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_one_record_from_every_container(tmp_path, name) -> None:
    data, container = CONTAINERS[name]
    path = tmp_path / name
    (item,) = items(path, data)
    assert container_of(path) == container
    assert (item.value, item.number, item.fault) == (ROW, 1, "")


def test_lines_are_counted_with_blank_ones(tmp_path) -> None:
    found = items(tmp_path / "a.jsonl", b'\r\n{"a": 1}\r\n\n{"a": 2}')
    assert [(item.line, item.number, item.value) for item in found] == [(2, 1, {"a": 1}), (4, 2, {"a": 2})]


def test_a_broken_line_costs_only_itself(tmp_path) -> None:
    found = items(tmp_path / "a.jsonl", b'{"a": 1}\n{"a": \n{"b": "\xff"}\n{"a": 2}\n')
    assert [item.fault for item in found] == ["", "broken-json", "not-utf8", ""]


def test_elements_of_an_array_know_their_line(tmp_path) -> None:
    data = json.dumps([{"a": "x\ny"}, {"a": 2}, 3, "s"], indent=1).encode()
    found = items(tmp_path / "a.json", data)
    assert [(item.line, item.value) for item in found] == [
        (2, {"a": "x\ny"}),
        (5, {"a": 2}),
        (8, 3),
        (9, "s"),
    ]


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 64])
def test_an_array_is_read_the_same_in_pieces_of_any_size(tmp_path, monkeypatch, piece) -> None:
    monkeypatch.setattr(reading, "_CHUNK", piece)
    values = [{"a": 'q"[{\\'}, [], 12345, {"b": [1, {"c": "ü"}]}, 1.5e10, None]
    found = items(tmp_path / "a.json", json.dumps(values, indent=1, ensure_ascii=False).encode())
    assert [item.value for item in found] == values


BROKEN = {
    "cut": (b'[{"a": 1}, {"a"', "line 1"),
    "comma": (b'[{"a": 1}\n{"a": 2}]', "line 2"),
    "open": (b'[{"a": 1},\n', "line 2"),
    "inside": (b'[{"a": 1},\n\n{"a": oops}]', "line 3"),
    "utf-16": (b"[" + '{"a": 1}]'.encode("utf-16"), "a.json"),
}


@pytest.mark.parametrize(("data", "where"), BROKEN.values(), ids=BROKEN)
def test_a_broken_array_says_where(tmp_path, data, where) -> None:
    with pytest.raises(CommandError) as caught:
        items(tmp_path / "a.json", data)
    assert where in caught.value.where
    assert caught.value.do


def test_one_element_may_not_fill_the_memory(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(reading, "LARGEST", 1000)
    monkeypatch.setattr(reading, "_CHUNK", 100)
    with pytest.raises(CommandError, match="1,000 characters"):
        items(tmp_path / "a.json", b'["' + b"x" * 5000)
    long_line = items(tmp_path / "a.jsonl", b'{"a": "' + b"x" * 5000 + b'"}\n{"a": 1}\n')
    assert [item.fault for item in long_line] == ["broken-json", ""]


def test_cells_may_hold_lines_and_json(tmp_path) -> None:
    found = items(tmp_path / "a.csv", b'prompt,completion\n"a\nb","c,""d"""\n\ne,f\n')
    assert [(item.line, item.value) for item in found] == [
        (2, {"prompt": "a\nb", "completion": 'c,"d"'}),
        (5, {"prompt": "e", "completion": "f"}),
    ]


def test_a_row_with_too_few_or_too_many_cells_is_a_fault(tmp_path) -> None:
    found = items(tmp_path / "a.csv", b"prompt,completion\na\nb,c,d\ne,f\n")
    assert [(item.line, item.fault) for item in found] == [(2, "malformed"), (3, "malformed"), (4, "")]


def test_a_table_without_header_or_in_another_encoding_is_refused(tmp_path) -> None:
    for data in (b"", b",,\n1,2,3\n", "prompt,completion\n\u00e4,b\n".encode("latin-1")):
        with pytest.raises(CommandError):
            items(tmp_path / "a.csv", data)


def test_parquet_with_nested_columns(tmp_path) -> None:
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "a.parquet"
    with duckdb.connect() as database:
        database.execute(
            "CREATE TABLE chats AS SELECT [{'role': 'user', 'content': 'Hi', 'name': NULL}, "
            "{'role': 'assistant', 'content': 'Hello', 'name': NULL}] AS messages, DATE '2026-01-02' AS day "
            "FROM range(3000)"
        )
        database.table("chats").write_parquet(str(path))
    assert container_of(path) == "parquet"
    found = list(read(path, "parquet"))
    assert len(found) == 3000
    assert found[2999].value == {
        "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}],
        "day": "2026-01-02",
    }


def test_a_broken_parquet_file_is_refused(tmp_path) -> None:
    pytest.importorskip("duckdb")
    with pytest.raises(CommandError, match="Parquet"):
        items(tmp_path / "a.parquet", b"PAR1 nothing of the kind")


@pytest.mark.parametrize(
    "damage", [b"\x1f\x8b", gzip.compress(b"{}" * 9000, mtime=0)[:40], b"\x1f\x8b\x08" + b"\xff" * 40]
)
def test_a_damaged_gzip_file_is_refused(tmp_path, damage) -> None:
    with pytest.raises(CommandError, match="damaged"):
        items(tmp_path / "a.jsonl.gz", damage)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04" + bytes(50), "ZIP archive"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "PNG image"),
        ('{"prompt": "a"}\n'.encode("utf-16"), "UTF-16"),
        (gzip.compress(gzip.compress(b"{}", mtime=0), mtime=0), "gzip-compressed"),
    ],
)
def test_what_is_no_text_is_named(tmp_path, data, said) -> None:
    for name in ("a.jsonl", "a.csv"):
        with pytest.raises(CommandError) as refused:
            items(tmp_path / name, data)
        assert said in refused.value.what


def test_constants_that_are_not_json_are_no_text_in_an_array(tmp_path) -> None:
    with pytest.raises(CommandError) as refused:
        items(tmp_path / "a.json", b'[{"prompt": "a"},\n{"prompt": NaN}]')
    assert "NaN is not JSON" in refused.value.what
    assert "line 2" in refused.value.where


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 5_000])
def test_numbers_that_cannot_be_kept_are_refused(tmp_path, number) -> None:
    with pytest.raises(CommandError) as refused:
        items(tmp_path / "a.json", f'[{{"prompt": {number}}}]'.encode())
    assert "number" in refused.value.what
    (item,) = items(tmp_path / "a.jsonl", f'{{"prompt": {number}}}'.encode())
    assert item.fault == "broken-json"


@pytest.mark.parametrize(
    "data", [b'{"a": {"b": 1, "b": 2}, "a": 3, "c": 4}', b'[{"a": {"b": 1, "b": 2}, "a": 3, "c": 4}]']
)
def test_keys_given_twice_are_told(tmp_path, data) -> None:
    (item,) = items(tmp_path / "a.json", data)
    assert item.value == {"a": 3, "c": 4}
    assert item.repeated == ("b", "a")
