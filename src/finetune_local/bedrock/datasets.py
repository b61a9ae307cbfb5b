"""Reading and checking a job's data as its service role, with the service's kind of messages.

The texts about permissions, JSONL format and sizes are those of the user guide's page on troubleshooting
model customization (read 2026-11-24); the service's other texts are not published.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from finetune_local.bedrock.foundation_models import (
    CONTINUED_PRE_TRAINING,
    DISTILLATION,
    REINFORCEMENT,
    FoundationModel,
)
from finetune_local.bedrock.records import answered, examples, faults, media
from finetune_local.embedding_model import Floats, Pair, PictureError, features
from finetune_local.language_model import Example

ACCESS_CHECK_FILE: Final = ".write_access_check_file.temp"
"""Seen under jobs' output prefixes by users, August 2026; the documentation writes ``.tmp``."""
PRE_TRAINING_RECORDS: Final = 100_000
"""general/latest/gr/bedrock.html, read 2026-11-23."""
DISTILLATION_RECORDS: Final = (100, 15_000)
"""The same page, and prequisites-model-distillation (read 2026-11-23)."""
REINFORCEMENT_PROMPTS: Final = (100, 20_000)
"""User guide, rft-prepare-data and rft-nova-models (read 2026-11-28)."""
_SHOWN_FAULTS: Final = 5


class DataRefusedError(Exception):
    """The data, or the role's access to it, does not do; the text is for the caller."""


class S3(Protocol):
    """The part of boto3's S3 client that a job uses."""

    def get_object(self, **arguments: str) -> dict[str, Any]:
        """GetObject."""

    def head_object(self, **arguments: str) -> dict[str, Any]:
        """HeadObject."""

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> dict[str, Any]:  # noqa: N803 - boto3's names
        """PutObject."""

    def list_objects_v2(self, *, Bucket: str, Prefix: str, MaxKeys: int) -> dict[str, Any]:  # noqa: N803
        """ListObjectsV2."""


@dataclass
class Dataset:
    """Checked records as examples; those of a distillation without an answer wait for the teacher's.

    Those of a reinforcement are kept whole as ``prompts``: they have no answers, and graders see all keys.
    """

    records: int = 0
    examples: list[Example | Pair] = field(default_factory=list)
    unanswered: list[dict[str, Any]] = field(default_factory=list)
    prompts: list[dict[str, Any]] = field(default_factory=list)

    def add(self, other: Dataset) -> None:
        """Add the records of another file."""
        self.records += other.records
        self.examples += other.examples
        self.unanswered += other.unanswered
        self.prompts += other.prompts


def split_uri(uri: str) -> tuple[str, str]:
    """Return bucket and key of an ``s3://`` URI."""
    parts = urlsplit(uri)
    return parts.netloc, parts.path.lstrip("/")


def output_key(uri: str, name: str) -> tuple[str, str]:
    """Return bucket and key of `name` under the output URI."""
    bucket, prefix = split_uri(uri)
    return bucket, "/".join(part for part in (prefix.rstrip("/"), name) if part)


def unreadable(bucket: str, key: str) -> str:
    """Return the service's text for an object that the role cannot read."""
    return f"Could not validate GetObject permissions to access Amazon S3 bucket: {bucket} at key {key}"


def check_access(s3: S3, inputs: list[str], output: str) -> None:
    """Read one byte of each input and write the check file; raise DataRefusedError."""
    for uri in inputs:
        bucket, key = split_uri(uri)
        with _refusal(unreadable(bucket, key)):
            s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
            _read_one_byte(s3, bucket, key)
    put(s3, output, ACCESS_CHECK_FILE, b"")


def put(s3: S3, output: str, name: str, body: bytes) -> None:
    """Write `name` under the output URI; raise DataRefusedError when the role must not."""
    bucket, key = output_key(output, name)
    with _refusal(
        f"Amazon S3 perms missing (PutObject): Could not validate PutObject permissions to access "
        f"S3 bucket: {bucket} at key {key}"
    ):
        s3.put_object(Bucket=bucket, Key=key, Body=body)


@contextmanager
def _refusal(message: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise DataRefusedError(message) from error


def _read_one_byte(s3: S3, bucket: str, key: str) -> None:
    try:
        s3.get_object(Bucket=bucket, Key=key, Range="bytes=0-0")["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidRange":  # an empty file: readable, refused later
            raise


class Reader:
    """Reads and checks the files of one job; looks at each media file once.

    `stopped` tells whether the job was told to stop in the meantime: what is read then does not count.
    """

    def __init__(
        self, s3: S3, model: FoundationModel, customization_type: str, stopped: Callable[[], bool]
    ) -> None:
        self._s3, self._model, self._stopped = s3, model, stopped
        self._kind = model.formats[customization_type]
        self._media: set[str] = set()
        self._pictures: dict[str, Floats] = {}

    def read(self, uri: str) -> Dataset:
        """Return the checked records of the JSONL file at `uri`; raise DataRefusedError naming lines."""
        bucket, key = split_uri(uri)
        with _refusal(unreadable(bucket, key)):
            body = self._s3.get_object(Bucket=bucket, Key=key)["Body"]
        dataset, problems = Dataset(), list[str]()
        for number, line in enumerate(body.iter_lines(chunk_size=1 << 20), start=1):
            problems += [f"line {number}: {fault}" for fault in self._line_faults(bucket, line, dataset)]
            if len(problems) >= _SHOWN_FAULTS or self._stopped():
                break
        if problems:
            raise DataRefusedError(
                f"Unable to parse Amazon S3 file: {key.rsplit('/', 1)[-1]}. Data files must conform to "
                f"JSONL format. {'; '.join(problems[:_SHOWN_FAULTS])}"
            )
        return dataset

    def _line_faults(self, bucket: str, line: bytes, dataset: Dataset) -> list[str]:
        """Return the faults of one line; a line without any is added to `dataset`."""
        try:
            record = json.loads(line.decode("utf-8"))
        except (UnicodeDecodeError, ValueError, RecursionError) as error:
            return [f"not a JSON object in UTF-8 ({type(error).__name__})"]
        found = list(faults(record, self._kind, self._model))
        if not found:
            found = [fault for uri in media(record, self._kind) for fault in self._media_faults(bucket, uri)]
        if not found:
            dataset.records += 1
            if self._kind == "distillation" and not answered(record):
                dataset.unanswered.append(record)
            elif self._kind == "reinforcement":
                dataset.prompts.append(record)
            else:
                dataset.examples += self._examples(record)
        return found

    def _examples(self, record: dict[str, Any]) -> Sequence[Example | Pair]:
        if self._kind == "caption":
            picture = self._pictures.get(record["image-ref"])
            return [] if picture is None else [Pair(picture, record["caption"])]
        return examples(record, self._kind)

    def _media_faults(self, bucket: str, uri: str) -> Iterator[str]:
        media_bucket, key = split_uri(uri)
        if self._kind == "converse" and media_bucket != bucket:
            yield f"{uri} must lie in the bucket of the dataset, {bucket}"
        elif uri not in self._media:
            self._media.add(uri)
            try:
                if self._kind == "caption":
                    self._pictures[uri] = features(
                        self._s3.get_object(Bucket=media_bucket, Key=key)["Body"].read()
                    )
                else:
                    self._s3.head_object(Bucket=media_bucket, Key=key)
            except ClientError:
                yield f"{uri} cannot be read with the role given"
            except PictureError as error:
                yield f"{uri} is no image that can be trained on: {error}"


def check_counts(
    model: FoundationModel, customization_type: str, training: int, validation: int, quota: int | None
) -> None:
    """Raise DataRefusedError when there are too few or too many records."""
    low, high = model.records
    if customization_type == CONTINUED_PRE_TRAINING:
        high = PRE_TRAINING_RECORDS
    if customization_type == DISTILLATION:
        low, high = DISTILLATION_RECORDS
    elif customization_type == REINFORCEMENT:
        low, high = REINFORCEMENT_PROMPTS
    else:
        high = high if quota is None else quota
    if training < low:
        raise DataRefusedError(
            f"The number of training records, {training}, is less than the minimum of {low} "
            f"for {model.model_id}."
        )
    if training + validation > high:
        raise DataRefusedError(
            f"The sum of training and validation records, {training + validation}, exceeds the "
            f"maximum of {high} for {model.model_id}."
        )
