"""The run's reward function: made from ``reward.py`` or found by its name, then tried."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from finetune_aws import functions, grading, objects
from finetune_aws.environment import Environment
from finetune_core import reward_source, reward_trial, rewards, runs
from finetune_core.contracts import Plan, Preflight, Validation
from finetune_core.errors import Conflict, RewardInvalid, ServiceUnavailable
from finetune_core.inputs import Inputs
from finetune_core.references import Reward

if TYPE_CHECKING:
    from mypy_boto3_lambda.literals import ArchitectureType, RuntimeType
    from mypy_boto3_lambda.type_defs import CreateFunctionRequestTypeDef

TIMEOUT_SECONDS: Final = 60
MEMORY_MB: Final = 256
"""Of a dropped function: rules over a batch of answers take milliseconds; it must not become a service."""
ACTIVE_SECONDS: Final = 120.0
"""How long a new function may take to become active: seconds as a rule, without a VPC."""
PAUSE_SECONDS: Final = 0.5
HEAD_BYTES: Final = 4 * 1_048_576
"""Of the training split, from which the records of the trial are taken."""


def deploy(
    *,
    plan: Plan,
    preflight: Preflight,
    validation: Validation,
    environment: Environment,
    pause: Callable[[float], None] = time.sleep,
) -> Preflight:
    """Return the preflight with the run's reward function, tried. Asking again makes no second one.

    Raises:
        RewardInvalid: it cannot be compiled or made, fails, or breaks its contract.
    """
    named = plan.settings.reward_function
    if not named:
        _make(plan, environment)
    deployed = _active(named or plan.names.reward, pause)
    trial = reward_trial.plan_trial(_records(validation.train_uri))
    scores = grading.grade(deployed.arn, trial.asked)
    outcome = reward_trial.judge(trial, scores)
    reward = Reward(
        function_arn=deployed.arn,
        dropped=not named,
        code_sha256=deployed.code_sha256,
        hyperparameters=rewards.job_hyperparameters(preflight.hyperparameters),
        tried=len(trial.pairs),
        right=outcome.right,
        wrong=outcome.wrong,
    )
    warnings = [*preflight.warnings, *outcome.warnings]
    return msgspec.structs.replace(preflight, reward=reward, warnings=warnings)


def _make(plan: Plan, environment: Environment) -> None:
    """Create the run's own function; one that a first attempt made is found again."""
    source, where = _source(plan)
    reward_source.check_source(source, where)
    found = functions.find(plan.names.reward)
    if found is None:
        try:
            functions.create(create_request(plan, source, environment))
        except Conflict:
            # The answer to a first attempt was lost.
            found = functions.find(plan.names.reward)
    if found is not None and found.tags.get(runs.TAG_RUN) != plan.run_id:
        raise RewardInvalid(
            f"there is a function {found.name} already, which is not this run's",
            where=found.arn,
            remedy="Delete or rename it: that name is kept for this run.",
        )


def _source(plan: Plan) -> tuple[bytes, str]:
    text = objects.read(plan.inputs.bucket, plan.inputs.key)
    pinned = msgspec.json.decode(text, type=Inputs).by_role("reward")
    if not pinned:
        raise RewardInvalid(
            f"this run has neither {rewards.FILE} nor a reward_function",
            where=f"s3://{plan.inputs.bucket}/{plan.inputs.key}",
            remedy=f"Drop {rewards.FILE} beside train.jsonl.",
        )
    file = pinned[0]
    where = f"s3://{file.bucket}/{file.key} version {file.version_id}"
    # Its size is known from intake: what is too large is not read at all.
    size = min(file.bytes, reward_source.MAX_BYTES + 1)
    return b"".join(objects.read_chunks(file.bucket, file.key, file.version_id, size)), where


def create_request(plan: Plan, source: bytes, environment: Environment) -> CreateFunctionRequestTypeDef:
    """Return the request that makes a run's own function."""
    return {
        "FunctionName": plan.names.reward,
        "Description": f"Grades answers of run {plan.run_id}",
        "Runtime": cast("RuntimeType", environment.reward_runtime),
        "Architectures": [cast("ArchitectureType", environment.reward_architecture)],
        "Handler": reward_source.ENTRY,
        "Role": environment.reward_role,
        "Code": {"ZipFile": reward_source.package(source)},
        "Timeout": TIMEOUT_SECONDS,
        "MemorySize": MEMORY_MB,
        "LoggingConfig": {"LogGroup": environment.reward_log_group},
        "Tags": runs.tags(environment.name, plan.run_id, plan.dataset),
    }


def _active(name: str, pause: Callable[[float], None]) -> functions.Deployed:
    """Wait until a function can be called.

    Raises:
        RewardInvalid: there is none, or Lambda could not start it.
        ServiceUnavailable: it is still pending; trying again is safe.
    """
    left = ACTIVE_SECONDS
    while True:
        found = functions.find(name)
        if found is None:
            raise RewardInvalid(
                f"there is no function {name}",
                where="reward_function",
                remedy="Deploy it in the pipeline's account and Region, or drop reward.py.",
            )
        # A function that has long been idle becomes active by being called.
        if found.state in ("Active", "Inactive"):
            return found
        if found.state == "Failed":
            raise RewardInvalid(
                f"Lambda could not start the reward function: {found.reason}",
                where=found.arn,
                remedy="Drop the data again; a function that the settings name is to be looked at in Lambda.",
            )
        if left <= 0:
            raise ServiceUnavailable(
                "the reward function is still pending", where=found.arn, remedy="It is tried again."
            )
        pause(PAUSE_SECONDS)
        left -= PAUSE_SECONDS


def _records(uri: str) -> list[dict[str, Any]]:
    """Return whole records from the beginning of the training split."""
    text = objects.head(*objects.split_uri(uri), HEAD_BYTES)
    lines = text.splitlines()
    if len(text) == HEAD_BYTES:
        lines = lines[:-1]
    return [json.loads(line) for line in lines[: reward_trial.RECORDS]]
