"""What no run may loosen: budget, approval, and whether it brings code. Standard library only."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class RunLimits:
    """The most that a run may spend and the least that it has to ask; a run.json may only be stricter.

    `budget_usd` None is no limit. `approval` "never" leaves it to the run; "above" has people asked at the
    latest above `approve_above_usd`; "always" has them asked each time. With `over_budget` "refuse" no run
    may turn a refusal into a question. `reward_code` lets a dataset bring a reward.py: who drops files then
    runs code in the account, under a role that may write its log alone; else functions are named that the
    platform has deployed.
    """

    budget_usd: float | None = None
    approval: Literal["never", "always", "above"] = "never"
    approve_above_usd: float | None = None
    over_budget: Literal["refuse", "ask"] = "ask"
    reward_code: bool = False

    def to_json(self) -> str:
        """Give the text that the functions read from RUN_LIMITS: an object with sorted keys."""
        return json.dumps(asdict(self), sort_keys=True)

    def problem(self) -> str:
        """Return what is wrong with the limits themselves, "" when nothing is."""
        if self.approval == "above" and self.approve_above_usd is None:
            return "approve_above_usd is missing, because approval is 'above'"
        if self.budget_usd is not None and not 0 < self.budget_usd <= 1_000_000:
            return f"budget_usd is {self.budget_usd!r}; use dollars above 0, at most 1,000,000, or None"
        return ""
