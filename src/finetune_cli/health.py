"""The checks of `finetune doctor`: one question each about an account and a deployment, answered from AWS.

Every check only reads. One that may not ask (AccessDenied) is "unknown", never "fine": what could not be
seen is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from config.environments import ENVIRONMENTS
from finetune_cli.errors import CommandError

if TYPE_CHECKING:
    from config.settings import Settings
    from finetune_cli.surroundings import Surroundings

State = Literal["fine", "attention", "broken", "unknown"]
STACKS = ("Storage", "Pipeline", "Serving", "Monitoring")
BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
OLDEST_BOOTSTRAP = 6
"""What the stacks' own rule CheckBootstrapVersion asks for (aws-cdk-lib 2.275.0)."""
SETTLED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")


@dataclass(frozen=True)
class Answer:
    """What one check found; ``remedy`` is empty only where nothing is to be done."""

    check: str
    state: State
    finding: str
    remedy: str = ""


def examine(here: Surroundings) -> Iterator[Answer]:
    """Yield every answer as it comes. Without credentials the first question raises botocore's error.

    What needs the stacks is not asked about while they are not there.
    """
    yield _identity(here)
    for check in (_bootstrap, _base_model, _units):
        yield _answered(check, here)
    deployed = _answered(_stacks, here)
    yield deployed
    if deployed.state == "fine":
        for check in (_events, _schedules, _subscriptions, _alarms):
            yield _answered(check, here)


def _answered(check: Callable[[Surroundings], Answer], here: Surroundings) -> Answer:
    try:
        return check(here)
    except CommandError as error:
        return Answer(_title(check), "broken", error.what, error.do)
    except Exception as error:
        if not hasattr(error, "response"):
            raise
        return _unanswered(check, error)


def _unanswered(check: Callable[[Surroundings], Answer], error: Exception) -> Answer:
    answer = getattr(error, "response", {}).get("Error", {})
    call = getattr(error, "operation_name", "the request")
    finding = f"AWS refused {call}: {answer.get('Code', '')}: {answer.get('Message', '')}"
    return Answer(_title(check), "unknown", finding, f"Ask for the right to call {call}, or look by hand.")


def _title(check: Callable[[Surroundings], Answer]) -> str:
    return check.__name__.strip("_").replace("_", " ")


def _settings(here: Surroundings) -> Settings:
    return ENVIRONMENTS[here.env]


def _identity(here: Surroundings) -> Answer:
    who = here.client("sts").get_caller_identity()
    return Answer("identity", "fine", f"account {who['Account']}, {here.region}, as {who['Arn']}")


def _bootstrap(here: Surroundings) -> Answer:
    do = f"npx cdk bootstrap -c env={here.env}"
    try:
        version = int(here.parameter(BOOTSTRAP))
    except CommandError:
        return Answer(
            "bootstrap", "broken", f"the account is not bootstrapped for the CDK in {here.region}", do
        )
    state: State = "fine" if version >= OLDEST_BOOTSTRAP else "broken"
    return Answer("bootstrap", state, f"version {version}", "" if state == "fine" else do)


def _stacks(here: Surroundings) -> Answer:
    found = {name: _stack(here, name) for name in STACKS}
    missing = [name for name, stack in found.items() if stack is None]
    deploy = "finetune local up" if here.env == "local" else f"make deploy ENV={here.env}"
    if missing:
        return Answer("stacks", "broken", f"not deployed: {', '.join(missing)}", deploy)
    unsettled = [
        f"{name} is {stack['StackStatus']}"
        for name, stack in found.items()
        if stack and stack["StackStatus"] not in SETTLED
    ]
    if unsettled:
        do = "Wait, or see the stack's events in CloudFormation, then deploy again."
        return Answer("stacks", "broken", ", ".join(unsettled), do)
    _ = here.names  # raises a CommandError that names the missing parameter
    return Answer("stacks", "fine", f"all {len(STACKS)} deployed")


def _stack(here: Surroundings, name: str) -> dict[str, Any] | None:
    try:
        answer = here.client("cloudformation").describe_stacks(StackName=f"Finetune-{here.env}-{name}")
    except Exception as error:
        # CloudFormation answers "does not exist" as a plain ValidationError.
        if "does not exist" in str(error):
            return None
        raise
    stacks: list[dict[str, Any]] = answer["Stacks"]
    return stacks[0] if stacks else None


def _events(here: Surroundings) -> Answer:
    """Whether a drop can start a run: the bucket's switch can be turned off by hand."""
    bucket = here.names["data-bucket"]
    found = here.client("s3").get_bucket_notification_configuration(Bucket=bucket)
    if "EventBridgeConfiguration" in found:
        return Answer("events", "fine", f"s3://{bucket} tells EventBridge about drops")
    do = "Deploy again, or switch it on: S3 console, Properties, Amazon EventBridge."
    return Answer("events", "broken", f"s3://{bucket} does not tell EventBridge: drops start nothing", do)


def _schedules(here: Surroundings) -> Answer:
    """Whether guardian and watch are woken: a schedule can be switched off by hand."""
    resources = here.client("cloudformation").get_paginator("list_stack_resources")
    pages = resources.paginate(StackName=f"Finetune-{here.env}-Serving")
    functions = {
        each["PhysicalResourceId"]
        for page in pages
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] == "AWS::Lambda::Function"
    }
    schedules = [
        each
        for page in here.client("scheduler").get_paginator("list_schedules").paginate()
        for each in page["Schedules"]
        if each["Target"]["Arn"].rpartition(":")[2] in functions
    ]
    asleep = [each["Name"] for each in schedules if each["State"] != "ENABLED"]
    if asleep or not schedules:
        what = f"switched off: {', '.join(asleep)}" if asleep else "there is none"
        do = "Switch it on in the EventBridge Scheduler console: until then nothing is guarded."
        return Answer("schedules", "broken", what, do)
    return Answer("schedules", "fine", f"{len(schedules)} enabled (guardian, watch)")


def _subscriptions(here: Surroundings) -> Answer:
    """Whether anybody hears the notices; an e-mail address counts once it has confirmed."""
    topics = {"notices": here.names["notices-topic"]}
    outputs = {
        each["OutputKey"]: each["OutputValue"] for each in (_stack(here, "Monitoring") or {})["Outputs"]
    }
    topics["alarms"] = outputs["AlarmTopicArn"]
    deaf, waiting = [], []
    for name, arn in topics.items():
        pages = here.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
        found = [each for page in pages for each in page["Subscriptions"]]
        waiting += [each["Endpoint"] for each in found if each["SubscriptionArn"] == "PendingConfirmation"]
        if not any(each["SubscriptionArn"].startswith("arn:") for each in found):
            deaf.append(name)
    if waiting:
        do = "Each address confirms by the link in its mail; deploying again does not send another."
        return Answer("subscriptions", "attention", f"not confirmed: {', '.join(sorted(set(waiting)))}", do)
    if deaf:
        do = (
            "Add notification_emails in config/environments.py, or subscribe your chat or pager to the topic."
        )
        return Answer("subscriptions", "attention", f"nobody hears: {' and '.join(deaf)}", do)
    return Answer("subscriptions", "fine", "notices and alarms are heard")


def _base_model(here: Surroundings) -> Answer:
    """Whether the environment's own base model can be customized today; run.json may name another."""
    defaults = _settings(here).run_defaults
    wanted, kind = defaults.base_model, defaults.customization_type
    offered = here.client("bedrock").list_foundation_models(byCustomizationType=kind)["modelSummaries"]
    active = [
        each["modelId"]
        for each in offered
        if each.get("modelLifecycle", {}).get("status", "ACTIVE") == "ACTIVE"
    ]
    if wanted in active:
        return Answer("base model", "fine", f"{wanted} is open for {kind.lower().replace('_', '-')}")
    do = f"Set run_defaults.base_model to one of: {', '.join(active) or 'none is offered in this Region'}."
    return Answer("base model", "broken", f"{wanted} cannot be customized in {here.region}", do)


def _units(here: Surroundings) -> Answer:
    """Whether the quotas allow one endpoint, where the defaults serve by Provisioned Throughput."""
    from finetune_core import catalogue, preflight  # noqa: PLC0415 - a large table for this check alone

    defaults = _settings(here).run_defaults
    model = catalogue.find_model(defaults.base_model)
    if (
        model is None
        or preflight.resolve_serving(model, defaults.serving, here.region)[0] != "provisioned_throughput"
    ):
        return Answer("model units", "fine", "the defaults need none")
    wanted = [code for code in (model.serving.no_commitment_quota, model.serving.units_quota) if code]
    short = []
    for code in wanted:
        value = here.client("service-quotas").get_service_quota(ServiceCode="bedrock", QuotaCode=code)
        if value["Quota"]["Value"] < defaults.model_units:
            short.append(f"{code} is {value['Quota']['Value']:g}")
    if short:
        do = f"Ask for more: {' '.join(preflight.QUOTA_LINK + text.split()[0] for text in short)}"
        return Answer("model units", "broken", f"{', '.join(short)}; a run needs {defaults.model_units}", do)
    return Answer("model units", "fine", f"{' and '.join(wanted)} allow {defaults.model_units} or more")


def _alarms(here: Surroundings) -> Answer:
    pages = here.client("cloudwatch").get_paginator("describe_alarms").paginate(StateValue="ALARM")
    prefix = f"Finetune-{here.env}-"
    ringing = [
        each["AlarmName"]
        for page in pages
        for each in page["MetricAlarms"]
        if each["AlarmName"].startswith(prefix)
    ]
    if ringing:
        do = "docs/operations.md says what to do for each."
        return Answer("alarms", "attention", f"ringing: {', '.join(ringing)}", do)
    return Answer("alarms", "fine", "none rings")
