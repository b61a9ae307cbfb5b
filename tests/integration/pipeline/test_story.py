"""Three drops on a corpus and three on an instruction dataset, the second better, the third worse.

After each drop, and after going back, the books are checked: champion, pointer, lineage, what is billed, and
what the run cost against what it was to cost.
"""

import hashlib
import json
from dataclasses import dataclass, field

import pytest

from tests.integration.pipeline import data

pytestmark = [pytest.mark.integration]

TITAN = "amazon.titan-text-express-v1:0:8k"
MICRO = "amazon.nova-micro-v1:0:128k"
PAIRS = data.commands()
EVALUATION = PAIRS[::6]
LEARNT = [pair for pair in PAIRS if pair not in EVALUATION]


@dataclass
class Story:
    """One corpus or dataset and the runs that its drops have made so far."""

    pipeline: object
    collection: str
    name: str = ""
    runs: list[dict] = field(default_factory=list)

    def drop(self, files: dict[str, bytes]) -> dict:
        """Drop files as one, wait until their run is closed, and give it."""
        speed = self.pipeline.admin(command="status")["speed"]
        self.pipeline.admin(command="speed", speed=1)
        try:
            self.name = self.pipeline.drop(files, collection=self.collection, name=self.name or None)
        finally:
            self.pipeline.admin(command="speed", speed=speed)

        def closed():
            items = [item for item in self.pipeline.runs(self.name) if item["status"] != "RUNNING"]
            items.sort(key=lambda item: item["started_at"])
            return items if len(items) == len(self.runs) + 1 else None

        self.runs = self.pipeline.await_(closed, f"run {len(self.runs) + 1} of {self.name}")
        return self.runs[-1]

    def champion(self) -> dict:
        items = self.pipeline.ledger_items()
        return next(item for item in items if item["pk"] == f"champion#{self.name}")

    def pointer(self) -> str:
        ssm = self.pipeline.client("ssm")
        return ssm.get_parameter(Name=f"/finetune/local/{self.name}/model-id")["Parameter"]["Value"]

    def check(self, champion: dict, *, kept: set[str]) -> None:
        """The champion is this run; the account holds exactly its endpoint, its model and `kept`."""
        item = self.champion()
        assert (item["run_id"], item["model_arn"]) == (champion["run_id"], champion["model_arn"])
        assert self.pointer() == item["pointer"] == champion["endpoint_arn"]
        assert set(self.pipeline.billable(self.name)) == {item["pointer"], item["model_arn"]} | kept

    def check_money(self) -> None:
        """The newest run cost what it was to cost, and knows what the runs before it have cost."""
        run = self.runs[-1]
        price, actual = json.loads(run["price"]), json.loads(run["actual"])
        assert 0 < actual["total"] <= price["high"]
        assert actual["total"] == pytest.approx(sum(item["actual"] for item in actual["items"]), abs=1e-3)
        before = sum(json.loads(each["actual"])["total"] for each in self.runs[:-1])
        assert price["month"]["spent"] >= round(before, 2) - 0.01

    def lineage(self) -> dict:
        return json.loads(self.runs[-1]["preflight"])["lineage"]


def texts(place: str, told: str) -> bytes:
    """Sentences about a place, of one form that can be learnt."""
    lines = [f"The {thing} at the {place} is {told} by hand. " * 6 for thing in (*data.THINGS, *data.ROOMS)]
    return data.lines([{"input": line} for line in lines * 6])


def nonsense() -> bytes:
    """Words that follow no rule and never come again: nothing to learn, much to unlearn."""
    rows = [[hashlib.sha256(f"{n}-{k}".encode()).hexdigest()[:7] for k in range(30)] for n in range(78)]
    return data.lines([{"input": " ".join(row)} for row in rows])


def test_three_drops_on_a_corpus(pipeline, finetune):
    story = Story(pipeline, "corpora")
    settings = {"base_model": TITAN, "serving": "provisioned_throughput", "evaluation_records": 12}
    settings |= {"watch": {"hours": 0.5}, "hyperparameters": {"epochCount": "3"}, "budget_usd": 500}
    run_json = {"run.json": data.run_file(**settings)}

    first = story.drop({"harbour.jsonl": texts("harbour", "painted"), **run_json})
    assert first["outcome"] == "Promoted", first["message"]
    story.check(first, kept=set())
    story.check_money()
    assert (story.lineage()["generation"], story.lineage()["parent_run"]) == (1, None)

    second = story.drop({"market.jsonl": texts("market", "carried")})
    assert second["outcome"] == "Promoted", second["message"]
    story.check(second, kept={first["endpoint_arn"], first["model_arn"]})  # ready while it is watched
    story.check_money()
    assert (story.lineage()["generation"], story.lineage()["parent_run"]) == (2, first["run_id"])
    beside = {item["name"]: item["actual"] for item in json.loads(second["actual"])["items"]}
    assert beside["Champion's endpoint beside it"] > 0

    third = story.drop({"nonsense.jsonl": nonsense()})
    assert third["outcome"] in {"Held", "Rejected"}, third["message"]
    held = {json.loads(third["training"])["model_arn"]} if third["outcome"] == "Held" else set()
    story.check(second, kept={first["endpoint_arn"], first["model_arn"]} | held)
    story.check_money()
    assert (story.lineage()["generation"], story.lineage()["parent_run"]) == (3, second["run_id"])
    assert story.lineage()["seen_files"] == 3

    assert finetune("rollback", story.name, "--yes", "--by", "ops") == 0
    story.check(first, kept={second["model_arn"]} | held)
    assert finetune("compare", first["run_id"], second["run_id"]) == 0
    assert finetune("retire", story.name, "--dry-run") == 1
    story.check(first, kept={second["model_arn"]} | held)
    assert finetune("retire", story.name, "--champion", "--yes") == 0
    assert not pipeline.billable(story.name)


def test_three_drops_on_an_instruction_dataset(pipeline, finetune):
    story = Story(pipeline, "datasets")
    evaluation = data.lines([data.converse(*pair) for pair in EVALUATION])
    answers = [LEARNT[(n * 37 + 11) % len(LEARNT)][1] for n in range(len(LEARNT))]
    drops = {
        "few": LEARNT[::6],
        "all": LEARNT,
        "wrong": [(sentence, answers[n]) for n, (sentence, _) in enumerate(LEARNT)],
    }
    settings = {"base_model": MICRO, "serving": "on_demand", "watch": {"hours": 720}}

    def drop(name: str, **more) -> dict:
        train = data.lines([data.converse(*pair) for pair in drops[name]])
        run_json = data.run_file(**settings | more)
        return story.drop({"train.jsonl": train, "evaluation.jsonl": evaluation, "run.json": run_json})

    first = drop("few")
    assert first["outcome"] == "Promoted", first["message"]
    story.check(first, kept=set())
    story.check_money()
    assert story.lineage()["parent_run"] is None

    second = drop("all", base="champion")
    assert second["outcome"] == "Promoted", second["message"]
    story.check(second, kept={first["endpoint_arn"], first["model_arn"]})
    story.check_money()
    assert story.lineage()["parent_run"] == first["run_id"]
    changes = " ".join(json.loads(second["price"])["changes"])
    assert first["run_id"] in changes
    assert "base: model → champion" in changes

    third = drop("wrong", base="champion")
    assert third["outcome"] in {"Held", "Rejected"}, third["message"]
    held = {json.loads(third["training"])["model_arn"]} if third["outcome"] == "Held" else set()
    story.check(second, kept={first["endpoint_arn"], first["model_arn"]} | held)
    story.check_money()
    assert story.lineage()["parent_run"] == second["run_id"]

    assert finetune("rollback", story.name, "--yes", "--by", "ops") == 0
    story.check(first, kept={second["model_arn"]} | held)
    assert finetune("retire", story.name, "--champion", "--yes") == 0
    assert not pipeline.billable(story.name)
