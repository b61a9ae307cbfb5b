"""What came in over the function's URL, checked before anything is asked of AWS.

Events have payload format 2.0: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
(read 2026-11-28). A form's body comes in base64.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

from msgspec import Struct

METHODS: Final = ("GET", "HEAD", "POST")
MAX_BODY: Final = 8192
"""Bytes of a form; both texts at their longest, percent-encoded, are below."""
MAX_NAME: Final = 100
MAX_REASON: Final = 300
FORM: Final = "application/x-www-form-urlencoded"
DECISIONS: Final = ("approved", "declined")
_FIELDS: Final = {"name", "reason", "decision"}


class Refused(Exception):  # noqa: N818 - an answer to the caller, not a failure of the function
    """The request is answered with ``status`` and two sentences, and nothing is changed."""

    def __init__(self, status: HTTPStatus, what: str, remedy: str) -> None:
        super().__init__(what)
        self.status, self.what, self.remedy = status, what, remedy


class Request(Struct, frozen=True, kw_only=True):
    """One request: its method, the URL's parameters, and for POST the form's fields."""

    method: str
    parameters: Mapping[str, str]
    form: Mapping[str, str]
    source: str
    """The caller's address, as Lambda saw it."""


class Answer(Struct, frozen=True, kw_only=True):
    """What the form says: ``decision`` is one of DECISIONS."""

    decision: str
    name: str
    reason: str


def read_request(event: Mapping[str, Any]) -> Request:
    """Read an event; raises Refused: wrong path or method, or a body that is too long or no form."""
    http = event["requestContext"]["http"]
    if event.get("rawPath", "/") != "/":
        raise Refused(HTTPStatus.NOT_FOUND, "There is nothing at this address.", "Open the link as it came.")
    if http["method"] not in METHODS:
        raise Refused(
            HTTPStatus.METHOD_NOT_ALLOWED,
            f"This page does not take {http['method']}.",
            "Open it in a browser.",
        )
    return Request(
        method=http["method"],
        parameters=event.get("queryStringParameters") or {},
        form=_form(event) if http["method"] == "POST" else {},
        source=str(http["sourceIp"]),
    )


def _form(event: Mapping[str, Any]) -> Mapping[str, str]:
    body = event.get("body") or ""
    if len(body) > 2 * MAX_BODY:  # base64 is a third longer than what it holds
        raise _too_long()
    kind = str((event.get("headers") or {}).get("content-type", "")).partition(";")[0].strip().lower()
    if kind != FORM:
        raise Refused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"The answer is not a form ({FORM}).",
            "Use the page's buttons.",
        )
    try:
        content = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        if len(content) > MAX_BODY:
            raise _too_long()
        pairs = parse_qsl(
            content.decode(), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=8
        )
    except (ValueError, binascii.Error) as error:
        raise _malformed() from error
    fields = dict(pairs)
    if len(fields) != len(pairs) or not set(fields) <= _FIELDS:
        raise _malformed()
    return fields


def _too_long() -> Refused:
    return Refused(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"The form is longer than {MAX_BODY:,} bytes.",
        "Shorten the reason.",
    )


def _malformed() -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, "The form cannot be read.", "Use the page's buttons.")


def read_answer(form: Mapping[str, str]) -> Answer | str:
    """Return what the form says, or the sentence that tells what is missing."""
    name, reason = (" ".join(form.get(field, "").split()) for field in ("name", "reason"))
    if form.get("decision") not in DECISIONS:
        return "Choose Approve or Decline."
    if not name:
        return "Give your name: it is kept with the answer."
    if len(name) > MAX_NAME or len(reason) > MAX_REASON:
        return f"Give a name of at most {MAX_NAME} characters and a reason of at most {MAX_REASON}."
    if not (name + reason).isprintable():
        return "Name and reason may hold no control characters."
    return Answer(decision=form["decision"], name=name, reason=reason)
