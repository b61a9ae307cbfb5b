"""Two runs side by side."""

from typing import Any

from finetune_core.comparing import compare, differs


def run(**changes: Any) -> dict[str, Any]:
    return {
        "run_id": "a",
        "dataset": "haiku",
        "status": "PROMOTED",
        "plan": {"settings": {"base_model": "m", "gate": {"metric": "auto"}, "golden_prompts": [{}]}},
        "preflight": {"hyperparameters": {"epochCount": "2"}},
        "validation": {
            "counts": {"train": 900},
            "tokens": {"expected": 12345},
            "faults": {"duplicate_record": 2},
        },
        "training": {"training_loss": {"first": 3, "last": 1}, "steps": 40, "trained_tokens": None},
        "evaluation": {
            "verdict": "PROMOTE",
            "metric": "rouge_l",
            "base": {"rouge_l": 0.25, "failed": 0, "records": 9},
            "candidate": {"rouge_l": 0.5, "failed": 1, "records": 9},
            "interval": [0.1, 0.4],
            "opponent": "base",
        },
        "price": {"low": 1, "expected": 2, "high": 3.5, "hourly": 60.5},
    } | changes


def test_every_part_is_shown_with_what_differs() -> None:
    other = run(
        price={"low": 1, "expected": 4, "high": 5}, preflight={"hyperparameters": {"epochCount": "5"}}
    )
    parts = {title: {label: (one, two) for label, one, two in rows} for title, rows in compare(run(), other)}
    assert list(parts) == ["run", "settings", "data", "training", "evaluation", "price"]
    assert parts["settings"]["hyperparameter epochCount"] == ("2", "5")
    assert parts["settings"]["gate"] == ("metric auto", "metric auto")
    assert parts["settings"]["golden_prompts"] == ("1 given", "1 given")
    assert parts["data"]["tokens per pass"] == ("12,345", "12,345")
    assert parts["training"]["training loss"] == ("3.0000 → 1.0000",) * 2
    assert parts["evaluation"]["candidate: ROUGE-L"] == ("0.5000", "0.5000")
    assert parts["evaluation"]["gain over base, 95 %"][0] == "+0.1000 to +0.4000"
    assert parts["price"]["expected"] == ("$2.00", "$4.00")
    assert parts["price"]["endpoint per hour"] == ("$60.50", "")
    changed = [label for _, rows in compare(run(), other) for label, *_ in filter(differs, rows)]
    assert changed == ["hyperparameter epochCount", "expected", "high", "endpoint per hour"]


def test_a_run_that_never_began_is_compared_too() -> None:
    parts = dict(compare({"run_id": "x", "status": "FAILED"}, run(status="FAILED")))
    assert ("status", "FAILED", "FAILED") in parts["run"]
    assert ("steps", "", "40") in parts["training"]
