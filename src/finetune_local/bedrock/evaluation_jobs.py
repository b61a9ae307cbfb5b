"""Evaluation jobs: what one is, and its life in a thread of its own."""

from __future__ import annotations

import logging
import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from finetune_local.bedrock.cloud import Context, Session
from finetune_local.bedrock.datasets import DataRefusedError, put, split_uri, unreadable
from finetune_local.bedrock.evaluation_records import Answered, asked, output_name, read_lines, scored_line

LOGGER: Final = logging.getLogger(__name__)
INTERNAL_ERROR: Final = "The evaluation job failed because of an internal error. Try again."
STAGE: Final = "evaluation"
"""What a fault for an evaluation job is ordered under, beside the stages of customization jobs."""
_FOR_EVER: Final = 10.0**9


class _EndedError(Exception):
    """The job was told to stop, or the service is being closed."""


@dataclass
class EvaluationJob:
    """An evaluation job; ``request`` is the create call's."""

    arn: str
    request: dict[str, Any]
    created_at: datetime
    changed_at: datetime
    status: str = "InProgress"
    failures: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        """The job's name."""
        return str(self.request["jobName"])

    @property
    def automated(self) -> dict[str, Any]:
        """The part of the request on what is evaluated, and by whom."""
        found: dict[str, Any] = self.request["evaluationConfig"]["automated"]
        return found

    @property
    def dataset(self) -> dict[str, Any]:
        """Task type, dataset and metrics."""
        found: dict[str, Any] = self.automated["datasetMetricConfigs"][0]
        return found

    @property
    def judge(self) -> str:
        """The judge's identifier as it was given."""
        return str(self.automated["evaluatorModelConfig"]["bedrockEvaluatorModels"][0]["modelIdentifier"])

    @property
    def source(self) -> str:
        """Under which name the answers were brought along."""
        models = self.request["inferenceConfig"]["models"]
        return str(models[0]["precomputedInferenceSource"]["inferenceSourceIdentifier"])


class EvaluationRun:
    """Runs one job to its end."""

    def __init__(self, context: Context, job: EvaluationJob) -> None:
        self._context, self._job = context, job

    def start(self) -> None:
        """Run in a daemon thread."""
        name = f"bedrock-evaluation-{self._job.name}"
        self._job.thread = threading.Thread(target=self.run, name=name, daemon=True)
        self._job.thread.start()

    def run(self) -> None:
        """Read, judge, write; record how the job ended."""
        try:
            self._meet_fault()
            self._write(self._judge(self._read()))
        except _EndedError:
            if not self._context.cloud.closing.is_set():
                self._finish("Stopped")
        except DataRefusedError as failure:
            self._finish("Failed", str(failure)[:2048])
        except Exception:
            LOGGER.exception("evaluation job %s ended by a fault of the local service", self._job.name)
            self._finish("Failed", INTERNAL_ERROR)
        else:
            self._finish("Completed")

    def _meet_fault(self) -> None:
        self._pause(self._context.cloud.timings.judging_start)
        fault = self._context.cloud.faults.take_job(STAGE, self._job.name, self._context.account)
        if fault is not None and fault.stall:
            self._pause(_FOR_EVER)
        if fault is not None:
            raise DataRefusedError(fault.message or INTERNAL_ERROR)

    def _pause(self, seconds: float) -> None:
        if self._context.cloud.clock.wait(self._job.stop, seconds):
            raise _EndedError

    def _session(self) -> Session:
        role, context = self._job.request["roleArn"], self._context
        try:
            return context.cloud.service_role_session(role, self._job.arn, context.account, context.region)
        except (ClientError, PermissionError) as error:
            raise DataRefusedError(f"The role {role} can no longer be assumed by Amazon Bedrock.") from error

    def _read(self) -> list[Answered]:
        uri = self._job.dataset["dataset"]["datasetLocation"]["s3Uri"]
        bucket, key = split_uri(uri)
        try:
            body = self._session().client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            raise DataRefusedError(unreadable(bucket, key)) from error
        return read_lines(body, self._job.source)

    def _judge(self, answered: list[Answered]) -> bytes:
        """Ask the judge about each answer as the job's role, and return the lines of the output."""
        runtime, metrics = self._session().client("bedrock-runtime"), self._job.dataset["metricNames"]
        lines = []
        for each in answered:
            self._pause(self._context.cloud.timings.judging_answer)
            try:
                said = asked(runtime, self._job.judge, each)
            except ClientError as error:
                raise DataRefusedError(f"Could not invoke the evaluator model: {error}") from error
            lines.append(scored_line(each, metrics, self._job.judge, said))
        return b"".join(lines)

    def _write(self, body: bytes) -> None:
        job = self._job
        name = output_name(
            job.name,
            str(uuid.uuid4()),
            source=job.source,
            task=job.dataset["taskType"],
            dataset=job.dataset["dataset"]["name"],
        )
        put(self._session().client("s3"), job.request["outputDataConfig"]["s3Uri"], name, body)

    def _finish(self, status: str, failure: str = "") -> None:
        with self._context.state.lock:
            if self._job.stop.is_set():
                status, failure = "Stopped", ""
            self._job.status, self._job.changed_at = status, self._context.now
            self._job.failures += [failure] if failure else []
