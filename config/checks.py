"""Checks of settings: what is wrong is named with its value and with what fits. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping


class SettingsError(ValueError):
    """A setting that cannot be used; the text says which one, what it holds and what is accepted."""


def require(condition: bool, name: str, value: object, accepted: str) -> None:
    """Raise a `SettingsError` naming the setting unless the condition holds."""
    if not condition:
        raise SettingsError(f"Setting {name} is {value!r}; use {accepted} (config/environments.py).")


def require_between(settings: object, bounds: Mapping[str, tuple[float, float, str]], prefix: str) -> None:
    """Raise unless each named setting is a number within its bounds; None means that it is not used."""
    for name, (low, high, unit) in bounds.items():
        value = getattr(settings, name)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        accepted = f"a number between {low:g} and {high:g} {unit}"
        require(value is None or (number and low <= value <= high), prefix + name, value, accepted)


def require_one_of(name: str, value: object, accepted: tuple[object, ...]) -> None:
    """Raise unless the value is one of those accepted."""
    require(value in accepted, name, value, "one of " + ", ".join(str(item) for item in accepted))
