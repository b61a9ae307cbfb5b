"""The deployed pipeline in a local cloud of its own, by the real `cdk bootstrap` and `cdk deploy`."""

import fcntl
import json
import os
import threading
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pytest
from boto3.dynamodb.types import TypeDeserializer
from botocore.config import Config

from finetune_aws import clients
from finetune_cli import local_state, surroundings
from finetune_cli.cdk import Assembly, Cdk
from finetune_cli.main import main
from finetune_local.emulator import ACCOUNT, LocalCloud

ROOT = Path(__file__).parents[3]
SPEED = 1000.0
"""Simulated seconds per second."""
PATIENCE = 200.0
ENDED = {"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"}
UNIT_QUOTAS = ("L-BE77399C", "L-AC096F71")  # custom models without commitment; Nova Micro 128k


def _quiet(_: str) -> None:
    """Take no notice of the CDK's progress."""


@dataclass
class Pipeline:
    """The deployed stacks, and the few things that a test does with them."""

    cloud: LocalCloud
    session: boto3.Session
    names: dict[str, str]
    queue: str
    heard: list[dict] = field(default_factory=list)
    clients: dict = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, name: str):
        """Give the one client of a service; clients may be shared by threads, sessions may not."""
        with self.lock:
            if name not in self.clients:
                self.clients[name] = self.session.client(
                    name,
                    endpoint_url=self.cloud.endpoint,
                    verify=self.cloud.ca_bundle,
                    config=Config(retries={"max_attempts": 2}, max_pool_connections=16),
                )
            return self.clients[name]

    def admin(self, **order):
        return self.cloud.admin(**order)

    def drop(self, files: dict[str, bytes], *, collection: str = "datasets", name: str | None = None) -> str:
        """Upload files in order and give the dataset's name."""
        dataset = name or f"t{uuid.uuid4().hex[:10]}"
        for file, body in files.items():
            self.client("s3").put_object(
                Bucket=self.names["data-bucket"], Key=f"{collection}/{dataset}/{file}", Body=body
            )
        return dataset

    def executions(self, dataset: str) -> list[dict]:
        """Describe the executions that the dataset's drops started."""
        states = self.client("stepfunctions")
        listed = states.list_executions(stateMachineArn=self.names["state-machine"], maxResults=100)
        found = [
            states.describe_execution(executionArn=each["executionArn"]) for each in listed["executions"]
        ]
        return [each for each in found if f"/{dataset}/" in each.get("input", "")]

    def finished(self, dataset: str, *, count: int = 1) -> list[dict]:
        """Wait until `count` executions of the dataset have ended, and give them in order of start."""

        def ended():
            done = [each for each in self.executions(dataset) if each["status"] in ENDED]
            return sorted(done, key=lambda each: each["startDate"]) if len(done) >= count else None

        return self.await_(ended, f"{count} ended execution(s) of {dataset}")

    def ended(self, arn: str) -> dict:
        """Wait until an execution has ended, and describe it."""
        states = self.client("stepfunctions")

        def done():
            found = states.describe_execution(executionArn=arn)
            return found if found["status"] in ENDED else None

        return self.await_(done, f"end of {arn}")

    def runs(self, dataset: str) -> list[dict]:
        """Give the ledger's run items of a dataset, as plain Python."""
        return [
            item for item in self.ledger_items() if item.get("dataset") == dataset and item["sk"] == "run"
        ]

    def ledger_items(self) -> list[dict]:
        """Give all items of the ledger, as plain Python."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=self.names["ledger-table"])
        read = TypeDeserializer().deserialize
        return [
            {name: read(value) for name, value in item.items()} for page in pages for item in page["Items"]
        ]

    def run(self, dataset: str) -> dict:
        """Wait until the one run of a dataset has ended in the ledger, and give its item."""

        def closed():
            items = self.runs(dataset)
            return items[0] if len(items) == 1 and items[0]["status"] != "RUNNING" else None

        return self.await_(closed, f"the closed run of {dataset}")

    def billable(self, dataset: str) -> list[str]:
        """Give the ARNs of endpoints, unfinished jobs and models that carry the dataset's tag."""
        bedrock = self.client("bedrock")
        throughput = bedrock.list_provisioned_model_throughputs()["provisionedModelSummaries"]
        deployments = bedrock.list_custom_model_deployments()["modelDeploymentSummaries"]
        models = bedrock.list_custom_models()["modelSummaries"]
        jobs = bedrock.list_model_customization_jobs(statusEquals="InProgress")
        judges = bedrock.get_paginator("list_evaluation_jobs").paginate(statusEquals="InProgress")
        arns = [each["provisionedModelArn"] for each in throughput]
        arns += [each["customModelDeploymentArn"] for each in deployments]
        arns += [each["modelArn"] for each in models]
        arns += [each["jobArn"] for each in jobs["modelCustomizationJobSummaries"]]
        arns += [each["jobArn"] for page in judges for each in page.get("jobSummaries", [])]
        return [arn for arn in arns if self._dataset_of(bedrock, arn) == dataset]

    def rewards(self, dataset: str) -> list[str]:
        """Give the ARNs of the reward functions that carry the dataset's tag."""
        functions = self.client("lambda")
        pages = functions.get_paginator("list_functions").paginate()
        arns = [each["FunctionArn"] for page in pages for each in page["Functions"]]
        mine = {"finetune:dataset": dataset}.items()
        return [arn for arn in arns if "-reward-" in arn and mine <= self._tags_of(functions, arn).items()]

    @staticmethod
    def _tags_of(functions, arn: str) -> dict[str, str]:
        try:
            return functions.list_tags(Resource=arn)["Tags"]
        except functions.exceptions.ResourceNotFoundException:  # another run's, deleted since it was listed
            return {}

    @staticmethod
    def _dataset_of(bedrock, arn: str) -> str | None:
        try:
            tags = bedrock.list_tags_for_resource(resourceARN=arn)["tags"]
        except bedrock.exceptions.ResourceNotFoundException:  # another run's, deleted since it was listed
            return None
        return {tag["key"]: tag["value"] for tag in tags}.get("finetune:dataset")

    def notice(self, dataset: str, subject: str = "") -> dict:
        """Wait for a notice about a dataset whose subject holds a text: {"Subject", "Message", …}."""
        sqs = self.client("sqs")

        def heard():
            answer = sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                self.heard.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
            mine = [each for each in self.heard if dataset in each["Message"] + each.get("Subject", "")]
            mine = [each for each in mine if subject in each.get("Subject", "")]
            return mine[-1] if mine else None

        return self.await_(heard, f"a notice about {dataset} {subject}")

    def report(self, uri: str) -> str:
        """Read an object by its s3:// URI."""
        bucket, key = uri.removeprefix("s3://").split("/", 1)
        return self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()

    def await_(self, probe, what: str):
        """Poll until `probe` gives something; fail with what was awaited."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if found := probe():
                return found
            time.sleep(0.2)
        raise AssertionError(f"no {what} within {PATIENCE:.0f} s; see {self.cloud.log}")


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory):
    """Deploy all stacks of the LOCAL environment into a new local cloud."""
    with _deployed(tmp_path_factory.mktemp("local")) as made:
        yield made


@pytest.fixture(scope="module")
def own_pipeline(tmp_path_factory):
    """Deploy all stacks into a local cloud of the module's own, whose time and stacks it may take away."""
    with _deployed(tmp_path_factory.mktemp("own")) as made:
        yield made


@contextmanager
def _one_at_a_time(path: Path):
    """Keep other workers out meanwhile: they share the assembly."""
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _deployed(folder: Path):
    with LocalCloud(folder / "cloud", speed=SPEED) as cloud:
        environment = cloud.environment()
        assembly = Assembly(Cdk(ROOT, {}, folder / "synth.log"), ROOT / ".local" / "cdk.out")
        with _one_at_a_time(ROOT / ".local" / "synth.lock"):
            assembly.synthesise("local", _quiet)
        region = environment["AWS_REGION"]
        Cdk(ROOT, environment, folder / "bootstrap.log").run(
            "bootstrap", f"aws://{ACCOUNT}/{region}", tell=_quiet, folder=folder
        )
        Cdk(ROOT, environment, folder / "deploy.log").run(
            "deploy",
            "--all",
            *("--app", str(assembly.folder), "--require-approval", "never", "--concurrency", "4"),
            tell=_quiet,
        )
        for code in UNIT_QUOTAS:
            cloud.admin(command="set_quota", code=code, value=20)
        yield _connect(cloud, environment)


def _connect(cloud: LocalCloud, environment: dict[str, str]) -> Pipeline:
    session = boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_REGION"],
    )
    made = Pipeline(cloud, session, {}, "")
    ssm = made.client("ssm")
    for name in ("data-bucket", "artifacts-bucket", "ledger-table", "state-machine", "notices-topic"):
        made.names[name] = ssm.get_parameter(Name=f"/finetune/local/config/{name}")["Parameter"]["Value"]
    sqs = made.client("sqs")
    made.queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=made.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
            }
        ]
    }
    sqs.set_queue_attributes(QueueUrl=made.queue, Attributes={"Policy": json.dumps(policy)})
    made.client("sns").subscribe(TopicArn=made.names["notices-topic"], Protocol="sqs", Endpoint=arn)
    return made


@pytest.fixture
def finetune(pipeline, monkeypatch):
    """Run a command line of `finetune` against the deployed stacks, and give its exit code."""
    before = dict(os.environ)
    monkeypatch.setattr(local_state, "read", lambda: pipeline.cloud)
    monkeypatch.setattr(
        surroundings, "_adopt_local", lambda: surroundings.adopt(pipeline.cloud.environment())
    )
    clients.session.cache_clear()
    clients.client.cache_clear()
    yield lambda *line: main([*line, "--env", "local"])
    os.environ.clear()
    os.environ.update(before)
    clients.session.cache_clear()
    clients.client.cache_clear()
