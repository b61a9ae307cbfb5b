"""Step and loss of a job while it trains: the local cloud tells them, Bedrock does not before the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finetune_cli import local_state

if TYPE_CHECKING:
    from finetune_cli.surroundings import Surroundings


def live_loss(here: Surroundings, job: str) -> str:
    """Give "step 12 of 40 · loss 1.234" (or reward); "" on AWS, and before the first step."""
    if here.env != "local":
        return ""
    from finetune_local.emulator import ACCOUNT, LocalCloud, LocalCloudError  # noqa: PLC0415 - only here

    cloud = LocalCloud(local_state.folder())
    try:
        found = cloud.admin(command="progress", account=ACCOUNT, region=here.region, job=job)
    except LocalCloudError:  # it is being stopped: the run's own calls will say so
        return ""
    reading = " · ".join(f"{name} {found[name]:.3f}" for name in ("loss", "reward") if name in found)
    return f"step {found['step']} of {found['steps']} · {reading}" if found else ""
