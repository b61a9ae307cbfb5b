"""Strings that may not stand in a training text, by model family.

Nova: the documentation lists seven strings for user and system text (Nova data preparation, read
2026-11-23); AWS's own validator searches every text, in any case, and for a few strings more. What both
refuse is an error, what only the validator refuses a warning. Claude: the turn marks of its old prompt
format (AWS Claude data validator, read 2026-11-23).
"""

import re
from typing import Final

from msgspec import Struct

from finetune_core.catalogue_sources import CLAUDE_CHECKER, NOVA_CHECKER, NOVA_DATA
from finetune_core.model_rules import Source

NOVA_DOCUMENTED: Final = ("User:", "Bot:", "Assistant:", "System:", "<image>", "<video>", "[EOS]")
NOVA_CHECKED: Final = (
    "System:", "SYSTEM:", "system:", "User:", "USER:", "user:", "Bot:", "BOT:", "bot:",
    "Assistant:", "ASSISTANT:", "assistant:", "Thought:", "THOUGHT:", "thought:",
    "[EOS]", "<image>", "<video>", "<unk>",
)  # fmt: skip
CLAUDE_REFUSED: Final = ("\nHuman:", "\nAssistant:")


class Hit(Struct, frozen=True):
    """A reserved string found in a text."""

    string: str
    at: int
    error: bool
    source: Source
    other: Source | None = None


# Each pattern begins with one letter, which re finds at the speed of memory; one pattern of many beginnings
# takes twenty times as long.
_ROLES: Final = "|".join(f"(?<=((?i:{role}):))" for role in ("system", "user", "bot", "assistant", "thought"))
_NOVA: Final = (
    re.compile(f":(?:{_ROLES})", re.ASCII),
    re.compile(r"(\[EOS\])"),
    re.compile(r"(<(?i:image|video|unk)>)", re.ASCII),
)
_CLAUDE: Final = re.compile(r"\n(?:Human|Assistant):")


def find_reserved(family: str, text: str, part: str) -> list[Hit]:
    """Return all reserved strings in one text; `part` is system, user, assistant or another part's name."""
    if family == "nova":
        hits = [_nova_hit(match, part) for pattern in _NOVA for match in pattern.finditer(text)]
        return sorted(hits, key=lambda hit: hit.at)
    if family == "claude":
        return [Hit(found[0], found.start(), True, CLAUDE_CHECKER) for found in _CLAUDE.finditer(text)]
    return []


def _nova_hit(match: re.Match[str], part: str) -> Hit:
    group = match.lastindex or 0
    string, at = match[group], match.start(group)
    if string in NOVA_DOCUMENTED and part != "assistant":
        return Hit(string, at, True, NOVA_DATA)
    return Hit(string, at, False, NOVA_CHECKER, NOVA_DATA)
