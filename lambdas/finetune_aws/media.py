"""S3: the size and first bytes of media files, in one ranged read each."""

from __future__ import annotations

from finetune_aws.clients import client
from finetune_aws.faults import translated
from finetune_core.errors import AccessDenied, NotFound, RequestInvalid
from finetune_core.media_checks import MediaFile
from finetune_core.media_types import HEAD


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
