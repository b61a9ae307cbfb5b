"""Links that answer an approval: what is signed, how it stands in a URL, and how it is read back.

A link names the run, which of its questions, the second at which it expires and a digest of the task token
that waits for the answer. With the question goes its token, so a link dies with its question: it answers
once, and never the run's other question.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Final, cast, get_args

from msgspec import Struct

from finetune_core.approvals import Question

_PATTERNS: Final = {
    "run": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"),
    "question": re.compile("|".join(get_args(Question))),
    "expires": re.compile(r"[1-9][0-9]{0,11}"),
    "token": re.compile(r"[0-9a-f]{64}"),
    "mac": re.compile(r"[0-9a-f]{64}"),
}
"""Parameters of a link. Each value has one way to be written, so that no other link means the same. None is
called "signature", which AWS reads as part of a signed request (Signature Version 2)."""


class ApprovalLink(Struct, frozen=True, kw_only=True):
    """What one link is about; ``expires`` in Unix seconds, ``digest`` as `token_digest` gives it."""

    run_id: str
    question: Question
    expires: int
    digest: str

    def text(self) -> bytes:
        """Return what is signed: every field on a line of its own, under a heading that no other text has."""
        fields = ("finetune approval link 1", self.run_id, self.question, str(self.expires), self.digest)
        return "\n".join(fields).encode()

    def url(self, base: str, signature: bytes) -> str:
        """Return the link below ``base``, the address of the function that answers.

        No value holds a character that a URL would need encoded.
        """
        query = {
            "run": self.run_id,
            "question": self.question,
            "expires": self.expires,
            "token": self.digest,
            "mac": signature.hex(),
        }
        return f"{base}?" + "&".join(f"{name}={value}" for name, value in query.items())


def token_digest(token: str) -> str:
    """Return the SHA-256 of a task token; the token itself is in no link."""
    return hashlib.sha256(token.encode()).hexdigest()


def read_link(parameters: Mapping[str, str]) -> tuple[ApprovalLink, bytes] | None:
    """Return a link and its signature as a URL's parameters give them; None if that is no link.

    Nothing is known about the signature yet.
    """
    if set(parameters) != set(_PATTERNS):
        return None
    if not all(pattern.fullmatch(parameters[name]) for name, pattern in _PATTERNS.items()):
        return None
    link = ApprovalLink(
        run_id=parameters["run"],
        question=cast("Question", parameters["question"]),
        expires=int(parameters["expires"]),
        digest=parameters["token"],
    )
    return link, bytes.fromhex(parameters["mac"])
