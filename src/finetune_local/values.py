"""Names for what has no narrower type: JSON, and the objects of libraries that come without types."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
"""A JSON object."""

Value = Any
"""Any JSON value."""

Untyped = Any
"""An object of boto3, of the emulator or of the ASGI server, which have no types of their own."""
