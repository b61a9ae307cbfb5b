"""The list of functions agrees with the packages under lambdas/."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

from finetune_core.functions import FUNCTIONS

LAMBDAS = Path(__file__).resolve().parents[3] / "lambdas"
PROPERTIES = {
    "ENVIRONMENT": "name",
    "DATA_BUCKET": "data_bucket",
    "ARTIFACTS_BUCKET": "artifacts_bucket",
    "LEDGER_TABLE": "ledger_table",
    "LINK_ADDRESS": "link_address",
    "LINK_KEY": "link_key",
    "NOTICES_TOPIC": "notices_topic",
    "RUN_DEFAULTS": "run_defaults",
    "RUN_LIMITS": "run_limits",
    "IDLE_HOURS": "idle_hours",
    "CLEAN_UP_WAIT_SECONDS": "clean_up_wait",
}


def test_every_package_is_listed() -> None:
    found = {path.parent.name for path in LAMBDAS.glob("*/handler.py")}
    assert found == set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_entry_exists_and_is_short(name: str) -> None:
    module = importlib.import_module(f"{name}.handler")
    lines = inspect.getsource(inspect.unwrap(module.handler)).splitlines()
    assert len(lines) <= 25
    assert "Calls" in (importlib.import_module(name).__doc__ or "")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_variables_that_its_code_reads_are_declared(name: str) -> None:
    declared = {*FUNCTIONS[name].variables, *FUNCTIONS[name].optional}
    code = "".join(path.read_text() for path in (LAMBDAS / name).glob("*.py"))
    read = {
        variable
        for variable, attribute in PROPERTIES.items()
        if re.search(rf"[eE]nvironment(?:\(\))?\.{attribute}\b", code)
    }
    assert read <= declared
