"""How the suite is spread over processes: a folder of tests stays together.

A folder shares what is dear to make (a synthesised app), so its tests go to one worker. The tests of the
deployed pipeline take longest by far: their files are spread, and each worker deploys a pipeline of its own.
"""

from typing import Any

from xdist.scheduler import LoadScopeScheduling

PIPELINE = "tests/integration/pipeline"


class FolderScheduling(LoadScopeScheduling):
    """Spreads whole folders of tests, and the files of those that take minutes."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", maxsplit=1)[0]
        folder = file.rpartition("/")[0]
        return file if folder == PIPELINE else folder


def pytest_xdist_make_scheduler(config: Any, log: Any) -> FolderScheduling:
    """Give xdist its scheduler (its hook of the same name)."""
    return FolderScheduling(config, log)
