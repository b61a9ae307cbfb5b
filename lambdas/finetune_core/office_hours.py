"""Office hours: when endpoints that cost by the hour may run."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
Day = Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class OfficeHours(msgspec.Struct, kw_only=True, frozen=True):
    """Local times of day (``HH:MM``) in an IANA time zone, on these days.

    ``endpoints`` says to which they apply: those that no champion uses, or all.
    """

    zone: str
    opens: Clock
    closes: Clock
    days: list[Day]
    endpoints: Literal["unpromoted", "all"] = "unpromoted"

    def open_at(self, moment: datetime) -> bool:
        """Whether ``moment`` (aware) lies within the hours; over midnight they belong to their first day."""
        here = moment.astimezone(ZoneInfo(self.zone))
        opens, closes, clock = time.fromisoformat(self.opens), time.fromisoformat(self.closes), here.time()
        today, yesterday = DAYS[here.weekday()], DAYS[here.weekday() - 1]
        if opens < closes:
            return today in self.days and opens <= clock < closes
        return (today in self.days and clock >= opens) or (yesterday in self.days and clock < closes)

    def words(self) -> str:
        """Return the hours for a message."""
        return f"{', '.join(self.days)} {self.opens} to {self.closes}, {self.zone}"
