"""The life of one customization job, in a thread of its own: validation, data processing, training."""

from __future__ import annotations

import logging
import threading
import zlib
from collections.abc import Callable, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from finetune_local.bedrock import reinforcement
from finetune_local.bedrock.artifacts import Curve, RewardCurve, metrics_files
from finetune_local.bedrock.cloud import Context
from finetune_local.bedrock.datasets import S3, DataRefusedError, Dataset, Reader, check_counts, put
from finetune_local.bedrock.distillation import answers
from finetune_local.bedrock.foundation_models import REINFORCEMENT
from finetune_local.bedrock.grading import CLIENT, Grader, GraderError
from finetune_local.bedrock.job_views import event_detail
from finetune_local.bedrock.resources import CustomModel, Job
from finetune_local.bedrock.weights import Model, Trainable
from finetune_local.language_model import Answer, RewardStep, Step

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
        self._tokens = 0

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
        except (_FailedError, DataRefusedError, GraderError) as failure:
            self._finish("Failed", str(failure)[:2048])
        except Exception:
            LOGGER.exception("job %s ended by a fault of the local service", self._job.name)
            self._finish("Failed", INTERNAL_ERROR)

    def _stage(self, name: str, work: Callable[[], None]) -> None:
        fault = self._context.cloud.faults.take_job(name, self._job.name, self._context.account)
        if fault is not None and fault.stall and not fault.begun:
            self._pause(_FOR_EVER)
        self._mark(name, "InProgress")
        if fault is not None and fault.stall:
            self._pause(_FOR_EVER)
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

    def _session(self, service: str, **options: Any) -> Any:  # noqa: ANN401 - the type follows from the name
        """Return a client of a service with the job's role."""
        role, context = self._job.request["roleArn"], self._context
        try:
            session = context.cloud.service_role_session(role, self._job.arn, context.account, context.region)
            return session.client(service, **options)
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
            self._validation.add(part)
        quota = None if job.base.records_quota is None else self._context.quota(job.base.records_quota)
        self._pause(0)
        check_counts(
            job.base, job.customization_type, self._training.records, self._validation.records, quota
        )
        if job.customization_type == REINFORCEMENT:
            for part in (self._training, self._validation):
                reinforcement.check_lengths(part.prompts, job.request)

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
        parent: Any = kept.base(job.base) if job.parent_arn is None else kept.get(job.parent_arn)
        model = parent.copy()
        curve = self._reinforce(model) if job.customization_type == REINFORCEMENT else self._tune(model)
        self._pause(self._debt)
        self._complete(model, curve)

    def _epochs(self) -> int:
        text = self._job.hyperparameters["epochCount"]
        return int(text) if text.isdigit() else _AUTOMATIC_EPOCHS

    def _tune(self, model: Trainable) -> Curve:
        """Train on the examples."""
        job, curve, epochs = self._job, Curve(), self._epochs()
        batch_size = int(job.hyperparameters["batchSize"])
        job.steps = epochs * -(-len(self._training.examples) // batch_size)
        model.train(
            self._training.examples,
            self._validation.examples,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate_scale=self._learning_rate_scale(),
            seed=zlib.crc32(job.name.encode()),
            on_step=lambda step: self._on_step(step, curve),
        )
        tokens = sum(model.count_tokens(example.text) for example in self._training.examples)
        self._tokens = tokens * epochs
        return curve

    def _reinforce(self, model: Model) -> RewardCurve:
        """Train on rewards, asked of the user's function with the role's own rights."""
        job = self._job
        prompts, held_out = self._training.prompts, self._validation.prompts
        curve = RewardCurve(reinforcement.COLUMNS, reinforcement.VALIDATION_COLUMNS)
        settings = reinforcement.settings(job.name, job.request)
        job.steps = settings.epochs * -(-len(prompts) // settings.batch_size)
        grader = Grader(
            self._session("lambda", config=CLIENT),
            reinforcement.grader_arn(job.request),
            lambda: self._pause(0),
        )

        def grade(answers: Sequence[Answer]) -> list[float]:
            records = ((held_out if each.held_out else prompts)[each.prompt] for each in answers)
            return grader.rewards(
                [(record, each.text) for record, each in zip(records, answers, strict=True)]
            )

        model.reinforce(
            [reinforcement.prompt_of(record) for record in prompts],
            [reinforcement.prompt_of(record) for record in held_out],
            settings=settings,
            grade=grade,
            on_step=lambda step: self._on_reward_step(step, curve),
        )
        return curve

    def _learning_rate_scale(self) -> float:
        row = next(row for row in self._job.base.hyperparameters if row.name == "learningRate")
        return float(self._job.hyperparameters["learningRate"]) / float(row.default or 1)

    def _on_step(self, step: Step, curve: Curve) -> bool:
        """Note the losses of one step; return False to stop training."""
        if step.number > 0:
            curve.training.append((step.number, step.epoch, float(step.training_loss)))
        if step.validation_loss is not None:
            curve.validation.append((step.number, step.epoch, float(step.validation_loss)))
        return self._go_on(step.number, float(step.training_loss))

    def _on_reward_step(self, step: RewardStep, curve: RewardCurve) -> bool:
        """Note the rewards of one step; return False to stop training."""
        if step.validation_reward is not None:
            curve.validation.append((step.number, step.epoch, step.validation_reward))
        if step.rollout is None:
            return self._go_on(0, 0.0)
        curve.training.append((step.number, step.epoch, *reinforcement.row(step.rollout)))
        return self._go_on(step.number, step.rollout.reward_mean)

    def _go_on(self, number: int, reading: float) -> bool:
        """Tell how far the job is and let a step's time pass; return False to stop training."""
        if number > 0:
            self._debt += self._context.cloud.timings.training_step
        with self._context.state.lock:
            self._job.step, self._job.reading = number, reading
        if self._debt >= _PAUSE_SECONDS:
            debt, self._debt = self._debt, 0.0
            return not self._context.cloud.clock.wait(self._job.stop, debt)
        return not self._job.stop.is_set()

    def _complete(self, model: Trainable, curve: Curve | RewardCurve) -> None:
        cloud, job, state = self._context.cloud, self._job, self._context.state
        order = cloud.faults.take_artifacts(job.name, self._context.account)
        s3 = self._s3()
        for name, content in metrics_files(job.id, curve, order.layout if order else "").items():
            put(s3, job.request["outputDataConfig"]["s3Uri"], name, content)
        cloud.weights_of(job.base).keep(job.model_arn, model)
        with state.lock:
            if job.stop.is_set():
                raise _StoppedError
            job.status, job.stages["training"].status = "Completed", "Completed"
            job.billed_tokens = self._tokens
            job.training_loss, job.validation_loss = curve.last_losses()
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
