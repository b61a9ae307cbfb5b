"""Every command, make target, file and link that README.md and docs/ name exists."""

from __future__ import annotations

import re
from argparse import ArgumentParser

import botocore.session
import pytest
from botocore import xform_name

from finetune_cli.main import build_parser
from tests.docs.markdown import PAGES, ROOT, anchor, code, commands, headings, links

TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
VARIABLES = set(re.findall(r"^([A-Z]+) +[?:]?=", (ROOT / "Makefile").read_text(), re.MULTILINE))
HIGH_LEVEL = {"s3"}  # commands of the AWS CLI that are no API operation
GLOBAL = {"query", "output", "region", "profile"}
EVERY = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
OUTSIDE = ("http://", "https://", "s3://", "/")
ROOTS = (ROOT, ROOT / "docs", ROOT / "lambdas", ROOT / "stacks" / "components", ROOT / "tests")
FILE = re.compile(r"[\w./*-]+\.(py|md|json|txt|toml|jsonl)|[\w.-]+(/[\w.*-]+)*/")


@EVERY
def test_make_targets_exist(page):
    for words in commands(page):
        if words[0] == "make" and len(words) > 1:
            assert words[1] in TARGETS, words
            assert {word.split("=")[0] for word in words[2:]} <= VARIABLES, words


@EVERY
def test_finetune_commands_are_understood(page, capsys):
    parser = build_parser()
    for words in commands(page):
        if words[0] not in {"finetune", ".venv/bin/finetune"}:
            continue
        try:
            _parse(parser, words[1:])
        except SystemExit:
            pytest.fail(f"{' '.join(words)}: {capsys.readouterr().err}")


def _parse(parser: ArgumentParser, words: list[str]) -> None:
    """Parse in full where arguments are given; a command named alone must exist."""
    path = [word for word in words if not word.startswith("-")]
    if len(words) == len(path) and len(words) <= 2:
        with pytest.raises(SystemExit) as left:
            parser.parse_args([*words, "--help"])
        if left.value.code:
            raise SystemExit(left.value.code)
    else:
        parser.parse_args(words)


@EVERY
def test_aws_commands_are_operations_with_these_parameters(page):
    session = botocore.session.get_session()
    for words in commands(page):
        if words[0] != "aws" or words[1] in HIGH_LEVEL:
            continue
        model = session.get_service_model(words[1])
        operations = {xform_name(name, "-"): name for name in model.operation_names}
        assert words[2] in operations, words
        shape = model.operation_model(operations[words[2]]).input_shape
        known = {xform_name(name, "-") for name in shape.members} | GLOBAL
        given = {word.removeprefix("--").removeprefix("no-") for word in words if word.startswith("--")}
        assert given <= known, words
        required = {xform_name(name, "-") for name in shape.required_members}
        assert required <= given, words


@EVERY
def test_files_and_folders_exist(page):
    for text in code(page):
        if FILE.fullmatch(text) and "/" in text and not text.startswith((*OUTSIDE, ".venv")):
            assert _exists(text), f"{text} in {page.name}"


IN_BUCKETS = re.compile(
    r"(datasets|corpora|runs|prepared|training|answers|judge|images)/|(inputs|validation|evaluation|report|run)\.\w+"
)


def _exists(text: str) -> bool:
    return bool(IN_BUCKETS.match(text)) or any(any(root.glob(text.rstrip("/"))) for root in ROOTS)


@EVERY
def test_links_lead_somewhere(page):
    for target in links(page):
        if target.startswith(("http://", "https://")):
            continue
        path, _, fragment = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{target} in {page.name}"
        if fragment:
            there = [anchor(text) for level in (1, 2, 3) for text in headings(file, level)]
            assert fragment in there, f"{target} in {page.name}"


def test_every_make_target_is_named_in_the_readme():
    named = {words[1] for words in commands(ROOT / "README.md") if words[0] == "make" and words[1:]}
    assert TARGETS - {"help"} <= named


def test_the_pinned_command_line_is_the_one_that_is_named():
    pinned = re.search(r'"aws-cdk": "([^"]+)"', (ROOT / "package.json").read_text())
    assert pinned
    for page in (ROOT / "README.md", ROOT / "docs/decisions/0011-the-cdk-command-line-is-pinned.md"):
        assert pinned[1] in page.read_text(), page
