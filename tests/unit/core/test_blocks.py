"""Reading a file in pieces that end with lines where lines end near."""

from io import FileIO
from pathlib import Path

import pytest

from finetune_core import blocks
from finetune_core.blocks import BLOCK, BlockReader, pieces


def read(tmp_path: Path, text: bytes, start: int = 0) -> list[bytes]:
    path = tmp_path / "train.jsonl"
    path.write_bytes(text)
    with FileIO(path) as file:
        file.seek(start)
        return list(pieces(file))


@pytest.mark.parametrize("line", [b"a\n", b"short line\r\n", b"x" * 700 + b"\n", b"y" * 5_000 + b"\n", b"z"])
@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 17])
def test_pieces_are_the_file(tmp_path: Path, line: bytes, size: int):
    text = (line * (size // len(line) + 1))[:size]
    for start in (0, size // 3):
        found = read(tmp_path, text, start)
        assert b"".join(found) == text[start:]
        assert all(0 < len(piece) <= BLOCK for piece in found)


def test_pieces_end_with_lines_and_are_blocks_without_a_copy(tmp_path: Path):
    text = b"".join(b"%d\n" % number for number in range(BLOCK))
    found = read(tmp_path, text)
    assert len(found) > 3
    assert all(piece.endswith(b"\n") for piece in found)
    reader = BlockReader()
    assert all(block.lines is piece for piece in found for block in reader.feed(piece))


def test_a_line_end_far_from_the_end_is_left_to_the_reader(tmp_path: Path):
    text = b"a\n" + b"b" * (2 * BLOCK) + b"\nc\n"
    found = read(tmp_path, text)
    assert len(found[0]) == blocks.BLOCK
    reader = BlockReader()
    lines = [block.lines for piece in found for block in reader.feed(piece)]
    assert b"".join(lines) == text
