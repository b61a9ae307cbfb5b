"""Scanning files on this machine: a large one in byte ranges, side by side on all processors."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from finetune_cli.errors import CommandError
from finetune_core.blocks import BLOCK, pieces
from finetune_core.faults import Answer
from finetune_core.findings import Spec
from finetune_core.model_rules import Model
from finetune_core.partials import EXAMPLES, Partial, merge
from finetune_core.sniff import HEAD, sniff
from finetune_core.validation import ROLES, Role, Scanned, scan, scan_range, spec_of, unreadable

MOST_PROCESSES = 64
METHOD = "fork" if sys.platform == "linux" else "spawn"
"""How a process is started: forking costs 20 ms, a fresh start 300."""

_WORTH_IT = {"off": 64_000_000, "warn": 4_000_000, "block": 4_000_000}
"""Bytes from which on processes save more time than their start takes, by the answer to secrets."""


@dataclass(frozen=True)
class Piece:
    """One file of a text that is read as one; `line_end` says that a line end has to follow its bytes."""

    path: Path
    size: int
    line_end: bool

    @property
    def length(self) -> int:
        """Bytes in the text."""
        return self.size + self.line_end


def scan_files(
    files: Mapping[Role, Sequence[Path]],
    model: Model,
    kind: str,
    *,
    examples: int = EXAMPLES,
    secrets: Answer = "off",
    processes: int | None = None,
) -> list[Scanned]:
    """Scan a dataset's files; a role's files are read as one text.

    Each text is shared among `processes`; if none are named, large ones among as many as there are
    processors. What is found does not depend on it.

    Raises:
        CommandError: a process was ended from outside.
        OSError: a file cannot be read.
        ValueError: the model does not offer this kind of customization.
    """
    scanned = []
    for role in (role for role in ROLES if role in files):
        if not all(path.is_file() for path in files[role]):
            stream = _once(files[role])
            scanned.append(scan(stream, model, kind, role=role, examples=examples, secrets=secrets))
            continue
        text = pieces_of(files[role])
        workers = processes or _workers(sum(piece.length for piece in text), secrets)
        if workers == 1:
            found = scan(read(text), model, kind, role=role, examples=examples, secrets=secrets)
        else:
            sniffed = sniff(_head(text))
            spec = spec_of(sniffed, model, kind, role, examples=examples, secrets=secrets)
            partial_ = unreadable(sniffed, spec) if sniffed.code else _side_by_side(text, spec, workers)
            found = Scanned(role, sniffed, partial_)
        scanned.append(found)
    return scanned


def pieces_of(paths: Sequence[Path]) -> list[Piece]:
    """The files of a text, empty ones left out; each begins on a line of its own."""
    sizes = [(path, path.stat().st_size) for path in paths]
    filled = [(path, size) for path, size in sizes if size]
    return [
        Piece(path, size, line_end=index < len(filled) and not _ends_line(path))
        for index, (path, size) in enumerate(filled, 1)
    ]


def read(text: Sequence[Piece], start: int = 0) -> Iterator[bytes]:
    """The bytes of a text from `start` on."""
    for piece in text:
        if start < piece.size:
            with piece.path.open("rb", buffering=0) as file:
                file.seek(start)
                yield from pieces(file)
        if piece.line_end and start <= piece.size:
            yield b"\n"
        start = max(start - piece.length, 0)


def _once(paths: Sequence[Path]) -> Iterator[bytes]:
    """The bytes of pipes, whose size nobody knows: read once, each beginning on a line of its own."""
    last = b"\n"
    for path in paths:
        if last != b"\n":
            yield b"\n"
        with path.open("rb") as stream:
            while chunk := stream.read(BLOCK):
                yield chunk
                last = chunk[-1:]


def _ends_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _head(text: Sequence[Piece]) -> bytes:
    head = b""
    for chunk in read(text):
        head += chunk
        if len(head) >= HEAD:
            break
    return head


def _workers(length: int, secrets: Answer) -> int:
    """How many processes a text of so many bytes is worth."""
    if length < _WORTH_IT[secrets]:
        return 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, MOST_PROCESSES)


def _side_by_side(text: list[Piece], spec: Spec, workers: int) -> Partial:
    """Scan each of `workers` equal ranges in a process of its own; join what they found."""
    length = sum(piece.length for piece in text)
    context: Any = get_context(METHOD)
    processes, answers = [], []
    try:
        for cut in pairwise(length * number // workers for number in range(workers + 1)):
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(target=_scan_part, args=(sender, text, spec, cut), daemon=True)
            with _uninterrupted():  # or a process that is not known yet would outlive this one
                process.start()
                processes.append(process)
            answers.append(receiver)
            sender.close()  # so that the pipe ends with the process
        return merge(_received(answer) for answer in answers)
    except EOFError:
        raise CommandError(
            "A process that checked a part of the files was ended from outside.",
            where=", ".join(str(piece.path) for piece in text),
            do="Is there enough memory? Use fewer processes: --processes 1",
        ) from None
    finally:
        for process in processes:
            process.kill()
            process.join()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait until the end of the block, where the system can."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _received(answer: Connection) -> Partial:
    found: Partial | OSError = answer.recv()
    if isinstance(found, OSError):
        raise found
    return found


def _scan_part(sender: Connection, text: list[Piece], spec: Spec, cut: tuple[int, int]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends the others
    start, stop = cut
    try:
        sender.send(scan_range(read(text, max(start - 1, 0)), spec, start, stop))
    except OSError as error:
        sender.send(error)
