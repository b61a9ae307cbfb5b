"""Clients: where their credentials come from."""

import pytest

from finetune_aws import clients

NAMES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@pytest.fixture
def profile(tmp_path, monkeypatch):
    """A machine whose credentials are in a profile alone."""
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = of-the-profile\naws_secret_access_key = b\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    clients.session.cache_clear()
    yield
    clients.session.cache_clear()


def test_on_a_persons_machine_a_profile_serves(profile):
    assert clients.session().get_credentials().access_key == "of-the-profile"


def test_a_function_takes_those_of_its_role_alone(profile, monkeypatch):
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "validate-dataset")
    assert clients.session().get_credentials() is None
    clients.session.cache_clear()
    for name in NAMES:
        monkeypatch.setenv(name, f"role's {name}")
    found = clients.session().get_credentials()
    assert (found.access_key, found.secret_key, found.token) == tuple(f"role's {name}" for name in NAMES)
