"""Prompts of reinforcement fine-tuning: customers' messages that go to one of three teams, with the team."""

from __future__ import annotations

import random
from typing import Any

TEAMS = ("billing", "shipping", "technical")
SYSTEM = f"Which team takes this message: {', '.join(TEAMS)}? Answer with the team alone."
_OPENINGS = ("Hello,", "Good morning,", "Hi there,", "Please help:", "Dear team,", "Once more:")
_THINGS = ("kettle", "lamp", "printer", "headset", "camera", "heater", "router", "keyboard")
_MESSAGES = {
    "billing": (
        "the invoice for my {thing} shows the wrong amount.",
        "I was charged twice for the {thing}.",
        "when do I get the refund for the {thing}?",
        "the discount is missing on the invoice of the {thing}.",
        "my card was charged before the {thing} was ordered.",
    ),
    "shipping": (
        "the parcel with my {thing} has not arrived.",
        "the courier left the {thing} at the wrong address.",
        "where is the parcel with the {thing} now?",
        "can the {thing} be delivered to another address?",
        "tracking says that the {thing} was delivered, but it was not.",
    ),
    "technical": (
        "the {thing} does not switch on any more.",
        "the {thing} shows an error after the update.",
        "how do I reset the {thing}?",
        "the {thing} loses its connection every hour.",
        "the manual of the {thing} does not name this error.",
    ),
}


def records(count: int, seed: int) -> list[dict[str, Any]]:
    """Return `count` distinct prompts, the teams in turn."""
    rng = random.Random(seed)  # noqa: S311 - example texts, not secrets
    chosen = {team: _messages(team, rng) for team in TEAMS}
    turns = ((number, TEAMS[number % 3]) for number in range(count))
    return [_record(number, team, chosen[team][number // 3]) for number, team in turns]


def _messages(team: str, rng: random.Random) -> list[str]:
    """Return every message of a team, shuffled."""
    found = [
        f"{opening} {message.format(thing=thing)}"
        for opening in _OPENINGS
        for thing in _THINGS
        for message in _MESSAGES[team]
    ]
    rng.shuffle(found)
    return found


def _record(number: int, team: str, message: str) -> dict[str, Any]:
    return {
        "id": f"message-{number + 1}",
        "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": message}],
        "reference_answer": team,
    }
