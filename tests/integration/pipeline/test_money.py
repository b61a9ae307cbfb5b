"""Price before spend, one question about it, and what it came to in the end."""

import json
import re
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from finetune_local.emulator import ACCOUNT
from tests.integration.pipeline import data

pytestmark = [pytest.mark.integration]

MICRO = "amazon.nova-micro-v1:0:128k"
DAYS = 24 * 3600


def drop(pipeline, **settings) -> str:
    chosen = {"base_model": MICRO, "serving": "none", "evaluation_records": 0} | settings
    return pipeline.drop({"train.jsonl": data.single_turn(), "run.json": data.run_file(**chosen)})


def _pairs() -> list[tuple[int, tuple[str, str]]]:
    """Give one sentence again and again: with a number at its end, a family of near duplicates."""
    return [(number, data.commands()[0]) for number in range(30)]


def asked(pipeline, dataset: str) -> dict:
    """Wait until the dataset's run waits for a person, and give it."""

    def waiting():
        found = [run for run in pipeline.runs(dataset) if run["phase"] == "approve" and run.get("task_token")]
        return found[0] if found else None

    return pipeline.await_(waiting, f"question about {dataset}")


def answer(pipeline, run: dict, decision: str) -> None:
    told = {"decision": decision, "by": "ops", "at": "2026-11-24T12:00:00+00:00", "reason": "a test"}
    states = pipeline.client("stepfunctions")
    states.send_task_success(taskToken=run["task_token"], output=json.dumps(told))


def link(message: str) -> str:
    """Give the link in a notice."""
    (url,) = re.findall(r"^Page: (https://\S+)$", message, re.MULTILINE)
    return url


def browse(pipeline, url: str, **form: str) -> tuple[int, str]:
    """Open a page, or send its form, without credentials; give the status and the page."""
    trusted = ssl.create_default_context(cafile=pipeline.cloud.ca_bundle)
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusted)
    )
    try:
        with opener.open(url, data=urlencode(form).encode() if form else None, timeout=60) as page:
            return page.status, page.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def nothing_left(pipeline, dataset: str) -> bool:
    return pipeline.await_(lambda: not pipeline.billable(dataset), "account without cost")


def test_a_yes_by_link_lets_the_run_go_on_and_the_ledger_keeps_who_and_when(pipeline):
    dataset = drop(pipeline, approval="always")
    run = asked(pipeline, dataset)
    message = pipeline.notice(dataset)["Message"]
    for part in (
        f"finetune approve {run['run_id']}",
        "Nova Micro",
        "Rejected",
        "Price ",
        "Differs",
        "3 days",
    ):
        assert part in message
    url = link(message)
    assert run["task_token"] not in message
    status, page = browse(pipeline, url)
    assert (status, dataset in page, "Nova Micro" in page) == (200, True, True), page
    changed = url[:-1] + ("0" if url[-1] != "0" else "1")
    assert browse(pipeline, changed, name="Mallory", decision="approved")[0] == 403
    assert asked(pipeline, dataset)["task_token"] == run["task_token"]  # looking has changed nothing
    before = datetime.now(UTC).isoformat(timespec="seconds")
    assert browse(pipeline, url, name="Ada Lovelace", reason="a test", decision="approved")[0] == 200
    status, page = browse(pipeline, url, name="Mallory", decision="declined")
    assert (status, "was given already" in page) == (410, True)
    over = pipeline.run(dataset)
    assert over["outcome"] in {"Promoted", "Held"}, over["message"]
    approval = json.loads(over["approval"])
    assert before <= approval.pop("at") <= datetime.now(UTC).isoformat(timespec="seconds")
    assert approval == {
        "decision": "approved",
        "by": "Ada Lovelace",
        "reason": "a test",
        "identity": "signed link, opened from 127.0.0.1",
    }


def test_the_price_is_live_and_the_actual_cost_stands_beside_it(pipeline):
    dataset = drop(pipeline, approve_above_usd=1000.0)
    run = pipeline.run(dataset)
    price, actual = json.loads(run["price"]), json.loads(run["actual"])
    assert "Price List API (" in price["source"]
    assert price["low"] < price["expected"] < price["high"]
    assert json.loads(run["approval"])["decision"] == "automatic"
    assert actual["within"], actual
    assert "Actual cost" in pipeline.report(run["report"])


def test_estimated_tokens_enclose_what_the_service_bills(pipeline):
    dataset = drop(pipeline)
    run = pipeline.run(dataset)
    region = pipeline.session.region_name
    billed = pipeline.admin(command="billed_tokens", account=ACCOUNT, region=region)["jobs"][run["job_name"]]
    tokens = json.loads(run["validation"])["tokens"]
    epochs = int(json.loads(run["preflight"])["hyperparameters"]["epochCount"])
    assert tokens["low"] * epochs <= billed <= tokens["high"] * epochs, (billed, epochs, tokens)
    trained = json.loads(run["training"])
    assert trained["trained_tokens"] == tokens["expected"] * epochs
    (item,) = [item for item in json.loads(run["actual"])["items"] if item["name"] == "Training"]
    assert "Bedrock tells no tokens; estimated" in item["note"]


@pytest.mark.parametrize("serving", ["on_demand", "provisioned_throughput"])
def test_finetune_estimate_gives_the_figures_of_the_price_phase(pipeline, tmp_path, serving):
    settings = {"base_model": MICRO, "serving": serving, "evaluation_records": 20, "approval": "always"}
    near = [(f"Please {sentence.lower()} now, thank you {n}", said) for n, (sentence, said) in _pairs()]
    train = data.single_turn() + data.lines([data.converse(*pair) for pair in near])
    files = {"train.jsonl": train, "run.json": data.run_file(**settings)}
    for name, body in files.items():
        (tmp_path / name).write_bytes(body)
    dataset = pipeline.drop(files)
    run = asked(pipeline, dataset)
    answer(pipeline, run, "declined")
    told = subprocess.run(
        [sys.executable, "-m", "finetune_cli.main", "estimate", str(tmp_path), "--env", "local", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    offline, priced = json.loads(told.stdout), json.loads(run["price"])
    assert offline["counts"] == json.loads(run["validation"])["counts"]
    assert offline["tokens"] == json.loads(run["validation"])["tokens"]
    for mine, its in zip(offline["price"]["items"], priced["items"], strict=True):
        assert (mine["name"], mine["unit"], mine["quantity"]) == (its["name"], its["unit"], its["quantity"])
        # The price list of the local cloud may be newer than the table: the dollars follow from the rates.
        assert mine["expected"] == pytest.approx(its["expected"], rel=0.01) or mine["rate"] != its["rate"]
    assert pipeline.run(dataset)["outcome"] == "Declined"


def test_a_no_by_link_ends_the_run_before_it_spends(pipeline):
    dataset = drop(pipeline, budget_usd=0.5, over_budget="ask")
    run = asked(pipeline, dataset)
    assert "above its ceiling of $0.50" in json.loads(run["price"])["over"]
    url = link(pipeline.notice(dataset)["Message"])
    status, page = browse(pipeline, url, name="ops", reason="too dear", decision="declined")
    assert status == 200, page
    over = pipeline.run(dataset)
    assert (over["outcome"], json.loads(over["approval"])["by"]) == ("Declined", "ops")
    assert "Declined by ops" in over["message"]
    assert "too dear" in over["message"]
    assert json.loads(over["actual"])["total"] == 0
    assert nothing_left(pipeline, dataset)


def test_an_answer_that_is_no_clear_yes_is_a_no(pipeline):
    dataset = drop(pipeline, approval="always")
    answer(pipeline, asked(pipeline, dataset), "perhaps")
    assert pipeline.run(dataset)["outcome"] == "Declined"


def test_nobody_answers_in_time(pipeline):
    dataset = drop(pipeline, approval="always")
    asked(pipeline, dataset)
    pipeline.admin(command="advance", seconds=3 * DAYS + 60)
    over = pipeline.run(dataset)
    assert (over["outcome"], json.loads(over["approval"])["decision"]) == ("ApprovalTimedOut", "timed_out")
    assert not over["task_token"]


def test_newer_data_takes_the_question_back(pipeline):
    dataset = drop(pipeline, approval="always")
    first = asked(pipeline, dataset)
    newer = data.run_file(base_model=MICRO, serving="none", evaluation_records=0, approval="never")
    pipeline.drop({"run.json": newer}, name=dataset)

    def both():
        runs = pipeline.runs(dataset)
        return runs if len(runs) > 1 and all(run["status"] != "RUNNING" for run in runs) else None

    runs = {run["run_id"]: run for run in pipeline.await_(both, "ended runs")}
    assert runs.pop(first["run_id"])["outcome"] == "Superseded"
    second = max(runs.values(), key=lambda run: run["started_at"])
    assert second["outcome"] in {"Promoted", "Held"}, second["message"]
    changes = json.loads(second["price"])["changes"]
    assert first["run_id"] in changes[0]
    assert "approval: always → never" in changes


def test_the_months_ceiling_holds(pipeline):
    over = pipeline.run(drop(pipeline, monthly_ceiling_usd=0.5))
    assert over["outcome"] == "OverBudget"
    assert "above the month's ceiling of $0.50" in over["message"]


def test_a_commitment_that_is_asked_for_once_is_refused(pipeline):
    dataset = drop(pipeline, serving="provisioned_throughput", commitment="OneMonth")
    assert "asked for twice" in pipeline.notice(dataset)["Message"]


TERM = {
    "serving": "provisioned_throughput",
    "commitment": "OneMonth",
    "commitment_confirmed": "OneMonth",
    "budget_usd": 100_000,
}


def throughput(pipeline, dataset: str) -> list[dict]:
    bedrock = pipeline.client("bedrock")
    arns = [arn for arn in pipeline.billable(dataset) if ":provisioned-model/" in arn]
    return [bedrock.get_provisioned_model_throughput(provisionedModelId=arn) for arn in arns]


def test_a_commitment_is_asked_about_after_the_verdict_and_a_no_buys_nothing(pipeline):
    dataset = drop(pipeline, **TERM)
    run = asked(pipeline, dataset)
    message = pipeline.notice(dataset)
    assert "COMMIT" in message["Subject"]
    assert "was judged better" in message["Message"]
    assert [phase["phase"] for phase in run["phases"]][-2:] == ["evaluate", "approve"]
    assert json.loads(run["price"])["expected"] > 5_000
    assert not throughput(pipeline, dataset)  # nothing is paid by the hour while people think
    url = link(message["Message"])
    assert "Commit to a term?" in browse(pipeline, url)[1]
    status, page = browse(pipeline, url, name="ops", decision="declined")
    assert status == 200, page
    over = pipeline.run(dataset)
    assert (over["outcome"], json.loads(over["actual"])["total"] < 200) == ("Declined", True)
    decisions = {name: json.loads(over[name])["decision"] for name in ("approval", "commitment_approval")}
    assert decisions == {"approval": "automatic", "commitment_approval": "declined"}
    assert pipeline.billable(dataset) == [json.loads(over["training"])["model_arn"]]


def test_a_commitment_is_bought_with_the_second_yes_and_then_promoted(pipeline):
    dataset = drop(pipeline, **TERM)
    answer(pipeline, asked(pipeline, dataset), "approved")
    over = pipeline.run(dataset)
    assert over["outcome"] == "Promoted", over["message"]
    decisions = {name: json.loads(over[name])["by"] for name in ("approval", "commitment_approval")}
    assert decisions == {"approval": "settings", "commitment_approval": "ops"}
    (bought,) = throughput(pipeline, dataset)
    assert (bought["commitmentDuration"], bought["status"]) == ("OneMonth", "InService")
    pointer = pipeline.client("ssm").get_parameter(Name=f"/finetune/local/{dataset}/model-id")
    assert pointer["Parameter"]["Value"] == bought["provisionedModelArn"] == over["endpoint_arn"]
    actual = {item["name"]: item["actual"] for item in json.loads(over["actual"])["items"]}
    assert actual["Commitment"] > 5_000


def test_a_commitment_that_cannot_be_bought_leaves_the_model_and_nothing_else(pipeline):
    dataset = drop(pipeline, **TERM)
    run = asked(pipeline, dataset)
    order = {"operation": "CreateProvisionedModelThroughput", "error": "ValidationException"}
    pipeline.admin(command="fault", about=run["run_id"], message="no such term", **order)
    answer(pipeline, run, "approved")
    over = pipeline.run(dataset)
    assert over["outcome"] == "ServingFailed", over["message"]
    assert pipeline.billable(dataset) == [json.loads(over["training"])["model_arn"]]
