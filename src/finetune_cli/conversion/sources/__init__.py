"""One record of a known format → a `Conversation`. A record that breaks its own format raises `Unusable`."""

from __future__ import annotations

from typing import Any

from finetune_cli.conversion import recognition as names
from finetune_cli.conversion.conversation import Conversation
from finetune_cli.conversion.losses import Notes
from finetune_cli.conversion.recognition import Fields
from finetune_cli.conversion.sources import chat, converse, flat, sharegpt


def parse(record: dict[str, Any], source: str, fields: Fields, notes: Notes) -> Conversation:
    """Read a record that is in the format `source`."""
    if source in {names.OPENAI, names.MESSAGES}:
        return chat.parse(record, notes)
    if source == names.SHAREGPT:
        return sharegpt.parse(record, notes)
    if source == names.CONVERSE:
        return converse.parse(record, notes)
    return flat.parse(record, source, fields)
