"""How an evaluation record names the slice that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

KEYS: Final = ("slice", "category")
"""Members of an evaluation record that name its slice."""


def named(value: Mapping[str, Any]) -> str:
    """Return the slice that a record names itself, "" when it names none."""
    for key in KEYS:
        name = value.get(key)
        if isinstance(name, str) and name.strip():
            return name.strip()[:100]
    return ""
