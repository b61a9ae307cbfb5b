"""Nothing of the shell or of a local cloud that happens to be up may reach these tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from finetune_cli import local_state


@pytest.fixture(autouse=True)
def _clean_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("FINETUNE_ENV", "NO_COLOR", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://127.0.0.1:1")
    monkeypatch.setattr(local_state, "folder", lambda: tmp_path / ".local")
