"""Least privilege, proved on the templates: who may do what, on what, under which conditions."""

import re

import pytest

from finetune_core.distillation import TEACHERS
from finetune_core.functions import FUNCTIONS
from stacks.components.pipeline_function import construct_name
from tests.infrastructure.policies import actions, as_list, statement_for, statements, text
from tests.infrastructure.synthesis import ROOT, Resource, Synthesised, deployed_functions

ROLE = "AWS::IAM::Role"
COMMON = {"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords", "xray:PutTraceSegments"}
ALONG = {"s3:GetObject": "s3:GetObjectVersion", "s3:PutObject": "s3:AbortMultipartUpload"}
NO_RESOURCE = {
    "bedrock:ListCustomModels",
    "bedrock:ListCustomModelDeployments",
    "bedrock:ListEvaluationJobs",
    "bedrock:ListFoundationModels",
    "bedrock:ListModelCustomizationJobs",
    "bedrock:ListProvisionedModelThroughputs",
    "cloudwatch:GetMetricStatistics",
    "lambda:ListFunctions",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "pricing:GetProducts",
    "servicequotas:GetServiceQuota",
    "states:SendTaskFailure",
    "states:SendTaskSuccess",
    "servicequotas:ListServiceQuotas",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
"""Actions for which the service authorization reference lists no resource type (read 2026-11-24)."""


MAKING = {"iam:PassRole", "lambda:CreateFunction", "lambda:TagResource"}
"""What deploy_reward may do only where datasets may bring code: not in PROD."""

SERVES_MODELS = {
    "bedrock:CreateCustomModelDeployment",
    "bedrock:InvokeModel",
    "bedrock:UpdateCustomModelDeployment",
    "bedrock:UpdateProvisionedModelThroughput",
}
"""Calls that Bedrock denies when the caller may not use the key of the custom model behind the endpoint:
https://docs.aws.amazon.com/bedrock/latest/userguide/encryption-custom-job.html (read 2026-11-24)."""


def role_of(synthesised: Synthesised, name: str) -> Resource:
    stack = "Serving" if name in {"GuardEndpoints", "WatchChampions"} else "Pipeline"
    pattern = re.compile(rf"{name}(Permissions)?Role[0-9A-F]{{8}}")
    (role,) = [role for key, role in synthesised.resources(stack, ROLE).items() if pattern.fullmatch(key)]
    return role


def documented_calls(name: str) -> set[str]:
    """The actions that a function's package names in its docstring, with those that go along with them."""
    said = (ROOT / "lambdas" / name / "__init__.py").read_text()
    if name == "close_run":  # says "what clean_up and finish_run call, and"
        return documented_calls("clean_up") | documented_calls("finish_run") | {"dynamodb:Query"}
    calls = set(re.findall(r"\b([a-z0-9]+:[A-Z][A-Za-z]+)\b", said))
    calls |= {along for action, along in ALONG.items() if action in calls}
    return calls | {action for action, along in ALONG.items() if along in calls}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_may_do_what_its_docstring_says_and_nothing_else(linked: Synthesised, name: str):
    """KMS actions are left to the test below: which ones a service needs is not the function's business."""
    said = documented_calls(name) - (MAKING if name == "deploy_reward" else set())
    extra = {"sqs:SendMessage"} if name in {"close_run", "guard_endpoints", "watch_champions"} else set()
    allowed = actions(role_of(linked, construct_name(name))) - COMMON - extra
    assert {action for action in allowed if not action.startswith("kms:")} == {
        action for action in said if not action.startswith("kms:")
    }


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_uses_the_key_only_through_services_that_it_calls(linked: Synthesised, name: str):
    role = role_of(linked, construct_name(name))
    called = {action.split(":")[0] for action in actions(role)} & {"s3", "dynamodb", "sns"}
    called |= {"bedrock"} if actions(role) & SERVES_MODELS else set()
    through = {
        service.split(".")[0]
        for statement in statements(role)
        if "kms:Decrypt" in as_list(statement["Action"])
        for service in as_list(
            statement.get("Condition", {}).get("StringEquals", {}).get("kms:ViaService", [])
        )
    }
    assert through == called


def test_every_role_holds_its_permissions_itself(synthesised: Synthesised):
    """No managed policy, and no policy that a grant somewhere else has attached."""
    assert synthesised.everywhere("AWS::IAM::Policy") == []
    assert synthesised.everywhere("AWS::IAM::ManagedPolicy") == []
    for _, role in synthesised.everywhere(ROLE):
        assert "ManagedPolicyArns" not in role["Properties"]


def test_no_two_functions_share_a_role(synthesised: Synthesised):
    roles = [
        text(function["Properties"]["Role"])
        for _, function in synthesised.everywhere("AWS::Lambda::Function")
    ]
    assert len(roles) == len(set(roles)) == len(deployed_functions(synthesised.settings))


def test_actions_are_written_in_full(synthesised: Synthesised):
    for path, role in synthesised.everywhere(ROLE):
        assert not [action for action in actions(role) if "*" in action], path


def test_all_resources_only_where_an_action_has_none(synthesised: Synthesised):
    for path, role in synthesised.everywhere(ROLE):
        for statement in statements(role):
            if "*" in as_list(statement["Resource"]):
                assert set(as_list(statement["Action"])) <= NO_RESOURCE, path


def test_trust_names_one_service_and_has_no_unconditional_twin(synthesised: Synthesised):
    """A condition in a second statement would leave the first one open."""
    for path, role in synthesised.everywhere(ROLE):
        document = role["Properties"]["AssumeRolePolicyDocument"]
        (statement,) = document["Statement"]
        service = statement["Principal"]["Service"]
        if service != "lambda.amazonaws.com":
            account = statement["Condition"]["StringEquals"]["aws:SourceAccount"]
            assert account == {"Ref": "AWS::AccountId"}, path


def test_bedrock_role_is_for_customization_jobs_of_this_account(synthesised: Synthesised):
    role = role_of(synthesised, "Bedrock")
    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "bedrock.amazonaws.com"}
    source = text(trust["Condition"]["ArnLike"]["aws:SourceArn"])
    assert "AWS::AccountId" in source
    assert ":model-customization-job/*" in source


def test_bedrock_role_reads_data_asks_teachers_and_writes_only_training_artifacts(synthesised: Synthesised):
    role = role_of(synthesised, "Bedrock")
    assert actions(role) == {
        "bedrock:InvokeModel",
        "lambda:InvokeFunction",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
        "kms:Decrypt",
        "kms:GenerateDataKey",
    }
    writable = text(statement_for(role, "s3:PutObject")["Resource"])
    assert "Artifacts" in writable
    assert "/runs/*/training/*" in writable
    teachers = statement_for(role, "bedrock:InvokeModel")["Resource"]
    assert len(teachers) == 2 * len(TEACHERS)
    assert all(text(teacher).rstrip('"]}').endswith("-v1:0") for teacher in teachers)


def test_evaluation_role_is_for_evaluation_jobs_and_reaches_a_judges_files_alone(synthesised: Synthesised):
    role = role_of(synthesised, "Evaluation")
    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "bedrock.amazonaws.com"}
    assert ":evaluation-job/*" in text(trust["Condition"]["ArnLike"]["aws:SourceArn"])
    assert {action for action in actions(role) if not action.startswith("kms:")} == {
        "bedrock:InvokeModel",
        "s3:AbortMultipartUpload",
        "s3:GetBucketLocation",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:ListBucketMultipartUploads",
        "s3:PutObject",
    }
    objects = [
        text(resource)
        for statement in statements(role)
        if {"s3:GetObject", "s3:PutObject"} & set(as_list(statement["Action"]))
        for resource in as_list(statement["Resource"])
    ]
    assert len(objects) == 2
    assert all("Artifacts" in one and "/runs/*/judge/" in one for one in objects)
    assert "judge/output/*" in text(statement_for(role, "s3:PutObject")["Resource"])
    judges = [text(one) for one in as_list(statement_for(role, "bedrock:InvokeModel")["Resource"])]
    assert all("foundation-model/*" in one or "inference-profile/*" in one for one in judges)


def test_only_the_state_machine_passes_a_role_to_bedrock(synthesised: Synthesised):
    passing = [path for path, role in synthesised.everywhere(ROLE) if "iam:PassRole" in actions(role)]
    making = ["DeployRewa"] if synthesised.settings.run_limits.reward_code else []
    assert sorted(path.split("/")[1][:10] for path in passing) == [*making, "FineTuning"]
    statement = statement_for(role_of(synthesised, "FineTuning"), "iam:PassRole")
    passed = [resource["Fn::GetAtt"][0][:-8] for resource in statement["Resource"]]
    assert passed == ["BedrockRole", "EvaluationRole"]
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}}


def test_dropped_code_runs_under_a_role_that_writes_its_log_alone(synthesised: Synthesised):
    if not synthesised.settings.run_limits.reward_code:
        assert not [key for key in synthesised.resources("Pipeline", ROLE) if key.startswith("RewardPerm")]
        assert not MAKING & actions(role_of(synthesised, "DeployReward"))
        return
    reward = role_of(synthesised, "Reward")
    (statement,) = statements(reward)
    assert actions(reward) == {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert statement["Resource"]["Fn::GetAtt"][0].startswith("RewardLogs")
    making = role_of(synthesised, "DeployReward")
    passed = statement_for(making, "iam:PassRole")
    assert passed["Resource"]["Fn::GetAtt"][0].startswith("RewardPermissionsRole")
    assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    assert documented_calls("deploy_reward") >= MAKING
    created = statement_for(making, "lambda:CreateFunction")
    assert created["Condition"] == {
        "StringEquals": {"aws:RequestTag/finetune:pipeline": synthesised.settings.environment},
        "Null": {"lambda:Layer": "true", "lambda:VpcIds": "true"},
    }


def test_only_functions_with_the_environments_prefix_grade_or_are_changed(synthesised: Synthesised):
    """The prefix is the border between what datasets may name and every other function of the account."""
    prefix = f":function:finetune-{synthesised.settings.environment}-reward-*"
    seen = set()
    for path, role in synthesised.everywhere(ROLE):
        for statement in statements(role):
            called = {action for action in as_list(statement["Action"]) if action.startswith("lambda:")}
            if called and not called <= {"lambda:InvokeFunction", "lambda:ListFunctions"}:
                (resource,) = as_list(statement["Resource"])
                assert text(resource).rstrip('"]}').endswith(prefix), path
                seen |= called
    calling = [role_of(synthesised, name) for name in ("Bedrock", "AnswerPrompts", "DeployReward")]
    for role in calling:
        (resource,) = as_list(statement_for(role, "lambda:InvokeFunction")["Resource"])
        assert text(resource).rstrip('"]}').endswith(prefix)
    assert {"lambda:DeleteFunction", "lambda:GetFunction"} <= seen


def test_state_machine_invokes_exactly_the_functions_that_it_names(synthesised: Synthesised):
    (machine,) = synthesised.resources("Pipeline", "AWS::StepFunctions::StateMachine").values()
    named = set(re.findall(r"[A-Za-z]+Function[0-9A-F]{8}", text(machine["Properties"]["DefinitionString"])))
    statement = statement_for(role_of(synthesised, "FineTuning"), "lambda:InvokeFunction")
    assert {resource["Fn::GetAtt"][0] for resource in as_list(statement["Resource"])} == named


def test_state_machine_role_has_what_sync_training_needs(synthesised: Synthesised):
    """The CDK's own task leaves these out (aws-cdk-lib 2.275.0)."""
    needed = {
        "bedrock:CreateModelCustomizationJob",
        "bedrock:GetModelCustomizationJob",
        "bedrock:StopModelCustomizationJob",
        "bedrock:TagResource",
    }
    assert needed <= actions(role_of(synthesised, "FineTuning"))


@pytest.mark.parametrize(
    "action",
    [
        "bedrock:TagResource",
        "bedrock:CreateEvaluationJob",
        "bedrock:CreateProvisionedModelThroughput",
    ],
)
def test_state_machine_creates_only_what_carries_the_pipelines_tag(synthesised: Synthesised, action: str):
    statement = statement_for(role_of(synthesised, "FineTuning"), action)
    environment = synthesised.settings.environment
    tagged = {"StringEquals": {"aws:RequestTag/finetune:pipeline": environment}}
    assert statement["Condition"] == tagged


def test_deleting_and_stopping_need_the_pipelines_tag(synthesised: Synthesised):
    """The state machine's own Stop is the exception: Step Functions calls it when `.sync` is aborted."""
    own = {"StringEquals": {"aws:ResourceTag/finetune:pipeline": synthesised.settings.environment}}
    changing = re.compile(r"(bedrock|lambda):(Delete|Stop|Update)")
    seen = 0
    for path, role in synthesised.everywhere(ROLE):
        if path.startswith("Pipeline/FineTuning"):
            continue
        for statement in statements(role):
            if any(changing.match(action) for action in as_list(statement["Action"])):
                assert statement["Condition"] == own, path
                seen += 1
    assert seen >= 4


def test_permissions_boundary_reaches_every_role(bounded: Synthesised):
    for path, role in bounded.everywhere(ROLE):
        assert text(role["Properties"]["PermissionsBoundary"]).endswith('policy/TeamBoundary"]]}'), path
