"""S3: the size and first bytes of media files, in one ranged read each; and their faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from finetune_aws.clients import client
from finetune_aws.faults import translated
from finetune_core.contracts import Plan
from finetune_core.errors import AccessDenied, NotFound, RequestInvalid
from finetune_core.media_checks import MediaFile, check_media
from finetune_core.media_types import HEAD
from finetune_core.model_rules import Model
from finetune_core.validation import Scanned, spec_of

MOST: Final = 2_000
"""Files that are looked at: about 80 seconds. The first fault of a kind shows in the first of them."""


def check(
    scanned: Iterable[Scanned], read: Callable[[str], Iterable[bytes]], plan: Plan, model: Model, kind: str
) -> None:
    """Add the faults of the media to the scanned files; files without media are not read again.

    ``read`` gives a role's bytes. Calls: s3:GetObject.
    """
    for file in scanned:
        if file.partial.media:
            spec = spec_of(file.sniffed, model, kind, file.role)
            check_media(read(file.role), file.partial, spec, look, bucket=plan.data_bucket, most=MOST)


def look(uri: str) -> MediaFile | str:
    """Return the file at an s3:// address, or why it cannot be read. Calls: s3:GetObject.

    A failure that may pass (throttling, no answer) is raised, not told as a fault of the dataset.
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket or not key:
        return "not the address of a file in S3"
    try:
        with translated("s3:GetObject", uri):
            answer = client("s3").get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{HEAD - 1}")
            head = answer["Body"].read()
    except NotFound:
        return "there is no such file"
    except AccessDenied:
        return "there is no such file, or the pipeline may not read it (only datasets/* of the data bucket)"
    except RequestInvalid as error:
        if "InvalidRange" in str(error):  # what S3 answers for a range of an empty file
            return MediaFile(0, b"")
        raise
    size = answer.get("ContentRange", "").rpartition("/")[2]
    return MediaFile(int(size) if size.isdigit() else answer["ContentLength"], head)
