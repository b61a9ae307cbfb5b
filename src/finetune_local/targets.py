"""Targets of EventBridge rules and Scheduler schedules: reached under their role or by their own policy.

What may not be delivered goes to the target's dead-letter queue, as on AWS
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html, read 2026-11-23).
"""

from __future__ import annotations

import contextvars
import logging
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from finetune_local.hooks import events, gateway, iam
from finetune_local.hooks.events import Delivery
from finetune_local.identity import AssumeRoleRefusedError, Identity
from finetune_local.values import Untyped

logger = logging.getLogger(__name__)


class Targets:
    """Delivers events in the background; remembers the last refusals."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._pool = ThreadPoolExecutor(max_workers=16, thread_name_prefix="event-delivery")
        self.refusals: deque[dict[str, str]] = deque(maxlen=200)
        """Latest last: {account, source, target, reason}."""

    def install(self) -> None:
        """Take over the delivery of all events."""
        events.on_delivery(self._enqueue)

    def _enqueue(self, delivery: Delivery) -> None:
        self._pool.submit(contextvars.copy_context().run, self._deliver, delivery)

    def _deliver(self, delivery: Delivery) -> None:
        try:
            if delivery.scheduled or delivery.arn.split(":")[2] == "states":
                self._deliver_under_role(delivery)
            elif _admitted(delivery):
                delivery.in_process()
            else:
                self._refuse(delivery, "NO_PERMISSIONS", "the target's policy refuses events.amazonaws.com")
        except AssumeRoleRefusedError as refused:
            self._refuse(delivery, "NO_PERMISSIONS", str(refused))
        except ClientError as error:
            self._refuse(delivery, error.response["Error"].get("Code", "Unknown"), str(error))
        except Exception as error:
            logger.exception("event delivery to %s", delivery.arn)
            self._refuse(delivery, type(error).__name__, str(error))

    def _deliver_under_role(self, delivery: Delivery) -> None:
        account, region = gateway.tenant()
        source = events.schedule_group(delivery.source) if delivery.scheduled else delivery.source["Arn"]
        session = self._identity.assume(
            delivery.target.get("RoleArn", ""),
            service="scheduler.amazonaws.com" if delivery.scheduled else "events.amazonaws.com",
            source_arn=source,
            account=account,
            region=region,
        )
        payload = _with_time(delivery.payload) if delivery.scheduled else delivery.payload
        kind = delivery.arn.split(":")[2]
        if kind == "states":
            session.shared_client("stepfunctions").start_execution(
                stateMachineArn=delivery.arn, input=payload
            )
        elif kind == "lambda":
            session.shared_client("lambda").invoke(
                FunctionName=delivery.arn, InvocationType="Event", Payload=payload.encode()
            )
        elif kind == "sns":
            session.shared_client("sns").publish(TopicArn=delivery.arn, Message=payload)
        else:
            _send(session.shared_client("sqs"), delivery.arn, payload, {})

    def _refuse(self, delivery: Delivery, code: str, reason: str) -> None:
        account, region = gateway.tenant()
        source = delivery.source.get("Arn", "")
        logger.warning("event of %s not delivered to %s: %s", source, delivery.arn, reason)
        self.refusals.append({"account": account, "source": source, "target": delivery.arn, "reason": reason})
        queue = (delivery.target.get("DeadLetterConfig") or {}).get("Arn")
        if not queue:
            return
        if not delivery.scheduled and not iam.queue_allows(queue, "events.amazonaws.com", source, account):
            logger.warning("dead-letter queue %s refuses events.amazonaws.com", queue)
            return
        about = {"RULE_ARN": source, "TARGET_ARN": delivery.arn, "ERROR_CODE": code, "ERROR_MESSAGE": reason}
        try:
            client = self._identity.root(account, region).shared_client("sqs")
            _send(client, queue, delivery.payload, about)
        except (ClientError, BotoCoreError):
            logger.exception("dead letter to %s", queue)


def _with_time(payload: str) -> str:
    """Fill in the time, as EventBridge Scheduler does (user guide, "context attributes", read 2026-11-24)."""
    return payload.replace("<aws.scheduler.scheduled-time>", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


def _admitted(delivery: Delivery) -> bool:
    """Whether the target's own policy lets EventBridge in."""
    account, _ = gateway.tenant()
    service, source = "events.amazonaws.com", delivery.source["Arn"]
    match delivery.arn.split(":")[2]:
        case "lambda":
            context = {"aws:SourceArn": source, "aws:SourceAccount": account}
            return iam.function_allows(delivery.arn, service, context)
        case "sns":
            return iam.topic_allows(delivery.arn, service, source, account)
        case "sqs":
            return iam.queue_allows(delivery.arn, service, source, account)
    return False


def _send(client: Untyped, queue_arn: str, body: str, attributes: dict[str, str]) -> None:
    url = client.get_queue_url(QueueName=queue_arn.rpartition(":")[2])["QueueUrl"]
    values = {name: {"DataType": "String", "StringValue": value[:1024]} for name, value in attributes.items()}
    client.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=values)
