"""The pipeline's functions: one row per package under ``lambdas/``, for the stacks and for tests.

``variables`` are the environment variables that a function reads through ``finetune_aws.environment``;
``optional`` ones have a default there. What each function may call is in its package's docstring.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct


class Function(Struct, frozen=True, kw_only=True):
    """One Lambda function: package name, purpose, size and the environment variables it needs."""

    name: str
    description: str
    timeout_seconds: int
    memory_mb: int
    variables: tuple[str, ...]
    optional: tuple[str, ...] = ()
    storage_mb: int = 512
    concurrency: int | None = None
    """The most executions at once, kept free for it; None: no bound but the account's."""
    setting: str = ""
    """The environment's setting with which alone the function is deployed; always without."""

    @property
    def entry(self) -> str:
        """Lambda's handler string, relative to the asset's root."""
        return f"{self.name}.handler.handler"


_FUNCTIONS: Final = (
    Function(
        name="resolve_run",
        description="Pins the dropped files' versions and resolves settings, run id and names",
        timeout_seconds=60,
        memory_mb=256,
        variables=(
            "ENVIRONMENT",
            "DATA_BUCKET",
            "ARTIFACTS_BUCKET",
            "LEDGER_TABLE",
            "RUN_DEFAULTS",
            "RUN_LIMITS",
        ),
    ),
    Function(
        name="take_turn",
        description="Lets a run go on, wait for its dataset or for a job's place, or end as superseded",
        timeout_seconds=60,
        memory_mb=256,
        variables=("ENVIRONMENT", "LEDGER_TABLE"),
    ),
    Function(
        name="check_model",
        description="Asks Bedrock and Service Quotas whether this run can be trained and served",
        timeout_seconds=60,
        memory_mb=256,
        variables=("ENVIRONMENT", "LEDGER_TABLE"),
    ),
    Function(
        name="validate_dataset",
        description="Checks every record, splits the dataset and writes the validation report",
        timeout_seconds=900,
        memory_mb=1769,
        storage_mb=10240,
        variables=("ENVIRONMENT",),
    ),
    Function(
        name="plan_shards",
        description="Cuts a large dataset into byte ranges for the Distributed Map",
        timeout_seconds=120,
        memory_mb=512,
        variables=("ENVIRONMENT",),
    ),
    Function(
        name="validate_shard",
        description="Checks every record that begins in one byte range",
        timeout_seconds=900,
        memory_mb=1769,
        variables=("ENVIRONMENT",),
    ),
    Function(
        name="merge_shards",
        description="Joins what the byte ranges found into one verdict and plans the split",
        timeout_seconds=900,
        memory_mb=1769,
        variables=("ENVIRONMENT",),
    ),
    Function(
        name="prepare_shard",
        description="Sends the records of one byte range to the parts of the split",
        timeout_seconds=900,
        memory_mb=1769,
        variables=("ENVIRONMENT",),
    ),
    Function(
        name="join_parts",
        description="Completes the prepared files of a large dataset and writes the held-out prompts",
        timeout_seconds=900,
        memory_mb=1769,
        variables=("ENVIRONMENT",),
    ),
    Function(
        name="deploy_reward",
        description="Makes the dataset's reward function, and tries it on some of the dataset's records",
        timeout_seconds=900,
        memory_mb=256,
        variables=("ENVIRONMENT",),
        # Where the environment runs no dropped code there is no role for it.
        optional=("REWARD_ROLE", "REWARD_LOG_GROUP", "REWARD_RUNTIME", "REWARD_ARCHITECTURE"),
    ),
    Function(
        name="estimate_price",
        description="Prices the run as a range and holds it against its ceiling",
        timeout_seconds=60,
        memory_mb=256,
        variables=("ENVIRONMENT", "LEDGER_TABLE"),
    ),
    Function(
        name="request_approval",
        description="Stores the task token and asks people for a yes",
        timeout_seconds=30,
        memory_mb=256,
        variables=("ENVIRONMENT", "LEDGER_TABLE", "NOTICES_TOPIC"),
        optional=("LINK_ADDRESS", "LINK_KEY"),
    ),
    Function(
        name="answer_approval",
        description="Shows what a run asks and takes the answer of who holds the signed link",
        timeout_seconds=20,
        memory_mb=256,
        variables=("ENVIRONMENT", "LEDGER_TABLE", "LINK_KEY"),
        concurrency=2,
        setting="approval_links",
    ),
    Function(
        name="read_training",
        description="Reads the finished customization job, its custom model and its curve",
        timeout_seconds=120,
        memory_mb=256,
        variables=("ENVIRONMENT",),
    ),
    Function(
        name="deploy_model",
        description="Creates, or finds again, the custom model's on-demand deployment",
        timeout_seconds=60,
        memory_mb=256,
        variables=("ENVIRONMENT",),
    ),
    Function(
        name="swap_model",
        description="Swaps the candidate into the champion's endpoint, for a rollout in place",
        timeout_seconds=60,
        memory_mb=256,
        variables=("ENVIRONMENT",),
    ),
    Function(
        name="test_endpoint",
        description="Sends one real request to the candidate's endpoint",
        timeout_seconds=180,
        memory_mb=256,
        variables=("ENVIRONMENT",),
    ),
    Function(
        name="find_champion",
        description="Finds the dataset's champion and asks it one prompt before it is a contestant",
        timeout_seconds=180,
        memory_mb=256,
        variables=("ENVIRONMENT", "LEDGER_TABLE"),
    ),
    Function(
        name="answer_prompts",
        description="Asks one contestant one shard of the held-out prompts",
        timeout_seconds=900,
        memory_mb=512,
        variables=("ENVIRONMENT",),
    ),
    Function(
        name="prepare_judgement",
        description="Writes what a judge is to read, one dataset per contestant",
        timeout_seconds=120,
        memory_mb=512,
        variables=("ENVIRONMENT",),
    ),
    Function(
        name="judge_models",
        description="Compares candidate, champion and base record by record and gives the verdict",
        timeout_seconds=300,
        memory_mb=1024,
        variables=("ENVIRONMENT",),
    ),
    Function(
        name="promote_model",
        description="Points applications at the new champion and retires the previous one's endpoint",
        timeout_seconds=60,
        memory_mb=256,
        variables=("ENVIRONMENT", "LEDGER_TABLE"),
    ),
    Function(
        name="clean_up",
        description="Stops and deletes what a failed run created and did not promote",
        timeout_seconds=900,
        memory_mb=256,
        variables=("ENVIRONMENT", "LEDGER_TABLE"),
        optional=("CLEAN_UP_WAIT_SECONDS",),
    ),
    Function(
        name="finish_run",
        description="Writes the run's report, its outcome in the ledger and the notice",
        timeout_seconds=60,
        memory_mb=512,
        variables=("ENVIRONMENT", "ARTIFACTS_BUCKET", "LEDGER_TABLE", "NOTICES_TOPIC"),
    ),
    Function(
        name="close_run",
        description="Cleans up and finishes a run whose execution was aborted, timed out or failed outside",
        timeout_seconds=900,
        memory_mb=512,
        variables=("ENVIRONMENT", "ARTIFACTS_BUCKET", "LEDGER_TABLE", "NOTICES_TOPIC"),
        optional=("CLEAN_UP_WAIT_SECONDS",),
    ),
    Function(
        name="watch_champions",
        description="Takes a new champion back whose calls fail or are slow while it is watched",
        timeout_seconds=300,
        memory_mb=256,
        variables=("ENVIRONMENT", "LEDGER_TABLE", "NOTICES_TOPIC"),
    ),
    Function(
        name="guard_endpoints",
        description="Deletes the pipeline's endpoints that are idle, expired or owned by no run",
        timeout_seconds=300,
        memory_mb=256,
        variables=("ENVIRONMENT", "LEDGER_TABLE", "NOTICES_TOPIC", "CLOSE_RUN_FUNCTION"),
        optional=("IDLE_HOURS", "MONTHLY_CEILING_USD", "OFFICE_HOURS"),
    ),
)

FUNCTIONS: Final[dict[str, Function]] = {function.name: function for function in _FUNCTIONS}
"""Every function of the pipeline by its package's name."""
