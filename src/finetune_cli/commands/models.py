"""`finetune models`: which base models can be customized, from the catalogue or from the account."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from finetune_cli.commands.options import TYPES
from finetune_cli.console import Console
from finetune_cli.errors import OK

if TYPE_CHECKING:
    from finetune_cli.main import Commands
    from finetune_cli.surroundings import Surroundings
    from finetune_core.model_rules import Model

Row = dict[str, Any]


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add("models", "List the base models that can be customized.", run)
    parser.add_argument("--type", choices=sorted(TYPES), help="only models that offer this customization")
    parser.add_argument(
        "--live", action="store_true", help="ask Bedrock in your account what is offered today"
    )


def run(args: Namespace, console: Console) -> int:
    """Print the table; 0 even when it is empty."""
    kind = TYPES[args.type] if args.type else None
    rows = catalogue_rows(kind)
    if args.live:
        from finetune_cli.surroundings import connect  # noqa: PLC0415

        rows = live_rows(connect(args), kind, known={row["id"]: row for row in rows})
    console.data(rows)
    header = ("MODEL", "NAME", "CUSTOMIZATION", "RECORDS", "SERVING", "LIFE CYCLE")
    if rows:
        console.table(header, [_cells(console, row) for row in rows])
    else:
        console.note("No model offers that here.")
    if not args.live:
        console.note("From the catalogue; what your account offers today: finetune models --live")
    return OK


def catalogue_rows(kind: str | None) -> list[Row]:
    """The catalogue's models that offer `kind` (or anything), as plain data."""
    from finetune_core.catalogue import MODELS  # noqa: PLC0415 - a large table that only this command needs

    return [_row(model) for model in MODELS if kind is None or kind in model.kinds]


def _row(model: Model) -> Row:
    return {
        "id": model.id,
        "name": model.name,
        "provider": model.provider,
        "types": list(model.kinds),
        "formats": sorted({name for rules in model.kinds.values() for name in rules.formats}),
        "provisioned_regions": list(model.serving.provisioned_regions),
        "on_demand_regions": list(model.serving.on_demand_regions),
        "regions": list(model.regions),
        "life_cycle": _life_cycle(model),
        "source": model.source.url,
        "read": model.source.read,
    }


def _life_cycle(model: Model) -> str:
    if model.retired:
        return f"ends {model.retired}"
    return f"no new jobs from {model.legacy}" if model.legacy else "active"


def live_rows(here: Surroundings, kind: str | None, known: dict[str, Row]) -> list[Row]:
    """What ListFoundationModels answers, with what the catalogue knows about each."""
    asked = {"byCustomizationType": kind} if kind else {}
    found = here.client("bedrock").list_foundation_models(**asked)["modelSummaries"]
    return [_live_row(each, known, here.region) for each in found if each.get("customizationsSupported")]


def _live_row(summary: dict[str, Any], known: dict[str, Row], region: str) -> Row:
    row = known.get(summary["modelId"], {})
    return {
        "formats": [],
        "provisioned_regions": [],
        "on_demand_regions": [],
        **row,
        "id": summary["modelId"],
        "name": summary.get("modelName", ""),
        "provider": summary.get("providerName", ""),
        "types": summary["customizationsSupported"],
        "regions": [region],
        "life_cycle": summary.get("modelLifecycle", {}).get("status", "unknown").lower(),
    }


def _cells(console: Console, row: Row) -> tuple[str, ...]:
    types = ", ".join(name.lower().replace("_", "-") for name in row["types"])
    ways = {"provisioned": row["provisioned_regions"], "on demand": row["on_demand_regions"]}
    served = ", ".join(name for name, regions in ways.items() if regions) or "unknown"
    colour = ("green",) if row["life_cycle"] == "active" else ("yellow",)
    formats = ", ".join(row["formats"]) or "unknown"
    return row["id"], row["name"], types, formats, served, console.style(row["life_cycle"], *colour)
