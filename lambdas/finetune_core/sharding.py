"""Cuts the files of a large run into byte ranges that are validated, and later prepared, each on its own.

The files of a role are one text, the source: their bytes in the order of keys, with a line end between two
files where the first lacks one. Ranges are cut in that text without looking at lines; the scanner gives each
line to the range in which it begins, so the cuts change nothing but who does the work.

    plan_shards → Sharding → validate_shard (each range) → merge_shards → Order → prepare_shard (each range)
    → join_parts → Validation
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from finetune_core.contracts import ObjectRef, Plan, Preflight
from finetune_core.findings import Spec
from finetune_core.preparation import Verdict
from finetune_core.sniff import Sniffed
from finetune_core.split import Side
from finetune_core.unlisted import row_of
from finetune_core.validation import Role, spec_of

MOST_SHARDS: Final = 8_000
"""Ranges of a run at most: each may become a part of a multipart upload, which has no more than 10,000
(Amazon S3 user guide, "Amazon S3 multipart upload limits", read 2026-11-24)."""

LEAST_PART: Final = 5 * 1_048_576
"""Bytes of a multipart upload's part, but for the last one (same page)."""


class Piece(Struct, frozen=True, kw_only=True):
    """One pinned file of a source; `line_end` says that a line end has to follow its bytes."""

    bucket: str
    key: str
    version_id: str
    bytes: int
    line_end: bool = False

    @property
    def length(self) -> int:
        """Bytes in the source."""
        return self.bytes + self.line_end


class Source(Struct, frozen=True, kw_only=True):
    """The text of one role and what its head shows."""

    role: Role
    pieces: tuple[Piece, ...]
    sniffed: Sniffed = Sniffed()

    @property
    def length(self) -> int:
        """Bytes of the whole text."""
        return sum(piece.length for piece in self.pieces)


class Range(Struct, frozen=True, kw_only=True):
    """The lines of a source that begin at a byte in [start, stop); `number` is unique in a run."""

    number: int
    role: Role
    start: int
    stop: int


class Item(Struct, frozen=True, kw_only=True):
    """What a child of the Distributed Map is given: a range, and where its sharding (or order) lies."""

    range: Range
    described: ObjectRef


class Sharding(Struct, frozen=True, kw_only=True):
    """The sources of a run, what they are checked for, and the ranges they are cut into, in order."""

    plan: Plan
    preflight: Preflight
    sources: tuple[Source, ...]
    ranges: tuple[Range, ...]

    def source(self, role: str) -> Source:
        """Return the source of a role."""
        return next(source for source in self.sources if source.role == role)

    def of_role(self, role: str) -> list[Range]:
        """Return the ranges of a role."""
        return [one for one in self.ranges if one.role == role]

    def spec(self, role: str) -> Spec:
        """Return what the records of a role are checked against."""
        kind = self.preflight.customization_type
        sniffed, secrets = self.source(role).sniffed, self.plan.settings.secrets
        return spec_of(sniffed, row_of(self.preflight), kind, role, secrets=secrets)

    def partial_key(self, one: Range) -> str:
        """Return the key of what a range found."""
        return self.key(f"found/{one.number:05}")

    def piece_key(self, side: Side, one: Range) -> str:
        """Return the key of a range's records of one side that are too few for a part of an upload."""
        return self.key(f"{side}/{one.number:05}.jsonl")

    def key(self, name: str) -> str:
        """Return the key, in the artifacts bucket, of something that the shards leave behind."""
        return f"{self.plan.prefix}/shards/{name}"


class Upload(Struct, frozen=True, kw_only=True):
    """A multipart upload that children send their parts to."""

    bucket: str
    key: str
    upload_id: str


class ShardList(Struct, frozen=True, kw_only=True):
    """Where the items of a Distributed Map lie, and where what they are about is described."""

    items: ObjectRef
    described: ObjectRef
    shards: int


class Order(Struct, frozen=True, kw_only=True):
    """How the ranges of a valid dataset are prepared, and where their parts go."""

    sharding: Sharding
    verdict: Verdict
    uploads: dict[Side, Upload]

    def ranges(self) -> list[Range]:
        """Return the ranges that go into the job's parts: training, and the user's own validation file."""
        validation = (
            self.sharding.of_role("validation") if self.verdict.sources.validation == "validation" else []
        )
        return [*self.sharding.of_role("train"), *validation]


def cut_ranges(sources: Iterable[Source], shard_bytes: int) -> tuple[Range, ...]:
    """Cut all readable sources into ranges of at most `shard_bytes`, more if there would be too many."""
    readable = [source for source in sources if not source.sniffed.code]
    size = max(shard_bytes, -(-sum(source.length for source in readable) // MOST_SHARDS))
    cuts = [(source, start) for source in readable for start in range(0, source.length, size)]
    return tuple(
        Range(number=number, role=source.role, start=start, stop=min(start + size, source.length))
        for number, (source, start) in enumerate(cuts)
    )
