"""A Python client that a generator makes of the OpenAPI document works: nobody needs to write one by hand."""

import json
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.serving import *  # noqa: F403
from tools import install

ROOT = Path(__file__).resolve().parents[2]
NAME = "mintmark_admin_api_client"
SCRIPT = """
import os

from {name} import AuthenticatedClient
from {name}.api.clients import change_client, create_client, delete_client, get_client, list_clients
from {name}.api.users import change_user, create_user, delete_user, get_user, list_users
from {name}.models import ClientChange, NewClient, NewUser, Problem, UserChange

api = AuthenticatedClient(os.environ["API"], os.environ["TOKEN"], raise_on_unexpected_status=True)

made = create_client.sync_detailed(client=api, body=NewClient.from_dict(
    {{"client_id": "made/by a generated one", "grant_types": ["client_credentials"], "scope": "demo:read",
      "policy": {{"access_token_lifetime": "5m"}}}}
), idempotency_key="first")
assert made.status_code == 201, made.content
id = made.parsed.client_id
assert id in [one.client_id for one in list_clients.sync(client=api).items]
changed = change_client.sync(id, client=api, body=ClientChange.from_dict({{"client_name": "Generated"}}),
                             if_match=made.headers["etag"])
assert changed.client_name == "Generated" and changed.policy.access_token_lifetime == "5m"
stale = change_client.sync(id, client=api, body=ClientChange.from_dict({{}}), if_match=made.headers["etag"])
assert isinstance(stale, Problem) and stale.status == 412
assert delete_client.sync_detailed(id, client=api).status_code == 204
assert get_client.sync(id, client=api).status == 404

bob = create_user.sync_detailed(client=api, body=NewUser.from_dict(
    {{"username": "generated", "password": "a password of bob's", "claims": {{"floor": 3}}}}))
assert bob.status_code == 201, bob.content
[found] = list_users.sync(client=api, username="GENERATED").items
assert found.id == bob.parsed.id and found.has_password and found.created_at.tzinfo is not None
changed = change_user.sync(found.id, client=api, body=UserChange.from_dict({{"nickname": "G", "disabled": True}}),
                           if_match=bob.headers["etag"])
assert changed.nickname == "G" and changed.disabled is True
wrong = create_user.sync(client=api, body=NewUser.from_dict({{"username": "", "nickname": "x"}}))
assert wrong.errors[0].member == "username"
assert delete_user.sync_detailed(found.id, client=api).status_code == 204
assert get_user.sync(found.id, client=api).status == 404
print("all of it works")
"""


@pytest.fixture(scope="module")
def generator(tmp_path_factory) -> Path:
    """An environment of its own: what the generator needs is at odds with what we need."""
    place = tmp_path_factory.mktemp("generator") / "venv"
    uv = str(Path(sys.executable).parent / "uv")
    env = {**install.uv_environment(), "VIRTUAL_ENV": str(place)}
    run(uv, "venv", "-q", "--python", sys.executable, str(place), env=env)
    lock = str(ROOT / "requirements" / "generator.lock")
    run(uv, "pip", "install", "-q", "--require-hashes", "-r", lock, env=env)
    return place / "bin"


def run(*command: str, env: dict[str, str], cwd: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def test_a_generated_client_lists_makes_changes_and_deletes(generator, demo, tmp_path):
    document = httpx2.get(f"{demo.url}/admin/api/openapi.json").json()
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    env = {"PATH": str(generator), "HOME": str(tmp_path)}
    command = [str(generator / "openapi-python-client"), "generate", "--path", "openapi.json", "--meta", "none"]
    said = run(*command, "--output-path", NAME, env=env, cwd=tmp_path)
    form = {"grant_type": "client_credentials", "scope": "admin:read admin:write"}
    who = (demo.admin_client_id, demo.admin_client_secret)
    token = httpx2.post(f"{demo.url}/token", data=form, auth=who).json()["access_token"]
    (tmp_path / "use.py").write_text(SCRIPT.format(name=NAME))
    told = {"API": f"{demo.url}/admin/api", "TOKEN": token}
    printed = run(str(generator / "python"), "use.py", env={**env, **told}, cwd=tmp_path)

    assert "warning" not in said.lower(), said
    assert "all of it works\n" == printed
