"""Hooks into the emulator's EventBridge (rules and schedules) and CloudWatch."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ministack.services import cloudwatch, eventbridge, scheduler

from finetune_local.hooks.gateway import tenant
from finetune_local.values import Json, Untyped

_TARGETS = {
    "states": "_dispatch_to_stepfunctions",
    "lambda": "_dispatch_to_lambda",
    "sns": "_dispatch_to_sns",
    "sqs": "_dispatch_to_sqs",
}
"""Service of a target's ARN → the emulator's function that delivers to it in-process."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One event on its way to one target of a rule or schedule."""

    arn: str
    """The target."""
    payload: str
    """JSON text, after the target's input rules."""
    target: Json
    """The target as it was put: RoleArn, DeadLetterConfig, …"""
    source: Json
    """The rule or schedule."""
    scheduled: bool
    """Whether the source is an EventBridge Scheduler schedule."""
    in_process: Callable[[], None] = field(repr=False)
    """The emulator's own delivery, which asks nobody."""


_at_work: contextvars.ContextVar[tuple[Json, Json, bool]] = contextvars.ContextVar("finetune_delivery")


def on_delivery(deliver: Callable[[Delivery], None]) -> None:
    """Let `deliver` bring events to state machines, functions, topics and queues.

    It is called on the thread that put the event, possibly the event loop: it must not block.
    """
    generic = eventbridge._invoke_target

    def invoke(target: Json, event: Json, source: Json, view: Untyped = None) -> None:
        scheduled = event.get("Source") == "aws.scheduler"
        token = _at_work.set((target, source, scheduled))
        try:
            generic(target, event, source, view)
        finally:
            _at_work.reset(token)

    eventbridge._invoke_target = invoke
    for name in _TARGETS.values():
        _replace_dispatch(name, deliver)


def _replace_dispatch(name: str, deliver: Callable[[Delivery], None]) -> None:
    generic = getattr(eventbridge, name)

    def dispatch(to: Untyped, payload: str, *rest: Untyped) -> None:
        target, source, scheduled = _at_work.get()
        deliver(
            Delivery(
                arn=str(to),
                payload=payload,
                target=target,
                source=source,
                scheduled=scheduled,
                in_process=lambda: generic(to, payload, *rest),
            )
        )

    setattr(eventbridge, name, dispatch)


def tick_schedules_every(seconds: float) -> None:
    """Look for due rules and schedules every `seconds` of wall-clock time (the emulator: 10)."""
    eventbridge._SCHEDULER_TICK_INTERVAL = seconds
    scheduler._SCHEDULE_TICK_INTERVAL = seconds


def put_event(source: str, detail_type: str, detail: str, resources: list[str]) -> None:
    """Put an event of an AWS service (`aws.*`) on the tenant's default bus; `detail` is JSON text."""
    entry = {"Source": source, "DetailType": detail_type, "Detail": detail, "Resources": resources}
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


@dataclass
class _MetricsClock:
    simulated: bool = False


_metrics_clock = _MetricsClock()


def set_metrics_clock(*, simulated: bool) -> None:
    """Store data points at their simulated times from now on, or again at wall-clock time at the latest."""
    _metrics_clock.simulated = simulated


def put_metric(
    namespace: str, name: str, dimensions: Mapping[str, str], value: float, timestamp: datetime
) -> None:
    """Store one CloudWatch data point of the tenant and evaluate its alarms.

    A data point cannot lie in the future, since whoever reads metrics lives in wall-clock time; unless the
    operator said that its readers are given simulated times (`set_metrics_clock`).
    """
    moment = (timestamp if _metrics_clock.simulated else min(timestamp, datetime.now(UTC))).timestamp()
    cloudwatch._store_datum(namespace, name, dict(dimensions), moment, "None", value, None, None, None)
    cloudwatch._evaluate_all_alarms()


def schedule_group(source: Json) -> str:
    """Return the ARN of a schedule's group, the `aws:SourceArn` under which Scheduler assumes a role."""
    account, region = tenant()
    return f"arn:aws:scheduler:{region}:{account}:schedule-group/{source.get('GroupName', 'default')}"
