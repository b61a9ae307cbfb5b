"""How the suite is spread over processes: a folder of tests stays together.

A folder shares what is dear to make (a synthesised app, a deployed pipeline), so its tests go to one worker.
"""

from typing import Any

from xdist.scheduler import LoadScopeScheduling


class FolderScheduling(LoadScopeScheduling):
    """Spreads whole folders of tests."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.split("::", maxsplit=1)[0].rpartition("/")[0]


def pytest_xdist_make_scheduler(config: Any, log: Any) -> FolderScheduling:
    """Give xdist its scheduler (its hook of the same name)."""
    return FolderScheduling(config, log)
