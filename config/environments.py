"""The environments: LOCAL (the local cloud on this machine), DEV and PROD (AWS). Edit the values here."""

import platform
import sys
from types import MappingProxyType
from typing import Literal

from config.limits import RunLimits
from config.settings import RunDefaults, Settings, SettingsError


def _host_architecture() -> Literal["arm64", "x86_64"]:
    """This machine's processor, in Lambda's words."""
    return "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"


LOCAL = Settings(
    environment="local",
    # The local cloud runs the functions under the interpreter that runs it.
    lambda_runtime=f"python{sys.version_info.major}.{sys.version_info.minor}",
    lambda_architecture=_host_architecture(),
    lambda_wheels="host",
    retain_data=False,
    termination_protection=False,
    log_retention_days=1,
    log_execution_data=True,
    approval_links=True,
    guardian_idle_hours=1.0,
    training_stall_seconds=1800,
    large_dataset_bytes=16 * 1024**2,
    shard_bytes=8 * 1024**2,
    shard_concurrency=2,
    run_defaults=RunDefaults(
        approval="never", serving="provisioned_throughput", time_to_live_hours=1.0, budget_usd=150.0
    ),
    run_limits=RunLimits(reward_code=True),
)

DEV = Settings(
    environment="dev",
    log_retention_days=30,
    log_execution_data=True,
    guardian_idle_hours=2.0,
    run_defaults=RunDefaults(budget_usd=50.0, approve_above_usd=25.0, time_to_live_hours=8.0),
    run_limits=RunLimits(budget_usd=500.0, approval="above", approve_above_usd=50.0, reward_code=True),
)

PROD = Settings(
    environment="prod",
    log_retention_days=365,
    monthly_budget_usd=2000.0,
    noncurrent_version_days=365,
    run_defaults=RunDefaults(approval="always"),
    run_limits=RunLimits(budget_usd=5000.0, approval="always", over_budget="refuse"),
)

ENVIRONMENTS = MappingProxyType({settings.environment: settings for settings in (LOCAL, DEV, PROD)})
"""Every environment by its name."""


def environment(name: str | None) -> Settings:
    """The settings of the named environment. Raises `SettingsError` that lists the names if there is none."""
    names = ", ".join(ENVIRONMENTS)
    if not name:
        raise SettingsError(f"No environment was named. Add -c env=NAME, NAME being one of: {names}.")
    if name not in ENVIRONMENTS:
        raise SettingsError(f"There is no environment {name!r}; use one of: {names}.")
    return ENVIRONMENTS[name]
