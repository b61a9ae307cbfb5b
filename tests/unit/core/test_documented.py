"""Examples of AWS's documentation (see tests/data/documented/SOURCES.md) get the verdicts it implies."""

from pathlib import Path

import pytest

from finetune_core.validation import validate
from tests.unit.core.datasets import CANVAS, CLAUDE, LITE, LLAMA_31, LLAMA_33, NOVA, NOVA_2, TITAN, model

FOLDER = Path(__file__).parents[2] / "data" / "documented"
SIZE = {"too_few_records", "few_records"}
VISION = "meta.llama3-2-11b-instruct-v1:0"

EXAMPLES: list[tuple[str, str, str, set[str]]] = [
    ("pairs", LLAMA_31, "fine-tuning", set()),
    ("pairs", NOVA, "fine-tuning", {"wrong_format"}),
    ("messages-single-turn", CLAUDE, "fine-tuning", set()),
    ("messages-multi-turn", CLAUDE, "fine-tuning", set()),
    ("messages-multi-turn", LLAMA_33, "fine-tuning", {"wrong_format"}),
    ("converse-single-turn", NOVA, "fine-tuning", set()),
    ("converse-single-turn", LLAMA_33, "fine-tuning", set()),
    ("converse-image", VISION, "fine-tuning", set()),
    ("converse-image", LITE, "fine-tuning", set()),
    ("converse-image", NOVA, "fine-tuning", {"media_not_allowed"}),
    ("converse-image-placeholder", LITE, "fine-tuning", {"wrong_value"}),
    ("converse-video", LITE, "fine-tuning", set()),
    ("converse-video", VISION, "fine-tuning", {"media_not_allowed"}),
    ("converse-multi-turn", NOVA, "fine-tuning", set()),
    ("converse-multi-turn", LLAMA_33, "fine-tuning", set()),
    ("converse-reasoning", NOVA_2, "fine-tuning", set()),
    ("converse-reasoning", LITE, "fine-tuning", {"reasoning_not_allowed"}),
    ("converse-image-reasoning", NOVA_2, "fine-tuning", set()),
    ("converse-video-reasoning", NOVA_2, "fine-tuning", set()),
    ("converse-document", NOVA_2, "fine-tuning", {"media_format"}),  # a warning: the pages differ
    ("converse-document", LITE, "fine-tuning", {"media_not_allowed", "reasoning_not_allowed"}),
    ("converse-tool-use", NOVA_2, "fine-tuning", {"tools_not_allowed"}),  # a warning: the pages differ
    ("converse-tool-use", LITE, "fine-tuning", {"tools_not_allowed", "reasoning_not_allowed"}),
    ("distillation", NOVA, "distillation", set()),
    ("distillation", LLAMA_33, "distillation", set()),
    ("distillation-misprinted-version", NOVA, "distillation", {"wrong_value"}),
    ("reinforcement", NOVA_2, "reinforcement-fine-tuning", set()),
    ("reinforcement", "qwen.qwen3-32b", "reinforcement-fine-tuning", set()),
    ("reinforcement-misprinted", NOVA_2, "reinforcement-fine-tuning", {"invalid_json"}),
    ("image-caption", CANVAS, "fine-tuning", set()),
    ("pretraining", TITAN, "continued-pre-training", set()),
]

DISPUTED = {("converse-document", NOVA_2), ("converse-tool-use", NOVA_2)}
"""Examples of one page that another page advises against: warnings, no errors."""


@pytest.mark.parametrize(("name", "model_id", "kind", "wanted"), EXAMPLES)
def test_a_documented_example_gets_its_verdict(name: str, model_id: str, kind: str, wanted: set[str]) -> None:
    report = validate([(FOLDER / f"{name}.jsonl").read_bytes()], model(model_id), kind)
    assert report.counts.keys() - SIZE == wanted
    errors = {row.code for row in report.lines if row.severity == "error"} - SIZE
    assert errors == (set() if (name, model_id) in DISPUTED else wanted)


def test_every_example_has_a_source() -> None:
    told = (FOLDER / "SOURCES.md").read_text()
    assert all(path.stem in told for path in FOLDER.glob("*.jsonl"))
    assert {name for name, *_ in EXAMPLES} == {path.stem for path in FOLDER.glob("*.jsonl")}
