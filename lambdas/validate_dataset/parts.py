"""Writes the parts of a dataset: training and validation for the job, evaluation for the gate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import msgspec

from finetune_aws import objects
from finetune_core.contracts import Plan
from finetune_core.preparation import MOST_EVALUATION, Sources
from finetune_core.prompts import Prompt, to_prompt
from finetune_core.split import SplitPlan, records, split_lines
from validate_dataset.files import Files


@dataclass(frozen=True)
class Written:
    """Where the parts lie; ``evaluation_records`` counts prompts, which not every record holds."""

    train_uri: str
    validation_uri: str | None
    evaluation_key: str
    evaluation_records: int


@dataclass(frozen=True)
class PartsWriter:
    """Streams the pinned files into part files in ``folder`` and uploads them.

    The job's parts go to the data bucket's ``prepared/`` (which starts no run), because media that records
    name have to lie in the same bucket as the dataset.
    """

    plan: Plan
    files: Files
    folder: Path

    def write(self, split: SplitPlan, sources: Sources) -> Written:
        """Write all parts. A user's own file is copied as pinned, without blank lines."""
        with ExitStack() as stack:
            sides = {
                side: stack.enter_context((self.folder / f"{side}.jsonl").open("wb"))
                for side in ("train", "validation", "evaluation")
            }
            for side, line in split_lines(self.files.chunks("train"), split):
                sides[side].write(line)
            if sources.validation == "validation":
                sides["validation"].writelines(records(self.files.chunks("validation")))
            if sources.evaluation in ("evaluation", "validation"):
                sides["evaluation"].writelines(records(self.files.chunks(sources.evaluation)))
        train_uri = self._upload("train")
        has_validation = (self.folder / "validation.jsonl").stat().st_size > 0
        asked = self._write_prompts()
        return Written(
            train_uri=train_uri,
            validation_uri=self._upload("validation") if has_validation else None,
            evaluation_key=f"{self.plan.prefix}/evaluation.jsonl",
            evaluation_records=asked,
        )

    def _upload(self, part: str) -> str:
        key = f"prepared/{self.plan.run_id}/{part}.jsonl"
        return objects.upload(self.folder / f"{part}.jsonl", self.plan.data_bucket, key)

    def _write_prompts(self) -> int:
        """Turn the evaluation part into prompts and upload them; return how many there are."""
        path = self.folder / "prompts.jsonl"
        count = 0
        with (self.folder / "evaluation.jsonl").open("rb") as lines, path.open("wb") as out:
            for count, prompt in enumerate(islice(_prompts(lines), MOST_EVALUATION), start=1):  # noqa: B007
                _write_line(out, prompt)
        objects.upload(path, self.plan.artifacts_bucket, f"{self.plan.prefix}/evaluation.jsonl")
        return count


def _prompts(lines: Iterable[bytes]) -> Iterator[Prompt]:
    """Yield a prompt for each record that holds a question, numbered without gaps."""
    number = 0
    for line in lines:
        prompt = to_prompt(number, msgspec.json.decode(line))
        if prompt is not None:
            yield prompt
            number += 1


def _write_line(out: BinaryIO, prompt: Prompt) -> None:
    out.write(msgspec.json.encode(prompt) + b"\n")
