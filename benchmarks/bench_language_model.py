"""How fast the local language model trains and answers: `python benchmarks/bench_language_model.py`.

Makes up its own records, so that the figures do not depend on a dataset. Prints one line per measurement.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from finetune_local.language_model import Example, LanguageModel

MODEL = "amazon.nova-micro-v1:0"
WORDS = [
    f"{start}{end}"
    for start in ("bar", "cel", "dom", "fir", "gan", "lor")
    for end in ("en", "ik", "ot", "ut")
]


def texts(count: int, prompt_words: int, completion_words: int) -> list[Example]:
    """Return `count` examples of random words, half of each completion taken from its prompt."""
    rng = random.Random(1)
    found = []
    for _ in range(count):
        prompt = rng.choices(WORDS, k=prompt_words)
        copied = prompt[-completion_words // 2 :] if prompt else []
        completion = copied + rng.choices(WORDS, k=completion_words - len(copied))
        found.append(Example(" ".join(prompt), " ".join(completion)))
    return found


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of wall clock and of processor that `work` takes."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def training(name: str, examples: list[Example], batch_size: int) -> None:
    """Measure one epoch."""
    model = LanguageModel.base(MODEL)
    steps: list[int] = []

    def on_step(step: object) -> bool:
        steps.append(1)
        return True

    wall, processor = timed(
        lambda: model.train(
            examples, [], epochs=1, batch_size=batch_size, learning_rate_scale=1.0, seed=1, on_step=on_step
        )
    )
    tokens = sum(model.count_tokens(example.completion) + 1 for example in examples)
    print(
        f"training, {name}: {len(steps) - 1} steps, {wall:.1f} s wall, {processor:.1f} s processor, "
        f"{1000 * processor / (len(steps) - 1):.2f} ms per step, {tokens / processor:,.0f} tokens/s"
    )


def generation(name: str, prompt: str, max_tokens: int) -> None:
    """Measure twenty answers."""
    model = LanguageModel.base(MODEL)
    model.train(
        texts(60, 20, 150),
        [],
        epochs=1,
        batch_size=1,
        learning_rate_scale=1.0,
        seed=1,
        on_step=lambda _: True,
    )
    tokens = 0

    def answer() -> None:
        nonlocal tokens
        for _ in range(20):
            tokens += model.count_tokens(model.generate(prompt, max_tokens))

    _, processor = timed(answer)
    print(
        f"generation, {name}: {tokens / 20:.0f} tokens per answer, {1000 * processor / 20:.1f} ms each, "
        f"{tokens / processor:,.0f} tokens/s"
    )


def main() -> None:
    """Run every measurement."""
    wall, _ = timed(lambda: LanguageModel.base(MODEL))
    print(f"base model, first use: {wall:.2f} s")
    training("short answers, batch 1", texts(400, 40, 12), 1)
    training("short answers, batch 16", texts(800, 40, 12), 16)
    training("20 KB prompts, batch 1", texts(200, 3500, 12), 1)
    training("long texts without prompt, batch 1", texts(100, 0, 100), 1)
    generation("short prompt", " ".join(WORDS[:20]), 100)
    generation("20 KB prompt", " ".join(WORDS * 170), 100)


if __name__ == "__main__":
    main()
