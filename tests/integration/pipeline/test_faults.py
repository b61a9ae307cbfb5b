"""Every cell of the tables of faults: the run ends under its name, tells of it, and leaves no cost behind.

The cells run side by side in the one local cloud; each is a test of its own. `fault_table`,
`judge_table` and `fault_rewards` have what single calls do within a run, `state_table` what every state of
the machine meets.
"""

import json
import time

import pytest

from tests.integration.pipeline.fault_rewards import REWARD_CELLS
from tests.integration.pipeline.fault_runs import ROOM, Table, by_name, changed_machine
from tests.integration.pipeline.fault_table import CELLS, TIMED_OUT
from tests.integration.pipeline.judge_table import JUDGE_CELLS
from tests.integration.pipeline.state_table import ROWS, STATE_CELLS

ALL = [*CELLS, *JUDGE_CELLS, *REWARD_CELLS, *STATE_CELLS]
AFTER_A_FAULT = {"Look for judged throughput"}
"""States that a run comes to by a fault alone: "Release judged throughput: answers lost" does."""
pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.timeout(3000)]


@pytest.fixture(scope="module")
def table(pipeline, request):
    """Start the cells that are asked for, and give how they end."""
    asked = {item.callspec.params["cell"] for item in request.session.items if "cell" in _parameters(item)}
    made = Table(pipeline)
    for code, value in ROOM.items():
        pipeline.admin(command="set_quota", code=code, value=value)
    began = time.monotonic()
    with changed_machine(pipeline, by_name):
        made.run([cell for cell in ALL if cell.name in asked])
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


@pytest.mark.parametrize("cell", [cell.name for cell in (*ALL, *TIMED_OUT)])
def test_the_run_ends_well_or_clean(table, cell):
    table.ends[cell].result()


def test_the_table_knows_every_state_that_calls_something(pipeline):
    """A new state has no place in the machine before it has a row here."""
    states, arn = pipeline.client("stepfunctions"), pipeline.names["state-machine"]
    machine = json.loads(states.describe_state_machine(stateMachineArn=arn)["definition"])
    assert {row.state for row in ROWS} | AFTER_A_FAULT == set(_tasks(machine["States"]))


def _tasks(states: dict):
    for name, state in states.items():
        if state["Type"] == "Task":
            yield name
        for inner in (*state.get("Branches", ()), state.get("ItemProcessor", {"States": {}})):
            yield from _tasks(inner["States"])
