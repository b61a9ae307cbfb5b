"""What the guardian did: the function's answer, the lines of the notice, and the ledger's items."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from finetune_aws.ledger import Ledger
from finetune_core.guarding import hours_left_in_month


class Diary:
    """Collects one round; every action is written down at once, so that a later failure loses none."""

    def __init__(self, ledger: Ledger, now: datetime) -> None:
        self._ledger = ledger
        self._now = now
        self.lines: list[str] = []
        self.answer: dict[str, Any] = {
            "deleted": [],
            "warned": [],
            "kept": [],
            "closed": [],
            "saved_usd_per_day": 0.0,
        }

    def summary(self) -> str:
        """Return the round in a few words, for the subject of the notice."""
        saved = self.answer["saved_usd_per_day"]
        money = f", saves ${saved:,.2f} a day" if saved else ""
        return f"{len(self.answer['deleted'])} deleted, {len(self.answer['warned'])} warned about{money}"

    def deleted(self, arn: str, name: str, reason: str, rule: str, hourly: float) -> None:
        """Note a deletion; ``hourly`` is what it cost an hour (US dollars)."""
        self.answer["deleted"].append(arn)
        self.answer["saved_usd_per_day"] += hourly * 24
        month = hourly * hours_left_in_month(self._now)
        self._write("deleted", arn, name, reason, rule, hourly)
        self.lines.append(
            f"DELETED  {arn}: {reason}; "
            f"saves ${hourly * 24:,.2f} a day, ${month:,.2f} to the end of the month"
        )

    def warned(self, arn: str, name: str, reason: str, rule: str) -> None:
        """Note a first warning."""
        self.answer["warned"].append(arn)
        self._write("warned", arn, name, reason, rule, 0.0)
        self.lines.append(f"WARNING  {arn}: {reason}")

    def closed(self, arn: str, run_id: str, reason: str) -> None:
        """Note a run whose execution is dead, and that it was handed to ``close_run``."""
        self.answer["closed"].append(run_id)
        self._write("closed", arn, run_id, reason, "dead execution", 0.0)
        self.lines.append(f"CLOSING  {run_id}: {reason}")

    def _write(self, action: str, arn: str, name: str, reason: str, rule: str, hourly: float) -> None:  # noqa: PLR0917
        stamp = self._now.isoformat(timespec="milliseconds")
        values = {
            "kind": "guardian",
            "action": action,
            "arn": arn,
            "name": name,
            "reason": reason,
            "rule": rule,
            "at": stamp,
            "started_at": stamp,
            "saved_usd_per_day": hourly * 24,
            "saved_usd_this_month": round(hourly * hours_left_in_month(self._now), 2),
        }
        self._ledger.put(f"guardian#{self._now:%Y-%m-%d}", f"{stamp}#{arn}", values)
