"""Real datasets, a slice of each: the tuned model beats its base on records that it has not seen."""

import json
import re
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from finetune_local.language_model import Example, LanguageModel

DATA = Path(__file__).parents[4] / "shared" / "data"
MODEL = "amazon.nova-micro-v1:0:128k"


def converse(record):
    prompt = record["system"][0]["text"] + "\n" + record["messages"][0]["content"][0]["text"]
    return Example(prompt, record["messages"][1]["content"][0]["text"])


def messages(record):
    return Example(
        record["system"] + "\n" + record["messages"][0]["content"], record["messages"][1]["content"]
    )


def pair(record):
    return Example(record["prompt"], record["completion"])


def text(record):
    return Example("", record["text"])


def read(name, convert, records):
    """Return every n-th record's example, `records` in all, split 9 to 1; skips when the file is absent."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not here")
    with path.open() as file:
        total = sum(1 for _ in file)
        file.seek(0)
        lines = list(islice(file, 0, None, max(1, total // records)))
    examples = [convert(json.loads(line)) for line in lines]
    held_out = examples[::10]
    return [example for number, example in enumerate(examples) if number % 10], held_out


def token_f1(answer, reference):
    first, second = (Counter(re.findall(r"\w+|[^\w\s]", one.lower())) for one in (answer, reference))
    return 2 * sum((first & second).values()) / max(1, sum(first.values()) + sum(second.values()))


def mean_f1(model, examples):
    answers = [model.generate(example.prompt, 100) for example in examples]
    return sum(map(token_f1, answers, [example.completion for example in examples])) / len(examples)


@pytest.mark.parametrize(
    ("name", "convert", "records", "gain"),
    [
        ("tool-use/train.jsonl", converse, 280, 0.4),
        ("chat-messages/train.jsonl", messages, 280, 0.4),
        ("prompt-completion/banking-qa.jsonl", pair, 300, 0.1),
        ("prompt-completion/summaries.jsonl", pair, 200, 0.1),
        ("pretraining/c4.jsonl", text, 60, None),
    ],
)
def test_tuning_beats_the_base_on_held_out_records(name, convert, records, gain):
    training, held_out = read(name, convert, records)
    base = LanguageModel.base(MODEL)
    model = base.copy()
    model.train(training, [], epochs=2, batch_size=1, learning_rate_scale=1.0, seed=1, on_step=lambda _: True)
    assert model.loss(held_out) < 0.9 * base.loss(held_out)
    if gain is not None:
        assert mean_f1(model, held_out[:20]) > mean_f1(base, held_out[:20]) + gain
