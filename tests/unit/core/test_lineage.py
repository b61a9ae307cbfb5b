"""Lineage: when training goes on from a champion, and what a line has seen."""

from typing import Any

import pytest

from finetune_core import catalogue, lineage
from finetune_core.contracts import RunSettings
from finetune_core.inputs import Inputs, PinnedFile

MICRO = "amazon.nova-micro-v1:0:128k"
IMAGES = "amazon.titan-embed-image-v1:0"


def file(key: str, version: str = "1", role: Any = "train") -> PinnedFile:
    return PinnedFile(role=role, bucket="b", key=key, version_id=version, bytes=10)


def inputs(run_id: str, *files: PinnedFile) -> Inputs:
    return Inputs(
        run_id=run_id,
        dataset="notes",
        collection="corpora",
        files=list(files),
        settings=RunSettings(base_model=MICRO),
    )


def champion(**changes: Any) -> lineage.Champion:
    facts = {
        "run_id": "one",
        "model_arn": "arn:one",
        "base_model": MICRO,
        "customization_type": "FINE_TUNING",
        "active": True,
    }
    return lineage.Champion(**(facts | changes))


def told(found: lineage.Champion | None, base_model: str = MICRO, new: int = 1) -> str:
    return lineage.obstacle(
        found,
        base_model=base_model,
        kind="FINE_TUNING",
        model=catalogue.find_model(base_model),
        new=[file("a")] * new,
    )


def test_a_champion_of_the_same_base_is_trained_further() -> None:
    assert told(champion()) == ""
    assert told(champion(), base_model="amazon.nova-micro-v1:0") == ""


@pytest.mark.parametrize(
    ("found", "base_model", "new", "words"),
    [
        (None, MICRO, 1, "no model of this dataset has been promoted yet"),
        (champion(base_model="amazon.nova-lite-v1:0:300k"), MICRO, 1, "the settings name"),
        (champion(active=False), MICRO, 1, "gone or not active"),
        (champion(customization_type="CONTINUED_PRE_TRAINING"), MICRO, 1, "this run is FINE_TUNING"),
        (champion(base_model=IMAGES), IMAGES, 1, "nothing says that Bedrock trains"),
        (champion(), MICRO, 0, "run one has seen every one of these files"),
    ],
)
def test_a_fresh_start_says_why(
    found: lineage.Champion | None, base_model: str, new: int, words: str
) -> None:
    assert words in told(found, base_model, new)


def test_a_line_remembers_its_ancestors_and_trains_only_on_what_is_new() -> None:
    first = lineage.descend(
        inputs("one", file("a"), file("run.json", role="run")),
        base_model=MICRO,
        reason="",
        parent=None,
        ancestor=None,
    )
    second_inputs = inputs("two", file("a"), file("b"), file("run.json", role="run"))
    one = lineage.Ancestor(run_id="one", model_arn="arn:one")
    second = lineage.descend(second_inputs, base_model=MICRO, reason="", parent=first, ancestor=one)
    two = lineage.Ancestor(run_id="two", model_arn="arn:two")
    third = lineage.descend(
        inputs("three", file("a", "2"), file("b")), base_model=MICRO, reason="", parent=second, ancestor=two
    )
    assert (first.parent, second.parent, third.parent) == (None, one, two)
    assert third.ancestors == [one, two]
    assert [f.key for f in second.trained] == ["b"]
    assert [(f.key, f.version_id) for f in third.trained] == [("a", "2")]
    assert lineage.listed(third) == ["a@1", "b@1", "a@2"]
    assert [f.role for f in lineage.reduced(second_inputs, second).files] == ["train", "run"]


def test_a_fresh_start_forgets_what_the_line_before_had_seen() -> None:
    before = lineage.descend(
        inputs("one", file("a")), base_model=MICRO, reason="", parent=None, ancestor=None
    )
    again = lineage.descend(
        inputs("two", file("a"), file("b")), base_model=MICRO, reason="", parent=before, ancestor=None
    )
    assert (again.parent, len(again.trained), len(again.seen)) == (None, 2, 2)
