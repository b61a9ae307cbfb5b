"""Token counts, estimated from lengths: the tokenizers of Bedrock's models are not public.

A text is measured twice: in characters, and in the bytes beyond one per character that its UTF-8 form
takes. Plain English has no such bytes; Cyrillic has one per letter, Chinese two, an emoji three, and all
of them need more tokens per character, so two lengths tell the scripts apart well enough for a range:

                 tokens per character   per further byte   source
    low          1 / 6                  0.25               AWS plans with 6 characters a token [PREP]
    expected     1 / 4.4                0.45               measured on English, code and mixed text
    high         1 / 2.4                0.90               JSON and code: a token for each mark (below)

AWS's Claude validator counts 3 characters a token [CLAUDE], which JSON answers exceed. The band holds for two
tokenizers that can be checked: GPT-2's, by the published count of tiny Shakespeare (3.3 characters a token,
tests/unit/core/test_tokens.py), and the local cloud's, whose 2,048 pieces make it a coarse one, by the tokens
that it bills (tests/integration/pipeline/test_money.py).

[PREP] Bedrock data preparation, [CLAUDE] AWS Claude data validator: see catalogue_sources, read 2026-11-23.
Each message adds a few tokens of the model's own turn marks (2, 4, 8).
"""

import re
from typing import Final

from finetune_core.contracts import TokenRange
from finetune_core.partials import Partial

_PER_CHARACTER: Final = (1 / 6, 1 / 4.4, 1 / 2.4)
_PER_FURTHER_BYTE: Final = (0.25, 0.45, 0.90)
_PER_MESSAGE: Final = (2, 4, 8)
_ESCAPE: Final = re.compile(rb"\\u[0-9a-fA-F]{4}")
_CONTINUATION: Final = bytes(range(0x80, 0xC0))


def token_range(characters: int, further_bytes: int, messages: int) -> TokenRange:
    """Return low, expected and high tokens for texts of these lengths in this many messages."""
    low, expected, high = (
        int(characters * per_character + further_bytes * per_byte + messages * per_message)
        for per_character, per_byte, per_message in zip(
            _PER_CHARACTER, _PER_FURTHER_BYTE, _PER_MESSAGE, strict=True
        )
    )
    return TokenRange(low=low, expected=expected, high=high)


def measure(line: bytes) -> tuple[int, int]:
    """Return characters and further bytes of a line of JSON, its keys and punctuation included.

    `\\u` escapes count as the character they stand for, of three bytes; `\\n` and the like as two characters.
    """
    characters = len(line) if line.isascii() else len(line.translate(None, _CONTINUATION))
    further = len(line) - characters
    escapes = len(_ESCAPE.findall(line))
    return characters - 5 * escapes, further + 2 * escapes


def most_tokens(line: bytes) -> float:
    """Return a number of tokens that no expected number for a line exceeds, faster than `measure` gives it.

    The keys and marks of a record, and of each message, are more characters than the tokens added for it;
    a `\\u` escape is fewer tokens than its six characters.
    """
    characters = len(line) if line.isascii() else len(line.translate(None, _CONTINUATION))
    return characters * _PER_CHARACTER[1] + (len(line) - characters) * _PER_FURTHER_BYTE[1]


def count_messages(format_name: str, lines: bytes) -> int:
    """Return the number of messages of whole lines; a pair of prompt and completion counts as one."""
    if format_name == "prompt-completion":
        return lines.count(b"\n") + (not lines.endswith(b"\n"))
    return lines.count(b'"role"') if format_name in ("converse", "messages", "reinforcement") else 0


SKELETON: Final[dict[str, tuple[int, int]]] = {
    "converse": (70, 47),
    "messages": (35, 37),
    "prompt-completion": (34, 0),
    "input": (13, 0),
    "text": (12, 0),
    "image-caption": (34, 0),
    "reinforcement": (45, 37),
}
"""Characters of JSON around the texts, per record and per message, as usual writers put them."""


SAMPLE_EVERY: Final = 524_288
SAMPLE_HEAD: Final = 131_072


def is_sampled(start: int, size: int) -> bool:
    """Whether the line of `size` bytes at offset `start` of its file is measured for the estimate.

    All lines in the first 128 KiB are, then each line that reaches over a multiple of 512 KiB: measuring
    costs as much as all checks, and the mix of scripts in a large file shows in a sample.
    """
    return start < SAMPLE_HEAD or start // SAMPLE_EVERY != (start + size) // SAMPLE_EVERY


def dataset_tokens(format_name: str, partial: Partial) -> TokenRange:
    """Return the tokens of one pass over a scanned file."""
    per_record, per_message = SKELETON[format_name]
    scale = partial.json_size / max(partial.sampled, 1)
    messages = round(partial.messages * scale)
    skeleton = per_record * partial.records + per_message * messages
    characters = max(round(partial.characters * scale) - skeleton, 0)
    return token_range(characters, round(partial.further_bytes * scale), messages)
