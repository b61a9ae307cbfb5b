"""The local cloud with the stacks in it: started and deployed with the real CDK, step by step on the console."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from finetune_cli import keeper, local_state
from finetune_cli.cdk import Assembly, Cdk
from finetune_cli.console import Console
from finetune_cli.local_state import LocalState
from finetune_cli.stages import Stages
from finetune_cli.surroundings import adopt

ENV = "local"


@dataclass
class RunningCloud:
    """A local cloud that answers. `synth` is the synthesis that may still be going on beside it."""

    state: LocalState
    stages: Stages
    root: Path
    assembly: Assembly
    synth: Future[None]

    def cdk(self, name: str) -> Cdk:
        """The CDK CLI, pointed at this cloud; its output goes to `.local/logs/<name>.log`."""
        return Cdk(self.root, self.state.environment, log_file(name))


def log_file(name: str) -> Path:
    """Where the output of one stage goes."""
    return local_state.folder() / "logs" / f"{name}.log"


@contextmanager
def started(console: Console, *, keep: bool, speed: float | None) -> Iterator[RunningCloud]:
    """The running cloud, or a new one while the stacks are synthesised beside it.

    A new one is stopped at the end, unless `keep` is wanted and nothing went wrong.
    """
    root, stages = local_state.project_root(), Stages(console)
    assembly = Assembly(Cdk(root, {}, log_file("synth")), local_state.folder() / "cdk.out")
    found = local_state.read()
    process: subprocess.Popen[bytes] | None = None
    with ThreadPoolExecutor(max_workers=1) as beside:
        synth = beside.submit(assembly.synthesise, ENV, lambda _: None)
        if found is None:
            with stages.stage("Start the local cloud"):
                found, process = keeper.start(log_file("cloud"), until_eof=not keep, speed=speed)
        try:
            adopt(found.environment)
            yield RunningCloud(found, stages, root, assembly, synth)
        except BaseException:
            keep = False
            raise
        finally:
            if process is not None and not keep:
                with stages.stage("Stop the local cloud"):
                    keeper.stop(found, process)


def deploy(cloud: RunningCloud) -> None:
    """Bootstrap, wait for the synthesis, deploy all stacks.

    Raises:
        CommandError: one of the cdk commands failed.
    """
    account, region = cloud.state.environment["AWS_ACCESS_KEY_ID"], cloud.state.environment["AWS_REGION"]
    with cloud.stages.stage("cdk bootstrap") as tell:
        cloud.cdk("bootstrap").run("bootstrap", f"aws://{account}/{region}", tell=tell)
    with cloud.stages.stage("cdk synth (what is left of it)"):
        cloud.synth.result()
    with cloud.stages.stage("cdk deploy --all") as tell:
        cloud.cdk("deploy").run(
            "deploy", "--all", "--app", str(cloud.assembly.folder), "--require-approval", "never",
            "--progress", "events", "--concurrency", "4", tell=tell,
        )  # fmt: skip
