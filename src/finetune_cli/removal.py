"""Removes what runs have made, and waits while Bedrock is in the middle of something."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from finetune_cli import inventory
from finetune_cli.errors import CommandError
from finetune_cli.inventory import Resource

if TYPE_CHECKING:
    from finetune_cli.surroundings import Surroundings

PATIENCE_SECONDS = 1800.0
PAUSE_SECONDS = 5.0
GONE = frozenset({"ResourceNotFoundException", "ParameterNotFound", "ExecutionDoesNotExist"})
BUSY = frozenset({"ConflictException", "ThrottlingException", "ValidationException"})
"""Bedrock refuses to delete what it creates or updates as ConflictException, a deployment as
ValidationException (seen by users in August 2026)."""


@dataclass
class Remover:
    """Removes resources one by one; what is busy is tried again until PATIENCE_SECONDS are over."""

    here: Surroundings
    pause: float = PAUSE_SECONDS
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def remove(self, each: Resource) -> None:
        """Remove one resource; one that is gone already is fine.

        Raises:
            CommandError: AWS refuses it for good, or for too long.
        """
        deadline = self.clock() + PATIENCE_SECONDS
        while True:
            refusal = self._attempt(each)
            if refusal is None:
                return
            code = refusal.response["Error"]["Code"]
            if code not in BUSY or self.clock() > deadline:
                raise CommandError(
                    f"{each.kind} {each.name} could not be removed: {code}: "
                    f"{refusal.response['Error'].get('Message', '')}",
                    where=each.arn,
                    do="Repair what it says and run the command again: what is gone already is not missed.",
                ) from refusal
            self.sleep(self.pause)

    def _attempt(self, each: Resource) -> Any:  # noqa: ANN401 - botocore is not imported at start
        """Try once: None when it is gone, else the error that AWS answered."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 - heavy

        try:
            self._call(each)
        except ClientError as error:
            return None if error.response["Error"]["Code"] in GONE else error
        return None

    def _call(self, each: Resource) -> None:
        bedrock = self.here.client("bedrock")
        match each.kind:
            case inventory.EXECUTION:
                cause = "The pipeline is being destroyed."
                self.here.client("stepfunctions").stop_execution(executionArn=each.arn, cause=cause)
            case inventory.JOB:
                self._stop(bedrock, each)
            case inventory.PROVISIONED:
                bedrock.delete_provisioned_model_throughput(provisionedModelId=each.arn)
            case inventory.DEPLOYMENT:
                bedrock.delete_custom_model_deployment(customModelDeploymentIdentifier=each.arn)
            case inventory.MODEL:
                bedrock.delete_custom_model(modelIdentifier=each.arn)
            case inventory.REWARD:
                self.here.client("lambda").delete_function(FunctionName=each.name)
            case inventory.POINTER:
                self.here.client("ssm").delete_parameter(Name=each.name)

    def _stop(self, bedrock: Any, each: Resource) -> None:  # noqa: ANN401 - boto3's client
        """Stop a job and wait until it has ended: one that completes meanwhile leaves a model behind."""
        if bedrock.get_model_customization_job(jobIdentifier=each.arn)["status"] == "InProgress":
            bedrock.stop_model_customization_job(jobIdentifier=each.arn)
        deadline = self.clock() + PATIENCE_SECONDS
        while bedrock.get_model_customization_job(jobIdentifier=each.arn)["status"] in {
            "InProgress",
            "Stopping",
        }:
            if self.clock() > deadline:
                raise CommandError(f"Job {each.name} does not stop.", where=each.arn, do="Try again later.")
            self.sleep(self.pause)
