"""BedrockService: the door through which the emulator calls our Bedrock."""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from finetune_local.bedrock import (
    admin,
    deployment_operations,
    evaluation_operations,
    invocation,
    job_operations,
    model_operations,
    tag_operations,
    throughput_operations,
)
from finetune_local.bedrock.authorization import Permission, permissions_of
from finetune_local.bedrock.cloud import Clock, Cloud, Context, PutEvent, PutMetric, ServiceRoleSession
from finetune_local.bedrock.errors import BedrockError
from finetune_local.bedrock.evaluation_jobs import EvaluationJob
from finetune_local.bedrock.faults import CallFault
from finetune_local.bedrock.protocol import Call, HttpAnswer, Message, Protocol, Query, protocol_of
from finetune_local.bedrock.resources import Job, RegionState
from finetune_local.bedrock.weights import ModelFactory, Weights
from finetune_local.embedding_model import EmbeddingModel

LOGGER: Final = logging.getLogger(__name__)
_CLOSE_SECONDS: Final = 10.0
_RUNTIME: Final = "bedrock-runtime"

Operation = Callable[[Context, dict[str, Any]], dict[str, Any]]

OPERATIONS: Final[dict[str, Operation]] = {
    "ListFoundationModels": model_operations.list_foundation_models,
    "GetFoundationModel": model_operations.get_foundation_model,
    "GetCustomModel": model_operations.get_custom_model,
    "ListCustomModels": model_operations.list_custom_models,
    "DeleteCustomModel": model_operations.delete_custom_model,
    "CreateModelCustomizationJob": job_operations.create_model_customization_job,
    "GetModelCustomizationJob": job_operations.get_model_customization_job,
    "ListModelCustomizationJobs": job_operations.list_model_customization_jobs,
    "StopModelCustomizationJob": job_operations.stop_model_customization_job,
    "CreateProvisionedModelThroughput": throughput_operations.create_provisioned_model_throughput,
    "GetProvisionedModelThroughput": throughput_operations.get_provisioned_model_throughput,
    "ListProvisionedModelThroughputs": throughput_operations.list_provisioned_model_throughputs,
    "UpdateProvisionedModelThroughput": throughput_operations.update_provisioned_model_throughput,
    "DeleteProvisionedModelThroughput": throughput_operations.delete_provisioned_model_throughput,
    "CreateCustomModelDeployment": deployment_operations.create_custom_model_deployment,
    "GetCustomModelDeployment": deployment_operations.get_custom_model_deployment,
    "ListCustomModelDeployments": deployment_operations.list_custom_model_deployments,
    "UpdateCustomModelDeployment": deployment_operations.update_custom_model_deployment,
    "DeleteCustomModelDeployment": deployment_operations.delete_custom_model_deployment,
    "CreateEvaluationJob": evaluation_operations.create_evaluation_job,
    "GetEvaluationJob": evaluation_operations.get_evaluation_job,
    "ListEvaluationJobs": evaluation_operations.list_evaluation_jobs,
    "StopEvaluationJob": evaluation_operations.stop_evaluation_job,
    "TagResource": tag_operations.tag_resource,
    "UntagResource": tag_operations.untag_resource,
    "ListTagsForResource": tag_operations.list_tags_for_resource,
    "Converse": invocation.converse,
    "InvokeModel": invocation.invoke_model,
}


class BedrockService:
    """Bedrock's control plane and runtime for every account and Region; all methods are thread-safe.

    Args:
        clock: simulated time (``finetune_local.clock.Clock``).
        service_role_session: gives a boto3 session of a role that Bedrock assumes; raises a ClientError or
            PermissionError when the role's trust refuses it.
        put_event: sends an event to the account's default bus.
        put_metric: publishes a CloudWatch metric.
        state_dir: where trained models are kept; None: a temporary folder that goes with `close`.
        model_factory: where language models come from (default: ``finetune_local.language_model``).
    """

    def __init__(
        self,
        *,
        clock: Clock,
        service_role_session: ServiceRoleSession,
        put_event: PutEvent,
        put_metric: PutMetric,
        state_dir: Path | None = None,
        model_factory: ModelFactory | None = None,
    ) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="bedrock-") if state_dir is None else None
        folder = state_dir if self._temporary is None else Path(self._temporary.name)
        factory = _default_factory() if model_factory is None else model_factory
        self._cloud = Cloud(
            clock=clock,
            service_role_session=service_role_session,
            put_event=put_event,
            put_metric=put_metric,
            weights=Weights(factory, Path(folder or ".") / "models"),
            embeddings=Weights(EmbeddingModel, Path(folder or ".") / "embeddings"),
        )
        self._states: dict[tuple[str, str], RegionState] = {}
        self._lock = threading.Lock()

    def handle(  # noqa: PLR0917 - the emulator calls handlers so
        self,
        service: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query: Query,
        *,
        account: str,
        region: str,
        caller_arn: str,
    ) -> HttpAnswer:
        """Return status, headers and body of the answer to one HTTP request; blocks until it is there.

        `service` is ``bedrock`` or ``bedrock-runtime``. The caller has been judged before (`permissions`).
        """
        protocol = protocol_of(service)
        call = protocol.route(method, path)
        if call is None:
            return protocol.write_error(None, BedrockError("UnknownOperationException", f"{method} {path}"))
        context = self._context(account, region)
        try:
            output = self._carry_out(protocol, call, context, Message(headers, body, query), caller_arn)
            return protocol.write(call.operation, output)
        except BedrockError as error:
            LOGGER.info("%s by %s: %s", call.name, caller_arn, error)
            answer = protocol.write_error(call.operation, error)
        except Exception as error:
            LOGGER.exception("%s by %s broke the local Bedrock", call.name, caller_arn)
            answer = protocol.write_error(
                call.operation,
                BedrockError(
                    "InternalServerException", f"the local Bedrock broke: {type(error).__name__}: {error}"
                ),
            )
        if service == _RUNTIME and "modelId" in call.uri:
            invocation.publish(context, call.uri["modelId"], _error_metric(answer[0]), 1)
        return answer

    def _carry_out(
        self, protocol: Protocol, call: Call, context: Context, message: Message, caller: str
    ) -> dict[str, Any]:
        if call.name not in OPERATIONS:
            raise BedrockError("NotImplementedException", f"the local Bedrock does not offer {call.name}")
        fault = self._fault(call, context, message, caller)
        if fault is not None and not fault.after_effect:
            raise BedrockError(fault.error, fault.message)
        request = protocol.read(call, message)
        with context.state.lock:
            context.state.settle(context.now)
        output = OPERATIONS[call.name](context, request)
        if fault is not None:
            raise BedrockError(fault.error, fault.message)
        return output

    def _fault(self, call: Call, context: Context, message: Message, caller: str) -> CallFault | None:
        """Return the order that a test gave for this call."""
        if not self._cloud.faults.calls:
            return None
        with context.state.lock:
            tags = [context.state.tags.get(part, {}) for part in call.uri.values()]
        text = f"{call.uri} {message.body.decode('utf-8', 'replace')} {tags}"
        return self._cloud.faults.take_call(
            call.name, context.account, context.region, caller=caller, text=text
        )

    def operation_of(self, service: str, method: str, path: str) -> tuple[str, dict[str, str]] | None:
        """Return the operation's name and what its URI says, or None for an unknown one."""
        call = protocol_of(service).route(method, path)
        return None if call is None else (call.name, call.uri)

    def permissions(  # noqa: PLR0917 - as handle
        self,
        service: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query: Query,
        *,
        account: str,
        region: str,
    ) -> list[Permission]:
        """Return what the caller of this request must be allowed; nothing for a malformed request.

        A malformed one is refused by `handle` without any effect.
        """
        protocol = protocol_of(service)
        call = protocol.route(method, path)
        if call is None:
            return []
        context = self._context(account, region)
        try:
            request = protocol.read(call, Message(headers, body, query))
        except BedrockError:
            return []
        with context.state.lock:
            return permissions_of(context, call.name, request)

    def resource_tags(self, account: str, region: str, arn: str) -> dict[str, str]:
        """Return the tags of a resource, for aws:ResourceTag conditions; nothing for an unknown one."""
        state = self._state(account, region)
        with state.lock:
            return dict(state.tags.get(arn, {}))

    def admin(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out one command of ``admin.py``; raise ValueError when it is malformed."""
        return admin.run(self._cloud, self._state, command)

    def close(self) -> None:
        """End all jobs' threads without changing their state, and drop the temporary folder."""
        self._cloud.closing.set()
        with self._lock:
            states = list(self._states.values())
        jobs: list[Job | EvaluationJob] = [job for state in states for job in state.jobs.values()]
        jobs += [job for state in states for job in state.evaluations.values()]
        for job in jobs:
            job.stop.set()
            if job.thread is not None:
                job.thread.join(_CLOSE_SECONDS)
        if self._temporary is not None:
            self._temporary.cleanup()

    def _state(self, account: str, region: str) -> RegionState:
        with self._lock:
            return self._states.setdefault((account, region), RegionState(account, region))

    def _context(self, account: str, region: str) -> Context:
        return Context(self._cloud, self._state(account, region))


def _error_metric(status: int) -> str:
    if status == 429:
        return "InvocationThrottles"
    return "InvocationServerErrors" if status >= 500 else "InvocationClientErrors"


def _default_factory() -> ModelFactory:
    from finetune_local.language_model import LanguageModel  # noqa: PLC0415 - numpy loads only when needed

    return LanguageModel
