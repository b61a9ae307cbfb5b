"""Prices one run: live prices, the month's other runs, and the run of this dataset before it."""

from __future__ import annotations

import json
from datetime import datetime

import msgspec

from finetune_aws import objects
from finetune_aws.ledger import Item, Ledger, json_attribute
from finetune_aws.price_list import live_prices
from finetune_aws.telemetry import logger
from finetune_core.actuals import RunCost, month_spend
from finetune_core.budget import check_ceilings, price_run
from finetune_core.comparison import Facts, differences
from finetune_core.contracts import Plan, Preflight, RunSettings, Validation, write
from finetune_core.costs import MonthSpend, Price
from finetune_core.errors import AccessDenied, NotFound
from finetune_core.inputs import Inputs, PinnedFile
from finetune_core.unlisted import row_of


class Pricing(msgspec.Struct, frozen=True, kw_only=True):
    """One run on its way to a price."""

    plan: Plan
    preflight: Preflight
    validation: Validation
    ledger: Ledger
    region: str
    now: datetime

    def price(self) -> Price:
        """Return the price of the run, which the ledger has before it is held against the month.

        Two runs priced at once thus see each other, and rather both are refused than both let through (but
        for the moment that the ledger's index is behind).
        """
        live = live_prices(row_of(self.preflight).price_family, self.region)
        price = price_run(self.plan.settings, self.preflight, self.validation, live)
        price = msgspec.structs.replace(price, changes=self._changes())
        self._record(price)
        checked = check_ceilings(price, self.plan.settings, self._month())
        self._record(checked)
        return checked

    def _record(self, price: Price) -> None:
        self.ledger.update_run(self.plan.run_id, {"price": json.dumps(write(price))}, while_running=True)

    def _month(self) -> MonthSpend:
        month = f"{self.now:%Y-%m}"
        runs = [_cost(item) for item in self.ledger.runs_since(f"{month}-01T00:00:00")]
        ceiling = self.plan.settings.monthly_ceiling_usd
        return month_spend(month, runs, but=self.plan.run_id, ceiling=ceiling)

    def _changes(self) -> list[str]:
        now = Facts(
            run_id=self.plan.run_id,
            outcome="",
            settings=self.plan.settings,
            counts=self.validation.counts,
            files=_files(self.plan),
        )
        return differences(now, self._before())

    def _before(self) -> Facts | None:
        """Return the newest other run of the dataset that was validated."""
        others = self.ledger.runs_of(self.plan.dataset)
        found = (_facts(item) for item in others if item.get("run_id") != self.plan.run_id)
        return next((facts for facts in found if facts), None)


def _facts(item: Item) -> Facts | None:
    """Return what a run is compared by; None for one that was not validated, or is of another release."""
    plan, validation = json_attribute(item, "plan"), json_attribute(item, "validation")
    if not plan or not validation:
        return None
    try:
        return Facts(
            run_id=str(item["run_id"]),
            outcome=str(item.get("outcome") or ""),
            settings=msgspec.convert(plan["settings"], RunSettings),
            counts=msgspec.convert(validation, Validation).counts,
            files=_files(msgspec.convert(plan, Plan)),
        )
    except (KeyError, msgspec.ValidationError) as error:
        logger.warning("a run before this one cannot be compared with", extra={"error": str(error)})
        return None


def _files(plan: Plan) -> list[PinnedFile]:
    """Return the pinned files of a run; none when its list was deleted.

    S3 answers 403 for what is missing in a bucket that the caller may not list.
    """
    try:
        return msgspec.json.decode(objects.read(plan.inputs.bucket, plan.inputs.key), type=Inputs).files
    except (AccessDenied, NotFound):
        return []


def _cost(item: Item) -> RunCost:
    price, actual = json_attribute(item, "price"), json_attribute(item, "actual")
    return RunCost(
        run_id=str(item.get("run_id")),
        status=str(item.get("status")),
        price=price["expected"] if price else None,
        actual=actual["total"] if actual else None,
    )
