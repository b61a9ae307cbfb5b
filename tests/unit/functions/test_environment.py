"""The functions' environment variables."""

import pytest

from finetune_aws.environment import Environment
from finetune_core.errors import SettingsError


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(SettingsError, match="LEDGER_TABLE is missing"):
        _ = Environment({}).ledger_table


def test_numbers_have_defaults_and_are_checked() -> None:
    assert (Environment({}).idle_hours, Environment({}).clean_up_wait) == (24.0, 780.0)
    assert Environment({"IDLE_HOURS": "2.5"}).idle_hours == 2.5
    for text in ("soon", "0", "-1", "nan"):
        with pytest.raises(SettingsError, match="CLEAN_UP_WAIT_SECONDS is"):
            _ = Environment({"CLEAN_UP_WAIT_SECONDS": text}).clean_up_wait


def test_broken_run_defaults_are_explained() -> None:
    with pytest.raises(SettingsError, match=r"RUN_DEFAULTS is malformed.*base_model"):
        _ = Environment({"RUN_DEFAULTS": "{}"}).run_defaults
