from __future__ import annotations

import pytest

from finetune_cli import ledger
from finetune_cli.errors import CommandError

from . import fakes


def test_an_item_becomes_a_run() -> None:
    item = fakes.run_item(
        price={"expected": 1.5}, error="plain words", task_token="secret", attempts={"n": 1}
    )
    run = ledger.run_from_item({**item, "ttl": {"N": "12"}, "share": {"N": "1.5"}, "none": {"NULL": True}})
    assert run.run_id == "haiku-0123456789ab"
    assert run.phases == (("intake", "2026-11-24T10:00:00Z"),)
    assert run.result("price") == {"expected": 1.5}
    assert run.results["error"] == "plain words"
    assert not run.ended


def test_the_task_token_is_shown_to_nobody() -> None:
    run = ledger.run_from_item(fakes.run_item(task_token="secret"))
    assert run.task_token == "secret"
    assert "secret" not in str(run.as_dict())
    assert "secret" not in repr(run)


@pytest.mark.parametrize("status", ["PROMOTED", "HELD", "REJECTED", "FAILED"])
def test_ended(status) -> None:
    assert ledger.run_from_item(fakes.run_item(status=status)).ended


def test_a_run_is_found_by_id_else_by_dataset() -> None:
    here = fakes.surroundings(dynamodb=fakes.ledger_client(fakes.run_item()))
    assert ledger.find_run(here, "haiku-0123456789ab").dataset == "haiku"
    assert ledger.find_run(here, "haiku").run_id == "haiku-0123456789ab"


def test_an_unknown_run_says_where_it_looked() -> None:
    here = fakes.surroundings(dynamodb=fakes.ledger_client())
    with pytest.raises(CommandError, match="no run and no dataset 'x'") as caught:
        ledger.find_run(here, "x")
    assert caught.value.where == "ledger of environment dev, us-east-1"
