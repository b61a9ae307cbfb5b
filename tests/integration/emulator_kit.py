"""What the tests of the emulator layer share: roles, machines, functions and queues, made by boto3 alone."""

from __future__ import annotations

import io
import json
import time
import zipfile
from typing import Any

from finetune_local.emulator import LocalCloud

Json = dict[str, Any]
REGION = "us-east-1"


class Kit:
    """One test's account in a local cloud."""

    def __init__(self, cloud: LocalCloud, account: str) -> None:
        self.cloud = cloud
        self.account = account
        self.session = cloud.session(account)
        self._clients: dict[str, Any] = {}

    def client(self, name: str) -> Any:
        if name not in self._clients:
            self._clients[name] = self.session.client(name)
        return self._clients[name]

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{REGION}:{self.account}:{resource}"

    def role(self, name: str, service: str, *statements: Json, condition: Json | None = None) -> str:
        """Make a role that `service` may assume, allowed what `statements` say."""
        trust: Json = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        trust |= {"Condition": condition} if condition else {}
        made = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))
        if statements:
            self.allow(name, *statements)
        return made["Role"]["Arn"]

    def allow(self, role: str, *statements: Json) -> None:
        """Replace what a role is allowed."""
        self.client("iam").put_role_policy(
            RoleName=role, PolicyName="only", PolicyDocument=_policy(*statements)
        )

    def forbid(self, role: str) -> None:
        """Take everything from a role."""
        self.client("iam").delete_role_policy(RoleName=role, PolicyName="only")

    def machine(self, role: str, states: Json, *, name: str = "machine", **top: Any) -> str:
        """Make a JSONata state machine that starts at the first of `states`."""
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states, **top}
        made = self.client("stepfunctions").create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=role
        )
        return made["stateMachineArn"]

    def start(self, machine: str, given: Any = None) -> str:
        """Start an execution."""
        started = self.client("stepfunctions").start_execution(
            stateMachineArn=machine, input=json.dumps(given if given is not None else {})
        )
        return started["executionArn"]

    def finish(self, execution: str) -> Json:
        """Wait until an execution is over and describe it."""
        while True:
            seen = self.client("stepfunctions").describe_execution(executionArn=execution)
            if seen["status"] != "RUNNING":
                return seen
            time.sleep(0.02)

    def run(self, machine: str, given: Any = None) -> Json:
        """Run a machine to its end."""
        return self.finish(self.start(machine, given))

    def task(self, role: str, resource: str, arguments: Any, **state: Any) -> Json:
        """Run one task in a machine of its own."""
        only = {"Type": "Task", "Resource": resource, "Arguments": arguments, "End": True, **state}
        return self.run(self.machine(role, {"Only": only}, name=f"only-{time.monotonic_ns()}"))

    def table(self, name: str = "table") -> str:
        """Make a table with the string key `pk`."""
        self.client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        return name

    def function(self, source: str, *statements: Json, name: str = "function") -> str:
        """Make a Lambda function from the text of its module."""
        role = self.role(f"{name}-role", "lambda.amazonaws.com", *statements)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("index.py", source)
        made = self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role=role,
            Handler="index.handler",
            Code={"ZipFile": packed.getvalue()},
            Timeout=30,
        )
        return made["FunctionArn"]

    def queue(self, name: str = "queue", *, sender: str = "events.amazonaws.com") -> tuple[str, str]:
        """Make a queue that a service may send to; return its URL and ARN."""
        url, arn = self.client("sqs").create_queue(QueueName=name)["QueueUrl"], self.arn("sqs", name)
        statement = {"Principal": {"Service": sender}, **allow("sqs:SendMessage", arn)}
        self.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": _policy(statement)})
        return url, arn

    def receive(self, url: str) -> Json:
        """Wait for one message and return it with its body read as JSON."""
        got = self.client("sqs").receive_message(
            QueueUrl=url, WaitTimeSeconds=20, MessageAttributeNames=["All"]
        )["Messages"][0]
        self.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"])
        return {**got, "Body": json.loads(got["Body"])}

    def rule(self, pattern: Json, target: Json, *, name: str = "rule") -> str:
        """Make a rule on the default bus with one target."""
        arn = self.client("events").put_rule(Name=name, EventPattern=json.dumps(pattern))["RuleArn"]
        self.client("events").put_targets(Rule=name, Targets=[{"Id": "only", **target}])
        return arn

    def put_event(self, detail: Json, *, source: str = "test") -> None:
        """Put an event on the default bus."""
        entry = {"Source": source, "DetailType": "Test", "Detail": json.dumps(detail)}
        self.client("events").put_events(Entries=[entry])

    def refusals(self) -> list[Json]:
        """Return the deliveries of this account that were refused."""
        return self.cloud.admin(command="refusals", account=self.account)["refusals"]


def allow(actions: str | list[str], resources: str | list[str], condition: Json | None = None) -> Json:
    """Return a statement that allows."""
    statement: Json = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return statement | ({"Condition": condition} if condition else {})


def _policy(*statements: Json) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
