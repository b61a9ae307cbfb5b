"""Distributed Maps in JSONata: what the emulator's engine (1.5.33) leaves out.

- Items and the arguments of ItemReader are evaluated; so are Output and Assign
- a child does not see the variables of the machine that started it
- the machine's role must allow states:StartExecution on the machine itself

https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html,
https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html (read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Callable

from ministack.services import stepfunctions as engine

from finetune_local.hooks.states import TaskError
from finetune_local.values import Json, Value

_MISSING = ("ItemBatcher", "ItemSelector", "ResultWriter")


def complete_distributed_maps(may_start: Callable[[str], None]) -> None:
    """Run Distributed Maps as described above; `may_start(machine_arn)` raises TaskError if it must not."""
    generic = engine._run_distributed_map

    def run(  # noqa: PLR0917 - the engine's own signature
        state: Json, raw_input: Value, effective: Value, iterator: Json, execution: Json, ctx: Json
    ) -> Value:
        may_start(execution["stateMachineArn"])
        if engine._state_query_language(state, ctx) != "JSONata":
            return generic(state, raw_input, effective, iterator, execution, ctx)
        given, items = _evaluated(state, raw_input, effective, ctx)
        child_context = {**ctx, "variables": {}}
        results, following = generic(given, raw_input, items, iterator, execution, child_context)
        output = engine._apply_jsonata_output(state, raw_input, ctx, result=results, default=results)
        engine._apply_state_assign(state, raw_input, ctx, result=results)
        return output, following

    engine._run_distributed_map = run


def _evaluated(state: Json, raw_input: Value, effective: Value, ctx: Json) -> tuple[Json, Value]:
    """Return the state with its expressions evaluated, and its items if no ItemReader reads them."""
    if missing := [name for name in _MISSING if name in state]:
        raise TaskError("States.Runtime", f"the local cloud offers no {', '.join(missing)}")
    given = {name: value for name, value in state.items() if name not in ("Assign", "Output")}
    if reader := state.get("ItemReader"):
        arguments = engine._apply_jsonata_template(reader.get("Arguments", {}), raw_input, ctx)
        return {**given, "ItemReader": {**reader, "Arguments": arguments}}, effective
    if "Items" in state:
        return given, engine._jsonata_state_field(state, "Items", "array", raw_input, ctx)
    return given, effective
