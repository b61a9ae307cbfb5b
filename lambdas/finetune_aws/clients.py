"""Clients of AWS's services, made when first used and kept for the life of the process.

They are botocore's: what boto3 lays over it costs a third of a function's cold start (docs/speed.md).
"""

from __future__ import annotations

import gzip
import os
from contextlib import suppress
from functools import cache
from typing import Any, Final

import msgspec
from botocore.config import Config
from botocore.credentials import CredentialResolver, EnvProvider
from botocore.loaders import JSONFileLoader
from botocore.session import Session

_CONTROL: Final = Config(
    connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 5}
)
# A model may think for minutes; the callers pace and retry on their own, so botocore tries just twice.
_RUNTIME: Final = Config(
    connect_timeout=5,
    read_timeout=120,
    max_pool_connections=32,
    retries={"mode": "standard", "total_max_attempts": 2},
)
# The Price List API has endpoints in three Regions alone; when it is slow, a table stands in for it
# (https://docs.aws.amazon.com/general/latest/gr/billing.html, read 2026-11-24).
_PRICES: Final = Config(
    region_name="us-east-1",
    connect_timeout=3,
    read_timeout=8,
    retries={"mode": "standard", "total_max_attempts": 2},
)
# A reward function gets its time, and little more: a call that hangs is not made five times.
_FUNCTIONS: Final = Config(
    connect_timeout=5, read_timeout=90, retries={"mode": "standard", "total_max_attempts": 2}
)
_CONFIGS: Final = {"bedrock-runtime": _RUNTIME, "lambda": _FUNCTIONS, "pricing": _PRICES}


class Descriptions(JSONFileLoader):
    """Reads botocore's descriptions of services as botocore does, at ten times the speed: by msgspec."""

    def load_file(self, file_path: str) -> Any:  # noqa: ANN401 - JSON
        """Return what the file of this path without ending holds, None if there is no such file."""
        for ending, opened in ((".json", open), (".json.gz", gzip.open)):
            with suppress(FileNotFoundError), opened(file_path + ending, "rb") as file:
                return msgspec.json.decode(file.read())
        return None


@cache
def session() -> Session:
    """Return the process's session: credentials and Region as the environment has them."""
    made = Session()
    made.get_component("data_loader").file_loader = Descriptions()
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # then credentials are there as well, and nowhere else
        made.register_component("credential_provider", CredentialResolver([EnvProvider()]))
    return made


@cache
def client(service: str) -> Any:  # noqa: ANN401 - each adapter names the type it expects
    """Return the process's client for ``service``: five attempts, short timeouts, lazily made."""
    return make_client(service, _CONFIGS.get(service, _CONTROL))


def make_client(service: str, config: Config) -> Any:  # noqa: ANN401 - as above
    """Make a new client."""
    return session().create_client(service, config=config)


def use_region(region: str) -> None:
    """From now on make clients for ``region``, and forget those that there are."""
    session().set_config_variable("region", region)
    client.cache_clear()
