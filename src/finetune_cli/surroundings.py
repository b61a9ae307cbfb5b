"""Which deployment a command talks to: environment, Region, credentials, and the names that the stacks chose.

The stacks write their generated names to SSM parameters `/finetune/<env>/config/<name>`; nothing here guesses
a name. `local` is the local cloud that `finetune local up` started: its address and credentials replace
whatever AWS profile the shell has.
"""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from config.environments import ENVIRONMENTS
from finetune_cli import local_state
from finetune_cli.errors import CommandError

if TYPE_CHECKING:
    from finetune_local.emulator import LocalCloud

CONFIG_NAMES = ("data-bucket", "artifacts-bucket", "ledger-table", "state-machine", "notices-topic")


def choose_environment(given: str | None, environ: Mapping[str, str], *, local_is_up: bool) -> str:
    """`--env`, else FINETUNE_ENV, else the local cloud when one is up, else dev.

    Raises:
        CommandError: the name is not in config/environments.py.
    """
    name = given or environ.get("FINETUNE_ENV") or ("local" if local_is_up else "dev")
    if name not in ENVIRONMENTS:
        raise CommandError(
            f"There is no environment {name!r}.",
            where="--env" if given else "FINETUNE_ENV",
            do=f"Use one of: {', '.join(ENVIRONMENTS)}.",
        )
    return name


@dataclass
class Surroundings:
    """One environment in one Region, with clients made when first used."""

    env: str
    session: Any
    region: str
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients' classes at run time
        """The boto3 client of `service`, one per command."""
        if service not in self.clients:
            self.clients[service] = self.session.client(service)
        return self.clients[service]

    def now(self) -> datetime:
        """The time by which Bedrock judges here: the local cloud's clock runs ahead of this machine's."""
        if self.env != "local":
            return datetime.now(UTC)
        return datetime.fromisoformat(_local_cloud().admin(command="status")["now"])

    @cached_property
    def names(self) -> dict[str, str]:
        """The stacks' names by CONFIG_NAMES.

        Raises:
            CommandError: nothing, or not everything, is deployed here.
        """
        prefix = f"/finetune/{self.env}/config/"
        pages = self.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=prefix)
        found = {
            item["Name"].removeprefix(prefix): item["Value"] for page in pages for item in page["Parameters"]
        }
        missing = [name for name in CONFIG_NAMES if name not in found]
        if missing:
            deploy = "finetune local up" if self.env == "local" else f"make deploy ENV={self.env}"
            raise CommandError(
                f"No complete deployment of environment {self.env!r}: {', '.join(missing)} not found.",
                where=f"SSM parameters {prefix} in {self.region}",
                do=f"Deploy it (`{deploy}`), or choose another with --env and --region.",
            )
        return found

    def parameter(self, name: str) -> str:
        """The value of one SSM parameter.

        Raises:
            CommandError: there is no such parameter.
        """
        ssm = self.client("ssm")
        try:
            return str(ssm.get_parameter(Name=name)["Parameter"]["Value"])
        except ssm.exceptions.ParameterNotFound:
            raise CommandError(
                f"There is no parameter {name}.",
                where=self.region,
                do="Has a run of this dataset been promoted?",
            ) from None


def pointer(env: str, dataset: str) -> str:
    """The SSM parameter that applications read: it names what a dataset's promoted model answers at."""
    return f"/finetune/{env}/{dataset}/model-id"


def connect(args: Namespace) -> Surroundings:
    """The surroundings that `--env`, `--region` and the shell describe. No request is sent yet."""
    local = local_state.read()
    env = choose_environment(args.env, os.environ, local_is_up=local is not None)
    if env == "local":
        if local is None:
            raise CommandError(
                "No local cloud is up.", where="--env local", do="Start one: `finetune local up`."
            )
        _adopt_local()
    import boto3  # noqa: PLC0415 - 140 ms that only commands which call AWS should pay

    region = args.region or ENVIRONMENTS[env].region
    return Surroundings(env=env, session=boto3.Session(region_name=region), region=region)


def _adopt_local() -> None:
    adopt(_local_cloud().environment())


def _local_cloud() -> LocalCloud:
    from finetune_local.emulator import LocalCloud  # noqa: PLC0415 - only the local environment needs it

    return LocalCloud(local_state.folder())


def adopt(environment: Mapping[str, str]) -> None:
    """Make this process talk to the local cloud: its variables in, all that the shell says about AWS out."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(environment)
