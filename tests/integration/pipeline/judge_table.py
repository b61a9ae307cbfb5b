"""What calls do while a judge is asked: one that decides ends the run when it fails, another is told of."""

from typing import Final

from tests.integration.pipeline.fault_table import (
    BEYOND_BOTOCORE,
    BROKEN,
    FOR_EVER,
    OD,
    THROTTLED,
    Cell,
    bedrock_order,
    call_order,
    on_function,
)

JUDGE = {"model": "amazon.nova-pro-v1:0", "metrics": ["Correctness"]}
JUDGED = OD | {"gate": {"judge": JUDGE | {"decides": True}, "minimum_records": 1, "slice_loss": None}}
BESIDE = OD | {"gate": {"judge": JUDGE, "minimum_records": 1}}

STALLED = {"command": "stall_job", "stage": "evaluation"}


def _judges() -> list[Cell]:
    passing = (
        bedrock_order("CreateEvaluationJob", THROTTLED, 2),
        bedrock_order("CreateEvaluationJob", BROKEN, 2, after_effect=True),
        bedrock_order("GetEvaluationJob", THROTTLED, 2),
        bedrock_order("GetEvaluationJob", BROKEN, 2),
    )
    cells = [Cell("evaluation jobs: throttled, broken, answers lost", bedrock=passing, settings=JUDGED)]
    lost = bedrock_order("CreateEvaluationJob", BROKEN, FOR_EVER, after_effect=True, caller="FineTuning")
    words = f"CreateEvaluationJob: {BROKEN} for ever, although it acts"
    cells.append(Cell(words, "EvaluationFailed", bedrock=(lost,), settings=JUDGED))
    refused = bedrock_order("GetEvaluationJob", "AccessDeniedException", FOR_EVER)
    cells.append(Cell("GetEvaluationJob: denied", "EvaluationFailed", bedrock=(refused,), settings=JUDGED))
    failing = {"command": "fail_job", "stage": "evaluation"}
    cells += [
        Cell("the judge fails", "EvaluationFailed", orders=(failing,), settings=JUDGED),
        Cell("the judge fails beside the metric", orders=(failing,), settings=BESIDE),
        Cell("the judge stalls beside the metric", orders=(STALLED,), settings=BESIDE),
        Cell(
            "PrepareJudgement is refused, breaks, answers in vain",
            calls=on_function("PrepareJudgement"),
            settings=JUDGED,
        ),
        Cell(
            "s3 PutObject by PrepareJudgement: AccessDenied for ever",
            "EvaluationFailed",
            calls=(call_order("s3", "PutObject", "AccessDenied", FOR_EVER, caller="PrepareJudgement"),),
            settings=JUDGED,
        ),
    ]
    stop = bedrock_order("StopEvaluationJob", THROTTLED, BEYOND_BOTOCORE, caller="CleanUp")
    # The machine's own stop fails for good, so cleaning up has one to do.
    mine = bedrock_order("StopEvaluationJob", BROKEN, FOR_EVER, caller="FineTuning")
    words = "cleaning up: StopEvaluationJob: ThrottlingException"
    return [*cells, Cell(words, "EvaluationFailed", (mine, stop), (), (STALLED,), JUDGED)]


JUDGE_CELLS: Final = _judges()
