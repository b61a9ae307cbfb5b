"""Writes the parts of a dataset: training and validation for the job, evaluation for the gate."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from msgspec import Struct

from finetune_aws import objects, results
from finetune_core.contracts import Plan
from finetune_core.preparation import Prepared, Sources
from finetune_core.split import SplitPlan, records, split_lines
from validate_dataset.files import Files


class PartsWriter(Struct, frozen=True):
    """Streams the pinned files into part files in ``folder`` and uploads them.

    The job's parts go to the data bucket's ``prepared/`` (which starts no run), because media that records
    name have to lie in the same bucket as the dataset.
    """

    plan: Plan
    files: Files
    folder: Path

    def write(self, split: SplitPlan, sources: Sources, record_format: str) -> Prepared:
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
        asked = self._write_prompts(record_format)
        return Prepared(
            train_uri=train_uri,
            validation_uri=self._upload("validation") if has_validation else None,
            evaluation_records=asked,
        )

    def _upload(self, part: str) -> str:
        key = f"prepared/{self.plan.run_id}/{part}.jsonl"
        return objects.upload(self.folder / f"{part}.jsonl", self.plan.data_bucket, key)

    def _write_prompts(self, record_format: str) -> int:
        """Turn the evaluation part into prompts and upload them; return how many there are."""
        with (self.folder / "evaluation.jsonl").open("rb") as lines:
            return results.write_prompts(self.plan, lines, record_format)
