"""Dropping a folder into the data bucket, in the order that the pipeline needs.

datasets/<dataset>/train.jsonl, validation.jsonl, evaluation.jsonl, media …   in any order, then run.json
corpora/<corpus>/*.jsonl
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune_cli.errors import CommandError
from finetune_core import runs

if TYPE_CHECKING:
    from finetune_cli.surroundings import Surroundings

RUN_FILE = "run.json"
TRAIN_FILE = "train.jsonl"
PLACEHOLDER = b"s3://your-data-bucket/"
"""Stands in records for the data bucket, in which media have to lie: dropping puts its name there."""


@dataclass(frozen=True)
class Upload:
    """One object to write: its key, and either a file or bytes made here."""

    key: str
    path: Path | None = None
    body: bytes = b""

    @property
    def size(self) -> int:
        """Size of the object."""
        return self.path.stat().st_size if self.path else len(self.body)

    def content(self) -> bytes:
        """The object's bytes."""
        return self.path.read_bytes() if self.path else self.body


@dataclass(frozen=True)
class Drop:
    """What a submission will write, in order; the last one starts the run."""

    collection: runs.Collection
    dataset: str
    uploads: tuple[Upload, ...]


@dataclass(frozen=True)
class Dropped:
    """What a submission wrote and when it began: version id by key."""

    drop: Drop
    bucket: str
    sent_at: datetime
    versions: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        files = [
            {"key": each.key, "bytes": each.size, "version_id": self.versions[each.key]}
            for each in self.drop.uploads
        ]
        return {
            "collection": self.drop.collection,
            "dataset": self.drop.dataset,
            "bucket": self.bucket,
            "files": files,
        }


def plan_drop(folder: Path, *, dataset: str, settings: dict[str, Any], corpus: bool) -> Drop:
    """Decide what to upload, and in which order; hidden files stay at home.

    `dataset` "" means the folder's name.

    Raises:
        CommandError: no folder, or no training data in it.
        RunRejected: the name of a file that Bedrock would refuse.
    """
    if not folder.is_dir():
        raise CommandError(f"{folder} is not a folder.", do="Name the folder that holds train.jsonl.")
    name = runs.slug(dataset or folder.resolve().name)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not _hidden(path, folder)]
    if corpus:
        return _corpus(folder, name, files, settings)
    if not (folder / TRAIN_FILE).is_file():
        near = ", ".join(path.name for path in files if path.suffix == ".jsonl") or "no .jsonl file at all"
        raise CommandError(
            f"There is no {TRAIN_FILE} (found: {near}).",
            where=str(folder),
            do=f"Name the training records {TRAIN_FILE}.",
        )
    prefix = f"datasets/{name}"
    train = folder / TRAIN_FILE  # its event starts the settle time, so that it comes after its siblings
    others = [path for path in files if path not in {train, folder / RUN_FILE}]
    siblings = [_upload(path, folder, prefix) for path in (*others, train)]
    return Drop("datasets", name, (*siblings, _run_file(folder, prefix, settings)))


def _corpus(folder: Path, name: str, files: list[Path], settings: dict[str, Any]) -> Drop:
    """Texts to add to a corpus; without a run.json the run waits for more of them to settle."""
    texts = [path for path in files if path.suffix == ".jsonl"]
    if not texts:
        raise CommandError(
            "There is no .jsonl file.", where=str(folder), do='Put one text a line: {"input": …}.'
        )
    prefix = f"corpora/{name}"
    started = [_run_file(folder, prefix, settings)] if settings or (folder / RUN_FILE).is_file() else []
    return Drop("corpora", name, (*(_upload(path, folder, prefix) for path in texts), *started))


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _upload(path: Path, folder: Path, prefix: str) -> Upload:
    key = f"{prefix}/{path.relative_to(folder).as_posix()}"
    runs.check_key("data-bucket", key)
    return Upload(key, path)


def _run_file(folder: Path, prefix: str, settings: dict[str, Any]) -> Upload:
    """run.json: the folder's own with the command line's options laid over it, else {}."""
    path = folder / RUN_FILE
    if not path.is_file():
        return Upload(f"{prefix}/{RUN_FILE}", body=json.dumps(settings, indent=2).encode() + b"\n")
    if not settings:
        return Upload(f"{prefix}/{RUN_FILE}", path)
    try:
        own = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CommandError(f"run.json is not JSON: {error}", where=str(path), do="Repair it.") from None
    if not isinstance(own, dict):
        raise CommandError(
            "run.json must hold a JSON object.", where=str(path), do="Write {} for the defaults."
        )
    return Upload(f"{prefix}/{RUN_FILE}", body=json.dumps({**own, **settings}, indent=2).encode() + b"\n")


def send(here: Surroundings, drop: Drop) -> Dropped:
    """Upload in order, each only after the one before is stored."""
    bucket = here.names["data-bucket"]
    s3 = here.client("s3")
    sent_at, versions = datetime.now(UTC), {}
    for each in drop.uploads:
        extra = {"ContentType": "application/json"} if each.key.endswith((".json", ".jsonl")) else {}
        body = each.body if each.path is None else _addressed(each.path, bucket)
        if body is not None:
            answer = s3.put_object(Bucket=bucket, Key=each.key, Body=body, **extra)
            versions[each.key] = answer["VersionId"]
        else:
            s3.upload_file(str(each.path), bucket, each.key, ExtraArgs=extra)
            versions[each.key] = s3.head_object(Bucket=bucket, Key=each.key)["VersionId"]
    return Dropped(drop, bucket, sent_at, versions)


def _addressed(path: Path, bucket: str) -> bytes | None:
    """Records with the bucket's name in place of PLACEHOLDER; None for a file that holds none."""
    if path.suffix != ".jsonl":
        return None
    with path.open("rb") as lines:
        if PLACEHOLDER not in next(lines, b""):
            return None
    return path.read_bytes().replace(PLACEHOLDER, f"s3://{bucket}/".encode())
