"""Validates a dataset: every fault of every record of its files, as one report.

    report = validate(chunks, find_model("amazon.nova-micro-v1:0"), "fine-tuning")
    report = validate_files({"train": chunks, "validation": chunks}, model, kind)

Chunks are the file's bytes in pieces of any size, read once, never held. For files too large for one
process, `scan` byte ranges anywhere, `merge` their partials and `judge` the whole: the same code, the same
report.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Final, Literal

from msgspec import Struct

from finetune_core.catalogue import kind_of
from finetune_core.contracts import TokenRange
from finetune_core.dataset_checks import check_dataset
from finetune_core.faults import Answer, Fault
from finetune_core.findings import Findings, Spec
from finetune_core.model_rules import Kind, KindRules, Model
from finetune_core.partials import EXAMPLES, Partial, Tally, bucket_start
from finetune_core.records import NAMES, PROMPT_FORMATS
from finetune_core.scanner import Scanner
from finetune_core.sniff import HEAD, Sniffed, sniff
from finetune_core.tokens import dataset_tokens

Role = Literal["train", "validation", "evaluation"]
ROLES: Final[tuple[Role, ...]] = ("train", "validation", "evaluation")


class FileReport(Struct, frozen=True):
    """One file's figures. `histogram` pairs least tokens (expected) of a bar with its number of records.

    `media` counts images, videos and documents.
    """

    role: str
    format: str | None
    records: int
    lines: int
    size: int
    tokens: TokenRange
    histogram: tuple[tuple[int, int], ...]
    media: dict[str, int] = {}


class FaultLines(Struct, frozen=True):
    """The lines of one file that hold a fault: `ranges` has first and last of each run; `cut` if not all."""

    role: str
    code: str
    severity: str
    count: int
    ranges: tuple[tuple[int, int], ...]
    cut: bool


class Repair(Struct, frozen=True):
    """What `--fix` did before this report was made: the report is on the repaired file.

    `changed` and `dropped` count by code; `before` counts the faults of the original by code.
    """

    source: str
    output: str
    changes: str
    records_read: int
    records_written: int
    changed: dict[str, int]
    dropped: dict[str, int]
    valid_before: bool
    before: dict[str, int]


class Report(Struct, frozen=True):
    """The verdict on a dataset. `faults` are examples, `counts` and `lines` are complete."""

    valid: bool
    model: str
    model_name: str
    kind: Kind
    format: str | None
    format_name: str
    records: int
    errors: int
    warnings: int
    counts: dict[str, int]
    faults: tuple[Fault, ...]
    tokens: TokenRange
    files: tuple[FileReport, ...]
    lines: tuple[FaultLines, ...]
    repair: Repair | None = None


class Scanned(Struct):
    """A scanned file: its role, what its head showed, and what was found in its lines."""

    role: str
    sniffed: Sniffed
    partial: Partial


def validate(chunks: Iterable[bytes], model: Model, kind: str, *, role: Role = "train") -> Report:
    """Return the report on one file.

    Raises ValueError if the model does not offer this kind of customization.
    """
    return validate_files({role: chunks}, model, kind)


def validate_files(
    files: Mapping[Role, Iterable[bytes]],
    model: Model,
    kind: str,
    *,
    examples: int = EXAMPLES,
    secrets: Answer = "off",
    also: Callable[[list[Scanned]], None] | None = None,
) -> Report:
    """Return the report on a dataset's files together: sums of records and leakage included.

    `examples` of each fault are kept; likely secrets and personal data are told as `secrets` says. `also` may
    add faults to the partials of the scanned files: the checks that are made on request.
    """
    scanned = [
        scan(files[role], model, kind, role=role, examples=examples, secrets=secrets)
        for role in ROLES
        if role in files
    ]
    if also:
        also(scanned)
    return judge(scanned, model, kind)


def offered_rules(model: Model, kind: str) -> KindRules:
    """Return the rules of `kind` for `model`; ValueError naming what the model offers instead."""
    rules = model.kinds.get(kind_of(kind))
    if rules is None:
        raise ValueError(f"{model.name} does not offer {kind_of(kind)}; it offers {', '.join(model.kinds)}")
    return rules


def choose_format(sniffed: Sniffed, rules: KindRules) -> str:
    """Return the format that records are checked against: the file's, if the model takes it."""
    return sniffed.format if sniffed.format in rules.formats else rules.formats[0]


def spec_of(
    sniffed: Sniffed,
    model: Model,
    kind: str,
    role: str,
    *,
    examples: int = EXAMPLES,
    secrets: Answer = "off",
) -> Spec:
    """Return what a file's records are checked against, by what its head showed."""
    rules = offered_rules(model, kind)
    name = choose_format(sniffed, rules)
    return Spec(rules, name, role, model.name, examples=examples, secrets=secrets)


def scan(
    chunks: Iterable[bytes],
    model: Model,
    kind: str,
    *,
    role: Role = "train",
    stable: bool = True,
    examples: int = EXAMPLES,
    secrets: Answer = "off",
) -> Scanned:
    """Scan one whole file."""
    offered_rules(model, kind)
    head, rest = _head(iter(chunks))
    sniffed = sniff(head)
    spec = spec_of(sniffed, model, kind, role, examples=examples, secrets=secrets)
    if sniffed.code:
        return Scanned(role, sniffed, unreadable(sniffed, spec))
    scanner = Scanner(spec, stable=stable)
    for chunk in chain((head,), rest):
        scanner.feed(chunk)
    return Scanned(role, sniffed, scanner.finish())


def scan_range(chunks: Iterable[bytes], spec: Spec, start: int, stop: int) -> Partial:
    """Scan the lines that start within [start, stop); `chunks` begin at byte `max(start - 1, 0)`.

    Stops reading as soon as the last of these lines has ended. Fingerprints are comparable between processes.
    """
    scanner = Scanner(spec, start=start, stop=stop, stable=True)
    for chunk in chunks:
        scanner.feed(chunk)
        if scanner.done:
            break
    return scanner.finish()


def unreadable(sniffed: Sniffed, spec: Spec) -> Partial:
    """Return the partial of a file that is no JSON Lines at all: one fault, no lines read."""
    finding = Findings(spec, 0, 0)
    finding.add(sniffed.code, "", "", sniffed.message)
    partial = Partial()
    partial.add(finding.faults[0])
    return partial


def judge(scanned: list[Scanned], model: Model, kind: str) -> Report:
    """Return the report on scanned files: adds what only the whole dataset shows."""
    specs = {file.role: spec_of(file.sniffed, model, kind, file.role) for file in scanned}
    check_dataset({file.role: file.partial for file in scanned}, specs)
    files = tuple(_file_report(file, specs[file.role]) for file in scanned)
    tallies = [(file.role, tally) for file in scanned for tally in _ordered(file.partial)]
    counts: dict[str, int] = {}
    for _, tally in tallies:
        counts[tally.code] = counts.get(tally.code, 0) + tally.count
    errors = sum(tally.count for _, tally in tallies if tally.severity == "error")
    first = _format_of(scanned[0], specs[scanned[0].role]) if scanned else None
    return Report(
        valid=errors == 0,
        model=model.id,
        model_name=model.name,
        kind=kind_of(kind),
        format=first,
        format_name=NAMES.get(first or "", "not recognised"),
        records=sum(file.records for file in files),
        errors=errors,
        warnings=sum(tally.count for _, tally in tallies if tally.severity == "warning"),
        counts=counts,
        faults=tuple(fault for _, tally in tallies for fault in tally.examples),
        tokens=next((file.tokens for file in files), TokenRange(low=0, expected=0, high=0)),
        files=files,
        lines=tuple(_fault_lines(role, tally) for role, tally in tallies),
    )


def _head(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first `HEAD` bytes (or all there are) and an iterator over what follows them."""
    pieces: list[bytes] = []
    size = 0
    for chunk in chunks:
        pieces.append(chunk)
        size += len(chunk)
        if size >= HEAD:
            break
    return b"".join(pieces), chunks


def _ordered(partial: Partial) -> list[Tally]:
    """Return the tallies that hold faults, errors first, then by the line they begin on."""
    tallies = [tally for tally in partial.tallies.values() if tally.count]
    return sorted(tallies, key=lambda tally: (tally.severity, tally.ranges[:1], tally.code))


def _format_of(file: Scanned, spec: Spec) -> str | None:
    """Return the format that the records have: prompts without an answer tell only beside their model."""
    found = file.sniffed.format
    return spec.format if spec.format == "reinforcement" and found in PROMPT_FORMATS else found


def _file_report(file: Scanned, spec: Spec) -> FileReport:
    partial = file.partial
    tokens = dataset_tokens(spec.format, partial)
    per_byte = tokens.expected / max(partial.json_size, 1)
    bars: dict[int, int] = {}
    for bucket, count in sorted(partial.lengths.items()):
        least = int(bucket_start(bucket) * per_byte)
        bars[least] = bars.get(least, 0) + count
    return FileReport(
        role=file.role,
        format=_format_of(file, spec),
        records=partial.records,
        lines=partial.lines,
        size=partial.size,
        tokens=tokens,
        histogram=tuple(bars.items()),
        media=partial.media,
    )


def _fault_lines(role: str, tally: Tally) -> FaultLines:
    pairs = tuple(zip(tally.ranges[::2], tally.ranges[1::2], strict=True))
    return FaultLines(role, tally.code, tally.severity, tally.count, pairs, tally.cut)
