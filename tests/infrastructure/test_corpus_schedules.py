"""Schedules of corpora: none by default; each starts the machine with what intake reads."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from config.environments import DEV
from resolve_run.corpus import SCHEDULED
from stacks.components.corpus_schedules import SOURCE
from tests.infrastructure.policies import text
from tests.infrastructure.synthesis import Synthesised, synthesise

SCHEDULE = "AWS::Scheduler::Schedule"


@pytest.fixture(scope="module")
def scheduled(tmp_path_factory: pytest.TempPathFactory) -> Synthesised:
    code = tmp_path_factory.mktemp("code")
    Path(code, "x.py").write_text("")
    settings = replace(DEV, corpus_schedules={"manuals": "rate(7 days)", "news": "cron(0 6 * * ? *)"})
    return synthesise(settings, tmp_path_factory.mktemp("out"), code)


def test_no_corpus_is_scheduled_by_default(synthesised: Synthesised):
    assert not synthesised.resources("Pipeline", SCHEDULE)


def test_each_corpus_of_the_settings_has_its_schedule(scheduled: Synthesised):
    found = scheduled.resources("Pipeline", SCHEDULE).values()
    assert sorted(each["Properties"]["ScheduleExpression"] for each in found) == [
        "cron(0 6 * * ? *)",
        "rate(7 days)",
    ]
    inputs = [text(each["Properties"]["Target"]["Input"]).replace("\\", "") for each in found]
    assert all(f'"source": "{SCHEDULED}"' in each for each in inputs)
    assert any("corpora/manuals/scheduled" in each for each in inputs)
    assert SOURCE == SCHEDULED


def test_the_schedules_may_start_the_machine_and_nothing_else(scheduled: Synthesised):
    roles = [r for path, r in scheduled.everywhere("AWS::IAM::Role") if "CorpusSchedules" in path]
    (role,) = roles
    (policy,) = role["Properties"]["Policies"]
    actions = [s["Action"] for s in policy["PolicyDocument"]["Statement"]]
    assert actions == ["states:StartExecution", "sqs:SendMessage", ["kms:Decrypt", "kms:GenerateDataKey"]]
    assert "scheduler.amazonaws.com" in json.dumps(role["Properties"]["AssumeRolePolicyDocument"])
    assert not [path for path, _ in scheduled.findings if "CorpusSchedules" in path]
