"""Speeds of the checks that are asked for one by one, beside validation of the same file without them."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from benchmarks.data_validation import ILLUSTRATED, SHAPES, Shape, write
from finetune_core.catalogue import find_model
from finetune_core.faults import Answer
from finetune_core.findings import Spec
from finetune_core.media_checks import MediaFile, check_media
from finetune_core.model_rules import Model
from finetune_core.near_checks import check_near_duplicates
from finetune_core.partials import Partial
from finetune_core.validation import Scanned, spec_of, validate_files

ROUNDS: Final = 3
Also = Callable[[list[Scanned]], None]
PNG: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x02\x80\x00\x00\x01\xe0\x08\x02\x00\x00\x00"
"""The head of a PNG image of 640 by 480 pixels."""


def measure(megabytes: int) -> dict[str, dict[str, float]]:
    """Give for each check the MB/s of validation with it and without.

    Near duplicates, the slowest, get a tenth of the size.
    """
    plain = SHAPES["converse"]
    return {
        "secrets and personal data": _compare(plain, megabytes, secrets="warn"),
        "near duplicates": _compare(plain, max(megabytes // 10, 1), near=True),
        "media": _compare(ILLUSTRATED, megabytes, media=True),
    }


def _compare(
    shape: Shape, megabytes: int, *, secrets: Answer = "off", near: bool = False, media: bool = False
) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.jsonl"
        write(path, shape, megabytes * 1_000_000)
        also = _near(path, shape) if near else _media(path, shape) if media else None
        without = [_seconds(path, shape, "off", None) for _ in range(ROUNDS)]
        along = [_seconds(path, shape, secrets, also) for _ in range(ROUNDS)]
        size = path.stat().st_size / 1e6
        return {"without": size / statistics.median(without), "with": size / statistics.median(along)}


def _seconds(path: Path, shape: Shape, secrets: Answer, also: Also | None) -> float:
    model = _model(shape)
    started = time.process_time()
    report = validate_files({"train": _chunks(path)}, model, shape.kind, secrets=secrets, also=also)
    seconds = time.process_time() - started
    if not report.valid and report.counts.keys() - {"too_many_records"}:
        raise SystemExit(f"the benchmark's data have faults: {report.counts}")
    return seconds


def _model(shape: Shape) -> Model:
    model = find_model(shape.model)
    if model is None:
        raise SystemExit(f"the catalogue lacks {shape.model}")
    return model


def _near(path: Path, shape: Shape) -> Also:
    def check(scanned: list[Scanned]) -> None:
        partials, specs = _found(scanned, shape)
        check_near_duplicates({"train": lambda: _chunks(path)}, partials, specs)

    return check


def _media(path: Path, shape: Shape) -> Also:
    """The check of media without the reading of them: each file's head is at hand."""

    def check(scanned: list[Scanned]) -> None:
        partials, specs = _found(scanned, shape)
        check_media(_chunks(path), partials["train"], specs["train"], lambda _: MediaFile(9_000, PNG))

    return check


def _found(scanned: list[Scanned], shape: Shape) -> tuple[dict[str, Partial], dict[str, Spec]]:
    model = _model(shape)
    specs = {file.role: spec_of(file.sniffed, model, shape.kind, file.role) for file in scanned}
    return {file.role: file.partial for file in scanned}, specs


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while piece := file.read(262_144):
            yield piece
