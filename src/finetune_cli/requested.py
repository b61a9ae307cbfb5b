"""The checks of `finetune validate` that need the files again: near duplicates and local media."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from finetune_core.validation import Role, Scanned, spec_of

if TYPE_CHECKING:
    from finetune_core.faults import Answer
    from finetune_core.findings import Spec
    from finetune_core.media_checks import MediaFile
    from finetune_core.model_rules import Model
    from finetune_core.near_checks import Read
    from finetune_core.partials import Partial

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Requests:
    """Which further checks were asked for."""

    near_duplicates: Answer = "off"
    media_root: Path | None = None

    @property
    def any(self) -> bool:
        """Whether anything was asked for."""
        return self.near_duplicates != "off" or self.media_root is not None

    def checks(self, files: Mapping[Role, Path], model: Model, kind: str) -> Callable[[list[Scanned]], None]:
        """The checks as one function that adds faults to scanned files."""

        def check(scanned: list[Scanned]) -> None:
            readable = [file for file in scanned if not file.sniffed.code]
            specs = {file.role: spec_of(file.sniffed, model, kind, file.role) for file in readable}
            partials = {file.role: file.partial for file in readable}
            paths = {role: path for role, path in files.items() if role in partials}
            self._check(paths, partials, specs)

        return check

    def _check(
        self, paths: Mapping[Role, Path], partials: dict[str, Partial], specs: dict[str, Spec]
    ) -> None:
        if self.near_duplicates != "off":
            from finetune_core.near_checks import check_near_duplicates  # noqa: PLC0415

            readers: dict[str, Read] = {role: _reader(path) for role, path in paths.items()}
            check_near_duplicates(readers, partials, specs, answer=self.near_duplicates)
        for role, path in paths.items():
            if self.media_root:
                from finetune_core.media_checks import check_media  # noqa: PLC0415

                check_media(chunks(path), partials[role], specs[role], LocalMedia(self.media_root))


@dataclass(frozen=True)
class LocalMedia:
    """Looks at media files in a folder that mirrors the bucket: DIR/KEY, or DIR/BUCKET/KEY if it is there."""

    root: Path

    def __call__(self, uri: str) -> MediaFile | str:
        """The file's size and first bytes, or why it cannot be read."""
        from finetune_core.media_checks import MediaFile  # noqa: PLC0415
        from finetune_core.media_types import HEAD  # noqa: PLC0415

        bucket, _, key = uri.removeprefix("s3://").partition("/")
        if ".." in Path(key).parts or not key:
            return "the address names no file"
        inside = self.root / bucket / key
        path = inside if inside.is_file() else self.root / key
        try:
            with path.open("rb") as stream:
                return MediaFile(path.stat().st_size, stream.read(HEAD))
        except (OSError, ValueError) as error:
            return f"{path}: {getattr(error, 'strerror', None) or error}"


def chunks(path: Path) -> Iterator[bytes]:
    """The bytes of a file in pieces."""
    with path.open("rb") as stream:
        yield from iter(lambda: stream.read(CHUNK_BYTES), b"")


def _reader(path: Path) -> Callable[[], Iterator[bytes]]:
    return lambda: chunks(path)
