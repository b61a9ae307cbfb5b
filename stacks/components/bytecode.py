"""Bytecode for the functions' code, which Lambda cannot keep: its code folder is read-only.

Measured: without it a cold start takes more than twice the processor time (docs/speed.md).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final

from config.settings import Settings, SettingsError

_NAME: Final = "import sys; print('python%d.%d' % sys.version_info[:2])"


def compiler(settings: Settings) -> str | None:
    """Give the interpreter that compiles for the settings' runtime: this one, or another on the PATH."""
    if settings.lambda_runtime == f"python{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    return _on_the_path(settings.lambda_runtime)


@cache
def _on_the_path(runtime: str) -> str | None:
    """Give the interpreter of that name, if it is one: a version manager leaves names that run nothing."""
    found = shutil.which(runtime)
    if found is None:
        return None
    answer = subprocess.run([found, "-c", _NAME], capture_output=True, text=True, check=False)
    return found if answer.stdout.strip() == runtime else None


def compile_folder(folder: Path, interpreter: str) -> None:
    """Put the bytecode of every module beside it.

    The bytecode is taken as it is, whatever the time of its source: zip files change the times. Its paths
    are Lambda's, so the same source gives the same bytes on any machine.

    Raises:
        SettingsError: a module does not compile.
    """
    command = [interpreter, "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(folder), "-p", "/var/task", str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        fault = (result.stdout + result.stderr).strip()
        raise SettingsError(
            f"The functions' code does not compile under {interpreter}: {fault}"
            " Mend the module, or choose another lambda_runtime."
        )
