"""The local cloud with the stacks in it: started, and deployed into with the real CDK."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from finetune_cli import local_state
from finetune_cli.cdk import Assembly, Cdk
from finetune_cli.console import Console
from finetune_cli.errors import CommandError
from finetune_cli.stages import Stages
from finetune_cli.surroundings import Surroundings, adopt

if TYPE_CHECKING:
    from finetune_local.emulator import LocalCloud

ENV = "local"
SPEED = 200.0
"""Simulated seconds per second: a job of an hour takes 18 s, and can still be watched."""


@dataclass
class RunningCloud:
    """A local cloud that answers. `synth` is the synthesis that may still be going on beside it."""

    cloud: LocalCloud
    stages: Stages
    root: Path
    assembly: Assembly
    synth: Future[None]

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which AWS tools reach this cloud."""
        return self.cloud.environment()

    def cdk(self, name: str) -> Cdk:
        """The CDK CLI, pointed at this cloud; its output goes to `.local/logs/<name>.log`."""
        return Cdk(self.root, self.environment, log_file(name))


def log_file(name: str) -> Path:
    """Where the output of one stage goes."""
    return local_state.folder() / "logs" / f"{name}.log"


@contextmanager
def started(console: Console, *, keep: bool, speed: float | None) -> Iterator[RunningCloud]:
    """The running cloud, or a new one while the stacks are synthesised beside it.

    A new one is stopped at the end, unless `keep` is wanted and nothing went wrong.
    """
    from finetune_local.emulator import LocalCloud  # noqa: PLC0415 - heavy

    root, stages = local_state.project_root(), Stages(console)
    assembly = Assembly(Cdk(root, {}, log_file("synth")), local_state.folder() / "cdk.out")
    cloud = LocalCloud(local_state.folder(), speed=speed or SPEED)
    with ThreadPoolExecutor(max_workers=1) as beside:
        synth = beside.submit(assembly.synthesise, ENV, lambda _: None)
        ours = not cloud.attach()
        if ours:
            _start(cloud, stages, detached=keep)
        try:
            adopt(cloud.environment())
            yield RunningCloud(cloud, stages, root, assembly, synth)
        except BaseException:
            keep = False
            raise
        finally:
            if ours and not keep:
                with stages.stage("Stop the local cloud"):
                    cloud.stop()


def _start(cloud: LocalCloud, stages: Stages, *, detached: bool) -> None:
    from finetune_local.emulator import LocalCloudError  # noqa: PLC0415

    with stages.stage("Start the local cloud"):
        try:
            cloud.start(detached=detached)
        except LocalCloudError as error:
            raise CommandError(str(error), where=str(cloud.log), do="Read the log.") from None
        except BaseException:  # Ctrl-C while it starts: what has been started is taken down again
            cloud.stop()
            raise


def deploy(running: RunningCloud) -> None:
    """Bootstrap, wait for the synthesis, deploy all stacks.

    Raises:
        CommandError: one of the cdk commands failed.
    """
    account, region = running.environment["AWS_ACCESS_KEY_ID"], running.environment["AWS_REGION"]
    with running.stages.stage("cdk bootstrap") as tell:
        cdk = running.cdk("bootstrap")
        cdk.run("bootstrap", f"aws://{account}/{region}", tell=tell, folder=local_state.folder())
    with running.stages.stage("cdk synth (the rest of it)"):
        running.synth.result()
    with running.stages.stage("cdk deploy --all") as tell:
        running.cdk("deploy").run(
            "deploy",
            "--all",
            *("--app", str(running.assembly.folder)),
            *("--require-approval", "never"),
            *("--progress", "events"),
            *("--concurrency", "4"),
            tell=tell,
        )


def connect_local(running: RunningCloud) -> Surroundings:
    """The surroundings of the local environment. `started` has set this process's AWS variables already."""
    import boto3  # noqa: PLC0415 - heavy, and wanted only once the cloud is up

    region = running.environment["AWS_REGION"]
    return Surroundings(env=ENV, session=boto3.Session(region_name=region), region=region)


def raise_quotas(running: RunningCloud, units: int, console: Console) -> None:
    """Grant the model units that Provisioned Throughput needs, as AWS Support does on request.

    A new account has none at all (Service Quotas: the defaults are 0). Twice `units`, since a successor is
    served beside the model in use until it is promoted.
    """
    from finetune_core.catalogue import MODELS  # noqa: PLC0415 - a large table

    served = [model.serving for model in MODELS if model.serving.provisioned]
    codes = {code for each in served for code in (each.no_commitment_quota, each.units_quota) if code}
    account, region = running.environment["AWS_ACCESS_KEY_ID"], running.environment["AWS_REGION"]
    known = running.cloud.admin(command="quotas", account=account, region=region)["quotas"]
    for code in sorted(codes & known.keys()):
        running.cloud.admin(command="set_quota", code=code, value=2 * units)
    console.note(f"  the account's quotas of model units are 0: raised to {2 * units}, as AWS Support does")
