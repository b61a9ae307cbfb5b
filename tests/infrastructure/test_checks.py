"""cdk-nag and cfn-lint find nothing, and nothing is silenced that they would not find."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from config.environments import ENVIRONMENTS
from stacks.build import build
from stacks.security import acknowledge
from tests.infrastructure.synthesis import ROOT, Synthesised, make_app


def covers(acknowledgement: tuple[str, str], finding: tuple[str, str]) -> bool:
    """Whether an acknowledgement on a construct covers a finding on it or below it."""
    (path, rule), (found_path, found_rule) = acknowledgement, finding
    return rule == found_rule and (found_path == path or found_path.startswith(f"{path}/"))


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_environment_passes_cdk_nag_at_synth(name: str, tmp_path: Path, code_folder: Path):
    """The packs are plug-ins of the app: an unacknowledged finding raises here."""
    app = make_app(tmp_path)
    build(app, settings=ENVIRONMENTS[name], code_folder=code_folder)
    assert len(app.synth().stacks) == 4


def stale(synthesised: Synthesised) -> set[tuple[str, str]]:
    """Acknowledgements that match no finding any more."""
    return {
        acknowledgement
        for acknowledgement in synthesised.acknowledged
        if not any(covers(acknowledgement, finding) for finding in synthesised.findings)
    }


def unanswered(synthesised: Synthesised) -> set[tuple[str, str]]:
    """Findings that nobody has acknowledged."""
    return {
        finding
        for finding in synthesised.findings
        if not any(covers(acknowledgement, finding) for acknowledgement in synthesised.acknowledged)
    }


def test_no_acknowledgement_is_stale(synthesised: Synthesised):
    assert stale(synthesised) == set()


def test_every_finding_is_acknowledged(synthesised: Synthesised):
    assert unanswered(synthesised) == set()


def test_a_boundary_and_mail_addresses_bring_no_finding(bounded: Synthesised):
    assert (unanswered(bounded), stale(bounded)) == (set(), set())


def test_nothing_is_acknowledged_for_a_whole_stack(synthesised: Synthesised):
    assert [path for path, _ in synthesised.acknowledged if "/" not in path] == []


def test_the_packs_do_find_something(synthesised: Synthesised):
    """Else the tests above would pass without checking anything."""
    assert len(synthesised.findings) > 30


def test_a_reason_has_to_be_given(tmp_path: Path):
    with pytest.raises(ValueError, match="say why AwsSolutions-S1"):
        acknowledge(make_app(tmp_path), "AwsSolutions-S1", "because")


def test_templates_pass_cfn_lint(all_synthesised: dict[str, Synthesised]):
    templates = [
        str(template)
        for synthesised in all_synthesised.values()
        for template in synthesised.folder.glob("*.template.json")
    ]
    assert len(templates) == 12
    command = [str(Path(sys.executable).parent / "cfn-lint"), "--config-file", str(ROOT / ".cfnlintrc.yaml")]
    result = subprocess.run([*command, *templates], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_only_storage_is_protected_from_termination(all_synthesised: dict[str, Synthesised]):
    for name, synthesised in all_synthesised.items():
        manifest = json.loads((synthesised.folder / "manifest.json").read_text())
        protected = {
            artifact
            for artifact, content in manifest["artifacts"].items()
            if content.get("properties", {}).get("terminationProtection")
        }
        assert protected == (set() if name == "local" else {f"Finetune-{name}-Storage"})


def test_stacks_hold_on_to_each_other(synthesised: Synthesised):
    """Strong references: CloudFormation refuses to take away what another stack uses."""
    pipeline = (
        synthesised.folder / f"Finetune-{synthesised.settings.environment}-Pipeline.template.json"
    ).read_text()
    assert "Fn::ImportValue" in pipeline
    assert "Fn::GetStackOutput" not in pipeline


def test_everything_carries_the_pipelines_tag(synthesised: Synthesised):
    for path, bucket in synthesised.everywhere("AWS::S3::Bucket"):
        tags = {tag["Key"]: tag["Value"] for tag in bucket["Properties"]["Tags"]}
        assert tags["finetune:pipeline"] == synthesised.settings.environment, path
