"""Running the CDK command line as `make deploy` does, its output in a log and its progress on one line."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from finetune_cli.errors import CommandError

SOURCES = (
    "app.py",
    "cdk.json",
    "config",
    "stacks",
    "lambdas",
    "requirements.txt",
    "requirements-lambda.txt",
    "package-lock.json",
)
"""Everything that the synthesised templates and assets are made of."""
EVENT = re.compile(r"^(\S+) \| +(\d+/\d+) \|.*\| ([A-Z_]+) +\| (\S+)")
LAST_LINES = 15
QUIET = ("--no-notices", "--no-color", "--ci")

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Cdk:
    """The project's own CDK CLI. `environment` is laid over the shell's; `log` takes everything it prints.

    The shell's variables are those of the moment in which this is made: later ones may belong to the local
    cloud, whose certificate would keep pip from the package index.
    """

    root: Path
    environment: Mapping[str, str]
    log: Path
    shell: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def run(self, *args: str, tell: Tell, folder: Path | None = None) -> None:
        """Run one cdk command and tell what it is at.

        In another `folder` than the project's the CLI finds no cdk.json, and so runs no app.

        Raises:
            CommandError: it is not installed, or it failed; with the last lines of the log.
        """
        program = self.root / "node_modules" / ".bin" / "cdk"
        if not program.exists():
            raise CommandError(
                "The CDK command line is not installed.", where=str(program), do="Run `make setup`."
            )
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("w", encoding="utf-8") as log:
            code = self._stream([str(program), *args, *QUIET], folder or self.root, log.write, tell)
        if code != 0:
            last = self.log.read_text(encoding="utf-8").rstrip().splitlines()[-LAST_LINES:]
            raise CommandError(
                f"`cdk {args[0]}` failed with exit code {code}:\n    " + "\n    ".join(last),
                where=str(self.log),
                do="Read the log, repair what it names and run the command again.",
            )

    def _stream(self, command: list[str], folder: Path, write: Callable[[str], object], tell: Tell) -> int:
        with subprocess.Popen(
            command,
            cwd=folder,
            env=self._environ(),
            text=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            try:
                for line in process.stdout or ():
                    write(line)
                    if words := event_words(line):
                        tell(words)
            except BaseException:
                process.terminate()
                raise
        return process.returncode

    def _environ(self) -> dict[str, str]:
        """The shell's variables with ours over them; node and python are those of our virtual environment."""
        own = {
            name: value
            for name, value in self.shell.items()
            if name not in {"AWS_PROFILE", "AWS_SESSION_TOKEN"}
        }
        path = f"{Path(sys.executable).parent}{os.pathsep}{own.get('PATH', '')}"
        return {**own, **self.environment, "PATH": path, "CDK_DISABLE_CLI_TELEMETRY": "true"}


def event_words(line: str) -> str:
    """A CloudFormation event as the CLI prints it, shortened: "<stack> 3/20 AWS::S3::Bucket"."""
    found = EVENT.match(line)
    return f"{found[1]} {found[2]} {found[4]}" if found else ""


def fingerprint(root: Path) -> str:
    """SHA-256 over the names and contents of all SOURCES and the Python version. Caches do not count."""
    digest = hashlib.sha256(sys.version.encode())
    for path in _source_files(root):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _source_files(root: Path) -> Iterator[Path]:
    for name in SOURCES:
        path = root / name
        if path.is_file():
            yield path
        for each in sorted(path.rglob("*")) if path.is_dir() else ():
            if each.is_file() and "__pycache__" not in each.parts and each.suffix != ".pyc":
                yield each


@dataclass(frozen=True)
class Assembly:
    """A synthesised cloud assembly that is kept until one of its sources changes."""

    cdk: Cdk
    folder: Path

    @property
    def stamp(self) -> Path:
        """Holds the fingerprint of the sources that the assembly was made of."""
        return self.folder.with_suffix(".sources")

    def is_fresh(self) -> bool:
        """True when the assembly is complete and no source has changed since."""
        made_of = self.stamp.read_text(encoding="utf-8") if self.stamp.is_file() else ""
        return (self.folder / "manifest.json").is_file() and made_of == fingerprint(self.cdk.root)

    def synthesise(self, env: str, tell: Tell) -> None:
        """Run `cdk synth`, unless the assembly is fresh."""
        if self.is_fresh():
            return
        self.stamp.unlink(missing_ok=True)
        made_of = fingerprint(self.cdk.root)  # before, so that an edit during the synth counts as a change
        self.cdk.run("synth", "--quiet", "--context", f"env={env}", "--output", str(self.folder), tell=tell)
        self.stamp.write_text(made_of, encoding="utf-8")
