"""The table of faults: what goes wrong in which state of a run, and how the run has to end all the same.

A cell's orders are aimed at its own dataset, so that many runs can be under way side by side.
"""

from dataclasses import dataclass, field

THROTTLED, BROKEN = "ThrottlingException", "InternalServerException"
FOR_EVER = 10_000
BEYOND_BOTOCORE = 6
"""More than botocore asks by itself inside a function: the function fails, and its state asks again."""


@dataclass(frozen=True)
class Cell:
    """One run: `bedrock` and `calls` are orders for calls, `orders` other commands for the local Bedrock."""

    name: str
    outcome: str = "Promoted"
    bedrock: tuple[dict, ...] = ()
    calls: tuple[dict, ...] = ()
    orders: tuple[dict, ...] = ()
    settings: dict = field(default_factory=dict)
    reward: str = ""
    """Source of the reward.py that comes along: the run is a reinforcement then."""
    hold: str = ""
    """Phase in which the run is held and then aborted or timed out."""
    twice: bool = False
    told: bool = True
    """Whether a notice can be sent at all."""
    execution_error: str = ""
    """What the execution says where that differs from the outcome."""
    states: tuple[dict, ...] = ()
    """Orders for states, whichever service their task calls."""
    answers: bool = False
    """Whether people are asked, and say yes."""
    champion: bool = False
    """Whether the dataset has a champion already, made by a run of its own."""
    large: bool = False
    """Whether the dataset takes the way of large ones."""
    both: bool = False
    """Whether the run ends before it is known that both dropped files are one drop."""
    ends: str = ""
    """RunAborted or RunTimedOut: how the execution is ended where it stands still."""
    keeps: str = ""
    """What may stay behind a run that failed: "commitment" (cannot be ended), "model" (was judged better)."""


def bedrock_order(operation: str, error: str, count: int = 3, **more) -> dict:
    return {"operation": operation, "error": error, "count": count, **more}


def call_order(service: str, operation: str, error: str, count: int = 3, **more) -> dict:
    return {"service": service, "operation": operation, "error": error, "count": count, **more}


PT = {"serving": "provisioned_throughput"}
OD = {"serving": "on_demand"}
REFUSED_TEST = bedrock_order("Converse", "ValidationException", FOR_EVER, caller="TestEndpoint")


def _passing_bedrock() -> list[Cell]:
    """Throttling, 5xx and lost answers of Bedrock that pass: the run is promoted all the same."""
    asked = [
        ("CreateModelCustomizationJob", {}, {}, 3),
        ("GetModelCustomizationJob", {}, {}, 3),
        ("GetModelCustomizationJob", {"caller": "ReadTraining"}, {}, BEYOND_BOTOCORE),
        ("CreateProvisionedModelThroughput", {}, PT, 3),
        ("GetProvisionedModelThroughput", {}, PT, 3),
        ("CreateCustomModelDeployment", {}, OD, BEYOND_BOTOCORE),
        ("GetCustomModelDeployment", {}, OD, BEYOND_BOTOCORE),
        ("Converse", {"caller": "TestEndpoint"}, OD, 3),
        ("Converse", {"caller": "AnswerPrompts"}, OD, 3),
    ]
    cells = []
    for operation, aim, settings, count in asked:
        where = f"{operation}{' by ' + aim['caller'] if aim else ''}"
        for error in (THROTTLED, BROKEN):
            order = bedrock_order(operation, error, count, **aim)
            cells.append(Cell(f"{where}: {count} x {error}", bedrock=(order,), settings=settings))
    for operation, settings in (
        ("CreateModelCustomizationJob", {}),
        ("CreateProvisionedModelThroughput", PT),
        ("CreateCustomModelDeployment", OD),
    ):
        order = bedrock_order(operation, BROKEN, 3, after_effect=True)
        cells.append(Cell(f"{operation}: answers lost", bedrock=(order,), settings=settings))
    place = bedrock_order("CreateModelCustomizationJob", "ServiceQuotaExceededException", 2)
    cells.append(Cell("no place for the job for a while", bedrock=(place,)))
    return cells


def _lasting_bedrock() -> list[Cell]:
    """Refusals of Bedrock that do not pass: the run fails under its name, and leaves nothing behind."""
    rows = [
        ("CreateModelCustomizationJob", THROTTLED, False, {}, "TrainingFailed"),
        ("CreateModelCustomizationJob", BROKEN, True, {}, "TrainingFailed"),
        ("CreateModelCustomizationJob", "ServiceQuotaExceededException", False, {}, "QuotaTooLow"),
        ("CreateModelCustomizationJob", "ValidationException", False, {}, "TrainingFailed"),
        ("GetModelCustomizationJob", "AccessDeniedException", False, {}, "TrainingFailed"),
        ("CreateProvisionedModelThroughput", THROTTLED, False, PT, "ServingFailed"),
        ("CreateProvisionedModelThroughput", BROKEN, True, PT, "ServingFailed"),
        ("CreateProvisionedModelThroughput", "ServiceQuotaExceededException", False, PT, "QuotaTooLow"),
        ("GetProvisionedModelThroughput", BROKEN, False, PT, "ServingFailed"),
        # Its function looks first, and finds what a lost answer has made.
        ("CreateCustomModelDeployment", BROKEN, True, OD, "Promoted"),
        ("CreateCustomModelDeployment", BROKEN, False, OD, "ServingFailed"),
        ("CreateCustomModelDeployment", "ServiceQuotaExceededException", False, OD, "QuotaTooLow"),
    ]
    cells = []
    for operation, error, lost, settings, outcome in rows:
        # Clean up looks and deletes under a role of its own, which is not struck.
        caller = "DeployModel" if settings is OD else "FineTuning"
        order = bedrock_order(operation, error, FOR_EVER, after_effect=lost, caller=caller)
        words = f"{operation}: {error} for ever{', although it acts' if lost else ''}"
        cells.append(Cell(words, outcome, bedrock=(order,), settings=settings))
    cells.append(Cell("the endpoint refuses", "ServingFailed", bedrock=(REFUSED_TEST,), settings=OD))
    silent = bedrock_order("Converse", BROKEN, FOR_EVER, caller="AnswerPrompts")
    cells.append(Cell("no model answers any prompt", "EvaluationFailed", bedrock=(silent,), settings=OD))
    return cells


def _jobs_and_endpoints() -> list[Cell]:
    stages = ("validation", "data_processing", "training")
    cells = [
        Cell(f"the job fails in {stage}", "TrainingFailed", orders=({"command": "fail_job", "stage": stage},))
        for stage in stages
    ]
    cells += [
        Cell(
            f"the job stalls before {stage}",
            "TrainingStalled",
            orders=({"command": "stall_job", "stage": stage},),
        )
        for stage in stages
    ]
    cells += [
        Cell(
            f"the endpoint fails ({step})",
            "ServingFailed",
            orders=({"command": "fail_endpoint", "step": step},),
            settings=settings,
        )
        for step, settings in (("provisioned", PT), ("deployment", OD))
    ]
    cells += [
        Cell(f"metrics are {layout}", orders=({"command": "artifacts", "layout": layout},), settings=OD)
        for layout in ("missing", "nested", "flat")
    ]
    return cells


def _cleaning() -> list[Cell]:
    """Faults on the way down: the run has failed already, and cleaning up meets them."""
    rows = [
        ("DeleteProvisionedModelThroughput", PT, (REFUSED_TEST,), (), "ServingFailed"),
        ("DeleteCustomModelDeployment", OD, (REFUSED_TEST,), (), "ServingFailed"),
        ("DeleteCustomModel", OD, (REFUSED_TEST,), (), "ServingFailed"),
        (
            "StopModelCustomizationJob",
            {},
            # Step Functions tries to stop the job when the watch ends its branch: that fails as well.
            (bedrock_order("StopModelCustomizationJob", BROKEN, FOR_EVER, caller="FineTuning"),),
            ({"command": "stall_job", "stage": "validation"},),
            "TrainingStalled",
        ),
    ]
    cells = []
    for operation, settings, first, orders, outcome in rows:
        for error, lost in ((THROTTLED, False), (BROKEN, True)):
            order = bedrock_order(operation, error, BEYOND_BOTOCORE, after_effect=lost, caller="CleanUp")
            words = f"cleaning up: {operation}: {'answers lost' if lost else error}"
            cells.append(Cell(words, outcome, (*first, order), (), orders, settings))
    return cells


def _functions() -> list[Cell]:
    """Each function is throttled, breaks, and acts although its answer is lost, all in one run."""
    usual = ("CheckModel", "ValidateDataset", "EstimatePrice", "ReadTraining", "DeployModel")
    usual += ("TestEndpoint", "AnswerPrompts", "JudgeModels", "PromoteModel", "FinishRun")
    cells = [
        Cell(f"{name} is refused, breaks, answers in vain", calls=on_function(name), settings=OD)
        for name in usual
    ]
    failing = ({"command": "fail_job", "stage": "validation"},)
    cells.append(
        Cell(
            "CleanUp is refused, breaks, answers in vain",
            "TrainingFailed",
            (),
            on_function("CleanUp"),
            failing,
        )
    )
    return cells


def on_function(name: str) -> tuple[dict, ...]:
    return (
        call_order("lambda", "Invoke", "TooManyRequestsException", 1, about=[name]),
        call_order("lambda", "Invoke", "ServiceException", 1, about=[name]),
        call_order("lambda", "Invoke", "ServiceException", 1, about=[name], after_effect=True),
    )


def _stores() -> list[Cell]:
    """DynamoDB, S3, SSM and SNS under the principal that calls them."""
    many = BEYOND_BOTOCORE
    rows = [
        (
            "dynamodb",
            "PutItem",
            "FineTuning",
            "ProvisionedThroughputExceededException",
            "InternalServerError",
            3,
        ),
        ("dynamodb", "UpdateItem", "FineTuning", THROTTLED, "InternalServerError", 3),
        ("dynamodb", "UpdateItem", "FinishRun", THROTTLED, "InternalServerError", many),
        ("dynamodb", "PutItem", "PromoteModel", THROTTLED, "InternalServerError", many),
        ("s3", "GetObject", "ValidateDataset", "SlowDown", "InternalError", many),
        ("s3", "PutObject", "ValidateDataset", "SlowDown", "InternalError", many),
        ("s3", "GetObject", "ReadTraining", "SlowDown", "InternalError", many),
        ("s3", "PutObject", "AnswerPrompts", "SlowDown", "InternalError", many),
        ("s3", "GetObject", "JudgeModels", "SlowDown", "InternalError", many),
        ("s3", "PutObject", "FinishRun", "SlowDown", "InternalError", many),
        ("ssm", "GetParameter", "PromoteModel", THROTTLED, "InternalServerError", many),
        ("ssm", "PutParameter", "PromoteModel", THROTTLED, "InternalServerError", many),
        ("sns", "Publish", "FinishRun", "Throttled", "InternalError", 3),
    ]
    cells = []
    for service, operation, caller, throttled, broken, count in rows:
        words = f"{service} {operation} by {caller}"
        slow = call_order(service, operation, throttled, count, caller=caller)
        cells.append(Cell(f"{words}: throttled", calls=(slow,), settings=OD))
        lost = call_order(service, operation, broken, count, caller=caller, after_effect=True)
        cells.append(Cell(f"{words}: 5xx, although it acts", calls=(lost,), settings=OD))
    return [*cells, *_lasting_stores()]


def _lasting_stores() -> list[Cell]:
    rows = [
        (
            "dynamodb",
            "UpdateItem",
            "FineTuning",
            "InternalServerError",
            "DynamoDB.InternalServerErrorException",
        ),
        ("s3", "GetObject", "ReadTraining", "InternalError", "TrainingFailed"),
        ("s3", "PutObject", "AnswerPrompts", "AccessDenied", "EvaluationFailed"),
        ("ssm", "PutParameter", "PromoteModel", "AccessDeniedException", "AccessDenied"),
        ("dynamodb", "PutItem", "PromoteModel", "InternalServerError", "ServiceUnavailable"),
    ]
    cells = [
        Cell(
            f"{service} {operation} by {caller}: {error} for ever",
            outcome,
            calls=(call_order(service, operation, error, FOR_EVER, caller=caller),),
            settings=OD,
        )
        for service, operation, caller, error, outcome in rows
    ]
    mute = call_order("sns", "Publish", "InternalError", FOR_EVER, caller="FinishRun")
    cells.append(
        Cell("nobody can be told", calls=(mute,), settings=OD, told=False, execution_error="ReportFailed")
    )
    return cells


STEP_METRICS = "step_wise_training_metrics.csv"
"""What a job writes last of all: it is held there, while it trains."""
PHASES = ("train", "serve", "evaluate", "approve")


def _held(outcome: str) -> list[Cell]:
    holds = {
        "train": {"calls": (call_order("s3", "PutObject", "", 1, about=[STEP_METRICS], delay=10**7),)},
        "serve": {"calls": (call_order("lambda", "Invoke", "", 1, about=["TestEndpoint"], delay=10**7),)},
        "evaluate": {"calls": (call_order("lambda", "Invoke", "", 8, about=["AnswerPrompts"], delay=10**7),)},
        "approve": {"settings": {"approval": "always", "serving": "none"}},
    }
    return [
        Cell(f"{outcome} in {phase}", outcome, hold=phase, **({"settings": OD} | holds[phase]))
        for phase in PHASES
    ]


ABORTED = _held("RunAborted")
TIMED_OUT = _held("RunTimedOut")
TWICE = [Cell("the same event twice", twice=True, settings=OD)]
CELLS = [
    *_passing_bedrock(),
    *_lasting_bedrock(),
    *_jobs_and_endpoints(),
    *_cleaning(),
    *_functions(),
    *_stores(),
    *TWICE,
    *ABORTED,
]
