"""botocore's descriptions of AWS's services, cut down to what the functions read of them.

Making a client is mostly the reading of JSON: every operation's prose, and the endpoints of 400 services of
which the functions call a few (docs/speed.md has what this saves).
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

Json = Any


def cut_down(data: Path, services: Collection[str]) -> None:
    """Leave in the folder `botocore/data` the named services alone, without prose and examples."""
    for folder in data.iterdir():
        if folder.is_dir() and folder.name not in services:
            shutil.rmtree(folder)
    for examples in data.rglob("examples-1.json*"):
        examples.unlink()
    descriptions = [_cut_description(file) for file in sorted(data.rglob("service-2.json.gz"))]
    endpoints = data / "endpoints.json"
    prefixes = {description["metadata"]["endpointPrefix"] for description in descriptions}
    _write(endpoints, only(json.loads(endpoints.read_text()), prefixes))


def without_prose(description: Json) -> Json:
    """Give a description without its `documentation` texts; a member of that name is no text, and stays."""
    if isinstance(description, dict):
        return {
            name: without_prose(value)
            for name, value in description.items()
            if name != "documentation" or not isinstance(value, str)
        }
    return [without_prose(each) for each in description] if isinstance(description, list) else description


def only(endpoints: Json, prefixes: Collection[str]) -> Json:
    """Give the table of endpoints with the services of these prefixes alone."""
    partitions = [
        {
            **partition,
            "services": {name: entry for name, entry in partition["services"].items() if name in prefixes},
        }
        for partition in endpoints["partitions"]
    ]
    return {**endpoints, "partitions": partitions}


def _cut_description(file: Path) -> Json:
    """Write the description anew beside the file, unpacked, and give it.

    The prose of its other members stays: botocore reads that of a service's settings (clientContextParams).
    """
    description = json.loads(gzip.decompress(file.read_bytes()))
    description |= {name: without_prose(description[name]) for name in ("operations", "shapes")}
    file.unlink()
    _write(file.with_suffix(""), description)
    return description


def _write(file: Path, content: Json) -> None:
    file.write_text(json.dumps(content, separators=(",", ":")))
