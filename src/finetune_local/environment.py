"""Environment variables: of clients of the local cloud, and of its server."""

from __future__ import annotations

import os
from pathlib import Path

from finetune_local.sessions import REGION, ROOT_SECRET


def client_environment(endpoint: str, ca: str, account: str) -> dict[str, str]:
    """Return the environment in which AWS tools reach the local cloud, and only that."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": ROOT_SECRET,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **dict.fromkeys(("AWS_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), ca),
    }


def without_aws(environment: dict[str, str]) -> dict[str, str]:
    """Drop everything about AWS from an environment, so that nobody's own account is ever met."""
    return {name: value for name, value in environment.items() if not name.startswith("AWS_")}


def enter_server_environment(endpoint: str, certificate: Path, key: Path) -> None:
    """Set what the emulator reads when it is imported, and what function processes inherit."""
    port = endpoint.rpartition(":")[2]
    clean = without_aws(dict(os.environ))
    # Functions find their code in their own package, never in this source tree.
    clean.pop("PYTHONPATH", None)
    os.environ.clear()
    os.environ.update(clean)
    os.environ.update(client_environment(endpoint, str(certificate), "000000000000"))
    os.environ.update(
        AUTH="true",
        GATEWAY_PORT=port,
        BIND_HOST="127.0.0.1",
        MINISTACK_HOST="localhost",
        MINISTACK_REGION=REGION,
        MINISTACK_SSL_CERT=str(certificate),
        MINISTACK_SSL_KEY=str(key),
        USE_SSL="1",
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        SFN_WAIT_SCALE="1",
        DOCKER_HOST=f"unix://{os.devnull}.absent",
    )
