"""What passes between the states of one run, as JSON in snake_case.

Every function takes an event built from these shapes and returns one of them as builtins
(``to_builtins``). Unknown keys in an event are ignored, so that a newer state machine can talk to an older
function during a deployment; ``run.json``, which people write, is read strictly in ``settings.py`` instead.

    resolve_run → Plan → check_model → Preflight → validate_dataset → Validation
    → (deploy_reward → Preflight) → estimate_price → Price → request_approval → Approval → (training job)
    → read_training → Training → deploy_model → Endpoint → test_endpoint → Smoke → find_champion → Champion
    → answer_prompts → AnswerSet (→ prepare_judgement → Judgement → evaluation jobs → Judged) → judge_models
    → Evaluation → promote_model → Promotion → finish_run → Outcome
    any failure → clean_up → CleanUp → finish_run → Outcome
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from finetune_core.errors import SettingsError
from finetune_core.gate import Gate, GoldenPrompt, Watch
from finetune_core.losses import Blocked as Blocked  # noqa: PLC0414 - part of this module's names
from finetune_core.losses import CurveFinding as CurveFinding  # noqa: PLC0414
from finetune_core.losses import Loss as Loss  # noqa: PLC0414
from finetune_core.references import Lineage as Lineage  # noqa: PLC0414 - part of this module's names
from finetune_core.references import ObjectRef as ObjectRef  # noqa: PLC0414
from finetune_core.references import Reward, Teacher
from finetune_core.rollouts import Rollout, Way
from finetune_core.verdicts import Contestant

CustomizationType = Literal[
    "FINE_TUNING", "CONTINUED_PRE_TRAINING", "DISTILLATION", "REINFORCEMENT_FINE_TUNING"
]
Serving = Literal["provisioned_throughput", "on_demand", "auto", "none"]
EndpointKind = Literal["provisioned_throughput", "on_demand", "none"]
Commitment = Literal["OneMonth", "SixMonths"]


class RunSettings(msgspec.Struct, kw_only=True, frozen=True):
    """Settings of one run after defaults and ``run.json`` are merged.

    ``hyperparameters`` values are strings, as the API wants them. ``minimum_gain`` is in the metric's unit
    (0..1); money is US dollars. An endpoint without commitment lives at most a year here; one with
    ``commitment`` is bought only when ``commitment_confirmed`` names the same term. ``over_budget`` says what
    happens above ``budget_usd`` or ``monthly_ceiling_usd``: the run ends, or people are asked.
    With ``base`` "champion" training goes on from the dataset's champion where that can be done;
    ``minimum_new_bytes`` is how much of a corpus has to be new before a drop starts a run.
    ``training_gate`` says which finding about the loss curves keeps the model from being served, ``rollout``
    whether the candidate gets an endpoint of its own or is swapped into the champion's.
    ``secrets`` and ``near_duplicates`` say what becomes of such records: nothing, warnings, or errors.
    """

    base_model: Annotated[str, Meta(min_length=1, max_length=2048)]
    customization_type: CustomizationType = "FINE_TUNING"
    hyperparameters: dict[str, str] = {}
    serving: Serving = "provisioned_throughput"
    model_units: Annotated[int, Meta(ge=1, le=100)] = 1
    time_to_live_hours: Annotated[float, Meta(ge=0.1, le=8760)] = 24.0
    validation_fraction: Annotated[float, Meta(ge=0.001, le=0.5)] = 0.1
    evaluation_records: Annotated[int, Meta(ge=0, le=1000)] = 50
    minimum_gain: Annotated[float, Meta(ge=-1, le=1)] = 0.0
    budget_usd: Annotated[float, Meta(ge=0.01, le=1_000_000)] | None = None
    approval: Literal["never", "always", "above"] = "never"
    approve_above_usd: Annotated[float, Meta(ge=0, le=1_000_000)] | None = None
    monthly_ceiling_usd: Annotated[float, Meta(ge=0.01, le=1_000_000)] | None = None
    over_budget: Literal["refuse", "ask"] = "refuse"
    commitment: Commitment | None = None
    commitment_confirmed: Commitment | None = None
    keep_model: bool = False
    gate: Gate = Gate()
    watch: Watch = Watch()
    golden_prompts: Annotated[list[GoldenPrompt], Meta(max_length=20)] = []
    base: Literal["model", "champion"] = "model"
    minimum_new_bytes: Annotated[int, Meta(ge=0, le=10_737_418_240)] = 0
    training_gate: Literal["none", "divergence", "overfitting"] = "divergence"
    rollout: Way = "blue_green"
    secrets: Literal["off", "warn", "block"] = "warn"
    near_duplicates: Literal["off", "warn", "block"] = "warn"
    teacher_model: Annotated[str, Meta(min_length=1, max_length=2048)] | None = None
    max_response_length: Annotated[int, Meta(ge=1, le=8192)] | None = None
    reward_function: Annotated[str, Meta(min_length=1, max_length=512)] | None = None


class RunNames(msgspec.Struct, kw_only=True, frozen=True):
    """Names of what the run creates, each within its own pattern: ≤ 63 characters, the function's ≤ 64."""

    job: str
    model: str
    endpoint: str
    commitment: str = ""
    reward: str = ""


class Plan(msgspec.Struct, kw_only=True, frozen=True):
    """What a run will do.

    With ``action`` "wait" (for siblings of the dropped file) and "collect" (a corpus that has too little new
    text yet) only ``reason`` has a meaning. With "reject" the
    run is known by its id, so that it can be claimed and reported once, and ends as ``RunRejected`` with
    ``reason``; its ``settings`` are then the environment's defaults. ``prefix`` is ``runs/<run_id>`` in the
    artifacts bucket, ``bytes`` the size of all pinned files, ``token`` the ``clientRequestToken`` of every
    create call of the run, ``dropped_at`` the ISO time at which the newest pinned version was written.
    """

    action: Literal["run", "wait", "collect", "reject"]
    reason: str
    run_id: str
    dataset: str
    collection: Literal["datasets", "corpora"]
    execution_arn: str
    inputs: ObjectRef
    settings: RunSettings
    names: RunNames
    token: str
    prefix: str
    data_bucket: str
    artifacts_bucket: str
    bytes: int
    dropped_at: str = ""


class Preflight(msgspec.Struct, kw_only=True, frozen=True):
    """What Bedrock said about the base model today; ``serving`` is resolved, never "auto".

    ``base_model_id`` goes into the job, ``invoke_id`` is what Converse takes for the untuned model.
    """

    base_model_id: str
    base_model_arn: str
    base_model_name: str
    invoke_id: str
    customization_type: CustomizationType
    record_format: str
    takes_validation: bool
    serving: EndpointKind
    serving_reason: str
    hyperparameters: dict[str, str]
    warnings: list[str] = []
    lineage: Lineage | None = None
    teacher: Teacher | None = None
    reward: Reward | None = None
    rollout: Rollout = Rollout()


class Shard(msgspec.Struct, kw_only=True, frozen=True):
    """Evaluation records ``start`` ≤ n < ``stop`` (JSON keys ``from`` and ``to``)."""

    start: int = msgspec.field(name="from")
    stop: int = msgspec.field(name="to")


class Counts(msgspec.Struct, kw_only=True, frozen=True):
    """Records per split."""

    train: int
    validation: int
    evaluation: int


class TokenRange(msgspec.Struct, kw_only=True, frozen=True):
    """Tokens of one pass over the training split: a range, since the tokenizer is not public."""

    low: int
    expected: int
    high: int


class EvaluationSet(msgspec.Struct, kw_only=True, frozen=True):
    """Held-out prompts with reference answers; ``records`` is 0 when nothing can be asked."""

    bucket: str
    key: str
    records: int
    shards: list[Shard] = []


class Validation(msgspec.Struct, kw_only=True, frozen=True):
    """A dataset that passed, and where its prepared splits and reports lie (``s3://`` URIs)."""

    format: str
    counts: Counts
    faults: dict[str, int]
    tokens: TokenRange
    report_json: str
    report_html: str
    train_uri: str
    validation_uri: str | None
    evaluation: EvaluationSet


class Training(msgspec.Struct, kw_only=True, frozen=True):
    """A finished customization job, its custom model and its curves. ``seconds`` is wall time of the job.

    Reinforcement fine-tuning has rewards in place of losses, and is billed by time. ``trained_tokens`` is an
    estimate, for Bedrock tells none; ``tokens_from`` says of what.
    """

    job_arn: str
    model_arn: str
    status: str
    training_loss: Loss | None
    validation_loss: Loss | None
    steps: int
    seconds: float
    curve_uri: str | None
    validation_curve_uri: str | None = None
    findings: list[CurveFinding] = []
    blocked: Blocked = Blocked()
    training_reward: Loss | None = None
    validation_reward: Loss | None = None
    trained_tokens: int | None = None
    tokens_from: str = ""


class Endpoint(msgspec.Struct, kw_only=True, frozen=True):
    """Where the candidate answers; ``status`` in the service's own word, "None" for kind "none"."""

    kind: EndpointKind
    arn: str
    status: str
    failure: str = ""
    committed: bool = False


class Smoke(msgspec.Struct, kw_only=True, frozen=True):
    """The endpoint's answer to one real request; ``golden`` counts the golden prompts that it passed."""

    latency_ms: int
    answer: str
    golden: int = 0


class Champion(msgspec.Struct, kw_only=True, frozen=True):
    """The dataset's champion as a contestant; ``model_id`` is empty when it cannot be asked, ``note`` why."""

    run_id: str = ""
    model_id: str = ""
    note: str = ""


class AnswerSet(msgspec.Struct, kw_only=True, frozen=True):
    """Where one contestant's answers for one shard lie in the artifacts bucket."""

    contestant: Contestant
    key: str
    answered: int
    failed: int


class Promotion(msgspec.Struct, kw_only=True, frozen=True):
    """The pointer after promotion, what it pointed to before, and the endpoints retired with it.

    ``watched_until`` (ISO time) is when the endpoint of the champion before is no longer kept ready.
    """

    parameter: str
    value: str
    previous: str | None
    retired: list[str] = []
    watched_until: str = ""


class CleanUp(msgspec.Struct, kw_only=True, frozen=True):
    """How a failed run ends, what was deleted and what was kept (ARNs)."""

    outcome: str
    message: str
    deleted: list[str] = []
    kept: list[str] = []


class Outcome(msgspec.Struct, kw_only=True, frozen=True):
    """Where the run's report lies (``s3://`` URI of the HTML)."""

    report: str


Shape = TypeVar("Shape", bound=msgspec.Struct)


def read(value: Any, shape: type[Shape], *, where: str) -> Shape:  # noqa: ANN401 - JSON of any shape
    """Turn parsed JSON into ``shape``; raises SettingsError naming the field that does not fit."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise SettingsError(
            f"{shape.__name__} is malformed: {error}",
            where=where,
            remedy="Deploy state machine and functions from the same commit.",
        ) from error


def write(value: msgspec.Struct) -> dict[str, Any]:
    """Return ``value`` as plain JSON types, the form in which a function answers."""
    return dict(msgspec.to_builtins(value))
