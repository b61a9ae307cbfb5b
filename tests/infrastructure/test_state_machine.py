"""The state machine as it is deployed: waiting for training, logs, tracing, a limit of its own, triggers."""

import json

import pytest

from stacks.components.drop_triggers import DROPS
from tests.infrastructure.policies import text
from tests.infrastructure.synthesis import Resource, Synthesised

MACHINE = "AWS::StepFunctions::StateMachine"
RULE = "AWS::Events::Rule"


def machine_of(synthesised: Synthesised) -> Resource:
    (machine,) = synthesised.resources("Pipeline", MACHINE).values()
    return machine["Properties"]


def definition_of(synthesised: Synthesised) -> dict:
    """The definition with every CloudFormation token replaced by a word."""
    join = machine_of(synthesised)["DefinitionString"]["Fn::Join"]
    return json.loads("".join(part if isinstance(part, str) else "token" for part in join[1]))


def rule_of(synthesised: Synthesised, stack: str, source: str) -> Resource:
    (rule,) = [
        rule["Properties"]
        for rule in synthesised.resources(stack, RULE).values()
        if rule["Properties"]["EventPattern"]["source"] == [source]
    ]
    return rule


def training_of(synthesised: Synthesised) -> tuple[Resource, Resource]:
    """The states of the two branches that train and watch."""
    train, watch = definition_of(synthesised)["States"]["Train and watch"]["Branches"]
    return train["States"], watch["States"]


def test_training_is_waited_for(synthesised: Synthesised):
    train, _ = training_of(synthesised)
    assert train["Train model"]["Resource"] == "arn:aws:states:::bedrock:createModelCustomizationJob.sync"


def test_the_watch_over_training_fits_into_the_history_of_an_execution(synthesised: Synthesised):
    settings, (_, watch) = synthesised.settings, training_of(synthesised)
    assert watch["Wait for training"]["Seconds"] == settings.training_poll_seconds
    looks = settings.training_timeout_seconds / settings.training_poll_seconds
    events_of_a_look = 10  # entering and leaving three states, and the call in one of them
    assert looks * events_of_a_look < 20_000, "Step Functions ends an execution at 25,000 events"


def test_times_come_from_the_settings(synthesised: Synthesised):
    definition, settings = definition_of(synthesised), synthesised.settings
    assert definition["TimeoutSeconds"] == settings.machine_timeout_seconds
    assert training_of(synthesised)[0]["Train model"]["TimeoutSeconds"] == settings.training_timeout_seconds
    assert definition["States"]["Wait for siblings"]["Seconds"] == settings.settle_seconds
    assert definition["States"]["Request approval"]["TimeoutSeconds"] == settings.approval_timeout_seconds


def test_every_task_has_a_limit_a_retry_with_jitter_and_a_catch(synthesised: Synthesised):
    tasks = {
        name: state for name, state in definition_of(synthesised)["States"].items() if state["Type"] == "Task"
    }
    assert len(tasks) > 15
    for name, task in tasks.items():
        assert task["TimeoutSeconds"] > 0, name
        assert task["Catch"], name
        assert all(rule["JitterStrategy"] == "FULL" for rule in task["Retry"]), name
        assert task["Retry"], name


def test_machine_is_standard_traced_and_logs_everything(synthesised: Synthesised):
    machine = machine_of(synthesised)
    assert machine.get("StateMachineType", "STANDARD") == "STANDARD"
    assert machine["TracingConfiguration"] == {"Enabled": True}
    assert machine["LoggingConfiguration"]["Level"] == "ALL"


def test_logs_hold_execution_data_only_where_the_settings_say_so(synthesised: Synthesised):
    logging = machine_of(synthesised)["LoggingConfiguration"]
    assert logging["IncludeExecutionData"] is synthesised.settings.log_execution_data


def test_prod_logs_hold_no_execution_data(prod: Synthesised):
    assert machine_of(prod)["LoggingConfiguration"]["IncludeExecutionData"] is False


def test_drops_of_the_protocol_start_the_machine(synthesised: Synthesised):
    detail = rule_of(synthesised, "Pipeline", "aws.s3")["EventPattern"]["detail"]
    assert "Data666C94C7" in text(detail["bucket"]["name"])
    assert [pattern["wildcard"] for pattern in detail["object"]["key"]] == list(DROPS)


@pytest.mark.parametrize("drop", DROPS)
def test_the_pipeline_never_writes_where_it_listens(synthesised: Synthesised, drop: str):
    """The functions write under prepared/ of the data bucket, which is no drop."""
    assert not drop.startswith("prepared/")
    for path, role in synthesised.everywhere("AWS::IAM::Role"):
        for policy in role["Properties"].get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                if "s3:PutObject" in statement["Action"] and "Data666C94C7" in text(statement["Resource"]):
                    assert "/prepared/*" in text(statement["Resource"]), path


def test_undeliverable_events_are_kept(synthesised: Synthesised):
    for path, rule in synthesised.everywhere(RULE):
        for target in rule["Properties"]["Targets"]:
            assert "DeadLetterConfig" in target, path
            assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0, path


@pytest.mark.parametrize("stack", ["Pipeline", "Monitoring"])
def test_runs_that_end_outside_the_machine_are_noticed(synthesised: Synthesised, stack: str):
    """close_run cleans up after them, and the alarm topic tells people."""
    detail = rule_of(synthesised, stack, "aws.states")["EventPattern"]["detail"]
    assert detail["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
    assert len(detail["stateMachineArn"]) == 1


def test_dead_letters_are_encrypted_and_kept_for_two_weeks(synthesised: Synthesised):
    queues = synthesised.everywhere("AWS::SQS::Queue")
    assert len(queues) == 3
    for path, queue in queues:
        assert "KmsMasterKeyId" in queue["Properties"], path
        assert queue["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600, path
