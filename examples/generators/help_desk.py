"""Multi-turn conversations: a help desk for household appliances asks back before it advises."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

SYSTEM = "You are the help desk for household appliances. Ask one question before you advise, and be brief."


TEXTS = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
"""Faults of appliances with the question to ask first and (answer, advice) pairs; how conversations go on."""


def records(count: int, seed: int) -> list[dict[str, Any]]:
    """Return `count` distinct Converse records of two to four exchanges."""
    rng = random.Random(seed)  # noqa: S311 - example texts, not secrets
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    while len(found) < count:
        texts = _texts(rng)
        found[texts] = {
            "schemaVersion": "bedrock-conversation-2024",
            "system": [{"text": SYSTEM}],
            "messages": [
                {"role": ("user", "assistant")[number % 2], "content": [{"text": text}]}
                for number, text in enumerate(texts)
            ],
        }
    return list(found.values())


def _texts(rng: random.Random) -> tuple[str, ...]:
    """Return the turns of one conversation, user and help desk in turn."""
    case = rng.choice(TEXTS["cases"])
    complaint = rng.choice(TEXTS["complaints"]).format(case["appliance"], case["fault"])
    texts = [complaint, case["question"], *rng.choice(case["answers"])]
    exchanges = rng.choice((2, 3, 3, 4))
    if exchanges > 2:
        texts += rng.choice(TEXTS["results"])
    if exchanges > 3:
        texts += rng.choice(TEXTS["endings"])
    return tuple(texts)
