"""botocore and powertools, cut down to what the functions use of them: less to read when one of them starts.

Making a client is mostly the reading of JSON: all operations of a service with their prose, and the endpoints
of 400 services of which the functions call a few. Importing botocore loads what writes its manual, and what
looks for an HTTP/2 library; powertools loads metrics and tracing (docs/speed.md has what this saves).
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

Json = Any

OPERATIONS: Final[Mapping[str, Collection[str]]] = {
    "bedrock": (
        "CreateCustomModelDeployment",
        "CreateProvisionedModelThroughput",
        "DeleteCustomModel",
        "DeleteCustomModelDeployment",
        "DeleteProvisionedModelThroughput",
        "GetCustomModel",
        "GetCustomModelDeployment",
        "GetFoundationModel",
        "GetModelCustomizationJob",
        "GetProvisionedModelThroughput",
        "ListCustomModelDeployments",
        "ListCustomModels",
        "ListEvaluationJobs",
        "ListFoundationModels",
        "ListModelCustomizationJobs",
        "ListProvisionedModelThroughputs",
        "ListTagsForResource",
        "StopEvaluationJob",
        "StopModelCustomizationJob",
        "TagResource",
        "UpdateCustomModelDeployment",
        "UpdateProvisionedModelThroughput",
    ),
    "bedrock-runtime": ("Converse", "InvokeModel"),
    "cloudwatch": ("GetMetricStatistics",),
    "dynamodb": ("GetItem", "PutItem", "Query", "UpdateItem"),
    "kms": ("GenerateMac", "VerifyMac"),
    "lambda": ("CreateFunction", "DeleteFunction", "GetFunction", "Invoke", "ListFunctions"),
    "pricing": ("GetProducts",),
    "s3": (
        "AbortMultipartUpload",
        "CompleteMultipartUpload",
        "CreateMultipartUpload",
        "GetObject",
        "HeadObject",
        "ListObjectVersions",
        "ListObjectsV2",
        "ListParts",
        "PutObject",
        "UploadPart",
    ),
    "service-quotas": ("GetServiceQuota",),
    "sns": ("Publish",),
    "ssm": ("DeleteParameter", "GetParameter", "PutParameter"),
    "stepfunctions": ("DescribeExecution", "SendTaskFailure", "SendTaskSuccess"),
}
"""Operations by service that functions call; the descriptions of no others are in the asset."""

_DOCSTRINGS: Final = '''"""Stands in for botocore.docs.docstring: clients' methods have no docstrings."""


def ClientMethodDocstring(**_):
    """Return no docstring."""


PaginatorDocstring = WaiterDocstring = ClientMethodDocstring
'''
_POWERTOOLS: Final = '''"""Stands in for the package's own: each of its parts is imported when it is used."""

import logging

logging.getLogger(__name__).addHandler(logging.NullHandler())
'''
STAND_INS: Final = {
    "aws_lambda_powertools/__init__.py": _POWERTOOLS,
    "botocore/docs/__init__.py": '"""Stands in for botocore.docs: its modules write the manual."""\n',
    "botocore/docs/docstring.py": _DOCSTRINGS,
    "urllib3/http2/__init__.py": '"""Stands in for urllib3.http2: no client here speaks HTTP/2."""\n',
}
"""Modules that load what no function uses, or not when it starts, by what stands in for them."""


def cut_down(packages: Path, operations: Mapping[str, Collection[str]] = OPERATIONS) -> None:
    """Cut down botocore, and what it and the functions' starts load, within the folder `packages`."""
    for module, code in STAND_INS.items():
        (packages / module).write_text(code)
    _cut_data(packages / "botocore" / "data", operations)


def _cut_data(data: Path, operations: Mapping[str, Collection[str]]) -> None:
    """Leave these services' operations alone, without prose and examples, unpacked and without blanks."""
    for service in data.iterdir():
        if service.is_dir() and service.name not in operations:
            shutil.rmtree(service)
        elif service.is_dir():
            for older in sorted(service.iterdir())[:-1]:  # named by their dates; botocore takes the newest
                shutil.rmtree(older)
    for examples in data.rglob("examples-1.json*"):
        examples.unlink()
    for packed in data.rglob("*.json.gz"):
        _write(packed.with_suffix(""), json.loads(gzip.decompress(packed.read_bytes())))
        packed.unlink()
    prefixes = set()
    for file in data.rglob("service-2.json"):
        names = operations[file.relative_to(data).parts[0]]
        described = with_operations(json.loads(file.read_text()), names)
        # The prose of a description's other members stays: botocore reads that of clientContextParams.
        described |= {name: without_prose(described[name]) for name in ("operations", "shapes")}
        _write(file, described)
        prefixes.add(described["metadata"]["endpointPrefix"])
    endpoints = data / "endpoints.json"
    _write(endpoints, only(json.loads(endpoints.read_text()), prefixes))


def with_operations(description: Json, names: Collection[str]) -> Json:
    """Give a service's description with these operations alone, and the shapes that they name.

    Raises:
        KeyError: the service has no operation of such a name.
    """
    operations = {name: description["operations"][name] for name in names}
    shapes: dict[str, Json] = {}
    unread = [json.dumps(operations)]
    while unread:
        for name in re.findall(r'"shape": "(\w+)"', unread.pop()):
            if name not in shapes:
                shapes[name] = description["shapes"][name]
                unread.append(json.dumps(shapes[name]))
    return {**description, "operations": operations, "shapes": shapes}


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


def _write(file: Path, content: Json) -> None:
    file.write_text(json.dumps(content, separators=(",", ":")))
