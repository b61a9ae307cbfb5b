from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ProfileNotFound

from finetune_cli.errors import BROKEN, NO, explain
from finetune_core.errors import RunRejected


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "the service's words"}}, "GetParameter")


@pytest.mark.parametrize(
    ("error", "says", "advises"),
    [
        (NoCredentialsError(), "no usable AWS credentials", "AWS_PROFILE"),
        (ProfileNotFound(profile="x"), "could not be found", "list-profiles"),
        (EndpointConnectionError(endpoint_url="https://a"), "cannot be reached", "Region"),
        (
            refused("AccessDeniedException"),
            "GetParameter: AccessDeniedException: the service's words",
            "right to call",
        ),
        (refused("ExpiredTokenException"), "ExpiredTokenException", "Log in again"),
        (FileNotFoundError(2, "No such file or directory", "x.jsonl"), "x.jsonl", "path"),
        (OSError(28, "No space left on device"), "No space left", "--debug"),
        (ZeroDivisionError("division by zero"), "Unexpected ZeroDivisionError", "report the traceback"),
    ],
)
def test_surroundings_that_are_broken(error, says, advises) -> None:
    found = explain(error, env="dev", region="us-east-1")
    assert says in found.what
    assert advises in found.do
    assert found.code == BROKEN


def test_a_refusal_of_the_core_is_a_no() -> None:
    found = explain(RunRejected("bad key", where="s3://b/k", remedy="Rename it."))
    assert (found.what, found.where, found.do, found.code) == ("bad key", "s3://b/k", "Rename it.", NO)


def test_a_local_cloud_that_is_gone() -> None:
    assert "finetune local up" in explain(EndpointConnectionError(endpoint_url="https://a"), env="local").do
