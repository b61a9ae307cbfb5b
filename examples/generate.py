"""Write the example datasets beside this file: `python examples/generate.py`. The same files every time.

reinforcement/reward.py is written by hand.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from generators import (
    catalogue_filters,
    help_desk,
    images,
    prose,
    regular_expressions,
    ticket_routing,
)

SEED = 2026
IMAGE_PREFIX = "s3://your-data-bucket/datasets/image-captions/images"
SETTINGS: dict[str, dict[str, Any]] = {
    "instruction-single-turn": {
        "base_model": "amazon.nova-micro-v1:0:128k",
        "type": "fine-tuning",
        "serving": "provisioned_throughput",
    },
    "instruction-multi-turn": {
        "base_model": "amazon.nova-micro-v1:0:128k",
        "type": "fine-tuning",
        "serving": "on_demand",
    },
    "prompt-completion": {
        "base_model": "amazon.titan-text-express-v1:0:8k",
        "type": "fine-tuning",
        "serving": "provisioned_throughput",
    },
    "continued-pre-training": {
        "base_model": "amazon.titan-text-express-v1:0:8k",
        "type": "continued-pre-training",
        "serving": "provisioned_throughput",
    },
    "image-captions": {
        "base_model": "amazon.titan-embed-image-v1:0",
        "type": "fine-tuning",
        "serving": "provisioned_throughput",
        "hyperparameters": {"epochCount": 20, "batchSize": 256},
        "evaluation_records": 200,
        "time_to_live_hours": 4,
    },
    "reinforcement": {
        "base_model": "amazon.nova-2-lite-v1:0:256k",
        "type": "reinforcement-fine-tuning",
        "serving": "on_demand",
        "hyperparameters": {
            "epochCount": 4,
            "batchSize": 32,
            "learningRate": 1e-4,
            "trainingSamplePerPrompt": 4,
            "inferenceMaxTokens": 64,
            "evalInterval": 5,
        },
        "budget_usd": 500,
    },
}


def write(folder: Path) -> None:
    """Write every example dataset below `folder`."""
    records: dict[str, Sequence[dict[str, Any]]] = {
        "instruction-single-turn": catalogue_filters.records(240, SEED),
        "instruction-multi-turn": help_desk.records(120, SEED),
        "prompt-completion": regular_expressions.records(160, SEED),
        "continued-pre-training": prose.records(300, SEED),
        "image-captions": images.records(IMAGE_PREFIX),
    }
    for name, settings in SETTINGS.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        if name in records:
            _write_lines(folder / name / "train.jsonl", records[name])
        (folder / name / "run.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    prompts = ticket_routing.records(300, SEED)
    _write_lines(folder / "reinforcement" / "train.jsonl", prompts[:240])
    _write_lines(folder / "reinforcement" / "evaluation.jsonl", prompts[240:])
    pictures = folder / "image-captions" / "images"
    pictures.mkdir(exist_ok=True)
    for file_name, content in images.images().items():
        (pictures / file_name).write_bytes(content)


def _write_lines(file: Path, records: Sequence[dict[str, Any]]) -> None:
    lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
    file.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).parent)
