import json
from datetime import date

import msgspec
import pytest

from finetune_core import catalogue
from finetune_core.catalogue import (
    MODELS,
    check_hyperparameters,
    default_hyperparameters,
    find_model,
    kind_of,
    suggest_models,
    warn_hyperparameters,
)
from finetune_core.catalogue_sources import PREP
from finetune_core.model_rules import Kind, KindRules, Limit, Model, Source
from finetune_core.prices_data import PRICES
from finetune_core.record_checks import CHECKS
from finetune_core.validation import validate_files

MICRO = "amazon.nova-micro-v1:0:128k"


def sources(value: object) -> list[Source]:
    if isinstance(value, Source):
        return [value]
    if isinstance(value, msgspec.Struct):
        return [found for name in value.__struct_fields__ for found in sources(getattr(value, name))]
    if isinstance(value, dict):
        return [found for item in value.values() for found in sources(item)]
    if isinstance(value, tuple):
        return [found for item in value for found in sources(item)]
    return []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_every_row_cites_dated_sources(model: Model) -> None:
    cited = sources(model)
    assert len(cited) > 5
    for source in cited:
        assert source.url.startswith("https://")
        assert date.fromisoformat(source.read).year >= 2024


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_every_row_is_consistent(model: Model) -> None:
    assert model.kinds
    assert model.regions
    for kind, rules in model.kinds.items():
        assert set(rules.formats) <= CHECKS.keys()
        assert rules.records_min.value <= rules.records_max.value
        for row in rules.hyperparameters:
            assert row.minimum is None or row.maximum is None or row.minimum <= row.maximum
            # No default is published for reinforcement fine-tuning.
            assert row.default is not None or row.required or kind == "REINFORCEMENT_FINE_TUNING"
    for kind in model.kinds:
        required = {row.name: row.choices[0] for row in model.kinds[kind].hyperparameters if row.required}
        assert check_hyperparameters(model, kind, default_hyperparameters(model, kind) | required) == []


def test_ids_are_unique_and_price_families_exist() -> None:
    assert len({model.id for model in MODELS}) == len(MODELS)
    assert set(PRICES) <= {model.price_family for model in MODELS}


@pytest.mark.parametrize(
    "name",
    [
        MICRO,
        "amazon.nova-micro-v1:0",
        "us.amazon.nova-micro-v1:0",
        "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0:128k",
        "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-micro-v1:0",
    ],
)
def test_a_model_is_found_by_every_name_it_has(name: str) -> None:
    found = find_model(name)
    assert found is not None
    assert found.id == MICRO


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_every_model_is_found_by_its_ids(model: Model) -> None:
    assert find_model(model.id) is model
    assert find_model(model.invoke_id) is model


def test_an_unknown_model_is_not_found_but_near_ones_are_named() -> None:
    assert find_model("amazon.nova-mikro-v1:0") is None
    assert suggest_models("amazon.nova-mikro-v1:0")[0] == MICRO


def test_kinds_have_one_spelling_inside() -> None:
    assert kind_of("fine-tuning") == kind_of("FINE_TUNING") == "FINE_TUNING"
    with pytest.raises(ValueError, match="continued-pre-training"):
        kind_of("finetune")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"epochCount": "6"}, "from 1 to 5"),
        ({"epochCount": "2.5"}, "whole number"),
        ({"epochCount": "two"}, "whole number"),
        ({"learningRate": "nan"}, "a number"),
        ({"learningRate": "1"}, "outside"),
        ({"learnRate": "1e-5"}, "did you mean learningRate"),
        ({"epochCount": 2}, "strings only"),
    ],
)
def test_bad_hyperparameters_are_refused_in_words(values: dict[str, str], said: str) -> None:
    model = find_model(MICRO)
    assert model is not None
    messages = check_hyperparameters(model, "fine-tuning", values)
    assert len(messages) == 1
    assert said in messages[0]


def test_a_value_that_two_sources_judge_differently_is_a_warning() -> None:
    model = find_model(MICRO)
    assert model is not None
    values = {"learningRateWarmupSteps": "50"}
    assert check_hyperparameters(model, "fine-tuning", values) == []
    assert "Nova hyperparameters" in warn_hyperparameters(model, "fine-tuning", values)[0]


def test_adding_a_model_is_adding_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    base = find_model(MICRO)
    assert base is not None
    rules = KindRules(
        source=PREP,
        formats=("prompt-completion",),
        records_min=Limit(3, PREP),
        records_max=Limit(4, PREP),
        tokens_max=Limit(100, PREP),
        characters_max=Limit(300, PREP),
        reserved="claude",
        unknown_keys="error",
        validation_file="refused",
    )
    kinds: dict[Kind, KindRules] = {"FINE_TUNING": rules}
    row = msgspec.structs.replace(
        base, id="example.new-v1:0:64k", invoke_id="example.new-v1:0", name="New", kinds=kinds
    )
    monkeypatch.setitem(catalogue._BY_PLAIN_ID, catalogue.plain_id(row.id), row)
    found = find_model("us.example.new-v1:0")
    assert found is row

    def counts(*records: dict[str, str], **more: list[bytes]) -> dict[str, int]:
        files = {"train": [json.dumps(record).encode() + b"\n" for record in records], **more}
        return validate_files(files, found, "fine-tuning").counts  # type: ignore[arg-type]

    good = [{"prompt": f"question {n}", "completion": f"answer {n}"} for n in range(9)]
    assert counts(*good[:4]) == {}
    assert counts(*good[:2]) == {"too_few_records": 1}
    assert counts(*good[:5]) == {"too_many_records": 1}
    assert counts(*good[:3], {"prompt": "a\nHuman: b", "completion": "c"}) == {"reserved_string": 1}
    assert counts(*good[:3], {"prompt": "a", "completion": "c", "x": "y"}) == {"unknown_key": 1}
    assert counts(*good[:3], {"prompt": "é" * 301, "completion": "c"}).keys() >= {"text_too_long"}
    assert counts(*good[:3], validation=[json.dumps(good[5]).encode()]) == {"validation_file_refused": 1}
