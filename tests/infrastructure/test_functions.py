"""The functions as they are deployed."""

from stacks.components.pipeline_function import construct_name
from tests.infrastructure.synthesis import Resource, Synthesised, deployed_functions

FUNCTION = "AWS::Lambda::Function"
REWARD_VARIABLES = {"REWARD_ROLE", "REWARD_LOG_GROUP", "REWARD_RUNTIME", "REWARD_ARCHITECTURE"}


def function_of(synthesised: Synthesised, name: str) -> Resource:
    prefix = f"{construct_name(name)}Function"
    (found,) = [
        function["Properties"]
        for path, function in synthesised.everywhere(FUNCTION)
        if path.split("/")[1].startswith(prefix)
    ]
    return found


def test_each_function_is_sized_and_fed_as_declared(synthesised: Synthesised):
    for name, declared in deployed_functions(synthesised.settings).items():
        deployed = function_of(synthesised, name)
        assert deployed["Handler"] == f"{name}.handler.handler"
        assert deployed["Timeout"] == declared.timeout_seconds
        assert deployed["MemorySize"] == declared.memory_mb
        assert deployed.get("ReservedConcurrentExecutions") == declared.concurrency
        assert deployed["EphemeralStorage"] == {"Size": declared.storage_mb}
        variables = set(deployed["Environment"]["Variables"])
        left_out = set() if synthesised.settings.run_limits.reward_code else REWARD_VARIABLES
        assert variables == {*declared.variables, *declared.optional} - left_out, name


def test_runtime_and_architecture_come_from_the_settings(synthesised: Synthesised):
    for name in deployed_functions(synthesised.settings):
        deployed = function_of(synthesised, name)
        assert deployed["Runtime"] == synthesised.settings.lambda_runtime
        assert deployed["Architectures"] == [synthesised.settings.lambda_architecture]


def test_all_functions_share_one_asset(synthesised: Synthesised):
    keys = {function["Properties"]["Code"]["S3Key"] for _, function in synthesised.everywhere(FUNCTION)}
    assert len(keys) == 1


def test_functions_are_traced(synthesised: Synthesised):
    for path, function in synthesised.everywhere(FUNCTION):
        assert function["Properties"]["TracingConfig"] == {"Mode": "Active"}, path


def test_logs_are_encrypted_and_expire(synthesised: Synthesised):
    groups = synthesised.everywhere("AWS::Logs::LogGroup")
    rewards = synthesised.settings.run_limits.reward_code
    assert (
        len(groups) == len(deployed_functions(synthesised.settings)) + 1 + rewards
    )  # and the state machine's, and that of dropped code
    for path, group in groups:
        assert group["Properties"]["RetentionInDays"] == synthesised.settings.log_retention_days, path
        assert "KmsKeyId" in group["Properties"], path


def test_functions_that_nobody_waits_for_have_dead_letters(synthesised: Synthesised):
    for name in deployed_functions(synthesised.settings):
        waited_for = name not in {"close_run", "guard_endpoints", "watch_champions"}
        assert ("DeadLetterConfig" in function_of(synthesised, name)) is not waited_for, name


def test_stacks_need_no_function_of_the_cdks_own(synthesised: Synthesised):
    """A custom resource brings a function and a role that nobody here has written."""
    names = {path.split("/")[1] for path, _ in synthesised.everywhere(FUNCTION)}
    assert len(names) == len(deployed_functions(synthesised.settings))
    for template in synthesised.templates.values():
        kinds = {resource["Type"] for resource in template["Resources"].values()}
        assert not {kind for kind in kinds if kind.startswith("Custom::")}
