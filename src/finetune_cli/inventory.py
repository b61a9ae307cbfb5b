"""What the pipeline has in the account outside of CloudFormation: found by its tags, never by its names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from finetune_cli import ledger
from finetune_cli.errors import CommandError

if TYPE_CHECKING:
    from finetune_cli.surroundings import Surroundings

EXECUTION = "execution"
JOB = "customization job"
PROVISIONED = "provisioned throughput"
DEPLOYMENT = "on-demand deployment"
MODEL = "custom model"
REWARD = "reward function"
POINTER = "parameter"
ORDER = (EXECUTION, JOB, PROVISIONED, DEPLOYMENT, MODEL, REWARD, POINTER)
"""In this order they can be removed: what makes others first, what others need last."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource; `hourly` in US dollars (None: not known), `committed_until` an ISO time or ""."""

    kind: str
    arn: str
    name: str
    status: str = ""
    run: str = ""
    dataset: str = ""
    hourly: float | None = 0.0
    committed_until: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def inventory(here: Surroundings) -> list[Resource]:
    """Everything that carries this environment's tag, and its running executions, in the order of removal."""
    found = [*_executions(here), *_jobs(here), *_provisioned(here), *_deployments(here), *_models(here)]
    return [*found, *_rewards(here), *_pointers(here)]


def _executions(here: Surroundings) -> Iterator[Resource]:
    try:
        machine = here.names["state-machine"]
    except CommandError:  # the stacks are gone already, and their machine with them
        return
    states = here.client("stepfunctions")
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine, statusFilter="RUNNING")
    for page in pages:
        for each in page["executions"]:
            yield Resource(kind=EXECUTION, arn=each["executionArn"], name=each["name"], status=each["status"])


def _jobs(here: Surroundings) -> Iterator[Resource]:
    bedrock = here.client("bedrock")
    for status in ("InProgress", "Stopping"):
        pages = bedrock.get_paginator("list_model_customization_jobs").paginate(statusEquals=status)
        for page in pages:
            for each in page.get("modelCustomizationJobSummaries", []):
                yield from _ours(here, JOB, each["jobArn"], each["jobName"], status)


def _provisioned(here: Surroundings) -> Iterator[Resource]:
    now = here.now()
    for page in here.client("bedrock").get_paginator("list_provisioned_model_throughputs").paginate():
        for each in page["provisionedModelSummaries"]:
            until = each.get("commitmentExpirationTime")
            over = until is not None and until <= now
            yield from _ours(
                here,
                PROVISIONED,
                each["provisionedModelArn"],
                each["provisionedModelName"],
                each["status"],
                committed="" if over else until.isoformat() if until else each.get("commitmentDuration", ""),
            )


def _deployments(here: Surroundings) -> Iterator[Resource]:
    for page in here.client("bedrock").get_paginator("list_custom_model_deployments").paginate():
        for each in page.get("modelDeploymentSummaries", []):
            name = each["customModelDeploymentName"]
            yield from _ours(here, DEPLOYMENT, each["customModelDeploymentArn"], name, each["status"])


def _models(here: Surroundings) -> Iterator[Resource]:
    for page in here.client("bedrock").get_paginator("list_custom_models").paginate(isOwned=True):
        for each in page.get("modelSummaries", []):
            status = each.get("modelStatus", "Active")
            yield from _ours(here, MODEL, each["modelArn"], each["modelName"], status)


def _rewards(here: Surroundings) -> Iterator[Resource]:
    """Functions that runs have made to grade answers; those that the platform has deployed carry no run."""
    from finetune_core.runs import TAG_DATASET, TAG_PIPELINE, TAG_RUN, reward_prefix  # noqa: PLC0415 - heavy

    functions = here.client("lambda")
    for page in functions.get_paginator("list_functions").paginate():
        for each in page["Functions"]:
            if not each["FunctionName"].startswith(reward_prefix(here.env)):
                continue
            tags = functions.list_tags(Resource=each["FunctionArn"])["Tags"]
            if tags.get(TAG_PIPELINE) == here.env and tags.get(TAG_RUN):
                yield Resource(
                    kind=REWARD,
                    arn=each["FunctionArn"],
                    name=each["FunctionName"],
                    run=tags[TAG_RUN],
                    dataset=tags.get(TAG_DATASET, ""),
                )


def _pointers(here: Surroundings) -> Iterator[Resource]:
    prefix = f"/finetune/{here.env}/"
    pages = here.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=prefix, Recursive=True)
    for page in pages:
        for each in page["Parameters"]:
            if each["Name"].endswith("/model-id"):
                dataset = each["Name"].removeprefix(prefix).removesuffix("/model-id")
                yield Resource(kind=POINTER, arn=each["ARN"], name=each["Name"], dataset=dataset)


def _ours(  # noqa: PLR0917 - what every kind has
    here: Surroundings, kind: str, arn: str, name: str, status: str, committed: str = ""
) -> Iterator[Resource]:
    from finetune_core.runs import TAG_DATASET, TAG_PIPELINE, TAG_RUN  # noqa: PLC0415 - heavy

    answer = here.client("bedrock").list_tags_for_resource(resourceARN=arn)
    tags = {tag["key"]: tag["value"] for tag in answer.get("tags", [])}
    if tags.get(TAG_PIPELINE) != here.env:
        return
    run = tags.get(TAG_RUN, "")
    yield Resource(
        kind=kind,
        arn=arn,
        name=name,
        status=status,
        run=run,
        dataset=tags.get(TAG_DATASET, ""),
        hourly=_hourly(here, run) if kind == PROVISIONED else 0.0,
        committed_until=committed,
    )


def _hourly(here: Surroundings, run_id: str) -> float | None:
    """What the run's estimate says an hour of its endpoint costs; None when the ledger does not know."""
    try:
        run = ledger.get_run(here, run_id) if run_id else None
    except CommandError:
        return None
    value = run.result("price").get("hourly") if run else None
    return float(value) if value is not None else None
