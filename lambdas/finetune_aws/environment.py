"""The functions' environment variables, typed; a missing one is named together with what to do."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

import msgspec

from finetune_core.contracts import RunSettings, Shape
from finetune_core.errors import SettingsError
from finetune_core.limits import Limits
from finetune_core.office_hours import OfficeHours

DEFAULT_IDLE_HOURS: Final = 24.0
"""After so many hours without an invocation an endpoint that is no champion's counts as idle."""

DEFAULT_CLEAN_UP_WAIT: Final = 780.0
"""Seconds; the state machine tries several times, and what is left then is the guardian's."""


class Environment(msgspec.Struct, frozen=True):
    """Reads variables when asked, so that a function needs only those it uses."""

    variables: Mapping[str, str] = msgspec.field(default_factory=lambda: os.environ)

    @property
    def name(self) -> str:
        """Name of the environment (``LOCAL``, ``DEV``, ``PROD``), as in the tag ``finetune:pipeline``."""
        return self._get("ENVIRONMENT")

    @property
    def data_bucket(self) -> str:
        """Bucket that datasets are dropped into."""
        return self._get("DATA_BUCKET")

    @property
    def artifacts_bucket(self) -> str:
        """Bucket that runs write to."""
        return self._get("ARTIFACTS_BUCKET")

    @property
    def ledger_table(self) -> str:
        """Name of the ledger's DynamoDB table."""
        return self._get("LEDGER_TABLE")

    @property
    def notices_topic(self) -> str:
        """ARN of the SNS topic for notices."""
        return self._get("NOTICES_TOPIC")

    @property
    def reward_role(self) -> str:
        """ARN of the role under which a dropped reward function runs."""
        return self._get("REWARD_ROLE")

    @property
    def reward_log_group(self) -> str:
        """Log group that dropped reward functions write to."""
        return self._get("REWARD_LOG_GROUP")

    @property
    def reward_runtime(self) -> str:
        """Lambda runtime of dropped reward functions."""
        return self._get("REWARD_RUNTIME")

    @property
    def reward_architecture(self) -> str:
        """Processor of dropped reward functions."""
        return self._get("REWARD_ARCHITECTURE")

    @property
    def link_key(self) -> str:
        """ARN of the KMS key that signs links to answer approvals; empty when there are no links."""
        return self.variables.get("LINK_KEY", "")

    @property
    def link_address(self) -> str:
        """URL of the function that answers approvals; empty when there are no links."""
        return self.variables.get("LINK_ADDRESS", "")

    @property
    def region(self) -> str:
        """AWS Region of the function (Lambda sets it)."""
        return self._get("AWS_REGION")

    @property
    def idle_hours(self) -> float:
        """Hours without an invocation after which the guardian calls an endpoint idle."""
        return self._positive("IDLE_HOURS", DEFAULT_IDLE_HOURS, "hours")

    @property
    def office_hours(self) -> OfficeHours | None:
        """When endpoints that cost by the hour may run (JSON), None for always."""
        text = self.variables.get("OFFICE_HOURS", "")
        try:
            return msgspec.json.decode(text, type=OfficeHours) if text else None
        except msgspec.DecodeError as error:
            raise SettingsError(
                f"OFFICE_HOURS is malformed: {error}",
                where="the function's environment",
                remedy="Correct guardian_office_hours in config/environments.py and deploy again.",
            ) from error

    @property
    def monthly_ceiling(self) -> float | None:
        """US dollars that endpoints may cost in a month, None for no ceiling."""
        if not self.variables.get("MONTHLY_CEILING_USD", ""):
            return None
        return self._positive("MONTHLY_CEILING_USD", 0.0, "US dollars")

    @property
    def close_run_function(self) -> str:
        """ARN of the function that closes a run whose execution is dead."""
        return self._get("CLOSE_RUN_FUNCTION")

    @property
    def clean_up_wait(self) -> float:
        """Seconds that one attempt to clean up waits for what Bedrock is still creating or stopping."""
        return self._positive("CLEAN_UP_WAIT_SECONDS", DEFAULT_CLEAN_UP_WAIT, "seconds")

    @property
    def run_defaults(self) -> RunSettings:
        """Settings of a run without ``run.json``: the variable ``RUN_DEFAULTS`` (JSON)."""
        return self._json("RUN_DEFAULTS", RunSettings)

    @property
    def run_limits(self) -> Limits:
        """What no ``run.json`` may loosen: the variable ``RUN_LIMITS`` (JSON)."""
        return self._json("RUN_LIMITS", Limits)

    def _json(self, name: str, shape: type[Shape]) -> Shape:
        try:
            return msgspec.json.decode(self._get(name), type=shape)
        except msgspec.DecodeError as error:
            raise SettingsError(
                f"{name} is malformed: {error}",
                where="the function's environment",
                remedy="Correct run defaults and limits in config/environments.py and deploy again.",
            ) from error

    def _positive(self, name: str, default: float, unit: str) -> float:
        text = self.variables.get(name, "") or str(default)
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not value > 0:
            raise SettingsError(
                f"{name} is {text!r}, not a positive number of {unit}",
                where="the function's environment",
                remedy="Correct it in config/environments.py and deploy again.",
            )
        return value

    def _get(self, name: str) -> str:
        value = self.variables.get(name, "")
        if not value:
            raise SettingsError(
                f"environment variable {name} is missing",
                where="the function's environment",
                remedy=f"Give the function {name} in its stack and deploy again.",
            )
        return value
