"""`finetune estimate`: what a run over a folder would cost, before anything is uploaded."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from finetune_cli.commands.options import SERVINGS, TYPES, run_json
from finetune_cli.console import Console
from finetune_cli.errors import NO, OK

if TYPE_CHECKING:
    from finetune_cli.estimating import Estimate
    from finetune_cli.main import Commands


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add("estimate", "Price a run over a folder as the pipeline would; needs no AWS.", run)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="holds train.jsonl, run.json if any")
    parser.add_argument("--model", metavar="ID", help="base model; laid over run.json")
    parser.add_argument("--type", choices=sorted(TYPES), help="customization type; laid over run.json")
    parser.add_argument("--serving", choices=SERVINGS, help="how the model is served; laid over run.json")
    parser.add_argument("--corpus", action="store_true", help="the folder is a corpus")


def run(args: Namespace, console: Console) -> int:
    """0 within the ceiling, 1 above it or invalid data."""
    from finetune_cli.drops import plan_drop  # noqa: PLC0415
    from finetune_cli.estimating import estimate  # noqa: PLC0415
    from finetune_cli.surroundings import choose_environment  # noqa: PLC0415

    env = choose_environment(args.env, os.environ, local_is_up=False)
    drop = plan_drop(args.folder, dataset="", settings=run_json(args), corpus=args.corpus)
    found = estimate(drop, env)
    _tell(found, console)
    console.data(found.as_dict())
    ceiling = found.price.ceiling
    over = ceiling is not None and found.price.expected > ceiling
    if over:
        console.note(f"Above the run's ceiling of ${ceiling:,.2f} (budget_usd).")
    if not found.report.valid:
        console.note(
            "The data is not valid, so this run would end before it costs anything: finetune validate"
        )
    return NO if over or not found.report.valid else OK


def _tell(found: Estimate, console: Console) -> None:
    price, tokens, counts = found.price, found.tokens, found.counts
    console.say(
        f"{console.style(found.preflight.base_model_name, 'bold')}  serving {found.preflight.serving}"
    )
    console.say(
        f"  records: {counts.train:,} training, {counts.validation:,} validation, "
        f"{counts.evaluation:,} evaluation"
    )
    band = f"{tokens.low:,} to {tokens.high:,}"
    console.say(f"  about {tokens.expected:,} tokens an epoch ({band}), {found.epochs} epochs")
    rows = [(item.name, *_range(item.low, item.expected, item.high), item.note) for item in price.items]
    total = ("total", *_range(price.low, price.expected, price.high), "")
    console.table(("ITEM", "LOW", "EXPECTED", "HIGH", "NOTE"), [*rows, total])
    if price.hourly:
        console.say(f"  then ${price.hourly:,.2f} an hour while it serves")
    console.say(f"  prices: {price.source}")


def _range(*dollars: float) -> tuple[str, ...]:
    return tuple(f"${amount:,.2f}" if amount >= 1 else f"${amount:,.4f}" for amount in dollars)
