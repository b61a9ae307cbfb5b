"""The CDK app: environment name → settings → stacks → checks → synth. Only this file reads the context."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "lambdas"))  # the stacks read the functions' table from here

from aws_cdk import App  # noqa: E402

from config.environments import environment  # noqa: E402
from config.settings import SettingsError  # noqa: E402
from stacks import build  # noqa: E402


def main() -> None:
    """Synthesise the environment that `-c env=NAME` names."""
    app = App()
    try:
        build(app, settings=environment(app.node.try_get_context("env")))
    except SettingsError as error:
        sys.exit(f"error: {error}")
    app.synth()


if __name__ == "__main__":
    main()
