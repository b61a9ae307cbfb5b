"""Writes a `Partial` as bytes, so that another process can join it: MessagePack, fingerprints as they lie.

Fingerprints are 8 bytes each, little-endian on both of Lambda's architectures.
"""

from array import array
from typing import Any

import msgspec

from finetune_core.partials import Partial, Tally


def to_bytes(partial: Partial) -> bytes:
    """Return the bytes of a partial: about 8 for each line, and little else."""
    members = {name: getattr(partial, name) for name in partial.__struct_fields__}
    members["fingerprints"] = partial.fingerprints.tobytes()
    return msgspec.msgpack.encode(members)


def from_bytes(content: bytes) -> Partial:
    """Return the partial that `to_bytes` wrote."""
    members: dict[str, Any] = msgspec.msgpack.decode(content)
    fingerprints = array("q")
    fingerprints.frombytes(members.pop("fingerprints"))
    members["tallies"] = msgspec.convert(members["tallies"], dict[str, Tally])
    return Partial(**members, fingerprints=fingerprints)
