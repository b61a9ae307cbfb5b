"""Step Functions in the local cloud: tasks are judged under the machine's role; language, time and ends."""

from __future__ import annotations

import json

import pytest

from finetune_local.emulator import LocalCloud
from tests.integration.emulator_kit import Kit, allow

STATES = "states.amazonaws.com"
ECHO = "def handler(event, context):\n    return {'got': event}\n"
FAIL = (
    "class DatasetInvalid(Exception):\n    pass\n"
    "def handler(event, context):\n    raise DatasetInvalid('line 3')\n"
)


@pytest.fixture
def kit(bare_cloud: LocalCloud, account: str) -> Kit:
    return Kit(bare_cloud, account)


def test_a_table_is_written_only_with_the_permission_of_the_machines_role(kit: Kit) -> None:
    table = kit.table()
    role = kit.role("r", STATES, allow("dynamodb:PutItem", kit.arn("dynamodb", f"table/{table}")))
    put = {"TableName": table, "Item": {"pk": {"S": "{% $states.input.key & '-1' %}"}}}
    state = {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", "Arguments": put, "End": True}
    machine = kit.machine(role, {"Put": state})

    assert kit.run(machine, {"key": "a"})["status"] == "SUCCEEDED"
    assert kit.client("dynamodb").get_item(TableName=table, Key={"pk": {"S": "a-1"}})["Item"]
    kit.forbid("r")
    ended = kit.run(machine, {"key": "b"})
    assert (ended["status"], ended["error"]) == ("FAILED", "DynamoDB.AmazonDynamoDBException")
    assert "AccessDenied" in ended["cause"]
    assert "assumed-role/r/" in ended["cause"]
    assert "dynamodb:PutItem" in ended["cause"]


def test_an_update_returns_attributes_and_a_failed_condition_is_named(kit: Kit) -> None:
    table = kit.table()
    role = kit.role("r", STATES, allow("dynamodb:UpdateItem", "*"))
    update = {
        "TableName": table,
        "Key": {"pk": {"S": "a"}},
        "UpdateExpression": "SET phase = :p",
        "ConditionExpression": "attribute_not_exists(phase)",
        "ExpressionAttributeValues": {":p": {"S": "train"}},
        "ReturnValues": "ALL_NEW",
    }
    resource = "arn:aws:states:::dynamodb:updateItem"
    first = kit.task(role, resource, update, Output="{% $states.result.Attributes.phase.S %}")
    assert json.loads(first["output"]) == "train"
    assert kit.task(role, resource, update)["error"] == "DynamoDB.ConditionalCheckFailedException"


def test_a_function_is_invoked_under_the_machines_role(kit: Kit) -> None:
    function = kit.function(ECHO)
    role = kit.role("r", STATES, allow("lambda:InvokeFunction", function))
    invoke, arguments = "arn:aws:states:::lambda:invoke", {"FunctionName": function, "Payload": {"n": 1}}
    output = {"payload": "{% $states.result.Payload %}", "code": "{% $states.result.StatusCode %}"}

    passed = kit.task(role, invoke, arguments, Output=output)
    assert json.loads(passed["output"]) == {"payload": {"got": {"n": 1}}, "code": 200}
    kit.forbid("r")
    denied = kit.task(role, invoke, arguments)
    assert denied["error"] == "Lambda.AWSLambdaException"
    assert "lambda:InvokeFunction" in denied["cause"]


def test_an_error_of_a_function_is_caught_by_its_class(kit: Kit) -> None:
    function = kit.function(FAIL)
    role = kit.role("r", STATES, allow("lambda:InvokeFunction", function))
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": function, "Payload": {}},
        "Retry": [{"ErrorEquals": ["DatasetInvalid"], "MaxAttempts": 1, "IntervalSeconds": 60}],
        "Catch": [
            {
                "ErrorEquals": ["DatasetInvalid"],
                "Assign": {"cause": "{% $parse($states.errorOutput.Cause).errorMessage %}"},
                "Next": "Caught",
            }
        ],
        "End": True,
    }
    states = {"Call": call, "Caught": {"Type": "Succeed", "Output": "{% $cause %}"}}
    ended = kit.run(kit.machine(role, states))
    assert json.loads(ended["output"]) == "line 3"
    history = kit.client("stepfunctions").get_execution_history(executionArn=ended["executionArn"])
    assert sum(event["type"] == "TaskFailed" for event in history["events"]) == 2


def test_a_task_waits_for_its_token(kit: Kit) -> None:
    function = kit.function(
        "import boto3, json\n"
        "def handler(event, context):\n"
        "    client = boto3.client('stepfunctions')\n"
        "    client.send_task_success(taskToken=event['token'], output=json.dumps({'by': 'me'}))\n",
        allow("states:SendTaskSuccess", "*"),
    )
    role = kit.role("r", STATES, allow("lambda:InvokeFunction", function))
    payload = {"FunctionName": function, "Payload": {"token": "{% $states.context.Task.Token %}"}}
    resource = "arn:aws:states:::lambda:invoke.waitForTaskToken"
    ended = kit.task(role, resource, payload, TimeoutSeconds=86400, Output="{% $states.result.by %}")
    assert json.loads(ended["output"]) == "me"


def test_a_token_that_never_comes_back_times_out_in_simulated_time(kit: Kit) -> None:
    function = kit.function(ECHO)
    role = kit.role("r", STATES, allow("lambda:InvokeFunction", function))
    payload = {"FunctionName": function, "Payload": {}}
    resource = "arn:aws:states:::lambda:invoke.waitForTaskToken"
    assert kit.task(role, resource, payload, TimeoutSeconds=1200)["error"] == "States.Timeout"


def test_topics_and_parameters_are_reached_under_the_role(kit: Kit) -> None:
    topic = kit.client("sns").create_topic(Name="notices")["TopicArn"]
    role = kit.role(
        "r", STATES, allow("sns:Publish", topic), allow("ssm:PutParameter", kit.arn("ssm", "parameter/x"))
    )
    publish = "arn:aws:states:::sns:publish"
    sent = kit.task(role, publish, {"TopicArn": topic, "Message": {"a": 1}, "Subject": "s"})
    assert "MessageId" in json.loads(sent["output"])
    put = {"Name": "/x", "Value": "v", "Type": "String", "Overwrite": True}
    assert kit.task(role, "arn:aws:states:::aws-sdk:ssm:putParameter", put)["status"] == "SUCCEEDED"
    denied = kit.task(role, "arn:aws:states:::aws-sdk:ssm:getParameter", {"Name": "/x"})
    assert denied["error"] == "Ssm.AccessDeniedException"
    kit.allow("r", allow("ssm:GetParameter", "*"))
    read = kit.task(role, "arn:aws:states:::aws-sdk:ssm:getParameter", {"Name": "/x"})
    assert json.loads(read["output"])["Parameter"]["Arn"] == kit.arn("ssm", "parameter/x")
    missing = kit.task(role, "arn:aws:states:::aws-sdk:ssm:getParameter", {"Name": "/y"})
    assert missing["error"] == "Ssm.ParameterNotFoundException"


def test_a_role_that_does_not_trust_step_functions_is_not_used(kit: Kit) -> None:
    condition = {"StringEquals": {"aws:SourceAccount": "999999999999"}}
    role = kit.role("r", STATES, allow("*", "*"), condition=condition)
    ended = kit.task(role, "arn:aws:states:::aws-sdk:ssm:getParameter", {"Name": "/x"})
    assert ended["error"] == "States.Permissions"
    assert "trust policy" in ended["cause"]


def test_a_misspelled_argument_is_not_caught(kit: Kit) -> None:
    role = kit.role("r", STATES, allow("*", "*"))
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Only"}]
    ended = kit.task(role, "arn:aws:states:::aws-sdk:ssm:getParameter", {"Nmae": "/x"}, Catch=catch)
    assert ended["error"] == "States.Runtime"
    assert "Arguments.Nmae is not supported" in ended["cause"]


def test_variables_parallel_and_map(kit: Kit) -> None:
    role = kit.role("r", STATES)
    inner = {"StartAt": "P", "States": {"P": {"Type": "Pass", "Output": "{% $a %}", "End": True}}}
    doubled = {"Type": "Pass", "Output": "{% $states.input * 2 %}", "End": True}
    states = {
        "Set": {"Type": "Pass", "Assign": {"a": 1, "b": 2}, "Next": "Swap"},
        "Swap": {"Type": "Pass", "Assign": {"a": "{% $b %}", "b": "{% $a %}"}, "Next": "Both"},
        "Both": {
            "Type": "Parallel",
            "Branches": [inner, inner],
            "Assign": {"both": "{% $states.result %}"},
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "Items": "{% $append($both, $b) %}",
            "ItemProcessor": {"StartAt": "D", "States": {"D": doubled}},
            "Next": "End",
        },
        "End": {"Type": "Succeed", "Output": {"each": "{% $states.input %}", "a": "{% $a %}"}},
    }
    assert json.loads(kit.run(kit.machine(role, states))["output"]) == {"each": [4, 4, 2], "a": 2}


def test_status_events_of_executions_reach_the_default_bus(kit: Kit) -> None:
    url, queue = kit.queue()
    kit.rule({"source": ["aws.states"]}, {"Arn": queue})
    machine = kit.machine(kit.role("r", STATES), {"Go": {"Type": "Succeed"}})
    execution = kit.start(machine)
    events = [kit.receive(url)["Body"] for _ in range(2)]
    assert {event["detail"]["status"] for event in events} == {"RUNNING", "SUCCEEDED"}
    assert {event["detail-type"] for event in events} == {"Step Functions Execution Status Change"}
    assert {event["detail"]["executionArn"] for event in events} == {execution}


@pytest.mark.parametrize(("how", "status"), [("stop", "ABORTED"), ("timeout", "TIMED_OUT")])
def test_an_execution_that_is_stopped_or_too_slow_ends_and_tells(kit: Kit, how: str, status: str) -> None:
    url, queue = kit.queue()
    kit.rule({"source": ["aws.states"], "detail": {"status": [status]}}, {"Arn": queue})
    waiting = {"Wait": {"Type": "Wait", "Seconds": 10_000_000, "End": True}}
    limit = {"TimeoutSeconds": 600} if how == "timeout" else {}
    execution = kit.start(kit.machine(kit.role("r", STATES), waiting, **limit))
    if how == "stop":
        kit.client("stepfunctions").stop_execution(executionArn=execution, error="Tired", cause="of it")
    assert kit.receive(url)["Body"]["detail"]["executionArn"] == execution
    assert kit.finish(execution)["status"] == status


def test_a_failure_after_the_stop_does_not_change_the_end(kit: Kit) -> None:
    function = kit.function(
        "import boto3\n"
        "def handler(event, context):\n"
        "    boto3.client('stepfunctions').stop_execution(executionArn=event['me'])\n"
        "    raise ValueError('late')\n",
        allow("states:StopExecution", "*"),
    )
    role = kit.role("r", STATES, allow("lambda:InvokeFunction", function))
    payload = {"FunctionName": function, "Payload": {"me": "{% $states.context.Execution.Id %}"}}
    url, queue = kit.queue()
    kit.rule({"source": ["aws.states"], "detail": {"status": ["ABORTED", "FAILED"]}}, {"Arn": queue})
    ended = kit.task(role, "arn:aws:states:::lambda:invoke", payload)
    assert ended["status"] == "ABORTED"
    assert kit.receive(url)["Body"]["detail"]["status"] == "ABORTED"
