"""The settings of one environment: every value that a deployment may choose, checked when it is made.

Durations are whole seconds unless the name says otherwise, because Step Functions counts in seconds. Money
is in US dollars. A wrong value raises `SettingsError`: its text names the setting, the value and what fits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final, Literal, get_args

from config.aws_limits import HISTORY_EVENTS, RUN_DEFAULTS_BYTES, polling_events
from config.checks import SettingsError as SettingsError  # noqa: PLC0414 - a name of this module
from config.checks import require, require_between, require_one_of
from config.limits import RunLimits
from config.office_hours import OfficeHours as OfficeHours  # noqa: PLC0414

Architecture = Literal["arm64", "x86_64"]
Wheels = Literal["linux", "host"]
Serving = Literal["provisioned_throughput", "on_demand", "auto", "none"]
TrainingGate = Literal["none", "divergence", "overfitting"]
Answer = Literal["off", "warn", "block"]
Approval = Literal["never", "always", "above"]
OverBudget = Literal["refuse", "ask"]
CustomizationType = Literal["FINE_TUNING", "CONTINUED_PRE_TRAINING"]
Base = Literal["model", "champion"]
Rollout = Literal["blue_green", "in_place"]

YEAR: Final = 365 * 24 * 3600  # the longest that a Standard execution may run
HOURS: Final = (0.1, 8760, "hours")
SECONDS: Final = (60, YEAR, "seconds")
DOLLARS: Final = (0, 1_000_000, "US dollars")
CEILING: Final = (0.01, 1_000_000, "US dollars")
# Days that CloudWatch Logs accepts (PutRetentionPolicy in botocore 1.43.106, read 2026-11-24).
LOG_RETENTION_DAYS: Final = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827)

RUN_BOUNDS: Final[Mapping[str, tuple[float, float, str]]] = {
    "model_units": (1, 100, "model units"),
    "time_to_live_hours": HOURS,
    "validation_fraction": (0.001, 0.5, "of the records"),
    "evaluation_records": (0, 1000, "records"),
    "minimum_gain": (-1, 1, "of the metric"),
    "budget_usd": CEILING,
    "approve_above_usd": DOLLARS,
    "minimum_new_bytes": (0, 10 * 1024**3, "bytes"),
    "monthly_ceiling_usd": CEILING,
}
BOUNDS: Final[Mapping[str, tuple[float, float, str]]] = {
    "machine_timeout_seconds": SECONDS,
    "training_timeout_seconds": SECONDS,
    "training_poll_seconds": (60, 3600, "seconds"),
    "training_stall_seconds": SECONDS,
    "serving_timeout_seconds": SECONDS,
    "approval_timeout_seconds": SECONDS,
    "serving_poll_seconds": (1, 3600, "seconds"),
    "settle_seconds": (1, 86_400, "seconds"),
    "clean_up_wait_seconds": (1, 840, "seconds, for a function lives 900"),
    "evaluation_concurrency": (1, 40, "shards"),
    "large_dataset_bytes": (0, 10 * 1024**3, "bytes"),
    "shard_bytes": (1, 1024**3, "bytes"),
    "shard_concurrency": (1, 1000, "shards"),
    "scheduled_jobs": (1, 100, "jobs"),
    "guardian_idle_hours": HOURS,
    "guardian_monthly_ceiling_usd": (1, 10_000_000, "US dollars"),
    "stuck_run_hours": HOURS,
    "monthly_budget_usd": (1, 10_000_000, "US dollars"),
    "noncurrent_version_days": (1, 3650, "days"),
    "prepared_days": (1, 3650, "days"),
}
PATTERNS: Final[Mapping[str, tuple[str, str]]] = {
    "environment": (r"[a-z][a-z0-9]{1,15}", "2 to 16 lower-case letters and digits, a letter first"),
    "region": (r"[a-z]{2}(-[a-z]+)+-\d", "a Region name such as us-east-1"),
    "lambda_runtime": (r"python3\.1[1-9]", "a runtime such as python3.14"),
    "watch_schedule": (r"(rate|cron)\(.+\)", "rate(...) or cron(...)"),
    "guardian_schedule": (r"(rate|cron)\(.+\)", "rate(...) or cron(...)"),
    "permissions_boundary": (r"[\w+=,.@-]{1,128}", "the name of a managed policy, not its ARN"),
}
GATE: Final[Mapping[str, object]] = {"metric": "auto", "minimum_records": 5, "slice_loss": 0.1}
WATCH: Final[Mapping[str, object]] = {
    "hours": 1.0,
    "error_rate": 0.05,
    "latency_factor": 3.0,
    "minimum_calls": 20,
}
CORPUS: Final = r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}"
EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, kw_only=True)
class RunDefaults:
    """What a run uses for every key that its run.json leaves out; the same keys as the run's settings.

    `budget_usd` is the ceiling of a run, `monthly_ceiling_usd` that of all runs of a calendar month, None
    means no ceiling; above one, `over_budget` refuses the run or asks people. `keep_model` keeps the custom
    model of a run that was not promoted. `gate`, `watch` and `golden_prompts` have the keys that they have
    in run.json (finetune_core/gate.py); `base` is where training starts (a corpus always goes on from its
    champion unless its run.json says otherwise), `minimum_new_bytes` how much of a corpus must be new before
    a drop starts a run. `training_gate` says which finding about the loss curves keeps a model
    from being served, `rollout` whether a candidate gets an endpoint of its own or the champion's, `secrets`
    and `near_duplicates` what is done about such records.
    """

    base_model: str = "amazon.nova-micro-v1:0:128k"
    customization_type: CustomizationType = "FINE_TUNING"
    hyperparameters: Mapping[str, str] = field(default_factory=dict)
    serving: Serving = "auto"
    model_units: int = 1
    time_to_live_hours: float = 24.0
    validation_fraction: float = 0.1
    evaluation_records: int = 100
    minimum_gain: float = 0.0
    budget_usd: float | None = 100.0
    approval: Approval = "above"
    approve_above_usd: float | None = 50.0
    monthly_ceiling_usd: float | None = None
    over_budget: OverBudget = "refuse"
    keep_model: bool = False
    gate: Mapping[str, object] = field(default_factory=lambda: dict(GATE))
    watch: Mapping[str, object] = field(default_factory=lambda: dict(WATCH))
    golden_prompts: Sequence[Mapping[str, str]] = field(default_factory=list)
    base: Base = "model"
    minimum_new_bytes: int = 0
    training_gate: TrainingGate = "divergence"
    rollout: Rollout = "blue_green"
    secrets: Answer = "warn"
    near_duplicates: Answer = "warn"

    def __post_init__(self) -> None:  # noqa: D105
        prefix = "run_defaults."
        require(bool(self.base_model.strip()), prefix + "base_model", self.base_model, "a base model id")
        kinds = get_args(CustomizationType)
        require_one_of(prefix + "customization_type", self.customization_type, kinds)
        require_one_of(prefix + "serving", self.serving, get_args(Serving))
        require_one_of(prefix + "approval", self.approval, get_args(Approval))
        require_one_of(prefix + "base", self.base, get_args(Base))
        require_one_of(prefix + "rollout", self.rollout, get_args(Rollout))
        require_one_of(prefix + "training_gate", self.training_gate, get_args(TrainingGate))
        require_one_of(prefix + "secrets", self.secrets, get_args(Answer))
        require_one_of(prefix + "near_duplicates", self.near_duplicates, get_args(Answer))
        require_one_of(prefix + "over_budget", self.over_budget, get_args(OverBudget))
        require_between(self, RUN_BOUNDS, prefix)
        limit = self.approve_above_usd
        require(
            self.approval != "above" or limit is not None,
            prefix + "approve_above_usd",
            limit,
            "an amount in US dollars, because approval is 'above'",
        )
        size = len(self.to_json().encode())
        require(size <= RUN_DEFAULTS_BYTES, "run_defaults", size, f"{RUN_DEFAULTS_BYTES:,} bytes at most")

    def to_json(self) -> str:
        """Give the text that the functions read from RUN_DEFAULTS: an object with sorted keys."""
        return json.dumps(asdict(self), sort_keys=True)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All that one environment chooses; the values are in config/environments.py."""

    environment: str
    """Short lower-case name: part of stack names, tags and SSM parameter names."""
    region: str = "us-east-1"
    """Must offer the base model for customization."""
    lambda_runtime: str = "python3.14"
    lambda_architecture: Architecture = "arm64"
    lambda_wheels: Wheels = "linux"
    """Which binary packages go into the functions' asset: those for Lambda, or those of this machine."""
    retain_data: bool = True
    """Buckets, key and ledger outlive their stack."""
    termination_protection: bool = True
    log_retention_days: int = 90
    log_execution_data: bool = False
    """Whether the state machine's log holds inputs and outputs (dataset names, settings, figures)."""
    machine_timeout_seconds: int = 7 * 24 * 3600
    training_timeout_seconds: int = 72 * 3600
    training_poll_seconds: int = 300
    training_stall_seconds: int = 12 * 3600
    """A job of which no stage moves for so long before it trains is stopped: TrainingStalled."""
    serving_timeout_seconds: int = 2 * 3600
    serving_poll_seconds: int = 60
    settle_seconds: int = 120
    """How long a run that train.jsonl started waits for its siblings."""
    approval_timeout_seconds: int = 3 * 24 * 3600
    approval_links: bool = False
    """Whether notices hold a signed link, beside the commands, to a public page that takes the answer."""
    clean_up_wait_seconds: int = 780
    """How long clean up waits for what Bedrock still creates; what is left then is the guardian's."""
    evaluation_concurrency: int = 4
    """Shards of held-out prompts answered at once."""
    corpus_schedules: Mapping[str, str] = field(default_factory=dict)
    """Corpora that are looked at on a schedule: {"manuals": "rate(7 days)"}. Anything new starts a run."""
    large_dataset_bytes: int = 256 * 1024**2
    """Datasets with more bytes are validated in shards, by a Distributed Map."""
    shard_bytes: int = 64 * 1024**2
    shard_concurrency: int = 40
    """Shards validated at once: each is a call of a function, which count against the account's quota."""
    scheduled_jobs: int = 10
    """Customization jobs in progress at once; the default is the account's quota, which cannot be raised."""
    guardian_schedule: str = "rate(1 hour)"
    watch_schedule: str = "rate(5 minutes)"
    """How often new champions are looked at while they are watched."""
    guardian_idle_hours: float = 6.0
    """An endpoint that nobody promoted and nobody invokes for this long is deleted."""
    guardian_office_hours: OfficeHours | None = None
    """Outside of these hours endpoints that cost by the hour are deleted; None: they may run at any time."""
    guardian_monthly_ceiling_usd: float | None = None
    """What endpoints may cost in a month: told at 80 %, beyond it they are deleted; None: no ceiling."""
    stuck_run_hours: float = 96.0
    """A run that is open for longer raises an alarm."""
    notification_emails: tuple[str, ...] = ()
    permissions_boundary: str | None = None
    """Name of a managed policy of the account, set as boundary on every role."""
    monthly_budget_usd: float | None = None
    """Notices when this much is spent on Bedrock in a month (80 %, 100 %, forecast); None: no budget."""
    noncurrent_version_days: int = 90
    """Old versions of objects are removed after this many days."""
    prepared_days: int = 30
    """Splits that the pipeline wrote under prepared/ are removed after this many days."""
    run_defaults: RunDefaults = field(default_factory=RunDefaults)
    run_limits: RunLimits = field(default_factory=RunLimits)
    """What no run.json may loosen."""

    def __post_init__(self) -> None:  # noqa: D105
        for name, (pattern, accepted) in PATTERNS.items():
            value = getattr(self, name)
            require(value is None or bool(re.fullmatch(pattern, value)), name, value, accepted)
        require_one_of("lambda_architecture", self.lambda_architecture, get_args(Architecture))
        require_one_of("lambda_wheels", self.lambda_wheels, get_args(Wheels))
        require_one_of("log_retention_days", self.log_retention_days, LOG_RETENTION_DAYS)
        links = self.approval_links  # any other true value would open a public address
        require(isinstance(links, bool), "approval_links", links, "True or False")
        hours = self.guardian_office_hours
        require(
            hours is None or isinstance(hours, OfficeHours), "guardian_office_hours", hours, "OfficeHours"
        )
        schedule, accepted = PATTERNS["guardian_schedule"]
        for corpus, expression in self.corpus_schedules.items():
            require(bool(re.fullmatch(CORPUS, corpus)), "corpus_schedules", corpus, "names of corpora")
            require(bool(re.fullmatch(schedule, expression)), "corpus_schedules", expression, accepted)
        for address in self.notification_emails:
            require(bool(EMAIL.fullmatch(address)), "notification_emails", address, "e-mail addresses")
        require_between(self, BOUNDS, "")
        require(not self.run_limits.problem(), "run_limits", self.run_limits, self.run_limits.problem())
        self._require_time_for_all_phases()

    def _require_time_for_all_phases(self) -> None:
        """Raise unless the machine outlives its longest phases, and its history holds all looks at them."""
        phases = self.training_timeout_seconds + self.serving_timeout_seconds + self.approval_timeout_seconds
        accepted = f"more than training, serving and approval together ({phases} seconds)"
        value = self.machine_timeout_seconds
        require(value > phases, "machine_timeout_seconds", value, accepted)
        accepted = f"longer pauses or shorter timeouts, for at most {HISTORY_EVENTS:,} events of waiting"
        value = polling_events(self)
        require(value <= HISTORY_EVENTS, "training_poll_seconds and serving_poll_seconds", value, accepted)
