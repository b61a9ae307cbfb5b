"""The example datasets: made by their script, and worth tuning on."""

import json
import runpy
import sys
from pathlib import Path

import pytest

from finetune_core.reward_source import check_source
from finetune_local.bedrock.records import examples
from finetune_local.language_model import LanguageModel

FOLDER = Path(__file__).parents[3] / "examples"


def records(name):
    return [json.loads(line) for line in (FOLDER / name / "train.jsonl").read_text("utf-8").splitlines()]


def test_the_script_writes_what_is_there(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    runpy.run_path(str(FOLDER / "generate.py"))["write"](tmp_path)
    for name in [name for name in sys.modules if name.split(".")[0] == "generators"]:
        monkeypatch.delitem(sys.modules, name)
    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert len(written) == 6 * 2 + 1 + 252  # records and settings, held-out prompts, pictures
    for path in written:
        assert (tmp_path / path).read_bytes() == (FOLDER / path).read_bytes(), path


def test_multi_turn_records_alternate_and_have_two_to_four_exchanges():
    lengths = set()
    for record in records("instruction-multi-turn"):
        roles = [message["role"] for message in record["messages"]]
        assert roles == ["user", "assistant"] * (len(roles) // 2)
        lengths.add(len(roles) // 2)
    assert lengths == {2, 3, 4}


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("billing", 1.0),
        (" Billing. ", 1.0),
        ("It is billing", 0.5),
        ("shipping", 0.1),
        ("billing or shipping", 0),
    ],
)
def test_the_example_reward_gives_part_for_answers_that_are_half_right(answer, score):
    folder = FOLDER / "reinforcement"
    check_source((folder / "reward.py").read_bytes(), "reward.py")
    record = records("reinforcement")[0]
    messages = [*record["messages"], {"role": "assistant", "content": answer}]
    event = [{"id": "a", "messages": messages, "metadata": {"reference_answer": record["reference_answer"]}}]
    (graded,) = runpy.run_path(str(folder / "reward.py"))["lambda_handler"](event, None)
    assert (record["reference_answer"], graded["aggregate_reward_score"]) == ("billing", score)


@pytest.mark.parametrize(
    ("name", "kind", "epochs", "exact"),
    [
        ("instruction-single-turn", "converse", 2, 0.25),
        ("instruction-multi-turn", "converse", 2, 0.5),
        ("continued-pre-training", "pretraining", 1, None),
    ],
)
def test_tuning_on_an_example_set_pays(name, kind, epochs, exact):
    every = records(name)
    held_out = [example for record in every[::8] for example in examples(record, kind)]
    training = [example for n, record in enumerate(every) if n % 8 for example in examples(record, kind)]
    base = LanguageModel.base("amazon.nova-micro-v1:0")
    model = base.copy()
    model.train(
        training, [], epochs=epochs, batch_size=1, learning_rate_scale=1.0, seed=1, on_step=lambda _: True
    )
    assert model.loss(held_out) < 0.2 * base.loss(held_out)
    if exact is not None:
        right = sum(model.generate(e.prompt, 200) == e.completion for e in held_out)
        wrong = sum(base.generate(e.prompt, 200) == e.completion for e in held_out)
        assert wrong == 0
        assert right > exact * len(held_out)
