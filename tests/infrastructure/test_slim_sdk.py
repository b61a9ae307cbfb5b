"""botocore, cut down: the same requests, less to read."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import aws_lambda_powertools
import botocore
import pytest
import urllib3
from botocore import xform_name
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import Shape
from botocore.session import Session

from finetune_aws import clients
from stacks.components.slim_sdk import OPERATIONS, STAND_INS, cut_down, with_operations, without_prose
from tests.infrastructure.synthesis import ROOT

BOTOCORE = Path(botocore.__file__).parent
PACKAGES = (BOTOCORE, Path(urllib3.__file__).parent, Path(aws_lambda_powertools.__file__).parent)
DATA = BOTOCORE / "data"
REGIONS = ("us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1")


@pytest.fixture(scope="module")
def cut(tmp_path_factory) -> Path:
    """The packages after the cut; the data of the services that stay, and of one that goes."""
    packages = tmp_path_factory.mktemp("packages")
    for package in PACKAGES:
        leave_out = shutil.ignore_patterns("data", "__pycache__")
        shutil.copytree(package, packages / package.name, ignore=leave_out)
    for service in (*OPERATIONS, "ec2"):
        shutil.copytree(DATA / service, packages / "botocore" / "data" / service)
    for file in DATA.glob("*.json"):
        shutil.copy(file, packages / "botocore" / "data")
    cut_down(packages)
    return packages


def client(service: str, region: str, packages: Path | None = None):
    """A client of botocore as it is; or of what was cut, read as the functions read it."""
    session = Session()
    if packages:
        loader = session.get_component("data_loader")
        loader.search_paths[:] = [str(packages / "botocore" / "data")]
        loader.file_loader = clients.Descriptions()
    return session.create_client(
        service,
        region_name=region,
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(user_agent="x", retries={"total_max_attempts": 1}),
    )


def requests(service: str, region: str, packages: Path | None = None) -> dict[str, dict]:
    """Each operation's request with the least input that it takes, as it would be sent."""
    made, seen = client(service, region, packages), {}

    def keep(request, event_name, **_):
        headers = {
            name: bytes(value) if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        for name in ("Authorization", "X-Amz-Date", "amz-sdk-invocation-id"):
            headers.pop(name, None)
        body = request.body.read() if hasattr(request.body, "read") else request.body
        seen[event_name.rpartition(".")[2]] = {
            "method": request.method,
            "url": request.url,
            "body": body,
            "headers": headers,
        }
        return AWSResponse(request.url, 500, HeadersDict(), Nothing())

    made.meta.events.register("before-send", keep)
    for operation in OPERATIONS[service]:
        shape = made.meta.service_model.operation_model(operation).input_shape
        with pytest.raises(ClientError):
            getattr(made, xform_name(operation))(**least(shape))
    return seen


class Nothing:
    """The body of a response that holds nothing."""

    def stream(self, **_):
        return iter(())


def least(shape: Shape):
    """The least value of a shape: required members alone, and tokens that botocore would make up."""
    least_size = shape.metadata.get("min", 0)
    if shape.type_name == "structure":
        needed = {*shape.required_members, *tokens(shape)}
        return {name: least(member) for name, member in shape.members.items() if name in needed}
    if shape.type_name == "list":
        return [least(shape.member)] * least_size
    if shape.type_name == "string":
        return shape.enum[0] if shape.enum else "example-name".ljust(least_size, "x")
    others = {"map": {}, "blob": b"x", "timestamp": "2026-11-28T00:00:00Z", "boolean": False}
    return others.get(shape.type_name, least_size)


def tokens(shape: Shape) -> list[str]:
    return [name for name, member in shape.members.items() if member.metadata.get("idempotencyToken")]


def structure(model) -> dict:
    """All that is said of the operations that stay and their shapes, but for the prose."""
    described = with_operations(model._service_description, OPERATIONS[model.service_name])
    return without_prose({name: described[name] for name in ("metadata", "shapes", "operations")})


@pytest.mark.parametrize("service", sorted(OPERATIONS))
def test_requests_are_the_same(cut: Path, service: str):
    for region in REGIONS:
        whole = requests(service, region)
        assert whole.keys() == set(OPERATIONS[service])
        assert requests(service, region, cut) == whole
    whole, small = (client(service, "us-east-1", packages).meta.service_model for packages in (None, cut))
    assert structure(small) == structure(whole)


def test_every_operation_that_the_functions_call_stays_and_no_other():
    pattern = re.compile(r"[.\"](\w+)[(\",]")  # a method called or passed on, or the name of one
    files = (ROOT / "lambdas").rglob("*.py")
    called = {name for file in files for name in pattern.findall(file.read_text())}
    by_upload = {"AbortMultipartUpload"}  # s3transfer's, which `objects.upload` calls
    kept = {operation for operations in OPERATIONS.values() for operation in operations}
    known = {name for service in OPERATIONS for name in Session().get_service_model(service).operation_names}
    assert {name for name in known if xform_name(name) in called} - kept == set()
    assert {name for name in kept if xform_name(name) not in called} <= by_upload


def test_every_service_that_the_functions_call_stays_and_no_other():
    called = {
        service
        for file in (ROOT / "lambdas").rglob("*.py")
        for service in re.findall(r"\bclient\(\s*\"([a-z0-9-]+)\"", file.read_text())
    }
    assert called == OPERATIONS.keys()


def test_waiters_and_paginators_stay(cut: Path):
    small = client("s3", "us-east-1", cut)
    assert small.can_paginate("list_objects_v2")
    assert "object_exists" in small.waiter_names


START = """
import json, sys
from finetune_aws import clients, telemetry
made = [clients.client(each) for each in sys.argv[1:]]
made[0].get_paginator("list_objects_v2"), made[0].get_waiter("object_exists")
loaded = sorted(sys.modules)
telemetry.logger.info("said")
telemetry.count("LOCAL", "Counted")
print(json.dumps({"botocore": sys.modules["botocore"].__file__, "loaded": loaded}))
"""


def test_the_cut_packages_make_clients_log_and_count(cut: Path):
    environment = {"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1"}
    environment["PYTHONPATH"] = f"{cut}:{ROOT / 'lambdas'}"
    command = [sys.executable, "-c", START, "s3", *OPERATIONS]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    logged, counted, found = (json.loads(line) for line in done.stdout.splitlines())
    assert (logged["message"], counted["Counted"]) == ("said", [1.0])
    assert Path(found["botocore"]).is_relative_to(cut)
    unused = {"botocore.docs.bcdoc.restdoc", "importlib.metadata", "aws_lambda_powertools.tracing"}
    assert unused.isdisjoint(found["loaded"])


def test_modules_that_are_replaced_are_still_in_the_packages(cut: Path):
    for module in STAND_INS:
        assert (BOTOCORE.parent / module).exists()
        assert (cut / module).read_text().startswith('"""Stands in for ')


def test_a_member_called_documentation_is_no_prose():
    described = {
        "members": {"documentation": {"shape": "Text"}, "Name": {"shape": "S", "documentation": "<p>"}}
    }
    assert without_prose(described) == {
        "members": {"documentation": {"shape": "Text"}, "Name": {"shape": "S"}}
    }


def test_an_operation_that_the_service_does_not_have_is_refused():
    with pytest.raises(KeyError, match="GetNothing"):
        with_operations({"operations": {}, "shapes": {}}, ["GetNothing"])


def test_what_nobody_reads_is_gone(cut: Path):
    data = cut / "botocore" / "data"
    assert not (data / "ec2").exists()
    assert not list(data.rglob("examples-1.json*"))
    assert not list(data.rglob("*.gz"))
    whole = json.loads(gzip.decompress((DATA / "s3" / "2006-03-01" / "service-2.json.gz").read_bytes()))
    small = (data / "s3" / "2006-03-01" / "service-2.json").read_text()
    assert len(small) < len(json.dumps(whole)) / 10
    assert (data / "endpoints.json").stat().st_size < (DATA / "endpoints.json").stat().st_size / 10


def test_descriptions_are_read_as_botocore_reads_them():
    plain, ours = botocore.loaders.JSONFileLoader(), clients.Descriptions()
    for name in ("endpoints", "s3/2006-03-01/service-2", "s3/2006-03-01/endpoint-rule-set-1"):
        assert ours.load_file(str(DATA / name)) == plain.load_file(str(DATA / name))
    assert ours.load_file(str(DATA / "s3/none")) is None
