"""Reinforcement fine-tuning: its configuration, its prompts, and what its training tells.

Sources: user guide, rft-prepare-data and rft-submit-job
(https://docs.aws.amazon.com/bedrock/latest/userguide/rft-submit-job.html, read 2026-11-28). That page names
the metrics and shows one set of hyperparameters, which stand in here for defaults that are not published.
Bounds of hyperparameters are those of the API's model and are judged with the request.
"""

from __future__ import annotations

import zlib
from typing import Any, Final

from finetune_local.bedrock.conversations import render
from finetune_local.bedrock.datasets import DataRefusedError
from finetune_local.bedrock.errors import invalid
from finetune_local.bedrock.foundation_models import CHARACTERS_PER_TOKEN
from finetune_local.language_model import Reinforcement, Rollout

DEFAULTS: Final[dict[str, Any]] = {
    "epochCount": 2,
    "batchSize": 64,
    "learningRate": 1e-5,
    "maxPromptLength": 4096,
    "trainingSamplePerPrompt": 4,
    "inferenceMaxTokens": 8192,
    "reasoningEffort": "high",
    "evalInterval": 10,
}
FULL_STEP_RATE: Final = 1e-4
"""The learning rate at which the local model takes steps of full length. The service's range spans four
powers of ten, which the small network does not bear: its step length grows with the rate's fourth root."""

COLUMNS: Final = (
    "critic/rewards/mean",
    "critic/rewards/max",
    "critic/rewards/min",
    "actor/entropy",
    "actor/pg_loss",
    "actor/pg_clipfrac",
    "response_length/mean",
    "response/aborted_ratio",
)
VALIDATION_COLUMNS: Final = ("val-score/rewards/mean@1",)


def check_configuration(request: dict[str, Any]) -> None:
    """Raise a ValidationException for a configuration that no reinforcement job can run with.

    That `hyperParameters` is refused is chosen here: the page has them in rftConfig alone, and a map that is
    ignored without a word would be worse.
    """
    configured = request.get("customizationConfig", {}).get("rftConfig")
    if configured is None:
        raise invalid("customizationConfig.rftConfig is required for REINFORCEMENT_FINE_TUNING.")
    if "lambdaGrader" not in configured.get("graderConfig", {}):
        raise invalid("customizationConfig.rftConfig.graderConfig.lambdaGrader.lambdaArn is required.")
    if request.get("hyperParameters"):
        raise invalid(
            "hyperParameters are not supported for REINFORCEMENT_FINE_TUNING: "
            "set customizationConfig.rftConfig.hyperParameters."
        )
    for name in ("maxPromptLength", "inferenceMaxTokens"):
        if configured.get("hyperParameters", {}).get(name, 1) < 1:
            raise invalid(f"Invalid value for hyperparameter {name}: it must be at least 1.")


def grader_arn(request: dict[str, Any]) -> str:
    """Return the ARN of the reward function."""
    return str(request["customizationConfig"]["rftConfig"]["graderConfig"]["lambdaGrader"]["lambdaArn"])


def hyperparameters(request: dict[str, Any]) -> dict[str, Any]:
    """Return the typed hyperparameters completed by DEFAULTS."""
    return {**DEFAULTS, **request["customizationConfig"]["rftConfig"].get("hyperParameters", {})}


def settings(job_name: str, request: dict[str, Any]) -> Reinforcement:
    """Return how to train; reasoningEffort has no meaning for a model that does not reason."""
    given = hyperparameters(request)
    return Reinforcement(
        epochs=given["epochCount"],
        batch_size=given["batchSize"],
        samples=given["trainingSamplePerPrompt"],
        max_tokens=given["inferenceMaxTokens"],
        evaluate_every=given["evalInterval"],
        learning_rate_scale=(given["learningRate"] / FULL_STEP_RATE) ** 0.25,
        seed=zlib.crc32(job_name.encode()),
    )


def prompt_of(record: dict[str, Any]) -> str:
    """Return a record's prompt as every conversation is shown to the model."""
    turns = [(message["role"], message["content"]) for message in record["messages"]]
    system = "\n".join(text for role, text in turns if role == "system")
    return render(system, [turn for turn in turns if turn[0] != "system"])


def check_lengths(prompts: list[dict[str, Any]], request: dict[str, Any]) -> None:
    """Raise DataRefusedError for a prompt longer than maxPromptLength allows (6 characters a token).

    What the service does with such a prompt is not published.
    """
    most = hyperparameters(request)["maxPromptLength"] * CHARACTERS_PER_TOKEN
    for number, record in enumerate(prompts, start=1):
        size = sum(len(message["content"]) for message in record["messages"])
        if size > most:
            raise DataRefusedError(
                f"line {number}: the prompt has {size} characters; maxPromptLength allows {most}."
            )


def row(told: Rollout) -> tuple[float, ...]:
    """Return the values of COLUMNS for one step."""
    return (
        told.reward_mean,
        told.reward_max,
        told.reward_min,
        told.entropy,
        told.loss,
        told.clipped,
        told.length,
        told.aborted,
    )
