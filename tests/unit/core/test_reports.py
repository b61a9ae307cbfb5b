"""The run report and the approval message."""

from html.parser import HTMLParser
from typing import Any

import pytest

from finetune_core.approvals import message, subject
from finetune_core.charts import Curve
from finetune_core.contracts import Plan, Preflight, Validation, read
from finetune_core.costs import Price
from finetune_core.reports import in_words, to_html
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


def test_a_phase_written_down_twice_is_one_row_with_its_duration() -> None:
    began = [("train", "10:00:00"), ("serve", "12:05:00"), ("serve", "12:05:40"), ("evaluate", "12:08:20")]
    phases = [{"phase": name, "at": f"2026-11-23T{at}Z"} for name, at in began]
    page = to_html(report(phases=phases, finished_at="2026-11-23T12:08:32Z"), [])
    assert page.count("<td>serve</td>") == 1
    for words in ("2 h 5 min", "3 min 20 s", "12 s"):
        assert f"<td>{words}</td>" in page


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.42, "0.4 s"), (59.6, "1 min"), (3600, "1 h"), (90_000, "1 day 1 h"), (200_000, "2 days 7 h")],
)
def test_durations_are_told_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_findings_about_the_curves_come_with_advice() -> None:
    finding = {"code": "plateau", "what": "It stood <still>.", "advice": "Try epochCount 1."}
    page = to_html(report(training=samples.training(findings=[finding])), [])
    check(page)
    assert "stood &lt;still&gt;" in page
    assert "Try epochCount 1." in page


def test_rewards_and_who_gave_them_are_shown() -> None:
    reward = {"function_arn": "arn:reward", "dropped": True, "code_sha256": "x=", "tried": 8}
    curve = {"first": -0.5, "last": 0.75}
    training = samples.training(training_loss=None, validation_loss=None, training_reward=curve)
    told = samples.preflight(reward=reward | {"right": 1.0, "wrong": 0.1})
    page = to_html(report(training=training, preflight=told), [])
    check(page)
    for text in (
        "training reward",
        "-0.5000 → 0.7500",
        "arn:reward (made from reward.py",
        "1 for reference answers",
    ):
        assert text in page
    named = to_html(report(preflight=samples.preflight(reward=reward | {"dropped": False})), [])
    assert "named by the settings" in named
    assert "its trial" not in named


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
    validation = read(samples.validation(), Validation, where="test")
    text = message(plan, preflight, validation, price, seconds=3600)
    for wanted in ("90 training", "5.00 to 9.00 USD", "duplicate_record x 2", "careful", "finetune decline"):
        assert wanted in text
    graded = {"function_arn": "arn:reward", "dropped": True, "code_sha256": "x=", "tried": 8}
    told = read(samples.preflight(reward=graded | {"right": 1.0, "wrong": 0.1}), Preflight, where="test")
    text = message(plan, told, validation, price, seconds=3600)
    assert "Reward       arn:reward, made from the dataset's reward.py, code x=" in text
    assert "tried on 8 records: reference answers got 1, other records' 0.1" in text
    assert subject("DEV", plan, price) == f"[finetune DEV] approve {samples.RUN_ID}? about $7.00"


def test_the_report_names_who_decided_about_each_question_and_when() -> None:
    answer = {"decision": "approved", "by": "Ada <b>", "at": "2026-11-24T12:00:00+00:00", "reason": "agreed"}
    second = answer | {"by": "Grace", "identity": "signed link, opened from 203.0.113.7"}
    page = to_html(report(approval=answer, commitment_approval=second), [])
    for part in ("<h2>Approval</h2>", "Ada &lt;b&gt;", "the run", "the commitment", "Grace", "203.0.113.7"):
        assert part in page
    assert "<h2>Approval</h2>" not in to_html(report(approval=None), [])
