"""Fixtures of the integration tests: one local cloud per worker, one account per test."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from finetune_local.emulator import LocalCloud

SPEED = 2000.0
"""Simulated seconds per second: a training job of an hour takes two seconds."""

_accounts = itertools.count(1)


@pytest.fixture(scope="session")
def local_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """Give the local cloud, with our Bedrock in it and IAM enforced."""
    with LocalCloud(tmp_path_factory.mktemp("local-cloud"), speed=SPEED) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def bare_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """Give a local cloud with a stand-in for Bedrock, for tests of the emulator layer alone."""
    with LocalCloud(
        tmp_path_factory.mktemp("bare-cloud"),
        speed=5 * SPEED,
        bedrock="bedrock_stand_in:StandIn",
        import_paths=[Path(__file__).parent],
    ) as cloud:
        yield cloud


@pytest.fixture
def account() -> str:
    """Give an account number that no other test uses."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return f"{worker + 1:04d}{next(_accounts):08d}"
