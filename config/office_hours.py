"""When people are at work: outside of these hours the guardian may be stricter. Standard library only."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import Final, Literal
from zoneinfo import available_timezones

from config.checks import require, require_one_of

CLOCK: Final = r"([01]\d|2[0-3]):[0-5]\d"
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, kw_only=True)
class OfficeHours:
    """When endpoints that cost by the hour may run: local times `HH:MM` in an IANA time zone, on these days.

    Hours over midnight belong to the day on which they begin. `endpoints` is "unpromoted" (those that no
    champion uses) or "all" (champions too, after a warning).
    """

    zone: str
    opens: str
    closes: str
    days: tuple[str, ...] = ("Mon", "Tue", "Wed", "Thu", "Fri")
    endpoints: Literal["unpromoted", "all"] = "unpromoted"

    def __post_init__(self) -> None:  # noqa: D105
        prefix = "guardian_office_hours."
        for name in ("opens", "closes"):
            value = getattr(self, name)
            fits = isinstance(value, str) and bool(re.fullmatch(CLOCK, value))
            require(fits, prefix + name, value, "a time such as 08:00")
        known = bool(self.days) and set(self.days) <= set(WEEKDAYS)
        require(known, prefix + "days", self.days, ", ".join(WEEKDAYS))
        require(
            self.zone in available_timezones(), prefix + "zone", self.zone, "a zone such as Europe/Berlin"
        )
        require_one_of(prefix + "endpoints", self.endpoints, ("unpromoted", "all"))

    def to_json(self) -> str:
        """Give the text that the guardian reads from OFFICE_HOURS."""
        return json.dumps(asdict(self), sort_keys=True)
