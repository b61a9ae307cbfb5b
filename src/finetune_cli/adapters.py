"""The pipeline's own AWS adapters, made to talk to where the command talks to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from finetune_aws.ledger import Ledger
    from finetune_cli.surroundings import Surroundings


def ledger(here: Surroundings) -> Ledger:
    """The ledger of these surroundings; from now on all of `finetune_aws` uses their Region."""
    from finetune_aws import clients  # noqa: PLC0415 - only commands that call AWS should pay for it
    from finetune_aws.ledger import Ledger  # noqa: PLC0415

    clients.use_region(here.region)
    return Ledger(here.names["ledger-table"])


def agreed(question: str, *, yes: bool) -> bool:
    """Whether the person at the terminal says yes; `yes` answers beforehand. No terminal means no."""
    if yes:
        return True
    try:
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False
