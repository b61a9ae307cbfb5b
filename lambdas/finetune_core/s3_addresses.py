"""The S3 addresses of media that Bedrock accepts.

Letters, digits, _ - / and . only: "Nova data preparation" (catalogue_sources.NOVA_DATA, read 2026-11-23). No
empty part, and 1,024 characters at most: shape `S3Uri` of botocore 1.43.106, bedrock 2023-04-20.
"""

import re
from typing import Final

REFUSED: Final = "not an S3 address that Bedrock accepts"
LONGEST: Final = 1_024

_ADDRESS: Final = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/[\w\-.]+)+", re.ASCII)


def is_s3_address(text: str) -> bool:
    """Whether Bedrock accepts the address of a media file."""
    return len(text) <= LONGEST and _ADDRESS.fullmatch(text) is not None
