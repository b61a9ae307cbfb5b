"""What several operations do alike with a request: replay, tags, names, lists."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

from finetune_local.bedrock.cloud import Context
from finetune_local.bedrock.errors import BedrockError, invalid

_PAGE_SIZE: Final = 100
_TAGS_LIMIT: Final = 50


class Listable(Protocol):
    """What every resource has that lists need."""

    @property
    def arn(self) -> str:
        """The resource's ARN."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def created_at(self) -> datetime:
        """When it was created."""


Item = TypeVar("Item", bound=Listable)

_CONFLICT_OPERATIONS: Final = frozenset({"CreateModelCustomizationJob", "CreateEvaluationJob"})
"""Create operations whose model declares ConflictException; the others answer ValidationException."""


def replayed(context: Context, operation: str, request: Mapping[str, Any]) -> str | None:
    """Return the ARN that the same clientRequestToken made before, or None; hold the lock.

    A token with another request is refused.
    """
    token = request.get("clientRequestToken")
    seen = context.state.tokens.get((operation, token)) if token else None
    if seen is None:
        return None
    if seen[0] != _digest(request):
        code = "ConflictException" if operation in _CONFLICT_OPERATIONS else "ValidationException"
        raise BedrockError(code, "The provided clientRequestToken was used before with other parameters.")
    return seen[1]


def remember(context: Context, operation: str, request: Mapping[str, Any], arn: str) -> None:
    """Note that the request's token made `arn`; hold the lock."""
    if token := request.get("clientRequestToken"):
        context.state.tokens[operation, token] = (_digest(request), arn)


def _digest(request: Mapping[str, Any]) -> str:
    text = json.dumps(request, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def checked_tags(
    tags: Sequence[Mapping[str, str]] | None, existing: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return `existing` with `tags` put over it; refuse duplicates, reserved keys and more than 50."""
    given = list(tags or ())
    keys = [tag["key"] for tag in given]
    if len(set(keys)) != len(keys):
        raise invalid("Duplicate tag keys are not allowed.")
    if reserved := [key for key in keys if key.lower().startswith("aws:")]:
        raise invalid(f"Tag keys must not start with aws: {reserved}")
    merged = {**(existing or {}), **{tag["key"]: tag["value"] for tag in given}}
    if len(merged) > _TAGS_LIMIT:
        raise BedrockError("TooManyTagsException", f"A resource can have at most {_TAGS_LIMIT} tags.")
    return merged


def listed(items: Iterable[Item], request: Mapping[str, Any]) -> tuple[list[Item], str | None]:
    """Return the page of `items` that `request` asks for, and the token of the next page.

    Serves nameContains, creation time bounds, sortOrder (newest first by default), maxResults, nextToken.
    """
    after = request.get("creationTimeAfter") or request.get("createdAfter")
    before = request.get("creationTimeBefore") or request.get("createdBefore")
    part = request.get("nameContains", "")
    found = [
        item
        for item in items
        if part in item.name
        and (after is None or item.created_at > after)
        and (before is None or item.created_at < before)
    ]
    found.sort(
        key=lambda item: (item.created_at, item.arn),
        reverse=request.get("sortOrder", "Descending") == "Descending",
    )
    start = _after_token(request.get("nextToken"), [item.arn for item in found])
    size = request.get("maxResults", _PAGE_SIZE)
    chosen = found[start : start + size]
    more = start + size < len(found)
    return chosen, base64.urlsafe_b64encode(chosen[-1].arn.encode()).decode() if more else None


def _after_token(token: str | None, arns: list[str]) -> int:
    if token is None:
        return 0
    try:
        return arns.index(base64.urlsafe_b64decode(token).decode()) + 1
    except ValueError:
        raise invalid("The provided nextToken is invalid.") from None
