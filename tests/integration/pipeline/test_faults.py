"""Every cell of the table of faults: the run ends under its name, tells of it, and leaves no cost behind.

The cells run side by side in the one local cloud; each is a test of its own.
"""

import json
import threading
import time
import uuid
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.integration.pipeline import data
from tests.integration.pipeline.fault_cells import Cell
from tests.integration.pipeline.fault_table import CELLS, TIMED_OUT

pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.timeout(600)]

SIDE_BY_SIDE = 4
SNAPSHOT_SECONDS = 0.3
ROOM = {"L-1EF80F3E": 50, "L-430C95DD": 20}
"""Deployments, and deployments in progress: so many runs at once are no account's everyday life."""
MACHINE_SECONDS = 100_000
"""Time limit of the machine (simulated) while runs are timed out: less than that of the states' own."""
EXECUTION = {"RunAborted": "ABORTED", "RunTimedOut": "TIMED_OUT"}


class Table:
    """Runs cells and keeps how they ended."""

    def __init__(self, pipeline) -> None:
        self.pipeline = pipeline
        self.pool = ThreadPoolExecutor(SIDE_BY_SIDE)
        self.ends: dict[str, Future] = {}
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
        found = [item for item in self.items() if item.get("dataset") == dataset and item["sk"] == "run"]
        assert len(found) <= 1, f"{len(found)} runs of one drop"
        return found[0] if found else None

    def _checked(self, cell: Cell) -> None:
        dataset = f"f{uuid.uuid4().hex[:11]}"
        self.drop(cell, dataset)
        if cell.hold:
            held = self.held(cell, dataset)
            self.pipeline.client("stepfunctions").stop_execution(executionArn=held["execution_arn"])
            self.let_go(cell, dataset)
        self.check(cell, dataset)

    def order(self, cell: Cell, dataset: str) -> None:
        admin = self.pipeline.admin
        for number, order in enumerate(cell.bedrock):
            admin(command="fault", about=dataset, name=f"{dataset}/{number}", **order)
        for order in cell.calls:
            admin(command="call_fault", **{**order, "about": [*order.get("about", ()), dataset]})
        for order in cell.orders:
            aim = "name" if order["command"] == "fail_endpoint" else "job"
            admin(**order, **{aim: f"local-{dataset}"})

    def drop(self, cell: Cell, dataset: str) -> None:
        settings = {"serving": "none"} | cell.settings
        kind = {"base_model": "amazon.nova-micro-v1:0:128k", "hyperparameters": {"epochCount": "1"}}
        files = {"train.jsonl": data.named(dataset)}
        if cell.reward:
            kind = data.REINFORCED
            files = {"reward.py": cell.reward.encode(), "train.jsonl": data.prompts(dataset)}
        run = data.run_file(**settings, **kind, evaluation_records=4, minimum_gain=-1)
        # The settle time is a tenth of a second here: nothing is resolved before both files have arrived.
        gate = ["ResolveRun", dataset]
        wait = {
            "service": "lambda",
            "operation": "Invoke",
            "count": 2,
            "delay": 10**7,
            "about": gate,
        }
        self.pipeline.admin(command="call_fault", **wait)
        self.order(cell, dataset)
        self.pipeline.drop({**files, "run.json": run}, name=dataset)
        self.pipeline.admin(command="release", about=gate)

    def held(self, cell: Cell, dataset: str) -> dict:
        """Wait until the run stands still in the phase, with what that phase creates."""

        def there():
            run = self.item(dataset)
            if not run or run["phase"] != cell.hold:
                return None
            if cell.calls and not self.struck(cell, dataset):
                return None
            if cell.hold == "train" and not self.pipeline.billable(dataset):
                return None
            return run if cell.hold != "approve" or run.get("task_token") else None

        return self.pipeline.await_(there, f"{dataset} held in {cell.hold}")

    def let_go(self, cell: Cell, dataset: str) -> None:
        """Let what was held go on, too late: the execution is over."""
        for order in cell.calls:
            self.pipeline.admin(command="release", about=[*order["about"], dataset])

    def struck(self, cell: Cell, dataset: str) -> bool:
        """Whether every order was met by a call."""
        calls = self.pipeline.admin(command="call_faults")["calls"]
        bedrock = self.pipeline.admin(command="struck")["struck"]
        mine = [order["struck"] for order in calls if dataset in order["about"]]
        mine += [bedrock.get(f"{dataset}/{number}", 0) for number in range(len(cell.bedrock))]
        return all(mine) and len(mine) == len(cell.calls) + len(cell.bedrock)

    def check(self, cell: Cell, dataset: str) -> None:
        def closed():
            run = self.item(dataset)
            return run if run and run["status"] != "RUNNING" else None

        run = self.pipeline.await_(closed, f"closed run of {dataset} ({cell.name})")
        try:
            self._check_end(cell, dataset, run)
        finally:
            if run["status"] == "PROMOTED":
                self._retire(run)

    def _check_end(self, cell: Cell, dataset: str, run: dict) -> None:
        assert run["outcome"] == cell.outcome, run["message"]
        assert (run["status"] == "PROMOTED") == (cell.outcome == "Promoted")
        assert run["finished_at"]
        assert cell.hold or self.struck(cell, dataset), "an order never met its call"
        self._check_execution(cell, run)
        if cell.told:
            assert cell.outcome in self.pipeline.notice(dataset)["Subject"]
        assert cell.outcome in self.pipeline.report(run["report"])
        self.pipeline.await_(lambda: not self.pipeline.rewards(dataset), f"no function of {cell.name}")
        if cell.outcome == "Promoted":
            self._check_promoted(cell, dataset, run)
        else:
            self.pipeline.await_(lambda: not self.pipeline.billable(dataset), f"no cost of {cell.name}")
            assert not self._champion(dataset)

    def _check_execution(self, cell: Cell, run: dict) -> None:
        execution = self.pipeline.ended(run["execution_arn"])
        error = cell.execution_error or ("" if cell.outcome == "Promoted" else cell.outcome)
        wanted = EXECUTION.get(cell.outcome) or ("FAILED" if error else "SUCCEEDED")
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
        champion = self.pipeline.await_(lambda: self._champion(dataset), "champion")
        assert champion["run_id"] == run["run_id"]
        wanted = {run["model_arn"]}
        if cell.settings.get("serving"):
            wanted.add(run["endpoint_arn"])
            name = json.loads(run["promotion"])["parameter"]
            parameter = self.pipeline.client("ssm").get_parameter(Name=name)["Parameter"]
            assert parameter["Value"] == run["endpoint_arn"]
        assert set(self.pipeline.billable(dataset)) == wanted
        training = json.loads(run["training"])
        found = "missing" not in cell.name
        assert [bool(training["curve_uri"]), bool(training["validation_curve_uri"])] == [found, found]

    def _retire(self, run: dict) -> None:
        """Make room: the account's quotas of endpoints are small."""
        bedrock, arn = self.pipeline.client("bedrock"), run.get("endpoint_arn", "")
        if ":provisioned-model/" in arn:
            bedrock.delete_provisioned_model_throughput(provisionedModelId=arn)
        elif arn:
            bedrock.delete_custom_model_deployment(customModelDeploymentIdentifier=arn)
        bedrock.delete_custom_model(modelIdentifier=run["model_arn"])

    def time_out(self, cells: list[Cell]) -> None:
        """Let runs stand still in their phases, and the machine's time limit pass for all of them at once."""
        datasets = {cell.name: f"f{uuid.uuid4().hex[:11]}" for cell in cells}
        with shorter_machine(self.pipeline):
            for cell in cells:
                self.drop(cell, datasets[cell.name])
            for cell in cells:
                self.held(cell, datasets[cell.name])
            self.pipeline.admin(command="advance", seconds=MACHINE_SECONDS)
        for cell in cells:
            self.let_go(cell, datasets[cell.name])
        for cell in cells:
            self.ends[cell.name] = self.pool.submit(self.check, cell, datasets[cell.name])


class shorter_machine:  # noqa: N801 - a context manager
    """Give the machine a time limit that a test can let pass, for the executions that start meanwhile."""

    def __init__(self, pipeline) -> None:
        self.states, self.arn = pipeline.client("stepfunctions"), pipeline.names["state-machine"]
        self.text = self.states.describe_state_machine(stateMachineArn=self.arn)["definition"]

    def __enter__(self) -> None:
        changed = json.dumps(json.loads(self.text) | {"TimeoutSeconds": MACHINE_SECONDS})
        self.states.update_state_machine(stateMachineArn=self.arn, definition=changed)

    def __exit__(self, *_: object) -> None:
        self.states.update_state_machine(stateMachineArn=self.arn, definition=self.text)


@pytest.fixture(scope="module")
def table(pipeline, request):
    """Start the cells that are asked for, and give how they end."""
    asked = {item.callspec.params["cell"] for item in request.session.items if "cell" in _parameters(item)}
    made = Table(pipeline)
    for code, value in ROOM.items():
        pipeline.admin(command="set_quota", code=code, value=value)
    began = time.monotonic()
    made.run([cell for cell in CELLS if cell.name in asked])
    for end in list(made.ends.values()):
        end.exception()
    if late := [cell for cell in TIMED_OUT if cell.name in asked]:
        made.time_out(late)
        for cell in late:
            made.ends[cell.name].exception()
    with request.config.pluginmanager.get_plugin("capturemanager").global_and_fixture_disabled():
        print(f"\ntable of faults: {len(made.ends)} cells in {time.monotonic() - began:.0f} s")
    yield made
    made.pool.shutdown()
    pipeline.admin(command="clear_faults")


def _parameters(item) -> dict:
    return item.callspec.params if hasattr(item, "callspec") else {}


@pytest.mark.parametrize("cell", [cell.name for cell in (*CELLS, *TIMED_OUT)])
def test_the_run_ends_well_or_clean(table, cell):
    table.ends[cell].result()
