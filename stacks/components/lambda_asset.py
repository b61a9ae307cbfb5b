"""The one asset that holds the code of all functions: `lambdas/` and the packages it needs, without Docker.

Wheels are chosen by the settings' runtime and architecture (`pip install --platform … --only-binary=:all:`),
so any machine can build for Lambda. The code is compiled where an interpreter of the runtime's version is
found (see bytecode). Both steps are cached under `.build/` by what goes into them: a change of
the source copies files, only a change of requirements-lambda.txt calls pip.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from config.settings import Settings, SettingsError
from stacks.components.bytecode import compile_folder, compiler
from stacks.components.slim_sdk import cut_down

ROOT: Final = Path(__file__).resolve().parents[2]
SOURCE: Final = ROOT / "lambdas"
REQUIREMENTS: Final = ROOT / "requirements-lambda.txt"
BUILD: Final = ROOT / ".build"
BUILDERS: Final = tuple(
    Path(__file__).with_name(name) for name in ("lambda_asset.py", "bytecode.py", "slim_sdk.py")
)
# python3.12 and later run on Amazon Linux 2023 (glibc 2.34), python3.11 on Amazon Linux 2 (glibc 2.26):
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html (read 2026-11-24).
OLD_LINUX: Final = ("manylinux_2_17", "manylinux2014")
LINUX: Final = ("manylinux_2_34", "manylinux_2_28", *OLD_LINUX)
MACHINES: Final = {"arm64": "aarch64", "x86_64": "x86_64"}
DAY: Final = 24 * 3600


def lambda_asset(settings: Settings) -> Path:
    """Build, or find built, the folder with the functions' code for these settings.

    Raises:
        SettingsError: there are no wheels for the runtime and architecture that the settings name.
    """
    interpreter = compiler(settings)
    form = "bytecode" if interpreter else "source"
    packages = BUILD / f"packages-{_hash([REQUIREMENTS, *BUILDERS], _target(settings), form)}"
    if not packages.exists():
        _into(packages, lambda folder: _install(folder, settings, interpreter))
    asset = BUILD / f"functions-{_hash(_sources(), packages.name)}"
    if not asset.exists():
        _forget_unused()
        _into(asset, lambda folder: _assemble(folder, packages, interpreter))
    for folder in (packages, asset):
        os.utime(folder)
    return asset


def _target(settings: Settings) -> str:
    """Name the machine that the wheels are for."""
    host = f"{sys.platform} {sys.version_info[:2]}" if settings.lambda_wheels == "host" else "linux"
    return f"{settings.lambda_runtime} {settings.lambda_architecture} {host}"


def _sources() -> list[Path]:
    return sorted(path for path in SOURCE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _hash(files: Iterable[Path], *words: str) -> str:
    digest = hashlib.sha256("\n".join(words).encode())
    for file in files:
        digest.update(f"\n{file.relative_to(ROOT).as_posix()}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _forget_unused() -> None:
    """Remove what was not used for a day: every change of the source leaves a folder behind."""
    for folder in BUILD.glob("*-*"):
        if time.time() - folder.stat().st_mtime > DAY:
            shutil.rmtree(folder, ignore_errors=True)


def _into(folder: Path, build: Callable[[Path], None]) -> None:
    """Build beside the folder and rename, so that nobody ever sees it half built."""
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD) as scratch:
        half = Path(scratch) / folder.name
        half.mkdir()
        build(half)
        try:
            half.rename(folder)
        except OSError:
            if not folder.exists():  # else another process was first: what it built is the same
                raise


def _assemble(folder: Path, packages: Path, interpreter: str | None) -> None:
    shutil.copytree(SOURCE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    if interpreter:
        compile_folder(folder, interpreter)
    shutil.copytree(packages, folder, dirs_exist_ok=True)


def _install(folder: Path, settings: Settings, interpreter: str | None) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--requirement", str(REQUIREMENTS), "--target", str(folder), "--no-compile", "--no-deps"]
    command += ["--only-binary=:all:", *_platform_options(settings)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SettingsError(
            f"The functions' packages cannot be installed for {_target(settings)}: {result.stderr.strip()}"
            " See requirements-lambda.txt, lambda_runtime and lambda_architecture."
        )
    shutil.rmtree(folder / "bin", ignore_errors=True)  # scripts: no function runs them
    cut_down(folder)
    if interpreter:
        compile_folder(folder, interpreter)


def _platform_options(settings: Settings) -> list[str]:
    if settings.lambda_wheels == "host":
        return []
    machine = MACHINES[settings.lambda_architecture]
    version = settings.lambda_runtime.removeprefix("python")
    tags = OLD_LINUX if version == "3.11" else LINUX
    platforms = [option for tag in tags for option in ("--platform", f"{tag}_{machine}")]
    return [*platforms, "--implementation", "cp", "--python-version", version]
