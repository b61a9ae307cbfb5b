"""Commands for tests and for the local cloud's command line, one JSON object each.

    {"command": "fault", "operation": "GetCustomModel" or "*", "error": "ThrottlingException",
     "message"?, "count"? = 1, "after_effect"? = false, "account"?, "region"?, "caller"?, "about"?, "name"?}
        the next calls are answered with that error; after_effect: the call acts, its answer is lost;
        caller: part of the caller's ARN; about: text in the call, or in the tags of the resource it names
    {"command": "struck"}                             -> {"struck": {name of an order: calls that met it}}
    {"command": "fail_job", "stage": "validation" | "data_processing" | "training" | "evaluation",
     "message"?, "job"?, "account"?}
        the next job (whose name starts with "job") fails there with that failureMessage; an evaluation job
        has the stage "evaluation" alone
    {"command": "stall_job", "stage": …, "begun"? = false, "job"?, "account"?}
        the next job stays NotStarted at that stage (begun: InProgress) until it is stopped
    {"command": "fail_endpoint", "step": "provisioned" | "provisioned_update" | "deployment" |
     "deployment_update", "message"?, "name"?, "account"?}
        the next endpoint at that step ends as Failed (a deployment's update as UpdateFailed)
    {"command": "stall_endpoint", "step": …, "name"?, "account"?}
        the next endpoint at that step never becomes ready
    {"command": "artifacts", "layout": "missing" | "nested" | "flat", "job"?, "account"?}
        the next job's metrics files are missing or lie elsewhere
    {"command": "set_quota", "code": "L-BE77399C", "value": 1, "account"?, "region"?}
    {"command": "quotas", "account", "region"}        -> {"quotas": {code: {"name", "value", "adjustable"}}}
    {"command": "set_life_cycle", "model": "amazon.nova-micro-v1:0:128k", "status": "ACTIVE" | "LEGACY"}
    {"command": "set_timings", "<field of Timings>": simulated seconds, …}
    {"command": "clear_faults"}                       forgets every order not yet consumed
    {"command": "billed_tokens", "account", "region"} -> {"jobs": {job name: tokens trained on}}
    {"command": "billed_hours", "account", "region"}  -> {"jobs": {job name: hours, of reinforcements alone}}
    {"command": "timings"}                            -> the timings in force
    {"command": "progress", "account", "region", "job"}
        -> {"step", "steps", "loss" or "reward"} of a job that trains; {} before, or if there is none

Every command answers ``{}`` where nothing else is said; a wrong one raises ValueError saying what is wrong.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Final

from finetune_local.bedrock.cloud import Cloud, Timings
from finetune_local.bedrock.evaluation_jobs import STAGE as EVALUATION
from finetune_local.bedrock.faults import ArtifactFault, CallFault, EndpointFault, JobFault
from finetune_local.bedrock.foundation_models import FOUNDATION_MODELS, REINFORCEMENT
from finetune_local.bedrock.quotas import QUOTAS
from finetune_local.bedrock.resources import JOB_STAGES, RegionState

StateOf = Callable[[str, str], RegionState]
_ENDPOINT_STEPS: Final = ("provisioned", "provisioned_update", "deployment", "deployment_update")
_LAYOUTS: Final = ("missing", "nested", "flat")


def run(cloud: Cloud, state_of: StateOf, command: Mapping[str, Any]) -> dict[str, Any]:
    """Carry out one command; raise ValueError when it is malformed."""
    arguments = dict(command)
    name = arguments.pop("command", None)
    if name not in _COMMANDS:
        raise ValueError(f"unknown command {name!r}; known are {sorted(_COMMANDS)}")
    try:
        return _COMMANDS[name](cloud, state_of, arguments) or {}
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError(f"command {name}: {error}; see finetune_local/bedrock/admin.py") from error


def _one_of(value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{value!r} is not one of {list(allowed)}")


def _fault(cloud: Cloud, _: StateOf, arguments: dict[str, Any]) -> None:
    cloud.faults.calls.append(CallFault(**{"message": "Ordered by a test.", **arguments}))


def _job(stall: bool) -> Callable[[Cloud, StateOf, dict[str, Any]], None]:
    def run_command(cloud: Cloud, _: StateOf, arguments: dict[str, Any]) -> None:
        _one_of(arguments.get("stage"), (*JOB_STAGES, EVALUATION))
        cloud.faults.jobs.append(JobFault(**arguments, stall=stall))

    return run_command


def _endpoint(stall: bool) -> Callable[[Cloud, StateOf, dict[str, Any]], None]:
    def run_command(cloud: Cloud, _: StateOf, arguments: dict[str, Any]) -> None:
        _one_of(arguments.get("step"), _ENDPOINT_STEPS)
        cloud.faults.endpoints.append(EndpointFault(**arguments, stall=stall))

    return run_command


def _artifacts(cloud: Cloud, _: StateOf, arguments: dict[str, Any]) -> None:
    _one_of(arguments.get("layout"), _LAYOUTS)
    cloud.faults.artifacts.append(ArtifactFault(**arguments))


def _set_quota(cloud: Cloud, _: StateOf, arguments: dict[str, Any]) -> None:
    cloud.quotas.set(**arguments)


def _quotas(cloud: Cloud, _: StateOf, arguments: dict[str, Any]) -> dict[str, Any]:
    values = cloud.quotas.all(**arguments)
    return {
        "quotas": {
            code: {"name": QUOTAS[code].name, "value": value, "adjustable": QUOTAS[code].adjustable}
            for code, value in values.items()
        }
    }


def _set_life_cycle(cloud: Cloud, _: StateOf, arguments: dict[str, Any]) -> None:
    _one_of(arguments["model"], tuple(model.model_id for model in FOUNDATION_MODELS))
    _one_of(arguments["status"], ("ACTIVE", "LEGACY"))
    cloud.life_cycles[arguments["model"]] = arguments["status"]


def _set_timings(cloud: Cloud, _: StateOf, arguments: dict[str, Any]) -> None:
    cloud.timings = dataclasses.replace(cloud.timings, **arguments)


def _timings(cloud: Cloud, _: StateOf, arguments: dict[str, Any]) -> dict[str, Any]:
    return {field.name: getattr(cloud.timings, field.name) for field in dataclasses.fields(Timings)}


def _clear_faults(cloud: Cloud, _: StateOf, arguments: dict[str, Any]) -> None:
    cloud.faults.clear()


def _billed_tokens(_: Cloud, state_of: StateOf, arguments: dict[str, Any]) -> dict[str, Any]:
    state = state_of(arguments["account"], arguments["region"])
    with state.lock:
        return {"jobs": {job.name: job.billed_tokens for job in state.jobs.values()}}


def _billed_hours(_: Cloud, state_of: StateOf, arguments: dict[str, Any]) -> dict[str, Any]:
    state = state_of(arguments["account"], arguments["region"])
    with state.lock:
        return {"jobs": {job.name: job.billed_hours for job in state.jobs.values()}}


def _struck(cloud: Cloud, _: StateOf, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"struck": dict(cloud.faults.struck)}


def _progress(_: Cloud, state_of: StateOf, arguments: dict[str, Any]) -> dict[str, Any]:
    state = state_of(arguments["account"], arguments["region"])
    with state.lock:
        found = next((job for job in state.jobs.values() if job.name == arguments["job"]), None)
        if found is None or found.reading is None:
            return {}
        name = "reward" if found.customization_type == REINFORCEMENT else "loss"
        return {"step": found.step, "steps": found.steps, name: found.reading}


_COMMANDS: Final[dict[str, Callable[[Cloud, StateOf, dict[str, Any]], dict[str, Any] | None]]] = {
    "fault": _fault,
    "fail_job": _job(stall=False),
    "stall_job": _job(stall=True),
    "fail_endpoint": _endpoint(stall=False),
    "stall_endpoint": _endpoint(stall=True),
    "artifacts": _artifacts,
    "set_quota": _set_quota,
    "quotas": _quotas,
    "set_life_cycle": _set_life_cycle,
    "set_timings": _set_timings,
    "timings": _timings,
    "clear_faults": _clear_faults,
    "billed_tokens": _billed_tokens,
    "billed_hours": _billed_hours,
    "struck": _struck,
    "progress": _progress,
}
