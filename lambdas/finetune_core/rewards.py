"""Who grades the answers of a reinforcement fine-tuning, and what its job is told.

The grader is a Lambda function: one made from the dataset's own ``reward.py``, which goes with its run, or
one that the platform's people have deployed under the environment's prefix. Bedrock invokes it as the
service role (Bedrock user guide, rft-access-security, read 2026-11-28).
"""

from __future__ import annotations

import re
from typing import Final, NoReturn

from finetune_core.contracts import RunSettings
from finetune_core.errors import RunRejected
from finetune_core.limits import Limits
from finetune_core.runs import reward_prefix

KIND: Final = "REINFORCEMENT_FINE_TUNING"
FILE: Final = "reward.py"
"""The file of a dataset that defines ``lambda_handler(event, context)``."""
METRIC: Final = "reward"

_TYPED: Final = {"reasoningEffort": str, "learningRate": float}


def check_choice(
    settings: RunSettings, *, dropped: bool, limits: Limits, environment: str, where: str
) -> None:
    """Refuse a run without exactly one reward function, or with one that it may not use.

    Raises:
        RunRejected: with what to drop or to name instead.
    """
    named = settings.reward_function
    if settings.customization_type != KIND:
        if dropped or named:
            _refuse(
                f"{FILE if dropped else 'reward_function'} is for reinforcement fine-tuning",
                where,
                f'Set "type" to "reinforcement-fine-tuning", or take {"it" if named else "the file"} away.',
            )
        return
    if dropped and named:
        _refuse(f"there is a {FILE} and a reward_function", where, "Keep the one that is to grade.")
    if dropped and not limits.reward_code:
        _refuse(
            f"{FILE} is code, and this environment runs no dropped code",
            where,
            f'Have it deployed under a name {reward_prefix(environment)}… and give "reward_function" '
            "in its place. The environment's run_limits decide (config/environments.py, docs/security.md).",
        )
    if not dropped and not named:
        _refuse(
            "reinforcement fine-tuning needs a reward function",
            where,
            f'Drop {FILE} with lambda_handler(event, context) beside train.jsonl, or name "reward_function".',
        )
    if named:
        _check_name(named, environment, where)


def _check_name(named: str, environment: str, where: str) -> None:
    """Let a function be named that the pipeline's roles may invoke: any other could read the prompts."""
    arn = r"arn:[a-z-]+:lambda:[a-z]{2}(-gov)?-[a-z]+-\d:\d{12}:function:"
    if not re.fullmatch(
        rf"({arn})?{re.escape(reward_prefix(environment))}[a-zA-Z0-9-_]+(:[a-zA-Z0-9-_]+)?", named
    ):
        _refuse(
            f'reward_function "{named}" is no function that this environment may call',
            where,
            f"Give the name or ARN of a function whose name begins with {reward_prefix(environment)}.",
        )


def job_hyperparameters(values: dict[str, str]) -> dict[str, int | float | str]:
    """Return hyperparameters as ``rftConfig`` wants them: typed, and in the case of Step Functions' members.

    Shape ``RFTHyperParameters`` in botocore 1.43.106; PascalCase as in connect-bedrock.html of the Step
    Functions guide (read 2026-11-23).
    """
    return {name[0].upper() + name[1:]: _TYPED.get(name, int)(value) for name, value in values.items()}


def _refuse(what: str, where: str, remedy: str) -> NoReturn:
    raise RunRejected(what, where=where, remedy=remedy)
