"""The app as the CDK's command line starts it."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import aws_cdk
import pytest

from tests.infrastructure.synthesis import ROOT


def run_app(context: dict[str, str], outdir: Path) -> subprocess.CompletedProcess[str]:
    """Run app.py with the variables that the CDK's command line sets."""
    variables = {
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_OUTDIR": str(outdir),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "lambdas")]),
    }
    return subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({}, "No environment was named. Add -c env=NAME"),
        ({"env": "staging"}, "There is no environment 'staging'; use one of: local, dev, prod."),
    ],
)
def test_a_wrong_environment_is_one_plain_line(context: dict[str, str], message: str, tmp_path: Path):
    result = run_app(context, tmp_path)
    assert result.returncode == 1
    assert f"error: {message}" in result.stderr
    assert "Traceback" not in result.stderr


def test_command_line_of_the_cdk_is_pinned_exactly():
    package = json.loads((ROOT / "package.json").read_text())
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert package["devDependencies"] == {"aws-cdk": "2.1148.1"}
    assert lock["packages"]["node_modules/aws-cdk"]["version"] == "2.1148.1"


def recommended_flags() -> dict[str, object]:
    """The feature flags that this version of the library recommends, from its own package."""
    (package,) = (Path(aws_cdk.__file__).parent / "_jsii").glob("aws-cdk-lib@*.tgz")
    with tarfile.open(package) as archive:
        file = archive.extractfile("package/recommended-feature-flags.json")
        assert file
        return json.load(file)


def test_every_recommended_flag_is_written_out_and_references_are_strong():
    """A flag that is left out would follow the library's default, which may change."""
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    assert context == recommended_flags() | {"@aws-cdk/core:defaultCrossStackReferences": "strong"}
