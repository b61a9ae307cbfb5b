"""run.json over the environment's defaults."""

import json
from typing import Any

import pytest

from finetune_core import settings
from finetune_core.contracts import RunSettings
from finetune_core.errors import RunRejected

DEFAULTS = RunSettings(base_model="a.model-v1:0", hyperparameters={"epochCount": "2"}, budget_usd=50)


def merge(**given: Any) -> RunSettings:
    return settings.merge(DEFAULTS, json.dumps(given).encode(), where="s3://b/run.json")


def test_nothing_given_is_the_defaults() -> None:
    assert settings.merge(DEFAULTS, None, where="x") == DEFAULTS
    assert merge() == DEFAULTS


def test_given_keys_win_and_types_are_translated() -> None:
    merged = merge(**{"$schema": "x", "type": "continued-pre-training", "model_units": 2})
    assert merged.customization_type == "CONTINUED_PRE_TRAINING"
    assert (merged.model_units, merged.budget_usd) == (2, 50)


def test_another_model_does_not_inherit_hyperparameters() -> None:
    assert merge(base_model="b.model-v1:0").hyperparameters == {}
    assert merge(base_model="a.model-v1:0").hyperparameters == {"epochCount": "2"}
    assert merge(type="continued-pre-training").hyperparameters == {}


def test_numbers_become_the_apis_strings() -> None:
    merged = merge(hyperparameters={"epochCount": 3, "learningRate": 0.0001, "batchSize": "1"})
    assert merged.hyperparameters == {"epochCount": "3", "learningRate": "0.0001", "batchSize": "1"}


def test_a_price_to_ask_from_means_asking() -> None:
    assert merge(approve_above_usd=10).approval == "above"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"epochs": 2}, 'unknown key "epochs"'),
        ({"base_modell": "x"}, 'Did you mean "base_model"'),
        ({"customization_type": "FINE_TUNING"}, 'unknown key "customization_type"'),
        ({"type": "FINE_TUNING"}, "fine-tuning, continued-pre-training"),
        ({"model_units": "two"}, '"model_units": Expected `int`'),
        ({"model_units": 0}, '"model_units": Expected `int` >= 1'),
        ({"hyperparameters": {"epochCount": True}}, '"hyperparameters'),
        ({"validation_fraction": 0.9}, '"validation_fraction"'),
        ({"serving": "cheap"}, '"serving": Invalid enum value'),
        ({"approval": "above"}, "approve_above_usd is missing"),
        ({"time_to_live_hours": 0}, '"time_to_live_hours"'),
    ],
)
def test_wrong_settings_name_the_key(given: dict[str, Any], told: str) -> None:
    with pytest.raises(RunRejected) as caught:
        merge(**given)
    assert told in str(caught.value)
    assert "s3://b/run.json" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b'{"a": 1,}', "line 1, column"),
        (b'{\n  "serving" "none"}', "line 2, column 13"),
        (b"[]", "holds list, not an object"),
        (b'{"serving": "none", "serving": "auto"}', 'key "serving" is given twice'),
        (b'{"budget_usd": NaN}', "NaN is not a number"),
        (b'\xef\xbb\xbf{"budget_usd": "\xff"}', "not UTF-8"),
    ],
)
def test_broken_json_is_located(text: bytes, told: str) -> None:
    with pytest.raises(RunRejected, match=told):
        settings.merge(DEFAULTS, text, where="x")


def test_a_byte_order_mark_is_forgiven() -> None:
    assert settings.merge(DEFAULTS, b"\xef\xbb\xbf{}", where="x") == DEFAULTS
