"""A dropped ``reward.py``: checked without running it, and packed for Lambda."""

from __future__ import annotations

import ast
import io
import zipfile
from typing import Final, NoReturn

from finetune_core.errors import RewardInvalid
from finetune_core.rewards import FILE

MAX_BYTES: Final = 65_536
"""A grader is a page of rules; what is larger brings its libraries, and belongs into a deployed function."""
HANDLER: Final = "lambda_handler"
ENTRY: Final = f"{FILE.removesuffix('.py')}.{HANDLER}"
"""Lambda's handler string."""
_THEN: Final = f"Repair {FILE}, then drop it and run.json again."


def check_source(source: bytes, where: str) -> None:
    """Refuse a file that is too large, no UTF-8, no Python, or without the handler. Nothing is run.

    Raises:
        RewardInvalid: with the line, where there is one.
    """
    if len(source) > MAX_BYTES:
        _refuse(
            f"{FILE} has {len(source):,} bytes, more than {MAX_BYTES:,}",
            where,
            "Drop one file of rules without libraries, or name a deployed function: reward_function.",
        )
    try:
        text = source.decode("utf-8-sig")
        tree = ast.parse(text, FILE)
        compile(tree, FILE, "exec")
    except UnicodeDecodeError as error:
        _refuse(f"{FILE} is not UTF-8 (byte {error.start})", where, "Save the file as UTF-8.")
    except SyntaxError as error:
        _refuse(f"{FILE} line {error.lineno or 1}: {error.msg}", where, _THEN)
    except (ValueError, RecursionError, MemoryError) as error:
        _refuse(f"{FILE} does not compile: {error or type(error).__name__}", where, _THEN)
    if not any(_defines_handler(statement) for statement in tree.body):
        _refuse(
            f"{FILE} defines no {HANDLER}",
            where,
            f"Define {HANDLER}(event, context): a list of answers comes in, a list of their scores goes out.",
        )


def package(source: bytes) -> bytes:
    """Return the function's zip archive: the same bytes for the same source."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        entry = zipfile.ZipInfo(FILE, (1980, 1, 1, 0, 0, 0))
        entry.external_attr = 0o644 << 16
        zipped.writestr(entry, source.removeprefix(b"\xef\xbb\xbf"))
    return archive.getvalue()


def _defines_handler(statement: ast.stmt) -> bool:
    match statement:
        case ast.FunctionDef(name=name):
            return name == HANDLER
        case ast.Assign(targets=targets):
            return any(isinstance(each, ast.Name) and each.id == HANDLER for each in targets)
        case ast.ImportFrom(names=names):
            return any((each.asname or each.name) == HANDLER for each in names)
    return False


def _refuse(what: str, where: str, remedy: str) -> NoReturn:
    raise RewardInvalid(what, where=where, remedy=remedy)
