"""botocore's descriptions, cut down: the same requests, less to read."""

import gzip
import json
import shutil
from pathlib import Path

import botocore
import pytest
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session

from stacks.components.lambda_asset import AWS_SERVICES
from stacks.components.sdk_data import cut_down, without_prose

DATA = Path(botocore.__file__).parent / "data"
REGIONS = ("us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1")


@pytest.fixture(scope="module")
def cut(tmp_path_factory) -> Path:
    """botocore's data folder after the cut; service folders that stay, and one that goes."""
    folder = tmp_path_factory.mktemp("botocore") / "data"
    for service in (*AWS_SERVICES, "ec2"):
        shutil.copytree(DATA / service, folder / service)
    for file in DATA.glob("*.json"):
        shutil.copy(file, folder)
    cut_down(folder, AWS_SERVICES)
    return folder


def client(service: str, region: str, data: Path | None = None):
    session = Session()
    if data:
        session.get_component("data_loader").search_paths[:] = [str(data)]
    return session.create_client(
        service,
        region_name=region,
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(user_agent="x", retries={"total_max_attempts": 1}),
    )


def sent(service: str, region: str, data: Path | None = None) -> dict:
    """The request of the service's first operation that needs no input, as it would be sent."""
    made, seen = client(service, region, data), {}

    def keep(request, **_):
        headers = {
            name: bytes(value) if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        for name in ("Authorization", "X-Amz-Date", "amz-sdk-invocation-id"):
            headers.pop(name, None)
        seen.update(method=request.method, url=request.url, body=request.body, headers=headers)
        return AWSResponse(request.url, 500, HeadersDict(), Nothing())

    made.meta.events.register("before-send", keep)
    operations = made.meta.service_model.operation_names
    free = (
        name for name in sorted(operations) if needs_nothing(made.meta.service_model.operation_model(name))
    )
    methods = {operation: method for method, operation in made.meta.method_to_api_mapping.items()}
    with pytest.raises(ClientError):
        getattr(made, methods[next(free)])()
    return seen


class Nothing:
    """The body of a response that holds nothing."""

    def stream(self, **_):
        return iter(())


def needs_nothing(operation) -> bool:
    return not (operation.input_shape and operation.input_shape.required_members)


def structure(model) -> dict:
    """All that is said of operations and shapes, but for the prose."""
    described = model._service_description
    return without_prose({name: described[name] for name in ("metadata", "shapes", "operations")})


@pytest.mark.parametrize("service", sorted(AWS_SERVICES))
def test_requests_are_the_same(cut: Path, service: str):
    for region in REGIONS:
        assert sent(service, region, cut) == sent(service, region)
    whole, small = (client(service, "us-east-1", data).meta.service_model for data in (None, cut))
    assert structure(small) == structure(whole)


def test_waiters_and_paginators_stay(cut: Path):
    small = client("s3", "us-east-1", cut)
    assert small.can_paginate("list_objects_v2")
    assert "object_exists" in small.waiter_names


def test_a_member_called_documentation_is_no_prose():
    described = {
        "members": {"documentation": {"shape": "Text"}, "Name": {"shape": "S", "documentation": "<p>"}}
    }
    assert without_prose(described) == {
        "members": {"documentation": {"shape": "Text"}, "Name": {"shape": "S"}}
    }


def test_what_nobody_reads_is_gone(cut: Path):
    assert not (cut / "ec2").exists()
    assert not list(cut.rglob("examples-1.json*"))
    whole = json.loads(gzip.decompress((DATA / "s3" / "2006-03-01" / "service-2.json.gz").read_bytes()))
    small = (cut / "s3" / "2006-03-01" / "service-2.json").read_text()
    assert len(small) < len(json.dumps(whole)) / 3
    assert (cut / "endpoints.json").stat().st_size < (DATA / "endpoints.json").stat().st_size / 10
