"""Prompt and completion: regular expressions explained part by part."""

from __future__ import annotations

import random

PARTS = (
    (r"\d", "a digit", "digits"),
    ("[A-Z]", "a capital letter", "capital letters"),
    ("[a-z]", "a small letter", "small letters"),
    (r"\w", "a word character", "word characters"),
    (r"\s", "a white-space character", "white-space characters"),
    ("[aeiou]", "a vowel", "vowels"),
    ("[0-9a-f]", "a hexadecimal digit", "hexadecimal digits"),
    ("[^,]", "a character other than a comma", "characters other than a comma"),
    (".", "any character", "characters of any kind"),
)
LITERALS = {
    "-": "a hyphen", ":": "a colon", "/": "a slash", "_": "an underscore", "@": "an at sign",
    r"\.": "a full stop", "#": "a hash sign", "=": "an equals sign",
}  # fmt: skip
NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 8: "eight"}
QUESTIONS = ("Explain the regular expression {}", "What does the pattern {} match?", "Put into words: {}")


def records(count: int, seed: int) -> list[dict[str, str]]:
    """Return `count` distinct prompt/completion records."""
    rng = random.Random(seed)  # noqa: S311 - example texts, not secrets
    found: dict[str, dict[str, str]] = {}
    while len(found) < count:
        pattern, meaning = _pattern(rng)
        found[pattern] = {"prompt": rng.choice(QUESTIONS).format(pattern), "completion": meaning}
    return list(found.values())


def _pattern(rng: random.Random) -> tuple[str, str]:
    """Return a pattern and its explanation."""
    pieces = [_repeated(rng)]
    for _ in range(rng.choice((0, 1, 1, 2))):
        literal = rng.choice(list(LITERALS))
        pieces += [(literal, LITERALS[literal]), _repeated(rng)]
    meaning = ", then ".join(words for _, words in pieces)
    pattern = "".join(source for source, _ in pieces)
    if rng.random() < 0.5:
        return f"^{pattern}$", f"The whole text is {meaning}."
    return pattern, f"It finds {meaning}."


def _repeated(rng: random.Random) -> tuple[str, str]:
    """Return a part with a quantifier, and the two in words."""
    source, one, many = rng.choice(PARTS)
    number = rng.choice(list(NUMBERS))
    return rng.choice(
        (
            (source, one),
            (source + "+", f"one or more {many}"),
            (source + "*", f"any number of {many}, even none"),
            (source + "?", f"{one} that may be missing"),
            (f"{source}{{{number}}}", f"exactly {NUMBERS[number]} {many}"),
            (f"{source}{{{number},}}", f"at least {NUMBERS[number]} {many}"),
        )
    )
