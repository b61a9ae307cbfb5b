"""What points at objects and runs elsewhere: S3 objects, and the line that a model stands in."""

from __future__ import annotations

from typing import Literal

import msgspec


class ObjectRef(msgspec.Struct, kw_only=True, frozen=True):
    """An S3 object; ``version_id`` pins the bytes when it is given."""

    bucket: str
    key: str
    version_id: str | None = None


class Teacher(msgspec.Struct, kw_only=True, frozen=True):
    """Who answers the prompts of a distillation, and the longest answer in tokens (None: the service's)."""

    model: str
    max_response_length: int | None = None


class Reward(msgspec.Struct, kw_only=True, frozen=True):
    """Who grades the answers of a reinforcement fine-tuning, and what its trial on the dataset showed.

    ``dropped`` tells that the function was made from the dataset's own file and goes with the run;
    ``hyperparameters`` are the job's, typed as ``rftConfig`` has them. ``right`` and ``wrong`` are the mean
    scores of reference answers and of other records' (None without reference answers), ``tried`` counts
    records.
    """

    function_arn: str
    dropped: bool
    code_sha256: str
    hyperparameters: dict[str, int | float | str] = {}
    tried: int = 0
    right: float | None = None
    wrong: float | None = None


class Lineage(msgspec.Struct, kw_only=True, frozen=True):
    """Where training starts, why there, and what it reads: the short form of ``lineage.json`` at ``uri``.

    Without a parent it is a fresh start from the base model with all files. ``inputs`` pins what is trained
    on, ``generation`` counts models from the first of the line, which is 1.
    """

    starts_from: Literal["model", "champion"]
    reason: str
    parent_run: str | None
    parent_model: str | None
    generation: int
    trained_files: int
    seen_files: int
    inputs: ObjectRef
    uri: str
