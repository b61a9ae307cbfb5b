"""botocore's descriptions, cut down: the same requests, less to read."""

import gzip
import json
import shutil
from pathlib import Path

import botocore
import pytest
from botocore.config import Config
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
        config=Config(user_agent="x"),
    )


def shapes(model) -> dict:
    """Every operation with all that is said of its input, output and errors, but for the prose."""
    return without_prose(
        {
            "metadata": dict(model.metadata),
            "shapes": model._service_description["shapes"],
            "operations": model._service_description["operations"],
        }
    )


@pytest.mark.parametrize("service", sorted(AWS_SERVICES))
def test_clients_are_the_same(cut: Path, service: str):
    whole, small = (client(service, "us-east-1", data).meta for data in (None, cut))
    assert shapes(small.service_model) == shapes(whole.service_model)
    for region in REGIONS:
        whole, small = (client(service, region, data).meta for data in (None, cut))
        assert (small.endpoint_url, small.partition) == (whole.endpoint_url, whole.partition)
        for name in ("signature_version", "region_name"):
            assert getattr(small.config, name) == getattr(whole.config, name)


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
