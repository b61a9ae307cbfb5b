"""What rings, where it rings, and the guardian's schedule."""

import json

from tests.infrastructure.policies import text
from tests.infrastructure.synthesis import Synthesised

ALARM = "AWS::CloudWatch::Alarm"
ALARMS = {
    "RunsFailed": ("AWS/States", "ExecutionsFailed"),
    "RunsTimedOut": ("AWS/States", "ExecutionsTimedOut"),
    "RunsStuck": ("Finetune", "OldestRunHours"),
    "EndpointsDeleted": ("Finetune", "EndpointsDeleted"),
    "GuardianSilent": ("AWS/Lambda", "Invocations"),
    "CloseRunErrors": ("AWS/Lambda", "Errors"),
    "GuardEndpointsErrors": ("AWS/Lambda", "Errors"),
    "WatchChampionsErrors": ("AWS/Lambda", "Errors"),
    "FunctionsThrottled": ("AWS/Lambda", "Throttles"),
    "PipelineDeadLetters": ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
    "GuardianDeadLetters": ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
    "NoticesDeadLetters": ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
}


def alarms_of(synthesised: Synthesised) -> dict[str, dict]:
    """Alarms by their construct id."""
    found = synthesised.resources("Monitoring", ALARM).items()
    return {name.removeprefix("Alarms")[:-8]: alarm["Properties"] for name, alarm in found}


def test_there_is_an_alarm_for_each_thing_that_needs_a_person(synthesised: Synthesised):
    watched = {
        name: (alarm["Namespace"], alarm["MetricName"]) for name, alarm in alarms_of(synthesised).items()
    }
    assert watched == ALARMS


def test_every_alarm_goes_to_the_topic_and_says_what_is_wrong(synthesised: Synthesised):
    (topic,) = synthesised.resources("Monitoring", "AWS::SNS::Topic")
    for name, alarm in alarms_of(synthesised).items():
        assert alarm["AlarmActions"] == [{"Ref": topic}], name
        assert len(alarm["AlarmDescription"]) > 20, name


def test_stuck_runs_are_measured_against_the_settings(synthesised: Synthesised):
    assert alarms_of(synthesised)["RunsStuck"]["Threshold"] == synthesised.settings.stuck_run_hours


def test_alarms_of_the_pipelines_own_metrics_name_the_environment(synthesised: Synthesised):
    dimensions = alarms_of(synthesised)["EndpointsDeleted"]["Dimensions"]
    assert dimensions == [{"Name": "environment", "Value": synthesised.settings.environment}]


def test_a_silent_guardian_is_an_alarm(synthesised: Synthesised):
    alarm = alarms_of(synthesised)["GuardianSilent"]
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["ComparisonOperator"] == "LessThanThreshold"


def test_topics_are_encrypted_and_refuse_plain_http(synthesised: Synthesised):
    topics = synthesised.everywhere("AWS::SNS::Topic")
    assert {path.split("/")[0] for path, _ in topics} == {"Pipeline", "Monitoring"}
    for path, topic in topics:
        assert "KmsMasterKeyId" in topic["Properties"], path
    refusing = [
        statement
        for _, policy in synthesised.everywhere("AWS::SNS::TopicPolicy")
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and "aws:SecureTransport" in text(statement["Condition"])
    ]
    assert len(refusing) == 2


def test_cloudwatch_and_eventbridge_may_publish_alarms(synthesised: Synthesised):
    (policy,) = synthesised.resources("Monitoring", "AWS::SNS::TopicPolicy").values()
    allowed = {
        text(statement["Principal"].get("Service"))
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    }
    assert {"cloudwatch.amazonaws.com", "events.amazonaws.com"} <= allowed


def test_spending_is_watched_where_the_settings_say_so(synthesised: Synthesised):
    budgets = synthesised.resources("Monitoring", "AWS::Budgets::Budget").values()
    limits = [budget["Properties"]["Budget"]["BudgetLimit"] for budget in budgets]
    wanted = synthesised.settings.monthly_budget_usd
    assert limits == ([{"Amount": wanted, "Unit": "USD"}] if wanted else [])


def test_notices_are_mailed_to_whom_the_settings_name(bounded: Synthesised, prod: Synthesised):
    addresses = [
        subscription["Properties"]["Endpoint"]
        for _, subscription in bounded.everywhere("AWS::SNS::Subscription")
    ]
    assert addresses == ["team@example.com"] * 2  # notices and alarms
    assert prod.everywhere("AWS::SNS::Subscription") == []


def test_dashboard_is_valid_json_and_names_every_alarmed_metric(synthesised: Synthesised):
    (dashboard,) = synthesised.resources("Monitoring", "AWS::CloudWatch::Dashboard").values()
    parts = dashboard["Properties"]["DashboardBody"]["Fn::Join"][1]
    body = "".join(part if isinstance(part, str) else "token" for part in parts)
    assert len(json.loads(body)["widgets"]) == 7
    for _, metric in ALARMS.values():
        assert metric in body


def test_guardian_and_watch_are_woken_on_the_settings_schedules(synthesised: Synthesised):
    schedules = synthesised.resources("Serving", "AWS::Scheduler::Schedule").values()
    settings = synthesised.settings
    expressions = sorted(schedule["Properties"]["ScheduleExpression"] for schedule in schedules)
    assert expressions == sorted([settings.guardian_schedule, settings.watch_schedule])
    for schedule in schedules:
        assert schedule["Properties"]["State"] == "ENABLED"
        assert "DeadLetterConfig" in schedule["Properties"]["Target"]
