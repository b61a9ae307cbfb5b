"""Media of a record: what the model takes, and inline bytes written to files that then lie in S3."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from finetune_cli.conversion.conversation import Conversation, Media, Unusable
from finetune_cli.conversion.losses import Notes
from finetune_core.model_rules import MediaRules


def check(talk: Conversation, rules: MediaRules | None, notes: Notes) -> None:
    """Refuse media that the model does not take, and name each by what its bytes are."""
    for turn in talk.turns:
        for block in turn.blocks:
            if not isinstance(block, Media):
                continue
            if turn.role == "assistant":
                raise Unusable("media-not-taken", "media in an assistant turn", turn.path)
            if block.data:
                _name_by_bytes(block, turn.path, notes)
            taken = _formats(rules, block.kind)
            if not taken:
                raise Unusable("media-not-taken", f"the model takes no {block.kind}", turn.path)
            if block.format not in taken:
                raise Unusable(
                    "media-not-taken", f"{block.format or 'unknown'} is none of {', '.join(taken)}", turn.path
                )


def _formats(rules: MediaRules | None, kind: str) -> tuple[str, ...]:
    if rules is None:
        return ()
    return {"image": rules.image_formats, "video": rules.video_formats, "document": rules.document_formats}[
        kind
    ]


def _name_by_bytes(media: Media, path: str, notes: Notes) -> None:
    real = format_of(media.data)
    if not real:
        raise Unusable("media-unusable", f"the inline {media.kind} is in no known format", path)
    if media.format and media.format != real:
        notes.note("media-format", path, f"{media.format} → {real}")
    media.format = real


def format_of(data: bytes) -> str:
    """Converse's word for the format of a file, by its first bytes; "" if Bedrock takes no such format."""
    starts = {
        b"\x89PNG\r\n\x1a\n": "png",
        b"\xff\xd8\xff": "jpeg",
        b"GIF87a": "gif",
        b"GIF89a": "gif",
        b"%PDF-": "pdf",
    }
    for start, word in starts.items():
        if data.startswith(start):
            return word
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        return "mov" if data[8:12] == b"qt  " else "mp4"
    if data[:4] == b"\x1a\x45\xdf\xa3":
        return "webm" if b"webm" in data[:64] else "mkv"
    return ""


class Store:
    """Where inline media go: files in `folder`, named by content, whose URIs begin with `prefix`."""

    def __init__(self, folder: Path, prefix: str) -> None:
        self.folder = folder
        self.prefix = prefix.rstrip("/")
        self.files: set[str] = set()

    def uri(self, media: Media, path: str, notes: Notes) -> str:
        """The S3 URI of a piece of media; its bytes are written to a file first if the record held them."""
        if not media.data:
            return media.uri
        if not self.prefix:
            raise Unusable("media-needs-prefix", f"an inline {media.kind}", path)
        name = f"{hashlib.sha256(media.data).hexdigest()[:24]}.{media.format}"
        if name not in self.files:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_bytes(media.data)
            self.files.add(name)
        uri = f"{self.prefix}/{name}"
        notes.note("media-to-upload", path, f"{self.folder / name} → {uri}")
        return uri


def document_name(media: Media, uri: str) -> str:
    """The name that Converse wants of a document: its own, else its file's, in allowed characters."""
    name = media.name or uri.rpartition("/")[2].rpartition(".")[0] or "document"
    return re.sub(r"[^a-zA-Z0-9 ()\[\]-]+", "-", name)[:200]
