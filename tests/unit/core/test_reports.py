"""The run report and the approval message."""

from html.parser import HTMLParser
from typing import Any

import pytest

from finetune_core.approvals import message, subject
from finetune_core.charts import Curve
from finetune_core.contracts import Plan, Preflight, Validation, read
from finetune_core.costs import Price
from finetune_core.reports import to_html
from tests.unit.functions import samples

_VOID = {"meta", "br", "line", "polyline"}


class _Balance(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in _VOID:
            self.open.append(tag)
        self.outside += [value for name, value in attrs if name in ("src", "href") and value]

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        pass


def report(**changes: Any) -> dict[str, Any]:
    return {
        "run_id": samples.RUN_ID,
        "dataset": "banking-qa",
        "environment": "DEV",
        "status": "PROMOTED",
        "outcome": "Promoted",
        "message": "fine",
        "execution_arn": samples.EXECUTION,
        "started_at": "2026-11-23T10:00:00Z",
        "finished_at": "2026-11-23T11:00:00Z",
        "phases": [{"phase": "intake", "at": "10:00"}, {"phase": "train", "at": "10:05"}],
        "plan": samples.plan(),
        "preflight": samples.preflight(),
        "validation": samples.validation(),
        "price": samples.price(),
        "training": samples.training(),
        "endpoint": samples.endpoint(),
        "evaluation": samples.evaluation(),
        "promotion": {"parameter": samples.POINTER, "value": samples.PT_ARN, "previous": None, "retired": []},
        "error": None,
    } | changes


def check(page: str) -> None:
    parsed = _Balance()
    parsed.feed(page)
    assert not parsed.faults
    assert not parsed.open
    assert not parsed.outside


def test_a_full_report_shows_every_part() -> None:
    page = to_html(report(), [Curve("training loss", [(1, 3.0), (2, 1.0)])])
    check(page)
    wanted = [
        samples.PT_ARN,
        samples.POINTER,
        "Nova Micro",
        "3.0000 → 1.0000",
        "0.6000",
        "table of 2026-08-02",
    ]
    assert [text for text in wanted if text not in page] == []


@pytest.mark.parametrize(
    "missing", ["preflight", "validation", "price", "training", "endpoint", "evaluation"]
)
def test_any_part_may_be_missing(missing: str) -> None:
    check(to_html(report(**{missing: None}), []))


def test_a_run_that_never_was_has_a_report_too() -> None:
    empty = dict.fromkeys(
        ("plan", "preflight", "validation", "price", "training", "endpoint", "evaluation", "promotion")
    )
    refused = report(**empty, phases=[], status="FAILED", outcome="RunRejected", message="<script>x</script>")
    page = to_html(refused, [])
    check(page)
    assert "<script" not in page


def test_the_question_names_price_counts_and_both_answers() -> None:
    plan = read(samples.plan(), Plan, where="test")
    price = read(samples.price(), Price, where="test")
    preflight = read(samples.preflight(warnings=["careful"]), Preflight, where="test")
    text = message(plan, preflight, read(samples.validation(), Validation, where="test"), price)
    for wanted in ("90 training", "5.00 to 9.00 USD", "duplicate_record x 2", "careful", "finetune decline"):
        assert wanted in text
    assert subject("DEV", plan, price) == f"[finetune DEV] approve {samples.RUN_ID}? about $7.00"
