"""Writes a `Partial` as bytes, so that another process can join it: MessagePack, arrays as they lie.

Fingerprints and sizes of lines are 8 bytes each, little-endian on both of Lambda's architectures.
"""

from array import array
from typing import Any, Final

import msgspec

from finetune_core.partials import Label, Partial, Tally

_ARRAYS: Final = {"fingerprints": "q", "line_sizes": "Q"}


def to_bytes(partial: Partial) -> bytes:
    """Return the bytes of a partial: about 16 for each line, and little else."""
    members = {name: getattr(partial, name) for name in partial.__struct_fields__}
    members |= {name: getattr(partial, name).tobytes() for name in _ARRAYS}
    return msgspec.msgpack.encode(members)


def from_bytes(content: bytes) -> Partial:
    """Return the partial that `to_bytes` wrote."""
    members: dict[str, Any] = msgspec.msgpack.decode(content)
    members |= {name: array(code, members[name]) for name, code in _ARRAYS.items()}
    members["tallies"] = msgspec.convert(members["tallies"], dict[str, Tally])
    members["labels"] = msgspec.convert(members["labels"], dict[str, Label] | None)
    return Partial(**members)
