"""Reads of object versions in the local cloud's S3."""

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.integration


@pytest.fixture
def version(local_cloud, account):
    """Give a function that reads a range of the first of two versions."""
    s3 = local_cloud.client("s3", account)
    s3.create_bucket(Bucket=f"ranges-{account}")
    s3.put_bucket_versioning(Bucket=f"ranges-{account}", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=f"ranges-{account}", Key="k", Body=b"0123456789")["VersionId"]
    s3.put_object(Bucket=f"ranges-{account}", Key="k", Body=b"other")

    def read(span: str):
        return s3.get_object(Bucket=f"ranges-{account}", Key="k", VersionId=first, Range=span)

    return read


@pytest.mark.parametrize(
    ("span", "part"),
    [("bytes=2-4", b"234"), ("bytes=8-99", b"89"), ("bytes=-3", b"789"), ("bytes=7-", b"789")],
)
def test_a_range_of_a_version_is_that_range(version, span, part):
    answer = version(span)
    assert answer["Body"].read() == part
    assert answer["ContentRange"].endswith("/10")


def test_a_range_outside_of_the_version_is_refused(version):
    with pytest.raises(ClientError, match="InvalidRange"):
        version("bytes=10-12")
