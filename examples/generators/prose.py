"""Continued pre-training: short prose about places and work, put together from sentences of our own."""

from __future__ import annotations

import random
import re

CHOICES = {
    "season": ("spring", "early summer", "late summer", "autumn", "winter"),
    "time": ("morning", "noon", "evening", "night"),
    "weather": ("fog", "rain", "a dry wind", "frost", "heavy heat", "thin snow"),
    "number": ("three", "four", "six", "nine", "a dozen"),
    "bird": ("herons", "swallows", "crows", "larks", "gulls"),
    "tree": ("alder", "oak", "birch", "pear tree", "willow"),
    "tool": ("knife", "saw", "spade", "lamp", "rope", "bucket"),
    "colour": ("grey", "green", "brown", "yellow", "blue"),
    "relative": ("father", "mother", "neighbour", "teacher", "grandmother"),
}
THEMES = {
    "river": (
        "In {season} the river rises before anyone has seen rain.",
        "The water carries {colour} mud from the fields and lays it down behind the bend.",
        "By {time} the {bird} stand along the bank as if they had been set there.",
        "Below the weir lie {number} boats that nobody has rowed for years.",
        "Whoever lives here learns to read the mark of the last flood on the wall.",
        "Under the {tree} the current is slow enough for a child to swim.",
        "When {weather} comes down the valley, the far side disappears first.",
    ),
    "harbour": (
        "The harbour wakes long before the town does.",
        "At {time} the boats come in with {weather} behind them.",
        "On the quay {number} people mend nets and speak little.",
        "The {bird} follow every boat, and every boat ignores them.",
        "A {tool} left on deck in {season} is rust by the end of the week.",
        "Salt turns every door {colour} sooner or later.",
        "Prices are called out once; who did not listen goes home without fish.",
    ),
    "orchard": (
        "The orchard was planted in rows, but the rows have forgotten it.",
        "In {season} the grass between the trees stands as high as a {tool}.",
        "The oldest {tree} still bears, though its trunk is hollow.",
        "After {weather} the fruit lies {colour} in the grass and draws the wasps.",
        "It takes {number} baskets to fill the cart and one stone to empty it.",
        "My {relative} used to say that a tree is pruned with the eyes first.",
        "Towards {time} the {bird} take their share.",
    ),
    "workshop": (
        "The workshop smells of glue, dust and cold iron.",
        "Every {tool} has its nail, and every nail its outline on the wall.",
        "Wood that was cut in {season} will move for {number} years before it rests.",
        "The bench is of {tree}, and its edge has been worn round by sleeves.",
        "Work stops at {time}, whether the piece is finished or not.",
        "A joint that has to be forced will open with the first {weather}.",
        "What I know about patience my {relative} showed me here without a word.",
    ),
    "path": (
        "The path leaves the village behind the last {tree} and does not hurry.",
        "After {number} bends the roofs are no bigger than stones.",
        "In {season} the way is easy to find and hard to walk; later it is the other way round.",
        "With {weather} on the ridge it is wise to turn back by {time}.",
        "Someone has painted {colour} marks on the rocks, each in sight of the next.",
        "Up here the {bird} are seen from above.",
        "At the pass stands a hut with a {tool}, a stove and a book to sign.",
    ),
    "kitchen": (
        "The kitchen is the only room that is heated in {season}.",
        "By {time} the bread has to be out of the oven, or the soup has to wait.",
        "On the shelf stand {number} jars, all of them labelled and none of them correctly.",
        "The {colour} bowl is for dough and for nothing else.",
        "My {relative} measured flour by hand and was never wrong by more than a spoon.",
        "When {weather} is at the window, stories get longer.",
        "A good {tool} is lent to no one.",
    ),
    "observatory": (
        "The observatory stands on the hill because the hill was of no use for anything else.",
        "In {season} the sky is clear on {number} nights out of ten.",
        "The dome is opened at {time} so that the air inside becomes as cold as the air outside.",
        "{weather} ends the work more often than daylight does.",
        "Through the glass the planet is a {colour} disc that trembles like a coin under water.",
        "Every observation is written down twice, by two people who do not talk to each other.",
        "The visitors ask what it is good for; my {relative} used to answer with another question.",
    ),
    "market": (
        "On market days the square is full before {time}.",
        "In {season} there are more buyers than apples, and later more apples than buyers.",
        "The woman with the {colour} cloth sells seeds, string and advice.",
        "Under the {tree} old men compare the year with all others.",
        "For {number} coins one could once buy a {tool}; now one buys its handle.",
        "When {weather} threatens, the prices fall faster than the drops.",
        "The {bird} know the hour at which the stalls are taken down.",
    ),
}  # fmt: skip


def records(count: int, seed: int) -> list[dict[str, str]]:
    """Return `count` distinct {"input": text} records of four to six sentences."""
    rng = random.Random(seed)  # noqa: S311 - example texts, not secrets
    found: dict[str, None] = {}
    while len(found) < count:
        sentences = THEMES[rng.choice(list(THEMES))]
        kept = sorted(rng.sample(range(len(sentences)), rng.choice((4, 5, 5, 6))))
        found[" ".join(_filled(rng, sentences[number]) for number in kept)] = None
    return [{"input": text} for text in found]


def _filled(rng: random.Random, sentence: str) -> str:
    """Return the sentence with a word chosen for each {slot}."""
    text = re.sub(r"\{(\w+)\}", lambda slot: rng.choice(CHOICES[slot[1]]), sentence)
    return text[0].upper() + text[1:]
