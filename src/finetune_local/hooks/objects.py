"""A hook into the emulator's S3: ranges of an object's version.

GetObject takes `versionId` and `Range` together (botocore 1.43.106); release 1.5.33 of the emulator answers
with the whole version.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from ministack.services import s3

from finetune_local.values import Json

Answer = tuple[int, dict[str, str], bytes]
_REFUSAL = (
    b"<Error><Code>InvalidRange</Code><Message>The requested range is not satisfiable</Message></Error>"
)


def serve_ranges_of_versions() -> None:
    """Make GetObject honour `Range` when it names a version."""
    s3._get_object = _with_ranges(s3._get_object)


def _with_ranges(generic: Callable[..., Answer]) -> Callable[..., Answer]:
    def get(bucket: str, key: str, headers: Json, query: Json | None = None) -> Answer:
        asked = headers.get("range", "")
        if not asked or not (query or {}).get("versionId"):
            return generic(bucket, key, headers, query)
        # A checksum of the whole object does not fit a part of it.
        plain = {
            name: value for name, value in headers.items() if name not in ("range", "x-amz-checksum-mode")
        }
        status, answer, body = generic(bucket, key, plain, query)
        if status != HTTPStatus.OK:
            return status, answer, body
        found = s3._parse_range(asked, len(body))
        if found is None:
            return HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {"Content-Type": "application/xml"}, _REFUSAL
        first, last = found
        part = body[first : last + 1]
        ranged = {"Content-Length": str(len(part)), "Content-Range": f"bytes {first}-{last}/{len(body)}"}
        return HTTPStatus.PARTIAL_CONTENT, {**answer, **ranged}, part

    return get
