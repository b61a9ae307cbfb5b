"""Settings: a wrong value is refused with its name and what fits; the defaults of a run are the core's."""

import json
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import msgspec
import pytest

from config.environments import DEV, ENVIRONMENTS, LOCAL, PROD, environment
from config.limits import RunLimits
from config.settings import RUN_BOUNDS, OfficeHours, RunDefaults, Settings, SettingsError
from finetune_core import settings as run_settings
from finetune_core.contracts import RunSettings
from finetune_core.limits import Limits, broken
from finetune_core.office_hours import OfficeHours as ReadHours

WRONG = {
    "approval_links": "no",
    "environment": "Dev!",
    "region": "Virginia",
    "lambda_runtime": "nodejs22.x",
    "lambda_architecture": "mips",
    "lambda_wheels": "windows",
    "log_retention_days": 8,
    "machine_timeout_seconds": 10,
    "training_timeout_seconds": 0,
    "training_poll_seconds": 5,
    "training_stall_seconds": 0,
    "serving_timeout_seconds": -1,
    "judge_timeout_seconds": 59,
    "serving_poll_seconds": 0,
    "settle_seconds": True,
    "clean_up_wait_seconds": 841,
    "approval_timeout_seconds": 1,
    "evaluation_concurrency": 0,
    "corpus_schedules": {"manuals": "weekly"},
    "large_dataset_bytes": -1,
    "shard_bytes": 0,
    "shard_concurrency": 0,
    "guardian_schedule": "hourly",
    "watch_schedule": "often",
    "guardian_idle_hours": 0,
    "guardian_office_hours": "always",
    "guardian_monthly_ceiling_usd": 0,
    "stuck_run_hours": 0,
    "notification_emails": ("nobody",),
    "permissions_boundary": "arn:aws:iam::111122223333:policy/Boundary",
    "monthly_budget_usd": 0,
    "noncurrent_version_days": 0,
    "prepared_days": 0,
    "scheduled_jobs": 0,
}
WRONG_RUN = {
    "base_model": " ",
    "customization_type": "fine-tuning",
    "serving": "endpoint",
    "model_units": 0,
    "time_to_live_hours": 0,
    "validation_fraction": 0.9,
    "evaluation_records": 5000,
    "minimum_gain": 2,
    "budget_usd": -1,
    "approval": "maybe",
    "training_gate": "strict",
    "rollout": "canary",
    "secrets": "yes",
    "near_duplicates": True,
    "approve_above_usd": None,
    "base": "parent",
    "minimum_new_bytes": -1,
    "monthly_ceiling_usd": -1,
    "over_budget": "shrug",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_is_refused_by_its_name(name: str):
    with pytest.raises(SettingsError, match=name) as refusal:
        replace(DEV, **{name: WRONG[name]})
    assert "config/environments.py" in str(refusal.value)


@pytest.mark.parametrize("name", WRONG_RUN)
def test_a_wrong_default_of_a_run_is_refused_by_its_name(name: str):
    with pytest.raises(SettingsError, match=f"run_defaults.{name}"):
        RunDefaults(**{"approval": "above", name: WRONG_RUN[name]})


def test_every_setting_with_a_limit_is_tried_above():
    free = {"retain_data", "termination_protection", "log_execution_data", "run_defaults", "run_limits"}
    assert {field.name for field in fields(Settings)} - free == set(WRONG)
    nested = {"hyperparameters", "keep_model", "gate", "watch", "golden_prompts"}  # read by the functions
    assert {field.name for field in fields(RunDefaults)} - nested == set(WRONG_RUN)


def test_a_machine_that_ends_before_its_phases_is_refused():
    with pytest.raises(SettingsError, match="more than training, serving, judge and approval together"):
        replace(DEV, machine_timeout_seconds=DEV.training_timeout_seconds)


@pytest.mark.parametrize(
    "changed",
    [
        {"training_poll_seconds": 60},
        {"serving_poll_seconds": 1},
        {"serving_timeout_seconds": 20 * 3600},
        {"training_timeout_seconds": 20 * 86_400, "machine_timeout_seconds": 30 * 86_400},
    ],
)
def test_looking_too_often_for_too_long_is_refused(changed: dict[str, Any]):
    """An execution ends after 25,000 events, whatever is behind it."""
    with pytest.raises(SettingsError, match="longer pauses or shorter timeouts"):
        replace(DEV, **changed)
    slow = {"training_poll_seconds": 1800, "serving_poll_seconds": 300}
    assert replace(DEV, **(slow | {k: v for k, v in changed.items() if "poll" not in k}))


def test_defaults_that_no_function_can_hold_are_refused():
    prompt = {"prompt": "p" * 400, "contains": "x"}
    with pytest.raises(SettingsError, match=r"run_defaults is .*3,500 bytes at most"):
        RunDefaults(golden_prompts=[prompt] * 8)


def test_settings_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        DEV.region = "us-west-2"  # type: ignore[misc]


def test_an_environment_is_found_by_its_name():
    assert [environment(name) for name in ("local", "dev", "prod")] == [LOCAL, DEV, PROD]


@pytest.mark.parametrize("name", [None, "", "staging"])
def test_an_unknown_environment_is_refused_with_those_there_are(name: str | None):
    with pytest.raises(SettingsError, match="local, dev, prod"):
        environment(name)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_functions_can_read_the_defaults_of_every_environment(name: str):
    text = ENVIRONMENTS[name].run_defaults.to_json()
    defaults = msgspec.json.decode(text, type=RunSettings)
    asked = ("commitment", "commitment_confirmed", "teacher_model", "max_response_length")
    asked += ("reward_function",)
    never = dict.fromkeys(asked)  # each run asks for these itself
    assert msgspec.to_builtins(defaults) == json.loads(text) | never
    assert run_settings.merge(defaults, None, where="RUN_DEFAULTS") == defaults


def test_outside_local_data_is_kept_and_protected():
    for settings in (DEV, PROD):
        assert settings.retain_data
        assert settings.termination_protection
        assert settings.lambda_wheels == "linux"


@pytest.mark.parametrize(
    ("name", "value"),
    [("zone", "Berlin"), ("opens", "8"), ("closes", "24:00"), ("days", ("Monday",)), ("endpoints", "some")],
)
def test_wrong_office_hours_are_refused_by_their_name(name: str, value: object):
    right: dict[str, Any] = {"zone": "Europe/Berlin", "opens": "08:00", "closes": "18:00"}
    with pytest.raises(SettingsError, match=f"guardian_office_hours.{name}"):
        OfficeHours(**(right | {name: value}))


def test_the_guardian_reads_the_office_hours_of_the_settings():
    hours = OfficeHours(zone="Europe/Berlin", opens="08:00", closes="18:00", endpoints="all")
    assert msgspec.to_builtins(msgspec.json.decode(hours.to_json(), type=ReadHours)) == json.loads(
        hours.to_json()
    )


def test_one_table_of_bounds_for_defaults_and_run_json():
    """Each number that has a default has the bounds in config that it has where run.json is read."""
    found = {}
    defaults = {field.name for field in fields(RunDefaults)}
    for each in (each for each in msgspec.inspect.type_info(RunSettings).fields if each.name in defaults):
        kinds = each.type.types if isinstance(each.type, msgspec.inspect.UnionType) else (each.type,)
        for kind in kinds:
            if isinstance(kind, msgspec.inspect.IntType | msgspec.inspect.FloatType):
                assert (kind.gt, kind.lt) == (None, None), each.name
                found[each.name] = (kind.ge, kind.le)
    assert found == {name: (low, high) for name, (low, high, _) in RUN_BOUNDS.items()}


def test_limits_are_checked_and_fit_the_defaults():
    with pytest.raises(SettingsError, match="approve_above_usd is missing"):
        replace(DEV, run_limits=RunLimits(approval="above"))
    with pytest.raises(SettingsError, match="budget_usd is -1"):
        replace(DEV, run_limits=RunLimits(budget_usd=-1))
    for settings in ENVIRONMENTS.values():
        defaults = msgspec.json.decode(settings.run_defaults.to_json(), type=RunSettings)
        limits = msgspec.json.decode(settings.run_limits.to_json(), type=Limits)
        assert list(broken(defaults, limits)) == []
