"""The life of one customization job, in a thread of its own: validation, data processing, training."""

from __future__ import annotations

import logging
import threading
import zlib
from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

from finetune_local.bedrock.artifacts import Curve, metrics_files
from finetune_local.bedrock.cloud import Context
from finetune_local.bedrock.datasets import S3, DataRefusedError, Dataset, Reader, check_counts, put
from finetune_local.bedrock.distillation import answers
from finetune_local.bedrock.job_views import event_detail
from finetune_local.bedrock.resources import CustomModel, Job
from finetune_local.bedrock.weights import Trainable
from finetune_local.language_model import Step

LOGGER: Final = logging.getLogger(__name__)
INTERNAL_ERROR: Final = "Encountered an unexpected error when processing the request, please try again"
"""Text of the user guide's page on troubleshooting model customization (read 2026-11-24)."""
_FOR_EVER: Final = 10.0**9
_PAUSE_SECONDS: Final = 30.0
"""Simulated seconds of training that are waited for at once, so that many short steps cost few waits."""
_AUTOMATIC_EPOCHS: Final = 5


class _FailedError(Exception):
    """The job fails with this text."""


class _StoppedError(Exception):
    """The job was told to stop."""


class _ClosedError(Exception):
    """The service is being closed: leave without a word."""


def announce(context: Context, job: Job) -> None:
    """Send the job's state to EventBridge; delivery is best effort, as in AWS."""
    with context.state.lock:
        detail = event_detail(job)
    try:
        context.cloud.put_event(
            context.account, context.region, "aws.bedrock", "Model Customization Job State Change", detail
        )
    except Exception:
        LOGGER.exception("event of job %s was not delivered", job.name)


class JobRun:
    """Runs one job to its end."""

    def __init__(self, context: Context, job: Job) -> None:
        self._context, self._job = context, job
        self._training, self._validation = Dataset(), Dataset()
        self._debt = 0.0

    def start(self) -> None:
        """Run in a daemon thread."""
        self._job.thread = threading.Thread(
            target=self.run, name=f"bedrock-job-{self._job.name}", daemon=True
        )
        self._job.thread.start()

    def run(self) -> None:
        """Go through the stages and record how the job ended."""
        try:
            self._stage("validation", self._validate)
            self._stage("data_processing", self._process)
            self._stage("training", self._train)
        except _ClosedError:
            return
        except _StoppedError:
            self._finish("Stopped", None)
        except (_FailedError, DataRefusedError) as failure:
            self._finish("Failed", str(failure)[:2048])
        except Exception:
            LOGGER.exception("job %s ended by a fault of the local service", self._job.name)
            self._finish("Failed", INTERNAL_ERROR)

    def _stage(self, name: str, work: Callable[[], None]) -> None:
        fault = self._context.cloud.faults.take_job(name, self._job.name, self._context.account)
        if fault is not None and fault.stall:
            self._pause(_FOR_EVER)
        self._mark(name, "InProgress")
        if fault is not None:
            self._pause(getattr(self._context.cloud.timings, _STAGE_TIMINGS[name]))
            raise _FailedError(fault.message or INTERNAL_ERROR)
        work()
        self._mark(name, "Completed")

    def _mark(self, name: str, status: str) -> None:
        now = self._context.now
        with self._context.state.lock:
            stage = self._job.stages[name]
            stage.status, stage.changed_at = status, now
            stage.created_at = stage.created_at or now
            self._job.changed_at = now

    def _pause(self, seconds: float) -> None:
        """Let simulated time pass; raise when the job has to end."""
        if self._context.cloud.clock.wait(self._job.stop, seconds):
            raise _ClosedError if self._context.cloud.closing.is_set() else _StoppedError

    def _s3(self) -> S3:
        s3: S3 = self._session("s3")
        return s3

    def _session(self, service: str) -> Any:  # noqa: ANN401 - the type follows from the name
        """Return a client of a service with the job's role."""
        role, context = self._job.request["roleArn"], self._context
        try:
            session = context.cloud.service_role_session(role, self._job.arn, context.account, context.region)
            return session.client(service)
        except (ClientError, PermissionError) as error:
            raise _FailedError(f"The role {role} can no longer be assumed by Amazon Bedrock.") from error

    def _validate(self) -> None:
        self._pause(self._context.cloud.timings.validation)
        job = self._job
        reader = Reader(self._s3(), job.base, job.customization_type, job.stop.is_set)
        self._training = reader.read(job.request["trainingDataConfig"]["s3Uri"])
        for validator in job.request.get("validationDataConfig", {}).get("validators", []):
            part = reader.read(validator["s3Uri"])
            if part.records == 0:
                raise DataRefusedError(f"The validation data {validator['s3Uri']} holds no records.")
            self._validation.records += part.records
            self._validation.examples += part.examples
        quota = None if job.base.records_quota is None else self._context.quota(job.base.records_quota)
        self._pause(0)
        check_counts(
            job.base, job.customization_type, self._training.records, self._validation.records, quota
        )

    def _process(self) -> None:
        """Let the teacher of a distillation answer, asked through the runtime with the role's own rights."""
        self._pause(self._context.cloud.timings.data_processing)
        if not self._training.unanswered:
            return
        try:
            self._training.examples += answers(
                self._session("bedrock-runtime"),
                self._job.request,
                self._training.unanswered,
                lambda: self._pause(0),
            )
        except ClientError as error:
            raise _FailedError(
                f"The teacher model could not be invoked with the role given: {error}"
            ) from error

    def _train(self) -> None:
        cloud, job = self._context.cloud, self._job
        self._pause(cloud.timings.training_start)
        kept = cloud.weights_of(job.base)
        parent = kept.base(job.base) if job.parent_arn is None else kept.get(job.parent_arn)
        model, curve = parent.copy(), Curve()
        text = job.hyperparameters["epochCount"]
        epochs = int(text) if text.isdigit() else _AUTOMATIC_EPOCHS
        job.steps = epochs * -(-len(self._training.examples) // int(job.hyperparameters["batchSize"]))
        model.train(
            self._training.examples,
            self._validation.examples,
            epochs=epochs,
            batch_size=int(job.hyperparameters["batchSize"]),
            learning_rate_scale=self._learning_rate_scale(),
            seed=zlib.crc32(job.name.encode()),
            on_step=lambda step: self._on_step(step, curve),
        )
        self._pause(self._debt)
        self._complete(model, curve, epochs)

    def _learning_rate_scale(self) -> float:
        row = next(row for row in self._job.base.hyperparameters if row.name == "learningRate")
        return float(self._job.hyperparameters["learningRate"]) / float(row.default or 1)

    def _on_step(self, step: Step, curve: Curve) -> bool:
        """Note the losses of one step; return False to stop training."""
        if step.number > 0:
            curve.training.append((step.number, step.epoch, float(step.training_loss)))
            self._debt += self._context.cloud.timings.training_step
        if step.validation_loss is not None:
            curve.validation.append((step.number, step.epoch, float(step.validation_loss)))
        with self._context.state.lock:
            self._job.step, self._job.loss = step.number, float(step.training_loss)
        if self._debt >= _PAUSE_SECONDS:
            debt, self._debt = self._debt, 0.0
            return not self._context.cloud.clock.wait(self._job.stop, debt)
        return not self._job.stop.is_set()

    def _complete(self, model: Trainable, curve: Curve, epochs: int) -> None:
        cloud, job, state = self._context.cloud, self._job, self._context.state
        order = cloud.faults.take_artifacts(job.name, self._context.account)
        s3 = self._s3()
        for name, content in metrics_files(job.id, curve, order.layout if order else "").items():
            put(s3, job.request["outputDataConfig"]["s3Uri"], name, content)
        cloud.weights_of(job.base).keep(job.model_arn, model)
        tokens = sum(model.count_tokens(example.text) for example in self._training.examples)
        with state.lock:
            if job.stop.is_set():
                raise _StoppedError
            job.status, job.stages["training"].status = "Completed", "Completed"
            job.billed_tokens = tokens * epochs
            job.training_loss = curve.training[-1][2] if curve.training else None
            job.validation_loss = curve.validation[-1][2] if curve.validation else None
            name = str(job.request["customModelName"])
            state.models[job.model_arn] = CustomModel(job.model_arn, name, job, self._context.now)
            state.tags[job.model_arn] = {
                tag["key"]: tag["value"] for tag in job.request.get("customModelTags", [])
            }
        self._finish("Completed", None)

    def _finish(self, status: str, failure: str | None) -> None:
        now, job = self._context.now, self._job
        with self._context.state.lock:
            for stage in job.stages.values():
                if stage.status in ("InProgress", "Stopping"):
                    stage.status, stage.changed_at = status, now
            job.status, job.failure, job.changed_at, job.ended_at = status, failure, now, now
        announce(self._context, job)


_STAGE_TIMINGS: Final = {
    "validation": "validation",
    "data_processing": "data_processing",
    "training": "training_start",
}
