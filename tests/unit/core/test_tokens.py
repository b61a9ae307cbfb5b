"""The token band, held against counts that others have published."""

import json

import pytest

from finetune_core.tokens import SKELETON, count_messages, measure, most_tokens, token_range

PUBLISHED = {
    # Tiny Shakespeare, plain ASCII: 1,003,854 + 111,540 characters (nanoGPT, data/shakespeare_char/readme.md)
    # are 301,966 + 36,059 tokens of GPT-2's tokenizer (nanoGPT, data/shakespeare/readme.md). Both at
    # https://github.com/karpathy/nanoGPT/tree/master/data, read 2026-11-24.
    "tiny shakespeare, train": (1_003_854, 301_966),
    "tiny shakespeare, validation": (111_540, 36_059),
}


@pytest.mark.parametrize(("characters", "tokens"), PUBLISHED.values(), ids=PUBLISHED)
def test_published_counts_lie_within_the_band(characters: int, tokens: int) -> None:
    band = token_range(characters, 0, 0)
    assert band.low <= tokens <= band.high
    assert abs(tokens - band.expected) / tokens < 0.35


@pytest.mark.parametrize("characters", [1, 100, 1_000_000])
def test_the_band_is_no_wider_than_stated(characters: int) -> None:
    """From a quarter below the expected count to five sixths above it."""
    band = token_range(characters * 100, 0, 0)
    assert band.low == pytest.approx(0.73 * band.expected, rel=0.05)
    assert band.high == pytest.approx(1.83 * band.expected, rel=0.05)


@pytest.mark.parametrize("written", [json.dumps, lambda value: json.dumps(value, ensure_ascii=False)])
@pytest.mark.parametrize(
    "text", ["plain " * 50, "zażółć gęślą jaźń " * 20, "漢字かな" * 40, "🙂" * 30, "a\n\t" * 9, ""]
)
@pytest.mark.parametrize("turns", [1, 5, 40])
def test_no_estimate_is_above_the_quick_bound(written, text: str, turns: int) -> None:
    turn = [{"role": "user", "content": [{"text": text}]}] * turns
    records = {
        "converse": {"schemaVersion": "bedrock-conversation-2024", "messages": turn},
        "messages": {"messages": [{"role": "user", "content": text}] * turns},
        "prompt-completion": {"prompt": text, "completion": text},
        "input": {"input": text},
    }
    for name, record in records.items():
        line = written(record).encode()
        characters, further = measure(line)
        per_record, per_message = SKELETON[name]
        messages = count_messages(name, line)
        told = token_range(max(characters - per_record - per_message * messages, 0), further, messages)
        assert told.expected <= most_tokens(line)
