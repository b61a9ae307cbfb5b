"""Golden prompts: questions whose answers the dataset's owner knows, asked before a model may serve."""

from __future__ import annotations

import re
from collections.abc import Sequence

from finetune_core.gate import GoldenPrompt

_SHOWN = 200


def faults(prompts: Sequence[GoldenPrompt]) -> list[str]:
    """Return what is wrong with golden prompts as settings: one sentence per fault."""
    found = []
    for number, prompt in enumerate(prompts):
        given = [name for name in ("contains", "equals", "matches") if getattr(prompt, name) is not None]
        if len(given) != 1:
            found.append(f"golden_prompts[{number}] needs exactly one of contains, equals, matches")
        if prompt.matches is not None:
            try:
                re.compile(prompt.matches)
            except re.error as error:
                found.append(f"golden_prompts[{number}].matches is no regular expression: {error}")
    return found


def passes(prompt: GoldenPrompt, answer: str) -> bool:
    """Return whether the answer is what the prompt's owner expects."""
    said = answer.strip().casefold()
    if prompt.equals is not None:
        return said == prompt.equals.strip().casefold()
    if prompt.contains is not None:
        return prompt.contains.strip().casefold() in said
    return re.search(prompt.matches or "", answer) is not None


def expectation(prompt: GoldenPrompt) -> str:
    """Return in words what the answer has to be."""
    for name, words in (("equals", "equal"), ("contains", "contain"), ("matches", "match")):
        value = getattr(prompt, name)
        if value is not None:
            return f"{words} {value[:_SHOWN]!r}"
    return "be anything"
