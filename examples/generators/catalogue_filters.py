"""Single-turn instructions: requests to a library catalogue become JSON filters."""

from __future__ import annotations

import json
import random
from typing import Any

SYSTEM = "You turn requests to a library catalogue into JSON filters. Answer with the JSON object only."

OPENINGS = (
    "Show me",
    "Find",
    "List",
    "I am looking for",
    "Do you have",
    "Search for",
    "Please find me",
    "I need",
)
KINDS = {"books": "book", "films": "film", "maps": "map", "audiobooks": "audiobook", "magazines": "magazine"}
SUBJECTS = (
    "astronomy", "gardening", "bread baking", "bird watching", "railways", "watercolour painting", "chess",
    "sailing", "beekeeping", "pottery", "local history", "knitting", "volcanoes", "mushrooms", "carpentry",
    "first aid", "mathematics", "photography", "rivers", "clock repair",
)  # fmt: skip
LANGUAGES = {
    "English": "en", "French": "fr", "German": "de", "Spanish": "es", "Polish": "pl", "Turkish": "tr",
}  # fmt: skip
AUDIENCES = {"for children": "children", "for teenagers": "teenagers", "for beginners": "beginners"}
AVAILABLE = ("that I can borrow today", "that are on the shelf now", "that are not on loan")
ORDERS = {"newest first": "-year", "oldest first": "year", "sorted by title": "title"}
LIMITS = {"at most three": 3, "no more than five": 5, "up to ten": 10}


def records(count: int, seed: int) -> list[dict[str, Any]]:
    """Return `count` distinct Converse records."""
    rng = random.Random(seed)  # noqa: S311 - example texts, not secrets
    found: dict[str, dict[str, Any]] = {}
    while len(found) < count:
        request, wanted = _request(rng)
        found[request] = {
            "schemaVersion": "bedrock-conversation-2024",
            "system": [{"text": SYSTEM}],
            "messages": [
                {"role": "user", "content": [{"text": request}]},
                {"role": "assistant", "content": [{"text": json.dumps(wanted)}]},
            ],
        }
    return list(found.values())


def _request(rng: random.Random) -> tuple[str, dict[str, Any]]:
    """Return a request in words and the filter that it means."""
    opening, kind, subject = rng.choice(OPENINGS), rng.choice(list(KINDS)), rng.choice(SUBJECTS)
    words, wanted = [f"{opening} {kind} about {subject}"], {"kind": KINDS[kind], "subject": subject}
    parts = [_audience, _language, _year, _available]
    for part in sorted(rng.sample(parts, rng.choice((0, 1, 1, 2, 2))), key=parts.index):
        part(rng, words, wanted)
    if rng.random() < 0.35:
        order = rng.choice(list(ORDERS))
        words.append(", " + order)
        wanted["sort"] = ORDERS[order]
    if rng.random() < 0.25:
        limit = rng.choice(list(LIMITS))
        words.append(", " + limit)
        wanted["limit"] = LIMITS[limit]
    return "".join(words) + ("?" if opening == "Do you have" else "."), wanted


def _audience(rng: random.Random, words: list[str], wanted: dict[str, Any]) -> None:
    audience = rng.choice(list(AUDIENCES))
    words.append(" " + audience)
    wanted["audience"] = AUDIENCES[audience]


def _language(rng: random.Random, words: list[str], wanted: dict[str, Any]) -> None:
    language = rng.choice(list(LANGUAGES))
    words.append(" in " + language)
    wanted["language"] = LANGUAGES[language]


def _year(rng: random.Random, words: list[str], wanted: dict[str, Any]) -> None:
    year = rng.randrange(1950, 2024)
    if rng.random() < 0.5:
        words.append(f" published after {year}")
        wanted["after"] = year
    else:
        words.append(f" published before {year}")
        wanted["before"] = year


def _available(rng: random.Random, words: list[str], wanted: dict[str, Any]) -> None:
    words.append(" " + rng.choice(AVAILABLE))
    wanted["available"] = True
