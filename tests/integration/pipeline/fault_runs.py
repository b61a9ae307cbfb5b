"""Runs the cells of the tables of faults side by side in the one local cloud, and keeps how they ended."""

import json
import threading
import time
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from botocore.exceptions import ClientError

from tests.integration.pipeline import data
from tests.integration.pipeline.fault_table import Cell

SIDE_BY_SIDE = 4
SNAPSHOT_SECONDS = 0.3
ROOM = {"L-CB5B847D": 1000, "L-1EF80F3E": 100, "L-430C95DD": 40, "L-BE77399C": 200, "L-AC096F71": 200}
"""Models, deployments, those in progress, model units: so many runs are no account's everyday life."""
MACHINE_SECONDS = 100_000
"""Time limit of the machine (simulated) while runs are timed out: less than that of the states' own."""
EXECUTION = {"RunAborted": "ABORTED", "RunTimedOut": "TIMED_OUT"}
FILES = ("train.jsonl", "run.json")
"""What a cell drops; each file is an event of its own."""
LARGE = "large"
"""Datasets whose names begin so take the way of large ones: hundreds of megabytes would show no more."""


class Table:
    """Runs cells and keeps how they ended."""

    def __init__(self, pipeline) -> None:
        self.pipeline = pipeline
        self.pool = ThreadPoolExecutor(SIDE_BY_SIDE)
        self.ends: dict[str, Future] = {}
        self.first: dict[str, dict] = {}
        self._lock = threading.Lock()
        self._seen: tuple[float, list[dict]] = (0.0, [])

    def run(self, cells: list[Cell]) -> None:
        for cell in cells:
            self.ends[cell.name] = self.pool.submit(self._checked, cell)

    def items(self) -> list[dict]:
        """Give the ledger's items, read at most a moment ago by whichever cell asked."""
        with self._lock:
            if time.monotonic() - self._seen[0] > SNAPSHOT_SECONDS:
                self._seen = (time.monotonic(), self.pipeline.ledger_items())
            return self._seen[1]

    def item(self, dataset: str) -> dict | None:
        """Give the cell's run: the only one of its dataset, beside the one that made its champion."""
        before = self.first.get(dataset, {}).get("run_id")
        found = [item for item in self.items() if item.get("dataset") == dataset and item["sk"] == "run"]
        found = [item for item in found if item["run_id"] != before]
        assert len(found) <= 1, f"{len(found)} runs of one drop"
        return found[0] if found else None

    def _checked(self, cell: Cell) -> None:
        dataset = f"{LARGE if cell.large else 'f'}{uuid.uuid4().hex[:11]}"
        if cell.champion:
            self._promote_first(cell, dataset)
        self.drop(cell, dataset)
        if cell.hold or cell.ends:
            self.end(cell, dataset, self.held(cell, dataset))
            self.let_go(cell, dataset)
        self.check(cell, dataset)

    def _promote_first(self, cell: Cell, dataset: str) -> None:
        self.drop(Cell("the champion", settings=cell.settings), dataset)
        run = self.closed(cell, dataset)
        assert run["outcome"] == "Promoted", run["message"]
        self.first[dataset] = run

    def end(self, cell: Cell, dataset: str, run: dict) -> None:
        """Stop the execution (before there is a run: both), or let its time pass."""
        for arn in [run["execution_arn"]] if run["execution_arn"] else self._executions(dataset):
            if cell.ends == "RunTimedOut":
                assert self.pipeline.admin(command="time_out", execution=arn)["timed_out"]
            else:
                self.pipeline.client("stepfunctions").stop_execution(executionArn=arn)

    def _executions(self, dataset: str) -> list[str]:
        return [each["executionArn"] for each in self.pipeline.executions(dataset)]

    def order(self, cell: Cell, dataset: str) -> None:
        admin = self.pipeline.admin
        for number, order in enumerate(cell.bedrock):
            admin(command="fault", about=dataset, name=f"{dataset}/{number}", **order)
        for order in cell.calls:
            admin(command="call_fault", **{**order, "about": [*order.get("about", ()), dataset]})
        for order in cell.states:
            admin(command="state_fault", about=dataset, **order)
        for order in cell.orders:
            aim = "name" if order["command"] == "fail_endpoint" else "job"
            # A run's evaluation jobs have the run's own name.
            name = dataset if order.get("stage") == "evaluation" else f"local-{dataset}"
            admin(**order, **{aim: name})

    def drop(self, cell: Cell, dataset: str) -> None:
        settings = {"serving": "none"} | cell.settings
        again = dataset in self.first
        epochs = {"epochCount": "2" if again else "1"}
        kind = {"base_model": "amazon.nova-micro-v1:0:128k", "hyperparameters": epochs}
        files = {} if again else {"train.jsonl": data.named(dataset)}
        if cell.reward:
            kind = data.REINFORCED
            files = {"reward.py": cell.reward.encode(), "train.jsonl": data.prompts(dataset)}
        run = data.run_file(**settings, **kind, evaluation_records=4, minimum_gain=-1)
        # The settle time is a tenth of a second here: nothing is resolved before both files have arrived.
        gate = ["ResolveRun", dataset]
        wait = {"service": "lambda", "operation": "Invoke", "count": 2, "delay": 10**7, "about": gate}
        if not again:
            self.pipeline.admin(command="call_fault", **wait)
        self.order(cell, dataset)
        self.pipeline.drop(files | {"run.json": run}, name=dataset)
        if not again:
            self.pipeline.admin(command="release", about=gate)

    def held(self, cell: Cell, dataset: str) -> dict:
        """Wait until the run stands still in the phase or state, with what that creates."""

        def there():
            run = self._look(cell, dataset)
            if cell.outcome == "nothing":  # each of the two files has its execution, and neither has a run
                return {"execution_arn": ""} if self._standing(dataset) == len(FILES) else None
            if cell.ends:
                return run if self.struck(cell, dataset) else None
            if not run or run["phase"] != cell.hold:
                return None
            if cell.calls and not self.struck(cell, dataset):
                return None
            if cell.hold == "train" and not self.pipeline.billable(dataset):
                return None
            return run if cell.hold != "approve" or run.get("task_token") else None

        return self.pipeline.await_(there, f"{dataset} held in {cell.hold or cell.name}")

    def _standing(self, dataset: str) -> int:
        """Count the attempts of states that stand still."""
        states = self.pipeline.admin(command="state_faults")["states"]
        return sum(order["struck"] for order in states if order["about"] == dataset)

    def _look(self, cell: Cell, dataset: str) -> dict | None:
        """Give the run, and say yes to what it asks people, as often as it asks."""
        run = self.item(dataset)
        if run and cell.answers and run["status"] == "RUNNING" and run.get("task_token"):
            answer = {"decision": "approved", "by": "ops", "at": "2026-11-24T12:00:00+00:00", "reason": ""}
            states = self.pipeline.client("stepfunctions")
            try:
                states.send_task_success(taskToken=run["task_token"], output=json.dumps(answer))
            except ClientError as error:
                assert error.response["Error"]["Code"] in {"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"}
        return run

    def let_go(self, cell: Cell, dataset: str) -> None:
        """Let what was held go on, too late: the execution is over."""
        for order in cell.calls:
            self.pipeline.admin(command="release", about=[*order["about"], dataset])

    def struck(self, cell: Cell, dataset: str) -> bool:
        """Whether every order was met by a call."""
        calls = self.pipeline.admin(command="call_faults")["calls"]
        bedrock = self.pipeline.admin(command="struck")["struck"]
        states = self.pipeline.admin(command="state_faults")["states"]
        mine = [order["struck"] for order in calls if dataset in order["about"]]
        mine += [order["struck"] for order in states if order["about"] == dataset]
        mine += [bedrock.get(f"{dataset}/{number}", 0) for number in range(len(cell.bedrock))]
        return all(mine) and len(mine) == len(cell.calls) + len(cell.bedrock) + len(cell.states)

    def closed(self, cell: Cell, dataset: str) -> dict:
        """Wait until the run is closed in the ledger, and give its item."""

        def found():
            run = self._look(cell, dataset)
            return run if run and run["status"] != "RUNNING" else None

        return self.pipeline.await_(found, f"closed run of {dataset} ({cell.name})")

    def check(self, cell: Cell, dataset: str) -> None:
        if cell.outcome == "nothing":
            self._check_nothing(cell, dataset)
            return
        if cell.both:
            self._check_both(cell, dataset)
            return
        run = self.closed(cell, dataset)
        try:
            self._check_end(cell, dataset, run)
        finally:
            self._retire(dataset)

    def _check_nothing(self, cell: Cell, dataset: str) -> None:
        """Nothing was claimed: the execution's end is all there is, and the drop can be made again."""
        ended = [self.pipeline.ended(arn)["status"] for arn in self._executions(dataset)]
        assert ended == [EXECUTION[cell.ends]] * len(FILES)
        assert not self.item(dataset)
        assert not self.pipeline.billable(dataset)

    def _check_both(self, cell: Cell, dataset: str) -> None:
        """Nobody could tell that the two files are one drop: each is reported."""

        def closed():
            found = [item for item in self.items() if item.get("dataset") == dataset and item.get("outcome")]
            return found if len(found) == len(FILES) else None

        runs = self.pipeline.await_(closed, f"both ends of {dataset}")
        assert {run["outcome"] for run in runs} == {cell.outcome}
        assert {run["status"] for run in runs} == {"FAILED"}
        for run in runs:
            self._told(cell, run)
        assert not self.pipeline.billable(dataset)

    def _told(self, cell: Cell, run: dict) -> None:
        """Wait for the notice of the run's end: questions may have been told of before."""
        self.pipeline.await_(
            lambda: cell.outcome in self.pipeline.notice(run["run_id"])["Subject"],
            f"notice of {cell.outcome} of {run['run_id']}",
        )

    def _check_end(self, cell: Cell, dataset: str, run: dict) -> None:
        assert run["outcome"] == cell.outcome, run["message"]
        assert (run["status"] == "PROMOTED") == (cell.outcome == "Promoted")
        assert run["finished_at"]
        assert cell.hold or self.struck(cell, dataset), "an order never met its call"
        self._check_execution(cell, run)
        if cell.told:
            self._told(cell, run)
        assert cell.outcome in self.pipeline.report(run["report"])
        self.pipeline.await_(lambda: not self.pipeline.rewards(dataset), f"end of {cell.name}'s function")
        if cell.outcome == "Promoted":
            self._check_promoted(cell, dataset, run)
        else:
            self._check_failed(cell, dataset, run)

    def _check_failed(self, cell: Cell, dataset: str, run: dict) -> None:
        """The champion before is in use as it was, and nothing else is there but what has to be."""
        first = self.first.get(dataset)
        champion = self._champion(dataset)
        assert (champion or {}).get("run_id") == (first or {}).get("run_id")
        wanted = {first["model_arn"], first["endpoint_arn"]} if first else set()

        def clean():
            left = {arn for arn in self.pipeline.billable(dataset) if arn not in wanted}
            return self._may_stay(cell, left)

        self.pipeline.await_(clean, f"end of what {cell.name} cost")
        if first:
            bedrock = self.pipeline.client("bedrock")
            found = bedrock.get_provisioned_model_throughput(provisionedModelId=first["endpoint_arn"])
            assert found["modelArn"] == first["model_arn"]

    @staticmethod
    def _may_stay(cell: Cell, left: set[str]) -> bool:
        kinds = sorted(arn.split(":")[5].split("/")[0] for arn in left)
        may = {"": [[]], "model": [[], ["custom-model"]]}
        may["commitment"] = [*may["model"], ["custom-model", "provisioned-model"]]
        return kinds in may[cell.keeps]

    def _check_execution(self, cell: Cell, run: dict) -> None:
        execution = self.pipeline.ended(run["execution_arn"])
        error = cell.execution_error or ("" if cell.outcome == "Promoted" else cell.outcome)
        wanted = EXECUTION.get(cell.ends or cell.outcome) or ("FAILED" if error else "SUCCEEDED")
        assert execution["status"] == wanted
        if wanted == "FAILED":
            assert execution["error"] == error
        if cell.twice:
            states = self.pipeline.client("stepfunctions")
            again = states.start_execution(
                stateMachineArn=self.pipeline.names["state-machine"], input=execution["input"]
            )
            ended = self.pipeline.ended(again["executionArn"])
            assert json.loads(ended["output"])["outcome"] == "Duplicate"

    def _champion(self, dataset: str) -> dict | None:
        return next((item for item in self.items() if item["pk"] == f"champion#{dataset}"), None)

    def _check_promoted(self, cell: Cell, dataset: str, run: dict) -> None:
        def promoted():
            found = self._champion(dataset)
            return found if found and found["run_id"] == run["run_id"] else None

        champion = self.pipeline.await_(promoted, "champion")
        wanted = {run["model_arn"]}
        if cell.settings.get("serving"):
            wanted.add(run["endpoint_arn"])
            parameter = self.pipeline.client("ssm").get_parameter(Name=f"/finetune/local/{dataset}/model-id")
            assert parameter["Parameter"]["Value"] == run["endpoint_arn"] == champion["pointer"]
        if first := self.first.get(dataset):
            assert run["endpoint_arn"] == first["endpoint_arn"]
            wanted.add(first["model_arn"])
        assert set(self.pipeline.billable(dataset)) == wanted
        training = json.loads(run["training"])
        found = "missing" not in cell.name
        assert [bool(training["curve_uri"]), bool(training["validation_curve_uri"])] == [found, found]

    def _retire(self, dataset: str) -> None:
        """Make room: the account's quotas of endpoints are small."""
        bedrock = self.pipeline.client("bedrock")
        arns = sorted(self.pipeline.billable(dataset), key=lambda arn: ":custom-model/" in arn)
        for arn in arns:
            try:
                self._delete(bedrock, arn)
            except ClientError:  # under a commitment, or changing: it only takes up room
                return

    @staticmethod
    def _delete(bedrock, arn: str) -> None:
        if ":provisioned-model/" in arn:
            bedrock.delete_provisioned_model_throughput(provisionedModelId=arn)
        elif ":custom-model-deployment/" in arn:
            bedrock.delete_custom_model_deployment(customModelDeploymentIdentifier=arn)
        elif ":custom-model/" in arn:
            bedrock.delete_custom_model(modelIdentifier=arn)

    def time_out(self, cells: list[Cell]) -> None:
        """Let runs stand still in their phases, and the machine's time limit pass for all of them at once."""
        datasets = {cell.name: f"f{uuid.uuid4().hex[:11]}" for cell in cells}
        with changed_machine(self.pipeline, lambda machine: machine | {"TimeoutSeconds": MACHINE_SECONDS}):
            for cell in cells:
                self.drop(cell, datasets[cell.name])
            for cell in cells:
                self.held(cell, datasets[cell.name])
            self.pipeline.admin(command="advance", seconds=MACHINE_SECONDS)
        for cell in cells:
            self.let_go(cell, datasets[cell.name])
        for cell in cells:
            self.ends[cell.name] = self.pool.submit(self.check, cell, datasets[cell.name])


def by_name(machine: dict) -> dict:
    """Let a dataset's name decide whether it is a large one."""
    choice = machine["States"]["Is the dataset large"]["Choices"][0]
    choice["Condition"] = "{% $contains($plan.dataset, '" + LARGE + "') %}"
    return machine


@contextmanager
def changed_machine(pipeline, change):
    """Give the machine another definition, for the executions that start meanwhile."""
    states, arn = pipeline.client("stepfunctions"), pipeline.names["state-machine"]
    text = states.describe_state_machine(stateMachineArn=arn)["definition"]
    states.update_state_machine(stateMachineArn=arn, definition=json.dumps(change(json.loads(text))))
    try:
        yield
    finally:
        states.update_state_machine(stateMachineArn=arn, definition=text)
