"""Metrics, pairing and verdicts."""

from typing import Any

import pytest

from finetune_core import evaluation, paired, task_metrics
from finetune_core.contracts import Loss, RunSettings
from finetune_core.errors import EvaluationFailed
from finetune_core.evaluation import Answer, Round
from finetune_core.gate import Gate


def answers(texts: list[str | None]) -> dict[int, Answer]:
    return {
        index: Answer(record=index, answer=text, error=None if text else "boom")
        for index, text in enumerate(texts)
    }


def judge(wanted: list[str], base: list[str | None], candidate: list[str | None], **changes: Any) -> Any:
    champion, slices = changes.pop("champion", None), changes.pop("slices", {})
    asked = Round(
        references=dict(enumerate(wanted)),
        base=answers(base),
        candidate=answers(candidate),
        champion=answers(champion) if champion else None,
        slices=slices,
        champion_note=changes.pop("note", ""),
    )
    return evaluation.judge(asked, RunSettings(base_model="m", **changes), "seed")


@pytest.mark.parametrize(
    ("answer", "reference", "f1"),
    [
        ("the cat", "The cat!", 1.0),
        ("a b", "b c", 0.5),
        ("a a a", "a", 0.5),
        ("x", "y", 0.0),
        ("", "y", 0.0),
        ("!?", "!?", 1.0),
        ("今日は", "今日", 0.8),
        ("naïve Straße", "NAÏVE STRASSE", 1.0),
    ],
)
def test_token_f1(answer: str, reference: str, f1: float) -> None:
    assert task_metrics.token_f1(answer, reference) == pytest.approx(f1)
    assert task_metrics.token_f1(reference, answer) == pytest.approx(f1)


def test_exact_match_looks_past_case_and_punctuation_only() -> None:
    assert task_metrics.exact_match(" Yes. ", "yes") == 1.0
    assert task_metrics.exact_match("yes no", "no yes") == 0.0
    assert task_metrics.exact_match("...", "?") == 0.0


WANTED = [f"answer number {index}" for index in range(20)]


def test_clearly_better_is_promoted() -> None:
    found = judge(WANTED, ["dunno"] * 20, list(WANTED))
    assert found.verdict == "PROMOTE"
    assert found.interval == (1.0, 1.0)


def test_clearly_worse_is_rejected() -> None:
    assert judge(WANTED, list(WANTED), ["dunno"] * 20).verdict == "REJECT"


def test_a_gain_that_may_be_chance_is_held() -> None:
    base = ["wrong"] * 10 + list(WANTED[10:])
    candidate = list(WANTED[:11]) + ["wrong"] * 9
    found = judge(WANTED, base, candidate)
    assert found.verdict == "HOLD"
    assert "may be chance" in found.reasons[0]


def test_a_gain_below_the_one_asked_for_is_held() -> None:
    base = list(WANTED)
    base[0:2] = ["wrong", "wrong"]
    found = judge(WANTED, base, list(WANTED), minimum_gain=0.5)
    assert (found.verdict, "below the +0.5000 asked for" in found.reasons[0]) == ("HOLD", True)


def test_no_change_with_no_gain_asked_for_is_promoted() -> None:
    assert judge(WANTED, list(WANTED), list(WANTED)).verdict == "PROMOTE"


def test_any_model_can_be_let_through() -> None:
    assert judge(WANTED[:1], ["x"], ["y"], minimum_gain=-1).verdict == "PROMOTE"


def test_too_few_records_are_no_ground() -> None:
    found = judge(WANTED[:4], ["x"] * 4, list(WANTED[:4]))
    assert (found.verdict, "Only 4 held-out records" in found.reasons[0]) == ("HOLD", True)


def test_failed_calls_count_against_the_candidate() -> None:
    half = judge(WANTED, ["x"] * 20, [None] * 5 + list(WANTED[5:]))
    assert half.verdict == "REJECT"
    assert "failed to answer 5 of 20 prompts" in half.reasons[0]
    few = judge(WANTED, ["x"] * 20, [None, *WANTED[1:]])
    assert few.candidate.exact_match == pytest.approx(0.95)
    assert any("1 of 20 calls to the candidate failed" in reason for reason in few.reasons)


def test_a_failed_call_is_no_match_for_an_empty_reference() -> None:
    scores = evaluation.per_record({0: ""}, {0: Answer(record=0, answer=None)}, "token_f1")
    assert scores == {0: 0.0}


def test_a_base_model_that_never_answers_is_no_comparison() -> None:
    with pytest.raises(EvaluationFailed, match=r"answered none of 20.*boom"):
        judge(WANTED, [None] * 20, list(WANTED))


def test_missing_answers_are_named() -> None:
    with pytest.raises(EvaluationFailed, match=r"candidate are missing for 1 of 20 records.*\[19\]"):
        judge(WANTED, list(WANTED), list(WANTED[:19]))


def test_json_validity_counts_where_references_are_json() -> None:
    found = judge(['{"a": 1}'] * 6, ["nope"] * 6, ['{"a": 1}'] * 5 + ["{"])
    assert (found.base.json_valid, found.candidate.json_valid) == (0.0, pytest.approx(5 / 6))
    assert judge(WANTED, list(WANTED), list(WANTED)).base.json_valid is None


def test_the_same_answers_give_the_same_interval() -> None:
    differences = [0.1, -0.2, 0.4, 0.0, 0.3, -0.1]
    first = paired.bootstrap(differences, "run-1")
    assert first == paired.bootstrap(differences, "run-1")
    low, high = first
    assert low < sum(differences) / 6 < high


@pytest.mark.parametrize(
    ("validation", "verdict"),
    [(Loss(first=3, last=2), "PROMOTE"), (Loss(first=2, last=3), "REJECT"), (None, "HOLD")],
)
def test_by_loss(validation: Loss | None, verdict: str) -> None:
    found = evaluation.judge_by_loss(validation, Loss(first=3, last=1), "No endpoint.")
    assert (found.verdict, found.reasons[0]) == (verdict, "No endpoint.")


HALF: list[str | None] = [*WANTED[:10], *["dunno"] * 10]
MOST: list[str | None] = [*WANTED[:18], "dunno", "dunno"]


def test_the_champion_is_the_one_to_beat() -> None:
    found = judge(WANTED, ["dunno"] * 20, list(WANTED), champion=HALF)
    assert (found.verdict, found.opponent) == ("PROMOTE", "champion")
    assert [each.opponent for each in found.comparisons] == ["champion", "base"]
    assert found.champion.exact_match == 0.5
    assert "against the champion" in found.reasons[0]
    assert "Against the base model" in found.reasons[1]


def test_better_than_the_base_but_worse_than_the_champion_is_rejected() -> None:
    found = judge(WANTED, ["dunno"] * 20, HALF, champion=list(WANTED))
    assert (found.verdict, "worse than the champion" in found.reasons[0]) == ("REJECT", True)


def test_no_better_than_the_champion_is_held() -> None:
    found = judge(WANTED, ["dunno"] * 20, MOST, champion=MOST)
    assert (found.verdict, "no better than the champion" in found.reasons[0]) == ("HOLD", True)
    assert judge(WANTED, ["dunno"] * 20, MOST, champion=MOST, minimum_gain=-0.01).verdict == "PROMOTE"


def test_better_than_the_champion_but_worse_than_the_base_is_rejected() -> None:
    found = judge(WANTED, list(WANTED), HALF, champion=["dunno"] * 20)
    assert (found.verdict, "worse than the base model" in found.reasons[0]) == ("REJECT", True)


def test_a_champion_that_was_not_asked_is_told_about() -> None:
    found = judge(WANTED, ["dunno"] * 20, list(WANTED), note="The champion is gone.")
    assert (found.opponent, "The champion is gone." in found.reasons) == ("base", True)


def test_failed_calls_count_against_every_contestant() -> None:
    found = judge(WANTED, ["dunno"] * 20, list(WANTED), champion=[None] * 10 + list(WANTED[10:]))
    assert found.champion.failed == 10
    assert "10 of 20 calls to the champion failed and count as 0." in found.reasons


def test_a_slice_that_gets_worse_holds_a_better_mean() -> None:
    slices = {index: ["refunds"] if index < 6 else ["others"] for index in range(20)}
    base = [*WANTED[:6], *["dunno"] * 14]
    candidate = [*["dunno"] * 6, *WANTED[6:]]
    found = judge(WANTED, base, candidate, slices=slices, minimum_gain=0.1)
    assert (found.verdict, "refunds" in found.reasons[0]) == ("HOLD", True)
    assert [(part.name, part.worse) for part in found.slices] == [("others", False), ("refunds", True)]
    assert judge(WANTED, base, candidate, slices=slices, gate=Gate(slice_loss=None)).verdict == "PROMOTE"


def test_the_smallest_useful_sample_is_named() -> None:
    base = ["wrong"] * 10 + list(WANTED[10:])
    found = judge(WANTED, base, [*WANTED[:11], *["wrong"] * 9])
    assert found.needed_records > 20
    assert f"About {found.needed_records:,} records would show a gain of this size" in found.reasons[0]


def test_needed_records_follow_the_spread() -> None:
    assert paired.needed_records([0.0, 1.0] * 10, 0.5) == 9
    assert paired.needed_records([0.5] * 10, 0.5) is None
    assert paired.needed_records([0.0, 1.0], 0.0) is None


def test_the_gate_can_ask_for_more_records_and_another_metric() -> None:
    gate = Gate(metric="exact_match", minimum_records=30)
    found = judge(WANTED, ["dunno"] * 20, list(WANTED), gate=gate)
    assert (found.verdict, found.metric) == ("HOLD", "exact_match")
    assert found.metric_reason == "the settings ask for it"
