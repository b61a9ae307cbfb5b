"""Our Bedrock behind real boto3 clients, with a store, a role and a language model of the tests' own."""

from __future__ import annotations

import io
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from finetune_local.bedrock.service import BedrockService
from finetune_local.language_model import Answer, Example, Reinforcement, RewardStep, Rollout, Step

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/bedrock-service"
MICRO = "amazon.nova-micro-v1:0:128k"
LITE = "amazon.nova-lite-v1:0:300k"
TITAN = "amazon.titan-text-express-v1:0:8k"
CUSTOM_UNITS = "L-BE77399C"
MICRO_UNITS = "L-AC096F71"
_ENOUGH_SECONDS = 30
_FOR_EVER = 1e8


class FreeClock:
    """Simulated time that passes at once, except where somebody waits for ever."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = datetime(2026, 11, 24, tzinfo=UTC)

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._now += timedelta(seconds=seconds)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        if seconds >= _FOR_EVER:
            return event.wait(_ENOUGH_SECONDS)
        self.advance(seconds)
        return event.is_set()


class Store:
    """S3 of one role, in memory; `denied` holds (method, prefix of bucket/key) that the role must not use."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.denied: set[tuple[str, str]] = set()
        self.on_put: Callable[[str], None] = lambda path: None

    def _check(self, method: str, path: str, code: str = "AccessDenied") -> None:
        if any(method == name and path.startswith(prefix) for name, prefix in self.denied):
            raise ClientError({"Error": {"Code": code, "Message": "denied"}}, method)

    def get_object(self, *, Bucket: str, Key: str, Range: str = "") -> dict[str, Any]:  # noqa: N803
        self._check("get", f"{Bucket}/{Key}")
        data = self._object("get", f"{Bucket}/{Key}")
        if Range and not data:
            raise ClientError({"Error": {"Code": "InvalidRange", "Message": "empty"}}, "GetObject")
        return {"Body": StreamingBody(io.BytesIO(data), len(data))}

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        return {"ContentLength": len(self._object("head", f"{Bucket}/{Key}"))}

    def _object(self, method: str, path: str) -> bytes:
        if path not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": path}}, method)
        return self.objects[path]

    def list_objects_v2(self, *, Bucket: str, Prefix: str, MaxKeys: int) -> dict[str, Any]:  # noqa: N803
        self._check("list", f"{Bucket}/{Prefix}")
        return {"KeyCount": min(MaxKeys, sum(path.startswith(f"{Bucket}/{Prefix}") for path in self.objects))}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> dict[str, Any]:  # noqa: N803
        self._check("put", f"{Bucket}/{Key}")
        self.objects[f"{Bucket}/{Key}"] = Body
        self.on_put(f"{Bucket}/{Key}")
        return {}


class EchoModel:
    """Learns completions by heart; its loss falls with every example learned."""

    def __init__(self, learned: dict[str, str] | None = None) -> None:
        self.learned = learned or {}

    def _loss(self) -> float:
        return 4.0 / (1 + len(self.learned))

    def train(
        self,
        examples: Sequence[Example],
        validation: Sequence[Example],
        *,
        epochs: int,
        batch_size: int,
        learning_rate_scale: float,
        seed: int,
        on_step: Callable[[Step], bool],
    ) -> None:
        held_out = self._loss() if validation else None
        number = 0
        if not on_step(Step(0, 0, self._loss(), held_out)):
            return
        for epoch in range(1, epochs + 1):
            for example in examples:
                number += 1
                self.learned[example.prompt] = example.completion
                if not on_step(Step(number, epoch, self._loss(), self._loss() if validation else None)):
                    return

    def reinforce(
        self,
        prompts: Sequence[str],
        validation: Sequence[str],
        *,
        settings: Reinforcement,
        grade: Callable[[Sequence[Answer]], Sequence[float]],
        on_step: Callable[[RewardStep], bool],
    ) -> None:
        """Try the last words of each prompt, and learn by heart what earned most."""

        def held_out() -> float | None:
            answers = [Answer(k, self.generate(each, 8), held_out=True) for k, each in enumerate(validation)]
            return sum(grade(answers)) / len(answers) if answers else None

        number, size = 0, settings.batch_size
        if not on_step(RewardStep(0, 0, None, held_out())):
            return
        for epoch in range(1, settings.epochs + 1):
            for begin in range(0, len(prompts), size):
                number += 1
                tried = [
                    Answer(begin + k, word)
                    for k, prompt in enumerate(prompts[begin : begin + size])
                    for word in prompt.split()[-settings.samples :]
                ]
                rewards = list(grade(tried))
                best = {
                    each.prompt: each.text for _, each in sorted(zip(rewards, tried, strict=True), key=_first)
                }
                self.learned |= {prompts[k]: text for k, text in best.items()}
                told = _rollout(rewards)
                measure = number % settings.evaluate_every == 0
                if not on_step(RewardStep(number, epoch, told, held_out() if measure else None)):
                    return

    def generate(self, prompt: str, max_tokens: int) -> str:
        words = self.learned.get(prompt, "I have not learned that.").split(" ")
        return " ".join(words[:max_tokens])

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def copy(self) -> EchoModel:
        return EchoModel(dict(self.learned))

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(self.learned), encoding="utf-8")


def _first(pair: tuple[float, Answer]) -> float:
    return pair[0]


def _rollout(rewards: Sequence[float]) -> Rollout:
    return Rollout(
        reward_mean=sum(rewards) / len(rewards),
        reward_max=max(rewards),
        reward_min=min(rewards),
        entropy=1.5,
        loss=-0.25,
        clipped=0.125,
        length=1.0,
        aborted=0.0,
    )


class EchoFactory:
    """Makes and loads EchoModels."""

    def base(self, model_id: str) -> EchoModel:
        return EchoModel()

    def load(self, path: Path) -> EchoModel:
        return EchoModel(json.loads(path.read_text(encoding="utf-8")))


class World:
    """One BedrockService with everything around it; use as `with World() as world`."""

    def __init__(self, model_factory: Any = None) -> None:
        self.clock, self.store = FreeClock(), Store()
        self.events: list[dict[str, Any]] = []
        self.metrics: list[tuple[str, str, dict[str, str], float]] = []
        self.role_error: Exception | None = None
        self.kms_keys: dict[str, str] = {}
        self.roles: list[tuple[str, str]] = []
        self._changed = threading.Condition()
        self.service = BedrockService(
            clock=self.clock,
            service_role_session=self._session,
            put_event=self._put_event,
            put_metric=self._put_metric,
            model_factory=model_factory or EchoFactory(),
        )

    def __enter__(self) -> World:
        _CURRENT.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        _CURRENT.pop()
        self.service.close()

    def _session(self, role_arn: str, source_arn: str, account: str, region: str) -> Any:
        self.roles.append((role_arn, source_arn))
        if self.role_error is not None:
            raise self.role_error
        return self

    def client(self, service_name: str, **options: Any) -> Any:
        return {"s3": self.store, "kms": self}[service_name]

    def describe_key(self, KeyId: str) -> dict[str, Any]:  # noqa: N803
        if KeyId not in self.kms_keys:
            raise ClientError({"Error": {"Code": "NotFoundException", "Message": KeyId}}, "DescribeKey")
        return {"KeyMetadata": {"Arn": self.kms_keys[KeyId]}}

    def _put_event(self, account: str, region: str, source: str, kind: str, detail: dict[str, Any]) -> None:
        assert (source, kind) == ("aws.bedrock", "Model Customization Job State Change")
        with self._changed:
            self.events.append(detail)
            self._changed.notify_all()

    def _put_metric(  # noqa: PLR0917 - the port's signature
        self,
        account: str,
        region: str,
        namespace: str,
        name: str,
        dimensions: dict[str, str],
        value: float,
        timestamp: datetime,
    ) -> None:
        self.metrics.append((namespace, name, dimensions, value))

    def bedrock(self, region: str = "us-east-1", *, loose: bool = False) -> Any:
        """Return a client; a loose one sends requests that botocore itself would refuse."""
        return _client("bedrock", region, loose=loose)

    def runtime(self, region: str = "us-east-1") -> Any:
        return _client("bedrock-runtime", region)

    def admin(self, **command: Any) -> dict[str, Any]:
        return self.service.admin(command)

    def put_records(self, path: str, records: Sequence[object]) -> str:
        """Store JSON lines under "bucket/key" and return the S3 URI."""
        self.store.objects[path] = b"".join(json.dumps(record).encode() + b"\n" for record in records)
        return f"s3://{path}"

    def job_request(self, name: str = "job-1", **more: Any) -> dict[str, Any]:
        """Return a create request that works: ten records for Nova Micro."""
        return {
            "jobName": name,
            "customModelName": f"{name}-model",
            "roleArn": ROLE,
            "baseModelIdentifier": MICRO,
            "trainingDataConfig": {"s3Uri": self.put_records("data/train.jsonl", conversations(10))},
            "outputDataConfig": {"s3Uri": "s3://artifacts/runs/r1/"},
            **more,
        }

    def train(self, name: str = "job-1", **more: Any) -> str:
        """Run a job to its end and return the model's ARN."""
        region = more.pop("region", "us-east-1")
        arn = self.bedrock(region).create_model_customization_job(**self.job_request(name, **more))["jobArn"]
        assert self.wait(arn) == "Completed", self.bedrock(region).get_model_customization_job(
            jobIdentifier=arn
        )
        return str(self.bedrock(region).get_model_customization_job(jobIdentifier=arn)["outputModelArn"])

    def wait(self, arn: str, statuses: Sequence[str] = ("Completed", "Failed", "Stopped")) -> str:
        """Wait for the job's event with one of `statuses` and return the status."""

        def last() -> str:
            return next((e["jobStatus"] for e in reversed(self.events) if e["jobArn"] == arn), "")

        with self._changed:
            assert self._changed.wait_for(lambda: last() in statuses, _ENOUGH_SECONDS), self.events
            return last()

    def raise_unit_quotas(self, units: int = 4) -> None:
        for code in (CUSTOM_UNITS, MICRO_UNITS):
            self.admin(command="set_quota", code=code, value=units)


def conversations(number: int, start: int = 0) -> list[dict[str, Any]]:
    """Return single-turn Converse records."""
    return [conversation(f"question {k}", f"answer {k}") for k in range(start, start + number)]


def conversation(*texts: str, system: str = "") -> dict[str, Any]:
    """Return a Converse record whose turns alternate."""
    messages = [
        {"role": ("user", "assistant")[k % 2], "content": [{"text": text}]} for k, text in enumerate(texts)
    ]
    record: dict[str, Any] = {"schemaVersion": "bedrock-conversation-2024", "messages": messages}
    return {**record, "system": [{"text": system}]} if system else record


@contextmanager
def refused(code: str, part: str = "") -> Iterator[ClientError]:
    """Expect a ClientError with `code` and `part` in its message; yields nothing useful."""
    try:
        yield None  # type: ignore[misc]
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        assert part in error.response["Error"]["Message"], error
        assert type(error).__name__ == code, "boto3 must raise the operation's own exception class"
        return
    raise AssertionError(f"expected {code}")


_CURRENT: deque[World] = deque()
_OURS = ("local Bedrock broke", "breaks the service model")


@cache
def _client(service: str, region: str, *, loose: bool = False) -> Any:
    """Return a client whose requests go to the current World; made once, for botocore is slow at that."""
    session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name=region)
    config = Config(retries={"total_max_attempts": 1}, parameter_validation=not loose)
    client = session.client(service, config=config)

    def send(request: Any, **_: Any) -> AWSResponse:
        world, url = _CURRENT[-1], urlsplit(request.url)
        body = request.body or b""
        status, headers, content = world.service.handle(
            service,
            request.method,
            url.path,
            dict(request.headers.items()),
            body.encode() if isinstance(body, str) else body,
            parse_qs(url.query),
            account=ACCOUNT,
            region=region,
            caller_arn=f"arn:aws:iam::{ACCOUNT}:root",
        )
        assert not any(word in content.decode() for word in _OURS), content
        return AWSResponse(request.url, status, _Headers(headers), _Raw(content))

    client.meta.events.register("before-send", send)
    return client


class _Headers(dict[str, str]):
    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in headers.items()})

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


class _Raw(io.BytesIO):
    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()
