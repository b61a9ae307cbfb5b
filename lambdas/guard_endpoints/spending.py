"""The month's meter: what endpoints that are billed by the hour have cost, as seen round by round.

An endpoint that came and went between two rounds is not seen; a run's own report has its price.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from finetune_aws.ledger import Ledger
from finetune_core.guarding import CEILING_WARNING, month_hours
from guard_endpoints.diary import Diary

_KEY: Final = "guardian#spend"


class Spending:
    """Reads the ledger's meter of this month (UTC), adds the hours since the last round, writes it back."""

    def __init__(self, ledger: Ledger, now: datetime, ceiling: float | None) -> None:
        self._ledger = ledger
        self._now = now
        self._ceiling = ceiling
        self._month = f"{now:%Y-%m}"
        self._item = ledger.item(_KEY, self._month) or {}
        self._last = datetime.fromisoformat(self._item["at"]) if self._item.get("at") else None
        self.total = float(self._item.get("usd", 0.0))
        self.exhausted = False
        """Whether the ceiling is spent and people were told of it in an earlier round."""

    def add(self, arn: str, created: datetime, hourly: float) -> None:
        """Add an endpoint's hours since it was last looked at."""
        since = max(created, self._last) if self._last else created
        self.total += month_hours(since, self._now) * hourly

    def close(self, diary: Diary) -> None:
        """Write the meter, and warn when the ceiling is near or reached."""
        ceiling = self._ceiling
        told = str(self._item.get("told") or "")
        share = self.total / ceiling if ceiling else 0.0
        self.exhausted = share >= 1 and bool(told)
        if ceiling and share >= CEILING_WARNING and not told:
            told = self._now.isoformat()
            spent = f"${self.total:,.2f} of this month's ceiling of ${ceiling:,.2f}"
            reason = f"{spent} are spent on endpoints; beyond it they are deleted, champions after a warning"
            diary.warned(f"month {self._month}", self._month, reason, "ceiling")
        at = self._now.isoformat()
        self._ledger.put(_KEY, self._month, {"usd": round(self.total, 4), "at": at, "told": told or None})
