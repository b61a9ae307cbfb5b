"""Run ids, names and keys."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finetune_core import runs
from finetune_core.errors import RunRejected
from finetune_core.inputs import PinnedFile

# Shapes of botocore 1.43.106, bedrock/2023-04-20.
JOB = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9\+\-\.])*")
MODEL = re.compile(r"([0-9a-zA-Z][_-]?){1,63}")
TOKEN = re.compile(r"[a-zA-Z0-9]([-a-zA-Z0-9]{0,254}[a-zA-Z0-9])?")
S3_URI = re.compile(
    r"s3://[a-z0-9][-.a-z0-9]{1,61}[a-z0-9](?:/[-!_*'().a-z0-9A-Z]+(?:/[-!_*'().a-z0-9A-Z]+)*)?/?"
)


def pinned(role: str = "train", version: str = "v1", size: int = 10) -> PinnedFile:
    key = f"datasets/a/{role}.jsonl"
    return PinnedFile(role=role, bucket="b", key=key, version_id=version, bytes=size)  # type: ignore[arg-type]


@settings(deadline=None)
@given(st.text(max_size=80), st.sampled_from(["LOCAL", "DEV", "PROD"]))
def test_names_fit_the_services_patterns(dataset: str, environment: str) -> None:
    run_id = runs.run_id(environment, dataset, [pinned()])
    names = runs.names(environment, run_id)
    assert JOB.fullmatch(names.job)
    assert MODEL.fullmatch(names.model)
    assert MODEL.fullmatch(names.endpoint)
    assert len(names.job) <= 63
    assert TOKEN.fullmatch(runs.token(environment, run_id))


def test_the_same_versions_are_the_same_run_in_any_order() -> None:
    train, validation = pinned(), pinned("validation")
    first = runs.run_id("DEV", "a", [train, validation])
    assert first == runs.run_id("DEV", "a", [validation, train])
    assert first != runs.run_id("DEV", "a", [pinned(version="v2"), validation])
    assert first != runs.run_id("PROD", "a", [train, validation])
    assert first != runs.run_id("DEV", "a", [train])


@settings(deadline=None)
@given(st.text(min_size=1, max_size=60))
def test_a_key_passes_exactly_when_bedrocks_pattern_does(name: str) -> None:
    key = f"datasets/{name}/train.jsonl"
    fits = S3_URI.fullmatch(f"s3://bucket/{key}") is not None
    try:
        runs.check_key("bucket", key)
    except RunRejected:
        assert not fits
    else:
        assert fits


@settings(deadline=None)
@given(st.text(max_size=60))
def test_the_suggested_key_passes(name: str) -> None:
    runs.check_key("bucket", runs.suggest_key(f"datasets/{name}/train.jsonl"))


def test_the_refusal_names_characters_and_a_better_key() -> None:
    with pytest.raises(RunRejected, match=r"refuses: space, \+, ä \(U\+00E4\)") as caught:
        runs.check_key("bucket", "datasets/my däta+1/train.jsonl")
    assert '"datasets/my-d-ta-1/train.jsonl"' in str(caught.value)


def test_sizes() -> None:
    runs.check_sizes([pinned(), pinned("validation")])
    with pytest.raises(RunRejected, match=r"validation\.jsonl is empty"):
        runs.check_sizes([pinned(), pinned("validation", size=0)])
    with pytest.raises(RunRejected, match="larger than 10 GiB together"):
        runs.check_sizes([pinned(size=runs.MAX_BYTES), pinned("validation")])


def test_roles() -> None:
    dataset, corpus = runs.read_drop("b", "datasets/a/run.json"), runs.read_drop("b", "corpora/c/x.jsonl")
    assert (runs.role_of(dataset), runs.role_of(corpus)) == ("run", "train")
    assert runs.role_of(runs.read_drop("b", "datasets/a/other.jsonl")) is None
    assert corpus.folder == "corpora/c/"
