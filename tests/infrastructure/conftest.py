"""Every environment is synthesised once for all tests here: about a second each."""

from dataclasses import replace
from pathlib import Path

import pytest

import tests.infrastructure.node  # noqa: F401 - before anything imports aws_cdk
from config.environments import ENVIRONMENTS, PROD
from tests.infrastructure.synthesis import Synthesised, synthesise


@pytest.fixture(scope="session")
def code_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stands for the functions' code, so that templates need no package index."""
    folder = tmp_path_factory.mktemp("code")
    (folder / "marker.py").write_text("")
    return folder


@pytest.fixture(scope="session")
def all_synthesised(tmp_path_factory: pytest.TempPathFactory, code_folder: Path) -> dict[str, Synthesised]:
    return {
        name: synthesise(settings, tmp_path_factory.mktemp(name), code_folder)
        for name, settings in ENVIRONMENTS.items()
    }


@pytest.fixture(params=ENVIRONMENTS)
def synthesised(request: pytest.FixtureRequest, all_synthesised: dict[str, Synthesised]) -> Synthesised:
    """One environment; a test that asks for it runs for each."""
    return all_synthesised[request.param]


@pytest.fixture
def prod(all_synthesised: dict[str, Synthesised]) -> Synthesised:
    return all_synthesised["prod"]


@pytest.fixture(scope="session")
def linked(tmp_path_factory: pytest.TempPathFactory, code_folder: Path) -> Synthesised:
    """PROD with links to answer approvals, which it leaves out by default."""
    settings = replace(PROD, approval_links=True)
    return synthesise(settings, tmp_path_factory.mktemp("linked"), code_folder)


@pytest.fixture(scope="session")
def bounded(tmp_path_factory: pytest.TempPathFactory, code_folder: Path) -> Synthesised:
    """PROD in an organisation that puts a permissions boundary on every role and mails somebody."""
    settings = replace(PROD, permissions_boundary="TeamBoundary", notification_emails=("team@example.com",))
    return synthesise(settings, tmp_path_factory.mktemp("bounded"), code_folder)
