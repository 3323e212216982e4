"""What tests of apply files share: a file of some language, and whatever a coroutine finds in the store."""

import asyncio
import json

import pytest

from mintmark.commands import leases
from mintmark.store.connect import connect

SECRET = "a secret of more than thirty-two characters"
SHOP = {
    "client_id": "shop",
    "client_secret": SECRET,
    "client_name": "Shop",
    "redirect_uris": ["https://shop.example/cb"],
    "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    "scope": "openid offline_access api:read",
}
API = {"resource": "https://api.example", "name": "API", "scopes": ["api:read", "api:write"]}
WANTED = {
    "resources": [API],
    "clients": [SHOP, {"client_id": "till", "client_secret": SECRET, "grant_types": []}],
    "groups": {"staff": {"policy": {"access_token_lifetime": "5m"}}},
    "policy": {"session_idle": "8h"},
}


@pytest.fixture
def write(tmp_path):
    """A file by its name; an object is written as JSON."""

    def write_(content, name="apply.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write_


@pytest.fixture
def stored(database):
    def ask(work):
        async def run():
            store = await connect(database.url)
            try:
                return await work(store)
            finally:
                await store.close()

        return asyncio.run(run())

    return ask


@pytest.fixture
def no_wait(clean):
    waited = []

    async def run_out():
        waited.append("lease")

    clean.setattr(leases, "run_out", run_out)
    return waited


@pytest.fixture
def applied(typed, write, no_wait):
    answer = typed("apply", write(WANTED))
    assert 0 == answer.code, answer.err
    return typed
