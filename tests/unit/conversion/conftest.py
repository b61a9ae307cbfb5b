"""Converting a few records in a folder of their own, as the command does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from finetune_cli.conversion.choices import target_of
from finetune_cli.conversion.engine import Order, Result, convert
from finetune_cli.conversion.recognition import Fields
from finetune_core.catalogue import find_model

MODELS = {
    "nova": "amazon.nova-lite-v1:0",
    "micro": "amazon.nova-micro-v1:0",
    "nova-2": "amazon.nova-2-lite-v1:0",
    "claude": "anthropic.claude-3-haiku-20240307-v1:0",
    "llama-3.1": "meta.llama3-1-8b-instruct-v1:0",
    "llama-3.2": "meta.llama3-2-11b-instruct-v1:0",
    "titan": "amazon.titan-text-express-v1:0:8k",
    "canvas": "amazon.nova-canvas-v1:0",
}


@dataclass
class Converted:
    """What came of a conversion: records, the result, and how often each kind of loss was noted."""

    records: list[Any]
    result: Result
    order: Order

    @property
    def losses(self) -> dict[str, int]:
        return {loss["kind"]: loss["count"] for loss in self.result.losses}


class Converter:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self,
        data: list[Any] | bytes,
        model: str = "nova",
        *,
        name: str = "in.jsonl",
        kind: str | None = None,
        source: str = "",
        fields: Fields = Fields(),  # noqa: B008 - frozen
        prefix: str = "",
    ) -> Converted:
        """Convert records (written as JSON lines) or the bytes of a file."""
        path = self.folder / name
        lines = (
            data if isinstance(data, bytes) else b"".join(json.dumps(each).encode() + b"\n" for each in data)
        )
        path.write_bytes(lines)
        row = find_model(MODELS[model])
        assert row is not None
        order = Order(path, self.folder / "out.jsonl", target_of(row, kind, None), source, fields, prefix)
        result = convert(order)
        written = order.out.read_text(encoding="utf-8").splitlines() if result.written else []
        return Converted([json.loads(line) for line in written], result, order)


@pytest.fixture
def converted(tmp_path: Path) -> Converter:
    return Converter(tmp_path)
