import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from finetune_core.model_rules import KindRules
from finetune_core.split import SplitPlan, fingerprints, plan_split, records, split_lines
from finetune_core.validation import scan
from tests.unit.core.datasets import CANVAS, CLAUDE, NOVA, many, model

RULES = model(NOVA).kinds["FINE_TUNING"]


def split(
    content: bytes, rules: KindRules = RULES, fraction: float = 0.1, evaluation: int = 10
) -> tuple[SplitPlan, dict[str, list[bytes]]]:
    plan = plan_split(
        fingerprints([content]), rules, validation_fraction=fraction, evaluation_records=evaluation
    )
    sides: dict[str, list[bytes]] = {"train": [], "validation": [], "evaluation": []}
    for side, line in split_lines([content], plan):
        sides[side].append(line)
    return plan, sides


def test_the_counts_of_the_plan_are_those_of_the_files() -> None:
    plan, sides = split(many(200))
    assert (plan.train, plan.validation, plan.evaluation) == (170, 20, 10)
    assert {side: len(held) for side, held in sides.items()} == {
        "train": 170,
        "validation": 20,
        "evaluation": 10,
    }
    assert sorted(line for held in sides.values() for line in held) == sorted(records([many(200)]))


def test_the_same_content_splits_the_same_way_in_any_order() -> None:
    lines = list(records([many(200)]))
    _, sides = split(b"".join(lines))
    _, turned = split(b"".join(reversed(lines)))
    assert {side: set(held) for side, held in sides.items()} == {
        side: set(held) for side, held in turned.items()
    }


def test_added_data_never_moves_a_record_between_evaluation_and_validation() -> None:
    _, before = split(many(200))
    _, after = split(many(260))
    assert not set(before["evaluation"]) & set(after["validation"])
    assert not set(before["validation"]) & set(after["evaluation"])
    assert len(set(before["validation"]) & set(after["validation"])) >= 15


@given(st.integers(0, 40), st.integers(1, 30), st.floats(0, 0.5), st.integers(0, 60))
def test_copies_stay_on_one_side_and_training_keeps_its_minimum(
    single: int, copies: int, fraction: float, evaluation: int
) -> None:
    content = many(single) + many(3, 500) * copies
    plan, sides = split(content, fraction=fraction, evaluation=evaluation)
    total = single + 3 * copies
    assert plan.train >= min(RULES.records_min.value, total)
    assert plan.evaluation <= evaluation
    assert len(sides["train"]) == plan.train
    kinds = [set(held) for held in sides.values()]
    assert not (kinds[0] & kinds[1] or kinds[0] & kinds[2] or kinds[1] & kinds[2])


def test_what_cannot_be_had_is_said() -> None:
    plan, _ = split(many(8))
    assert (plan.train, plan.validation, plan.evaluation) == (8, 0, 0)
    assert len(plan.notes) == 2


def test_validation_is_left_out_below_the_models_minimum() -> None:
    rules = model(CLAUDE).kinds["FINE_TUNING"]
    assert split(many(100), rules)[0].validation == 0
    assert split(many(400), rules)[0].validation == 40


def test_a_model_without_validation_file_gets_none() -> None:
    assert split(many(400), model(CANVAS).kinds["FINE_TUNING"])[0].validation == 0


def test_line_ends_blank_lines_and_a_byte_order_mark_do_not_count() -> None:
    messy = b"\xef\xbb\xbf" + many(50).replace(b"\n", b"\r\n\r\n")
    assert list(records([messy])) == list(records([many(50)]))
    assert list(records([messy[i : i + 7] for i in range(0, len(messy), 7)])) == list(records([many(50)]))
    assert list(records([many(1).rstrip(b"\n")])) == [many(1)]


def test_the_validators_fingerprints_plan_the_same_split() -> None:
    messy = b"\xef\xbb\xbf" + many(60).replace(b"\n", b"  \r\n\r\n") + json.dumps({"odd": 1}).encode()
    scanned = scan([messy], model(NOVA), "fine-tuning", stable=True)
    settings = {"validation_fraction": 0.1, "evaluation_records": 10}
    assert plan_split(scanned.partial.fingerprints, RULES, **settings) == plan_split(
        fingerprints([messy]), RULES, **settings
    )


def test_a_plan_travels_as_json() -> None:
    plan, _ = split(many(100))
    assert msgspec.json.decode(msgspec.json.encode(plan), type=SplitPlan) == plan
