"""The server process: one loopback port, TLS, found by others, gone with its parent; the services it adds."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, SSLError

from finetune_local.emulator import LocalCloud, LocalCloudError
from tests.integration.emulator_kit import Kit

ROOT = Path(__file__).parents[2]


def _listening(pid: int) -> list[str]:
    """Return the local addresses (hex) on which a process listens."""
    links = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # a connection that was closed meanwhile
            links.append(link.readlink().name)
    inodes = {name.removeprefix("socket:[").removesuffix("]") for name in links if name.startswith("socket:")}
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if state == "0A" and rest[5] in inodes:
                found.append(local)
    return found


@pytest.mark.skipif(not Path("/proc/self/net").exists(), reason="reads Linux's /proc")
def test_it_listens_on_one_loopback_port_only(bare_cloud: LocalCloud) -> None:
    port = int(bare_cloud.endpoint.rpartition(":")[2])
    pid = bare_cloud.admin(command="status")["pid"]
    assert _listening(pid) == [f"0100007F:{port:04X}"]


def test_only_who_trusts_its_certificate_reaches_it(bare_cloud: LocalCloud) -> None:
    once = Config(retries={"total_max_attempts": 1})
    with pytest.raises(SSLError):
        bare_cloud.session().client("sts", verify=True, config=once).get_caller_identity()


def test_a_made_up_key_is_nobody(bare_cloud: LocalCloud) -> None:
    client = bare_cloud.session().client("s3", aws_access_key_id="AKIAMADEUP", aws_secret_access_key="x")
    with pytest.raises(ClientError, match=r"Access Key Id|security token"):
        client.list_buckets()


def test_enforcement_can_be_lifted_and_set_again(bare_cloud: LocalCloud) -> None:
    assert bare_cloud.admin(command="status")["enforcement"] is True
    assert bare_cloud.admin(command="enforce", on=False) == {"enforcement": False}
    assert bare_cloud.admin(command="enforce", on=True) == {"enforcement": True}


def test_time_can_be_moved(bare_cloud: LocalCloud) -> None:
    before = bare_cloud.admin(command="status")["now"]
    assert bare_cloud.admin(command="advance", seconds=86400)["now"][:10] > before[:10]


def test_a_wrong_order_is_refused_with_a_message(local_cloud: LocalCloud) -> None:
    with pytest.raises(LocalCloudError, match="unknown command 'dance'"):
        local_cloud.admin(command="dance")
    with pytest.raises(LocalCloudError, match="seconds"):
        local_cloud.admin(command="advance")


def test_others_find_it_and_stop_it(tmp_path: Path) -> None:
    cloud = LocalCloud(tmp_path, bedrock="bedrock_stand_in:StandIn", import_paths=[Path(__file__).parent])
    cloud.start(detached=True)
    other = LocalCloud(tmp_path)
    assert other.attach()
    assert other.endpoint == cloud.endpoint
    with pytest.raises(LocalCloudError, match="already running"):
        other.start()
    other.stop()
    assert not LocalCloud(tmp_path).attach()


def test_a_file_left_over_from_a_crash_is_not_believed(bare_cloud: LocalCloud, tmp_path: Path) -> None:
    found = json.loads((bare_cloud.state_dir / "server.json").read_text())
    (tmp_path / "server.json").write_text(json.dumps({**found, "pid": os.getpid()}))
    left = LocalCloud(tmp_path)
    assert not left.attach()
    left.stop()
    with pytest.raises(LocalCloudError, match="finetune local up"):
        print(left.endpoint)


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(LocalCloudError, match="No module named 'no_such_module'"):
        LocalCloud(tmp_path, bedrock="no_such_module:Nothing").start()


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a process that is not a child (Linux)")
def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, sys\n"
        "from finetune_local.emulator import LocalCloud\n"
        "cloud = LocalCloud(pathlib.Path(sys.argv[1]))\n"
        "cloud.start()\n"
        "print(cloud.admin(command='status')['pid'], flush=True)\n"
        "sys.stdin.read()\n"
        "os.kill(os.getpid(), 9)\n"
    )
    paths = os.pathsep.join((str(ROOT / "src"), str(ROOT / "lambdas")))
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert parent.stdin is not None
    assert parent.stdout is not None
    server = os.pidfd_open(int(parent.stdout.readline()))
    parent.stdin.close()
    parent.wait()
    assert select.select([server], [], [], 30)[0]


def test_functions_see_neither_the_source_tree_nor_the_users_account(
    bare_cloud: LocalCloud, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "own")
    assert "AWS_PROFILE" not in bare_cloud.child_environment(account)
    kit = Kit(bare_cloud, account)
    kit.function("import os\ndef handler(event, context):\n    return dict(os.environ)\n")
    seen = json.load(kit.client("lambda").invoke(FunctionName="function")["Payload"])
    assert "PYTHONPATH" not in seen
    assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA")


def test_service_quotas_follow_what_bedrock_obeys(local_cloud: LocalCloud, account: str) -> None:
    quotas = local_cloud.client("service-quotas", account)

    def units() -> float:
        return quotas.get_service_quota(ServiceCode="bedrock", QuotaCode="L-BE77399C")["Quota"]["Value"]

    assert units() == 0
    local_cloud.admin(command="set_quota", code="L-BE77399C", value=2, account=account)
    assert units() == 2
    pages = quotas.get_paginator("list_service_quotas").paginate(
        ServiceCode="bedrock", PaginationConfig={"PageSize": 5}
    )
    listed = [quota["QuotaCode"] for page in pages for quota in page["Quotas"]]
    assert len(listed) == len(set(listed)) > 5
    with pytest.raises(quotas.exceptions.NoSuchResourceException):
        quotas.get_service_quota(ServiceCode="bedrock", QuotaCode="L-0")


def test_the_price_list_has_aws_shape(bare_cloud: LocalCloud, account: str) -> None:
    pricing = bare_cloud.client("pricing", account)
    wanted = [
        {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "us-east-1"},
        {"Type": "TERM_MATCH", "Field": "usagetype", "Value": "USE1-NovaMicro-Customization-Training"},
    ]
    answer = pricing.get_products(ServiceCode="AmazonBedrock", Filters=wanted)
    (product,) = (json.loads(text) for text in answer["PriceList"])
    (term,) = product["terms"]["OnDemand"].values()
    (price,) = term["priceDimensions"].values()
    assert float(price["pricePerUnit"]["USD"]) > 0
    assert price["unit"] == "1K tokens"


def test_a_metric_from_the_simulated_future_is_seen_now(bare_cloud: LocalCloud, account: str) -> None:
    metric = [account, "us-east-1", "AWS/Bedrock", "Invocations", {"ModelId": "m"}, 3]
    bare_cloud.admin(command="metric", members=metric)
    now = datetime.now(UTC)
    found = bare_cloud.client("cloudwatch", account).get_metric_statistics(
        Namespace="AWS/Bedrock",
        MetricName="Invocations",
        Dimensions=[{"Name": "ModelId", "Value": "m"}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum"],
    )
    assert sum(point["Sum"] for point in found["Datapoints"]) == 3
