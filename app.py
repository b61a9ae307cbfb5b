"""The CDK app: environment name → settings → stacks → checks → synth. Only this file reads the context."""

from __future__ import annotations

import sys

from aws_cdk import App

from config.environments import environment
from config.settings import SettingsError
from stacks.build import build


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
