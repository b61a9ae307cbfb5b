"""The faults that only the whole dataset shows: bounds on records and files, duplicates, leakage."""

from array import array
from collections.abc import Mapping
from itertools import islice
from typing import Final

from finetune_core.faults import UNREAD
from finetune_core.findings import Findings, Spec
from finetune_core.labels import check_labels
from finetune_core.lengths import check_lengths
from finetune_core.model_rules import Limit
from finetune_core.partials import Partial

_TRAIN: Final = "train"
_PART: Final = 87_381
"""Fingerprints that a dictionary takes without growing to 2^18 entries, whose table outgrows the cache."""
_KEPT_EACH: Final = 2_000
"""One number in so many is kept: several in each MiB that Python would give back."""


def check_dataset(partials: Mapping[str, Partial], specs: Mapping[str, Spec]) -> None:
    """Add the faults of the dataset as a whole to the partials of its files."""
    for role, partial in partials.items():
        if any(tally.code in UNREAD for tally in partial.tallies.values()):
            continue
        _check_size(partial, specs[role])
        _check_records(partials, role, specs[role])
        _check_formats(partial, specs[role])
        _check_media(partial, specs[role])
        _check_duplicates(partial, specs[role])
        check_lengths(partial, specs[role])
        check_labels(partial, specs[role])
    _check_validation_file(partials, specs)
    _check_leakage(partials, specs)


def _note(
    partial: Partial, spec: Spec, code: str, value: object, said: str, *, warning: bool = False
) -> None:
    found = Findings(spec, 0, 0)
    found.add(code, "", value, said, severity="warning" if warning else None)
    partial.add(found.faults[0])


def _check_size(partial: Partial, spec: Spec) -> None:
    rules = spec.rules
    limit = rules.validation_file_bytes if spec.role == "validation" else rules.file_bytes
    if spec.role != "evaluation" and limit is not None:
        _check_most(partial, spec, "file_too_large", limit, count=partial.size, unit="bytes")


def _check_records(partials: Mapping[str, Partial], role: str, spec: Spec) -> None:
    partial, rules = partials[role], spec.rules
    if partial.records == 0:
        _note(partial, spec, "empty_file", 0, f"the {role} file holds no records")
    elif role == _TRAIN:
        _check_least(partial, spec, rules.records_min)
        validation = partials.get("validation") if rules.sums_validation else None
        total = partial.records + (validation.records if validation else 0)
        unit = "training and validation records" if validation else "records"
        _check_most(partial, spec, "too_many_records", rules.records_max, count=total, unit=unit)
        if rules.advised_records and rules.records_min.value <= partial.records < rules.advised_records:
            advised = f"{rules.advised_records:,} or more are advised ({rules.source.name})"
            said = f"{partial.records:,} records; {advised}"
            _note(partial, spec, "few_records", partial.records, said)
    elif role == "validation":
        if rules.validation_records_min:
            _check_least(partial, spec, rules.validation_records_min)
        if rules.validation_records_max:
            _check_most(
                partial,
                spec,
                "too_many_records",
                rules.validation_records_max,
                count=partial.records,
                unit="records",
            )


def _check_least(partial: Partial, spec: Spec, limit: Limit) -> None:
    count = partial.records
    if count < limit.value:
        said = f"{count:,} records, at least {limit.value:,} are needed ({limit.source.name})"
        _note(partial, spec, "too_few_records", count, said)
    elif limit.strict is not None and limit.strict_source is not None and count < limit.strict:
        said = f"{count:,} records: {limit.strict_source.name} asks for {limit.strict:,}, "
        said += f"{limit.source.name} for {limit.value:,}"
        _note(partial, spec, "too_few_records", count, said, warning=True)


def _check_most(partial: Partial, spec: Spec, code: str, limit: Limit, *, count: int, unit: str) -> None:
    if count > limit.value:
        _note(
            partial,
            spec,
            code,
            count,
            f"{count:,} {unit}, at most {limit.value:,} are taken ({limit.source.name})",
        )
    elif limit.strict is not None and limit.strict_source is not None and count > limit.strict:
        said = f"{count:,} {unit}: {limit.strict_source.name} takes {limit.strict:,}, "
        said += f"{limit.source.name} {limit.value:,}"
        _note(partial, spec, code, count, said, warning=True)


def _check_validation_file(partials: Mapping[str, Partial], specs: Mapping[str, Spec]) -> None:
    if "validation" not in partials:
        return
    partial, spec = partials["validation"], specs["validation"]
    source = spec.rules.validation_file_source or spec.rules.source
    if spec.rules.validation_file == "refused":
        _note(
            partial,
            spec,
            "validation_file_refused",
            "",
            f"{spec.model_name} takes no validation file ({source.name})",
        )
    elif spec.rules.validation_file == "disputed":
        said = f"{source.name} says that {spec.model_name} takes no validation file; "
        said += f"{spec.rules.source.name} does not"
        _note(partial, spec, "validation_file_disputed", "", said)


def _check_formats(partial: Partial, spec: Spec) -> None:
    """Say that a dataset mixes formats; each record of another format has its own error."""
    tally = partial.tallies.get("wrong_format:error")
    strange = tally.count if tally else 0
    if 0 < strange < partial.records:
        said = f"{strange:,} of {partial.records:,} records are of another format than the rest"
        _note(partial, spec, "mixed_formats", strange, said)


def _check_media(partial: Partial, spec: Spec) -> None:
    """Note kinds of media that may not stand in one dataset together."""
    rules = spec.rules.media
    if rules is None or rules.mixed or len(partial.media) < 2:
        return
    kinds = ", ".join(f"{count:,} {kind}s" for kind, count in sorted(partial.media.items()))
    said = f"the file names {kinds}: only one kind may be in a dataset ({rules.source.name})"
    _note(partial, spec, "media_mixed", kinds, said)


def _check_duplicates(partial: Partial, spec: Spec) -> None:
    """Note every record that is, byte for byte, the same as one before it in the file."""
    prints = partial.fingerprints
    if _are_distinct(prints) or (prints.count(0) > 1 and _are_distinct(array("q", filter(None, prints)))):
        return
    repeated = _repeated(prints)
    first: dict[int, int] = {}
    tally = partial.tally("duplicate_record", "warning")
    for line, mark in enumerate(prints, 1):
        if mark not in repeated:
            continue
        if mark not in first:
            first[mark] = line
            continue
        if tally.count < tally.most:
            found = Findings(spec, line, partial.offset(line))
            found.add(
                "duplicate_record", "$", f"line {first[mark]}", f"the same record as line {first[mark]:,}"
            )
            tally.add(found.faults[0])
        else:
            tally.count += 1
            tally.add_lines(line, line)


def _are_distinct(prints: "array[int]") -> bool:
    """Whether no fingerprint occurs twice: one part after the other, each held against the later ones.

    A table of all would take fresh memory, page by page, each time it grows; the parts use the same again.
    For that a few numbers of each part are kept: Python gives back memory in which nothing is left.
    """
    parts = [prints[start : start + _PART] for start in range(0, len(prints), _PART)]
    kept: list[int] = []
    for number, part in enumerate(parts, 1):
        known = dict.fromkeys(part)  # a fifth faster than a set
        if len(known) < len(part) or not all(map(known.keys().isdisjoint, parts[number:])):
            return False
        kept += islice(known, 0, None, _KEPT_EACH)
        del known
    return True


def _repeated(prints: "array[int]") -> set[int]:
    """Return the fingerprints that occur more than once; 0 stands for no record."""
    seen: set[int] = set()
    again: set[int] = set()
    for mark in prints:
        if mark in seen:
            again.add(mark)
        seen.add(mark)
    again.discard(0)
    return again


def _check_leakage(partials: Mapping[str, Partial], specs: Mapping[str, Spec]) -> None:
    """Note records of the validation and evaluation files that stand in an earlier file as well."""
    roles = [role for role in (_TRAIN, "validation", "evaluation") if role in partials]
    for position, role in enumerate(roles):
        for earlier in roles[:position]:
            _check_pair(partials[role], specs[role], earlier, partials[earlier])


def _check_pair(partial: Partial, spec: Spec, earlier: str, other: Partial) -> None:
    if not partial.fingerprints or not other.fingerprints:
        return  # a file that could not be read has none
    if partial.stable != other.stable:
        raise ValueError("fingerprints of different kinds cannot be compared: scan all files the same way")
    known = set(other.fingerprints)
    known.discard(0)
    if known.isdisjoint(partial.fingerprints):
        return
    tally = partial.tally("leaked_record", "warning")
    for line, mark in enumerate(partial.fingerprints, 1):
        if mark not in known:
            continue
        if tally.count < tally.most:
            found = Findings(spec, line, partial.offset(line))
            found.add("leaked_record", "$", earlier, f"the same record stands in the {earlier} file")
            tally.add(found.faults[0])
        else:
            tally.count += 1
            tally.add_lines(line, line)
