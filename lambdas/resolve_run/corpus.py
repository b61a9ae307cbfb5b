"""When a corpus that grows has enough new text for a run.

Counted is what neither the champion's line nor the last run has seen; a last run that FAILED counts as not
having been, so that its files are tried again with the next drop.
"""

from __future__ import annotations

from finetune_aws import lineages
from finetune_aws.environment import Environment
from finetune_aws.ledger import Item, Ledger
from finetune_core import lineage
from finetune_core.inputs import PinnedFile

SCHEDULED: str = "finetune.schedule"
"""``source`` of the event with which a schedule starts a corpus's run."""


class Corpus:
    """One corpus and the runs that it has had."""

    def __init__(self, name: str, environment: Environment) -> None:
        self._key = f"corpus#{name}"
        self._name = name
        self._bucket = environment.artifacts_bucket
        self._ledger = Ledger(environment.ledger_table)

    def short_of(self, run_id: str, files: list[PinnedFile], minimum: int) -> str:
        """Return in words how much is missing for a run of ``files``, or "" when there is enough.

        The same run again (a second event, a retry) has enough as it had before.
        """
        last = self._ledger.item(self._key, "last") or {}
        if last.get("run_id") == run_id:
            return ""
        new = lineage.unseen(files, self._seen(last))
        found = sum(file.bytes for file in new)
        if found >= minimum:
            return ""
        return (
            f"corpus {self._name} has {found:,} new bytes in {len(new)} file(s); "
            f"a run starts at {minimum:,} (minimum_new_bytes)"
        )

    def remember(self, run_id: str) -> None:
        """Note the run as the corpus's last."""
        self._ledger.put(self._key, "last", {"run_id": run_id})

    def _seen(self, last: Item) -> list[PinnedFile]:
        champion = self._ledger.champion(self._name) or {}
        seen = lineages.seen(self._bucket, str(champion.get("run_id") or ""))
        run = self._ledger.run(str(last.get("run_id") or "")) or {}
        if not run or run.get("status") == "FAILED":
            return seen
        made_of = lineages.inputs(self._bucket, str(last["run_id"]))
        return [*seen, *(made_of.files if made_of else [])]
