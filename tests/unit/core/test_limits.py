"""What the platform set, no run.json loosens."""

import json

import pytest

from finetune_core.contracts import RunSettings
from finetune_core.errors import RunRejected
from finetune_core.limits import Limits
from finetune_core.settings import merge

DEFAULTS = RunSettings(base_model="m", budget_usd=50, approval="above", approve_above_usd=25)
LIMITS = Limits(budget_usd=100, approval="above", approve_above_usd=50, over_budget="refuse")


def merged(**given: object) -> RunSettings:
    return merge(DEFAULTS, json.dumps(given).encode(), where="run.json", limits=LIMITS)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"budget_usd": 101}, r"budget_usd is 101\.00, above the environment's 100\.00.*at most 100"),
        ({"budget_usd": None}, "budget_usd is no ceiling"),
        ({"approval": "never"}, r"approval is never, and the environment's is above 50\.00"),
        ({"approve_above_usd": 60}, r"approval is above 60\.00"),
        ({"over_budget": "ask"}, "over_budget"),
    ],
)
def test_what_is_looser_is_refused_with_what_is_allowed(given: dict[str, object], told: str) -> None:
    with pytest.raises(RunRejected, match=told) as refusal:
        merged(**given)
    assert "run_limits" in str(refusal.value)


@pytest.mark.parametrize(
    "given",
    [{}, {"budget_usd": 100}, {"budget_usd": 1}, {"approval": "always"}, {"approve_above_usd": 50}],
)
def test_what_is_stricter_or_equal_is_taken(given: dict[str, object]) -> None:
    assert merged(**given)


def test_always_cannot_be_weakened_at_all() -> None:
    with pytest.raises(RunRejected, match="the environment's is always"):
        merge(DEFAULTS, None, where="RUN_DEFAULTS", limits=Limits(approval="always"))


def test_without_limits_a_run_decides() -> None:
    assert merge(DEFAULTS, b'{"budget_usd": 100000, "approval": "never"}', where="x").budget_usd == 100_000
