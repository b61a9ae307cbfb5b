"""`finetune convert`: a dataset in another format → the records that the chosen model takes."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from finetune_cli.commands.options import existing_file
from finetune_cli.commands.validate import KINDS
from finetune_cli.console import Console
from finetune_cli.errors import NO, OK

if TYPE_CHECKING:
    from finetune_cli.main import Commands


SOURCES = (
    "openai-chat",
    "sharegpt",
    "alpaca",
    "messages",
    "prompt-completion",
    "converse",
    "text",
    "image-caption",
)
FIELDS = {"prompt": "the prompt", "completion": "the answer", "system": "the system text"}
TARGETS = ("converse", "messages", "prompt-completion", "input", "text", "image-caption", "reinforcement")


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add(
        "convert", "Convert a dataset to the format that a model takes, and tell what is lost.", run
    )
    parser.add_argument(
        "file",
        type=existing_file,
        metavar="IN",
        help="JSON lines, a JSON array, CSV, TSV or Parquet; may be gzipped",
    )
    parser.add_argument(
        "--model", required=True, metavar="ID", help="base model; it decides what a record may hold"
    )
    parser.add_argument(
        "--type", choices=KINDS, help="customization type (default: the first that the model offers)"
    )
    parser.add_argument(
        "--from", dest="source", choices=SOURCES, help="format of IN (default: each record tells)"
    )
    parser.add_argument("--to", choices=TARGETS, help="format of the output (default: the model's)")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="where to write (default: IN's name, here, with the "
        "format's name); losses go to FILE.losses.jsonl",
    )
    for name, what in FIELDS.items():
        parser.add_argument(f"--{name}-field", default="", metavar="NAME", help=f"field or column of {what}")
    parser.add_argument(
        "--media-prefix",
        default="",
        metavar="S3URI",
        help="where inline media will lie; they become files in a folder beside the output for you to upload "
        "(`finetune submit` takes such a folder along: s3://DATA_BUCKET/datasets/NAME/FOLDER)",
    )


def run(args: Namespace, console: Console) -> int:
    """0 converted and valid, 1 nothing could be converted or the output is invalid."""
    from finetune_cli.checking import check_files, model_called  # noqa: PLC0415
    from finetune_cli.conversion.choices import target_of  # noqa: PLC0415
    from finetune_cli.conversion.engine import Order, convert  # noqa: PLC0415
    from finetune_cli.conversion.recognition import Fields  # noqa: PLC0415
    from finetune_cli.conversion.telling import as_dict, tell  # noqa: PLC0415

    model = model_called(args.model)
    target = target_of(model, args.type, args.to)
    out = args.out or Path(f"{args.file.name.split('.')[0]}.{target.format}.jsonl")
    fields = Fields(args.prompt_field, args.completion_field, args.system_field)
    order = Order(args.file, out, target, args.source or "", fields, args.media_prefix)
    result = convert(order)
    verdict = check_files({"train": out}, model, target.kind) if result.written else None
    console.data(as_dict(order, model, result, verdict))
    tell(order, model, result, verdict, console)
    return OK if verdict and verdict.valid else NO
