"""Holds each private name of the AWS emulator that `finetune_local.hooks` uses against the installed release.

A failure here means that ministack has changed: read its change log, adapt `src/finetune_local/hooks`, and
only then move the pin.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import shutil
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import pytest
from ministack.core import iam_actions, lambda_runtime

from finetune_local.hooks import functions

HOOKS = Path(__file__).parents[2] / "src" / "finetune_local" / "hooks"
RELEASE = "1.5.33"

CALLABLES = {
    "ministack.app": {"app": "scope receive send"},
    "ministack.core.concurrency": {"run_reentrant": "fn *args thread_name"},
    "ministack.core.iam_actions": {
        "extract_iam_action": "service method path headers body query_params",
        "extract_resource_arn": "service method path headers body query_params region account_id",
    },
    "ministack.core.iam_evaluator": {
        "enforce": "access_key_id iam_action service region resource_arn service_context",
        "evaluate_resource_policy": "doc ctx service named_only direct_only",
        "request_caller_arn": "headers query_params",
    },
    "ministack.core.responses": {
        "get_account_id": "",
        "get_region": "",
        "request_scope": "account_id region",
    },
    "ministack.core.router": {"extract_access_key_id": "headers query_params"},
    "ministack.services.cloudformation.provisioners": {"_lambda_url_attributes": "config"},
    "ministack.services.cloudwatch": {
        "_evaluate_all_alarms": "",
        "_store_datum": "namespace name dims ts unit value values counts stat_values",
    },
    "ministack.services.eventbridge": {
        "_invoke_target": "target event rule view",
        "_put_events": "data allow_aws_source",
        "_dispatch_to_stepfunctions": "arn payload",
        "_dispatch_to_lambda": "arn payload",
        "_dispatch_to_sns": "arn payload",
        "_dispatch_to_sqs": "spec payload sqs_parameters",
    },
    "ministack.services.lambda_svc": {
        "_execute_function_warm": "func event request_id",
        "_function_url_id": "function_url",
        "_get_func_record_for_ref": "function_ref",
        "handle_function_url_request": "url_id method path headers body query_params resolved source_ip",
        "resolve_function_url": "url_id",
    },
    "ministack.services.s3": {
        "_delete_bucket_encryption": "name",
        "_get_object": "bucket_name key headers query_params",
        "_parse_range": "range_header total",
        "_put_bucket_encryption": "name body",
        "_resolve_sse_write_headers": "headers bucket_name",
        "_stored_sse_headers": "obj",
    },
    "ministack.services.sns": {"topic_policy_allows": "topic_arn service source_arn source_account"},
    "ministack.services.sqs": {"queue_policy_allows": "queue_arn service source_arn source_account"},
    "ministack.services.sts": {"register_session": "access_key session"},
    "ministack.services.stepfunctions": {
        "_ExecutionError": "error cause",
        "_add_event": "execution event_type details",
        "_api_name_to_sfn_key": "name",
        "_apply_jsonata_arguments": "state_def raw_input ctx",
        "_apply_jsonata_output": "state_def raw_input ctx result error_output default",
        "_apply_jsonata_template": "value raw_input ctx result error_output",
        "_apply_output_path": "state_def data ctx",
        "_apply_state_assign": "state_def raw_input ctx result error_output",
        "_emit_execution_status_event": "execution",
        "_error_matches": "error_equals error",
        "_execute_task": "state_def raw_input execution ctx",
        "_fail_execution": "execution error cause",
        "_invoke_resource": "resource input_data",
        "_invoke_resource_with_timeout": "resource input_data timeout",
        "_invoke_with_callback": "resource input_data token state_def",
        "_jsonata_state_field": "state_def field expected raw_input ctx",
        "_next_or_end": "state_def",
        "_run_distributed_map": "state_def raw_input effective iterator execution ctx",
        "_run_execution": "exec_arn",
        "_run_parallel_branches": "state_def raw_input execution ctx",
        "_run_sub_machine": "states start_at input_data execution ctx",
        "_s3_object_text": "bucket key",
        "_scaled_sleep": "seconds",
        "_state_query_language": "state_def ctx",
        "_stop_execution": "data",
        "now_iso": "",
    },
}
"""Module → callable → names of its parameters."""

VALUES = {
    "ministack.app": {"AUTH": bool, "SERVICE_HANDLERS": dict},
    "ministack.core.iam_actions": {"SERVICE_TO_IAM_NAMESPACE": dict},
    "ministack.core.iam_evaluator": {"AuthError": type, "EvalContext": type},
    "ministack.core.lambda_runtime": {"_PYTHON_WORKER_SCRIPT": str, "zipfile": object},
    "ministack.core.router": {"SERVICE_PATTERNS": dict},
    "ministack.services.cloudformation.provisioners": {"_S3_BUCKET_CONFIGURATIONS": tuple},
    "ministack.services.eventbridge": {"_SCHEDULER_TICK_INTERVAL": int},
    "ministack.services.iam": {"_roles": object},
    "ministack.services.s3": {"_buckets": object},
    "ministack.services.scheduler": {"_SCHEDULE_TICK_INTERVAL": int},
    "ministack.services.stepfunctions": {
        "_executions": object,
        "_state_machines": object,
        "_task_tokens": object,
    },
}
"""Module → variable → its type."""

_PARAMETERS = [(module, name, names) for module, table in CALLABLES.items() for name, names in table.items()]
_TYPES = [(module, name, kind) for module, table in VALUES.items() for name, kind in table.items()]


def _source(module: str) -> str:
    return inspect.getsource(importlib.import_module(module))


def test_the_release_is_the_one_that_the_hooks_were_written_for() -> None:
    assert version("ministack") == RELEASE


@pytest.mark.parametrize(("module", "name", "names"), _PARAMETERS)
def test_a_function_has_the_parameters_that_the_hooks_know(module: str, name: str, names: str) -> None:
    found = getattr(importlib.import_module(module), name, None)
    assert found is not None, f"{module}.{name} is gone"
    parameters = inspect.signature(found).parameters.values()
    seen = [f"*{each.name}" if each.kind is each.VAR_POSITIONAL else each.name for each in parameters]
    assert seen == names.split(), f"{module}.{name} takes other parameters than the hooks know"


@pytest.mark.parametrize(("module", "name", "kind"), _TYPES)
def test_a_variable_has_the_type_that_the_hooks_know(module: str, name: str, kind: type) -> None:
    found = getattr(importlib.import_module(module), name, None)
    assert isinstance(found, kind), f"{module}.{name} is gone or something else"


def test_this_file_knows_every_name_that_the_hooks_use() -> None:
    known = {(module, name) for module, name, _ in [*_PARAMETERS, *_TYPES]}
    used = {use for file in HOOKS.glob("*.py") for use in _uses(ast.parse(file.read_text()))}
    assert used - known == set()


def test_nothing_else_in_the_project_imports_the_emulator() -> None:
    roots = [HOOKS.parents[2] / folder for folder in ("src", "lambdas", "stacks", "config")]
    files = [file for root in roots for file in root.rglob("*.py") if HOOKS not in file.parents]
    guilty = [file for file in files if "ministack" in _imports(ast.parse(file.read_text()))]
    assert guilty == []


@pytest.mark.parametrize(
    ("module", "text"),
    [
        # The engine calls these by their module's name at run time, so that replacing them works.
        ("ministack.services.stepfunctions", "args=(_run_execution, exec_arn)"),
        ("ministack.services.stepfunctions", '"Task": _execute_task'),
        ("ministack.services.stepfunctions", "return _run_distributed_map("),
        ("ministack.services.stepfunctions", '"StopExecution": _stop_execution'),
        ("ministack.services.stepfunctions", "_task_tokens.get(token)"),
        ("ministack.services.stepfunctions", 'info["event"].set()'),
        ("ministack.services.scheduler", "_eb._invoke_target(target, event, sched)"),
        ("ministack.services.scheduler", '"Source": "aws.scheduler"'),
        ("ministack.services.scheduler", "time.sleep(_SCHEDULE_TICK_INTERVAL)"),
        ("ministack.services.eventbridge", "time.sleep(_SCHEDULER_TICK_INTERVAL)"),
        ("ministack.app", "handler = SERVICE_HANDLERS.get(service)"),
        # The address that hooks/function_urls.py gives is one that the front door serves.
        ("ministack.app", 'path.startswith("/_aws/lambda-url/")'),
        ("ministack.app", '_get_module("lambda_svc").handle_function_url_request('),
        ("ministack.services.cloudformation.provisioners", "_lambda_url_attributes(config)"),
        ("ministack.app", "from ministack.core.iam_actions import ("),
        ("ministack.core.lambda_runtime", "zf.extractall(code_dir)"),
    ],
)
def test_the_emulator_still_looks_its_functions_up_late(module: str, text: str) -> None:
    assert text in _source(module), f"{module} no longer contains {text!r}"


def _uses(tree: ast.Module) -> set[tuple[str, str]]:
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ministack"):
            modules |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return {
        (modules[node.value.id], node.attr)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules
    }


def _imports(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


@pytest.mark.parametrize(
    ("path", "body", "resource"),
    [
        ("/2015-03-31/functions", b'{"FunctionName": "a"}', "arn:aws:lambda:us-east-1:1:function:a"),
        (
            "/2015-03-31/functions",
            b'{"FunctionName": "arn:aws:lambda:x:1:function:b"}',
            "arn:aws:lambda:x:1:function:b",
        ),
        ("/2015-03-31/functions", b"{}", "arn:aws:lambda:us-east-1:1:function:*"),
        ("/2015-03-31/functions/c/invocations", b"{}", "arn:aws:lambda:us-east-1:1:function:c"),
    ],
)
def test_a_creation_is_judged_on_the_function_that_it_names(monkeypatch, path, body, resource) -> None:
    monkeypatch.setattr(iam_actions, "extract_resource_arn", iam_actions.extract_resource_arn)
    functions.judge_creations_by_name()
    asked = ("lambda", "POST", path, {}, body, {}, "us-east-1", "1")
    assert iam_actions.extract_resource_arn(*asked) == resource
    listing = ("lambda", "GET", "/2015-03-31/functions", {}, b"", {}, "us-east-1", "1")
    assert iam_actions.extract_resource_arn(*listing) == "*"


def _archive(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"package/{name}.py", text)
    return path


def test_code_that_functions_share_is_unpacked_once(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(lambda_runtime, "zipfile", lambda_runtime.zipfile)
    monkeypatch.setattr(functions.tempfile, "tempdir", str(tmp_path))
    functions.unpack_code_once()
    archives = {
        "one": _archive(tmp_path / "one.zip", a="1"),
        "twin": _archive(tmp_path / "twin.zip", a="1"),
        "other": _archive(tmp_path / "other.zip", a="2"),
    }
    for name, archive in archives.items():
        (tmp_path / name).mkdir()
        with lambda_runtime.zipfile.ZipFile(archive) as opened:
            opened.extractall(tmp_path / name)
    modules = {name: tmp_path / name / "package" / "a.py" for name in archives}
    assert [module.read_text() for module in modules.values()] == ["1", "1", "2"]
    assert modules["one"].samefile(modules["twin"])
    shutil.rmtree(tmp_path / "one")  # as the emulator does when the function goes
    assert modules["twin"].read_text() == "1"


def test_code_that_is_wanted_by_many_at_once_is_unpacked_once(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(lambda_runtime, "zipfile", lambda_runtime.zipfile)
    monkeypatch.setattr(functions.tempfile, "tempdir", str(tmp_path))
    functions.unpack_code_once()
    archive = _archive(tmp_path / "code.zip", **{f"module_{number}": "1" for number in range(200)})
    start = threading.Barrier(8)

    def unpack(number: int) -> int:
        folder = tmp_path / str(number)
        folder.mkdir()
        with lambda_runtime.zipfile.ZipFile(archive) as opened:
            start.wait(timeout=30)
            opened.extractall(folder)
        return len(list((folder / "package").iterdir()))

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(unpack, range(8))) == {200}
