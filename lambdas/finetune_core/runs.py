"""What a drop is, and what follows from it: run id, names and request token, all from the pinned versions.

Everything here is deterministic: the same set of object versions gives the same run, however often and in
whatever order the events arrive.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct

from finetune_core.contracts import RunNames
from finetune_core.errors import RunRejected
from finetune_core.inputs import PinnedFile

Collection = Literal["datasets", "corpora"]
Role = Literal["train", "validation", "evaluation", "reward", "run"]

DATASET_FILES: Final[dict[str, Role]] = {
    "train.jsonl": "train",
    "validation.jsonl": "validation",
    "evaluation.jsonl": "evaluation",
    "reward.py": "reward",
    "run.json": "run",
}
"""Files of ``datasets/<dataset>/`` that a run reads, and their roles; anything else there is left alone."""

MAX_BYTES: Final = 10 * 1024**3
"""All files of one run. No base model takes a training file above 10 GB (Bedrock user guide, "Prepare data
for fine-tuning your models", read 2026-11-23)."""

_SEGMENT = re.compile(r"[-!_*'().a-z0-9A-Z]+")
_NOT_IN_SEGMENT = re.compile(r"[^-!_*'().a-z0-9A-Z]")
_DATASET = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}")
_MAX_URI = 1024
_SLUG_LENGTH = 40
_HASH_LENGTH = 12
_FUNCTION_NAME = 64
"""Characters of a Lambda function's name (its API reference, CreateFunction, read 2026-11-28)."""


class Drop(Struct, frozen=True):
    """One dropped object: its collection, the dataset (or corpus) and the file's name."""

    collection: Collection
    dataset: str
    file: str

    @property
    def folder(self) -> str:
        """Key prefix of the dataset, with trailing slash."""
        return f"{self.collection}/{self.dataset}/"


def read_drop(bucket: str, key: str) -> Drop:
    """Tell what was dropped at ``key``.

    Raises:
        RunRejected: the key is outside of the drop layout, or has characters that Bedrock refuses.
    """
    where = f"s3://{bucket}/{key}"
    parts = key.split("/")
    if len(parts) != 3 or parts[0] not in ("datasets", "corpora") or not all(parts):
        raise RunRejected(
            f'key "{key}" is not part of the drop layout',
            where=where,
            remedy="Drop datasets/<dataset>/{train,validation,evaluation}.jsonl and run.json, "
            "or corpora/<corpus>/<name>.jsonl, without folders below.",
        )
    check_key(bucket, key)
    _check_name(parts[1], where)
    collection: Collection = "datasets" if parts[0] == "datasets" else "corpora"
    return Drop(collection, parts[1], parts[2])


def check_key(bucket: str, key: str) -> None:
    """Refuse a key that Bedrock's ``S3Uri`` pattern refuses.

    The pattern is ``s3://bucket(/segment)*`` with segments of ``-!_*'().a-z0-9A-Z``, at most 1,024
    characters (botocore 1.43.106, service model bedrock/2023-04-20, shape ``S3Uri``).

    Raises:
        RunRejected: naming the characters and a key that would do.
    """
    uri = f"s3://{bucket}/{key}"
    bad = sorted(set("".join(_NOT_IN_SEGMENT.findall(key.replace("/", "")))))
    if bad:
        named = ", ".join(_character(char) for char in bad)
        raise RunRejected(
            f"key has characters that Bedrock refuses: {named}",
            where=uri,
            remedy=f'Drop it as "{suggest_key(key)}": letters, digits and - _ . ! * \' ( ) are allowed.',
        )
    if len(uri) > _MAX_URI or not all(_SEGMENT.fullmatch(part) for part in key.split("/")):
        raise RunRejected(
            f"key has empty parts or its URI is longer than {_MAX_URI:,} characters",
            where=uri[:200],
            remedy="Drop it under a shorter key without doubled slashes.",
        )


def suggest_key(key: str) -> str:
    """Return ``key`` with every run of refused characters replaced by one hyphen."""
    parts = (re.sub(r"[^-!_*'().a-z0-9A-Z]+", "-", part).strip("-") or "data" for part in key.split("/"))
    return "/".join(part.replace("-.", ".") for part in parts)


def role_of(drop: Drop) -> Role | None:
    """Return the role that a dropped file plays in a run, or None when no run reads it."""
    if drop.collection == "datasets":
        return DATASET_FILES.get(drop.file)
    if drop.file == "run.json":
        return "run"
    return "train" if drop.file.endswith(".jsonl") else None


def check_sizes(files: Iterable[PinnedFile]) -> None:
    """Refuse files that cannot make a run by their sizes alone.

    Raises:
        RunRejected: a file is empty, or all of them are more than ``MAX_BYTES``.
    """
    total = 0
    for file in files:
        if file.bytes == 0:
            raise RunRejected(
                f"{file.key.rpartition('/')[2]} is empty (0 bytes)",
                where=f"s3://{file.bucket}/{file.key} version {file.version_id}",
                remedy="Drop the file again with its content.",
            )
        total += file.bytes
        if total > MAX_BYTES:
            raise RunRejected(
                f"the files of this run are larger than {MAX_BYTES / 1024**3:.0f} GiB together",
                where=f"s3://{file.bucket}/{file.key.rpartition('/')[0]}/",
                remedy="No base model takes that much in one job: drop a smaller set.",
            )


def run_id(environment: str, dataset: str, files: Iterable[PinnedFile]) -> str:
    """Return ``<slug>-<12 hex>``: the readable part of the dataset and a hash of its pinned versions."""
    lines = sorted(f"{file.role}\n{file.bucket}/{file.key}\n{file.version_id}\n" for file in files)
    digest = hashlib.sha256("".join([environment, "\n", *lines]).encode()).hexdigest()
    return f"{slug(dataset)}-{digest[:_HASH_LENGTH]}"


def slug(dataset: str) -> str:
    """Return ``dataset`` in lower case with single hyphens, at most 40 characters, never empty."""
    words = re.sub(r"[^a-z0-9]+", "-", dataset.lower()).strip("-")
    return words[:_SLUG_LENGTH].strip("-") or "dataset"


def names(environment: str, run: str) -> RunNames:
    """Return the names of the run's job, model, endpoint and reward function.

    One name fits all three patterns (letters, digits and single hyphens, ≤ 63 characters; botocore 1.43.106
    shapes ``JobName``, ``CustomModelName``, ``ProvisionedModelName``, ``ModelDeploymentName``). A job's name
    is burnt for ever, which is what makes a second job for the same versions impossible.
    """
    name = f"{slug(environment)[:9]}-{run}"
    return RunNames(
        job=name,
        model=name,
        endpoint=name,
        commitment=f"{slug(environment)[:7]}-c-{run}",
        reward=_reward_name(environment, run),
    )


def reward_prefix(environment: str) -> str:
    """Return what the names of all functions begin with that an environment lets grade answers."""
    return f"finetune-{environment}-reward-"


def _reward_name(environment: str, run: str) -> str:
    """Return the name of a run's own reward function: the run id, its readable part cut to what fits."""
    readable, _, digest = run.rpartition("-")
    room = _FUNCTION_NAME - len(reward_prefix(environment)) - len(digest) - 1
    return f"{reward_prefix(environment)}{readable[:room].rstrip('-')}-{digest}"


def token(environment: str, run: str) -> str:
    """Return the ``clientRequestToken`` of the run's create calls: 64 hex digits."""
    return hashlib.sha256(f"token\n{environment}\n{run}".encode()).hexdigest()


def _check_name(name: str, where: str) -> None:
    if not _DATASET.fullmatch(name):
        good = re.sub(r"[^a-zA-Z0-9._-]+", "-", name).strip("-._")[:63] or "dataset"
        raise RunRejected(
            f'folder "{name}" cannot name a dataset',
            where=where,
            remedy=f'Name it "{good}": at most 63 letters, digits, dots, hyphens and underscores, '
            "the first one a letter or digit.",
        )


def _character(char: str) -> str:
    shown = {" ": "space", "\t": "tab"}.get(char, char)
    return shown if char.isascii() else f"{shown} (U+{ord(char):04X})"


TAG_PIPELINE: Final = "finetune:pipeline"
TAG_RUN: Final = "finetune:run"
TAG_DATASET: Final = "finetune:dataset"
TAG_EXPIRES: Final = "finetune:expires"


def tags(environment: str, run: str, dataset: str, expires: str | None = None) -> dict[str, str]:
    """Return the tags of a Bedrock resource that a run creates; ``expires`` (ISO time) for endpoints."""
    marks = {TAG_PIPELINE: environment, TAG_RUN: run, TAG_DATASET: dataset}
    return marks | {TAG_EXPIRES: expires} if expires else marks
