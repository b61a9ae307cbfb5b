"""What a person reads before a run spends, and before it commits."""

from typing import Any

import msgspec

from finetune_core.approvals import message, subject
from finetune_core.contracts import Plan, Preflight, Validation
from finetune_core.costs import Price
from tests.unit.functions import samples


def told(question: Any = "run", link: str = "", seconds: int = 3 * 86_400, **settings: Any) -> str:
    ways = [
        {"way": "blue_green", "low": 5, "expected": 9, "high": 12, "note": "two"},
        {"way": "in_place", "low": 4, "expected": 7, "high": 9, "note": "users get the candidate"},
    ]
    rollout = {"way": "in_place", "reason": "the settings ask for it", "endpoint": samples.PT_ARN}
    return message(
        msgspec.convert(samples.plan(settings=samples.settings(**settings)), Plan),
        msgspec.convert(samples.preflight(rollout=rollout), Preflight),
        msgspec.convert(samples.validation(), Validation),
        msgspec.convert(samples.price(ways=ways, changes=["from run x (Held):", "epochs"]), Price),
        question=question,
        link=link,
        seconds=seconds,
    )


def test_counts_findings_price_of_each_way_and_changes_are_told() -> None:
    text = told()
    for part in (
        "90 training, 10 validation, 6 evaluation",
        "0 of 106 records",
        "2 warnings: duplicate_record x 2",
        "Nova Micro",
        "5.00 to 9.00 USD, expected 7.00",
        "in_place: the settings ask for it",
        "blue_green: 5.00 to 12.00, expected 9.00 (two)",
        "in_place: 4.00 to 9.00, expected 7.00 (users get the candidate)",
        "from run x (Held):",
        f"finetune approve {samples.RUN_ID}",
    ):
        assert part in text


def test_the_second_question_comes_after_the_verdict() -> None:
    text = told("commitment", commitment="SixMonths", commitment_confirmed="SixMonths")
    assert "was judged better and is about to buy Provisioned Throughput" in text
    assert "six months" in text
    assert "With a no the model is kept" in text
    found = subject(
        "DEV",
        msgspec.convert(samples.plan(), Plan),
        msgspec.convert(samples.price(), Price),
        question="commitment",
    )
    assert "COMMIT" in found


def test_the_time_to_answer_is_told() -> None:
    assert "Time: 3 days; without an answer the run ends" in told()
    assert "Time: 1.5 hours" in told(seconds=5400)


def test_a_link_is_told_only_where_there_is_one() -> None:
    assert "Page:" not in told()
    text = told(link="https://x.example/?run=r")
    assert "Page: https://x.example/?run=r\n" in text
    assert f"finetune approve {samples.RUN_ID}" in text
    assert "whoever holds this link may use it" in text
