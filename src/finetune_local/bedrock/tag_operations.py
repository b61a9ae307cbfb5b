"""Operations on tags."""

from __future__ import annotations

from typing import Any

from finetune_local.bedrock.cloud import Context
from finetune_local.bedrock.errors import not_found
from finetune_local.bedrock.requests import checked_tags


def tag_resource(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """TagResource."""
    with context.state.lock:
        tags = _tags(context, request)
        merged = checked_tags(request["tags"], tags)
        tags.update(merged)
    return {}


def untag_resource(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """UntagResource."""
    with context.state.lock:
        tags = _tags(context, request)
        for key in request["tagKeys"]:
            tags.pop(key, None)
    return {}


def list_tags_for_resource(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """ListTagsForResource."""
    with context.state.lock:
        return {"tags": [{"key": key, "value": value} for key, value in _tags(context, request).items()]}


def _tags(context: Context, request: dict[str, Any]) -> dict[str, str]:
    arn = request["resourceARN"]
    try:
        return context.state.tags[arn]
    except KeyError:
        raise not_found(f"The resource {arn} could not be found.") from None
