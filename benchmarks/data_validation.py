"""Seeded datasets for the validation benchmark: short and long turns, English and not, ASCII-escaped.

The words are those of Python's own help texts; about 80 % English prose, 6 % accented Latin, 4 % Chinese,
Japanese and emoji, 6 % code with quotes and backslashes, 4 % Markdown, as in instruction data.
"""

import json
import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

ACCENTS: Final = str.maketrans("aeioucnAEO", "áéíóúçñÀÊÖ")
CHINESE: Final = "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以生会"
JAPANESE: Final = "これはテストの文章です。日本語の会話データを含みます。あなたはどう思いますか"
EMOJI: Final = "🙂👍🚀🎉🤖"

Turns = tuple[int, int]
Record = dict[str, Any]


@cache
def prose() -> list[str]:
    """Return a long list of English words with their punctuation."""
    from pydoc_data.topics import topics  # noqa: PLC0415 - 700 kB, read only when data is made

    words = " ".join(topics.values()).split()
    return [word for word in words if word.isascii() and '"' not in word and "\\" not in word]


def text(rng: random.Random, words: int, *, english: bool) -> str:
    """Return about `words` words of one kind of text."""
    start = rng.randrange(len(prose()) - words)
    chosen = " ".join(prose()[start : start + words])
    kind = rng.random()
    if kind < 0.06:
        return f'def run(x):\n\tprint("{chosen[: words * 4]}\\n")\n\treturn x[0] + 1\n'
    if kind < 0.10:
        return f"## {chosen[:30]}\n\n- **{chosen[30:60]}**\n- {chosen[60:]}\n"
    if english or kind < 0.90:
        return chosen
    if kind < 0.96:
        return chosen.translate(ACCENTS)
    letters = CHINESE if kind < 0.985 else JAPANESE
    return "".join(rng.choices(letters, k=words * 2)) + rng.choice(EMOJI)


def converse(rng: random.Random, turns: Turns, words: Turns, *, english: bool) -> Record:
    """Return a Converse record."""
    messages = [
        {"role": role, "content": [{"text": text(rng, rng.randint(*words), english=english)}]}
        for _ in range(rng.randint(*turns))
        for role in ("user", "assistant")
    ]
    system = [{"text": "You are a helpful assistant. Answer briefly and politely."}]
    return {"schemaVersion": "bedrock-conversation-2024", "system": system, "messages": messages}


def messages(rng: random.Random, turns: Turns, words: Turns, *, english: bool) -> Record:
    """Return a record of system text and messages with plain text."""
    return {
        "system": "You are a helpful assistant. Answer briefly and politely.",
        "messages": [
            {"role": role, "content": text(rng, rng.randint(*words), english=english)}
            for _ in range(rng.randint(*turns))
            for role in ("user", "assistant")
        ],
    }


def pair(rng: random.Random, turns: Turns, words: Turns, *, english: bool) -> Record:
    """Return a prompt and its completion."""
    prompt, completion = (text(rng, rng.randint(*words), english=english) for _ in range(2))
    return {"prompt": prompt, "completion": completion}


def pretraining(rng: random.Random, turns: Turns, words: Turns, *, english: bool) -> Record:
    """Return a text for continued pre-training."""
    parts = [text(rng, rng.randint(*words), english=english) for _ in range(rng.randint(*turns))]
    return {"input": "\n".join(parts)}


def illustrated(rng: random.Random, turns: Turns, words: Turns, *, english: bool) -> Record:
    """Return a Converse record whose first message names an image."""
    record = converse(rng, turns, words, english=english)
    uri = f"s3://bucket/images/{rng.randrange(10**9)}.png"
    image = {"image": {"format": "png", "source": {"s3Location": {"uri": uri}}}}
    record["messages"][0]["content"].append(image)
    return record


class Shape:
    """One dataset of the benchmark: who makes its records, of what size, for which model."""

    def __init__(
        self,
        make: Callable[..., Record],
        turns: Turns,
        words: Turns,
        *,
        english: bool = False,
        ascii_only: bool = False,
        model: str,
        kind: str = "fine-tuning",
    ) -> None:
        self.make = make
        self.turns = turns
        self.words = words
        self.english = english
        self.ascii_only = ascii_only
        self.model = model
        self.kind = kind


NOVA: Final = "amazon.nova-micro-v1:0:128k"
LLAMA: Final = "meta.llama3-1-8b-instruct-v1:0:128k"
CLAUDE: Final = "anthropic.claude-3-haiku-20240307-v1:0:200k"
TITAN: Final = "amazon.titan-text-express-v1:0:8k"

SHAPES: Final[dict[str, Shape]] = {
    "converse": Shape(converse, (1, 10), (8, 45), model=NOVA),
    "converse-english": Shape(converse, (1, 10), (8, 45), english=True, model=NOVA),
    "converse-ascii": Shape(converse, (1, 10), (8, 45), ascii_only=True, model=NOVA),
    "converse-short": Shape(converse, (1, 3), (4, 20), model=NOVA),
    "converse-long": Shape(converse, (8, 16), (60, 200), model=NOVA),
    "messages": Shape(messages, (1, 8), (8, 45), model=CLAUDE),
    "prompt-completion": Shape(pair, (1, 1), (8, 70), model=LLAMA),
    "pretraining": Shape(pretraining, (8, 20), (20, 80), model=TITAN, kind="continued-pre-training"),
}

ILLUSTRATED: Final = Shape(illustrated, (1, 10), (8, 45), model="amazon.nova-lite-v1:0:300k")
"""Not among the shapes: no record with media can be proved by the fast path."""


def lines(shape: Shape, size: int, seed: int = 1) -> Iterator[bytes]:
    """Yield lines of JSON, about `size` bytes in all."""
    rng = random.Random(seed)
    made = 0
    while made < size:
        record = shape.make(rng, shape.turns, shape.words, english=shape.english)
        line = json.dumps(record, ensure_ascii=shape.ascii_only).encode() + b"\n"
        made += len(line)
        yield line


def write(path: Path, shape: Shape, size: int) -> None:
    """Write a dataset of about `size` bytes."""
    with path.open("wb") as file:
        file.writelines(lines(shape, size))
