"""`mintmark sessions`, typed beside a running server."""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime

import pytest

from mintmark.keys import sealing
from tests.commands.line import *  # noqa: F403
from tests.issuer import start

ONLINE = "openid profile api:read"


class Beside:
    """A command that runs beside the server, in another process."""

    def __init__(self, issuer, environment):
        self.issuer, self._environment = issuer, environment

    async def __call__(self, *words):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "mintmark", *words, "--json",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={**os.environ, **self._environment},
        )  # fmt: skip
        out, err = await process.communicate()
        return process.returncode, json.loads(out) if process.returncode == 0 else err.decode()


@pytest.fixture
async def beside(sqlite_database, monkeypatch):
    monkeypatch.setattr("tests.issuer.NOON", datetime.now(UTC))  # the command looks at the clock on the wall
    environment = {
        "MINTMARK_ISSUER": "https://id.example",
        "MINTMARK_DATABASE_URL": sqlite_database.url,
        "MINTMARK_SEALING_KEYS": sealing.generate(),
    }
    async for issuer in start(sqlite_database, **environment):
        yield Beside(issuer, environment)


async def test_sessions_are_listed_and_ended_beside_a_running_server(beside):
    issuer = beside.issuer
    online, offline = await issuer.tokens(scope=ONLINE), await issuer.tokens()
    code, listed = await beside("sessions", "list", "--user", "alice", "--client", "web")
    [session] = listed["items"]
    ended = await beside("sessions", "end", session["id"])
    again = await beside("sessions", "end", session["id"])
    live = [(await issuer.introspect(tokens["access_token"]))["active"] for tokens in (online, offline)]
    everything = await beside("sessions", "end", "--user", "alice", "--everything")

    assert (0, "alice", ["web"]) == (code, session["username"], session["clients"])
    assert [0, 0, 0] == [ended[0], again[0], everything[0]]
    assert [False, True] == live
    assert {"active": False} == await issuer.introspect(offline["access_token"])
    assert (0, {"items": []}) == await beside("sessions", "list")
    assert 1 == len((await beside("sessions", "list", "--ended"))[1]["items"])


def test_what_is_not_there_is_not_found(line):
    assert [4, 4, 4] == [
        line(typed).code
        for typed in ("sessions end nothing", "sessions end --user nobody", "sessions list --user nobody")
    ]


def test_an_end_needs_one_aim(line):
    assert [2, 2] == [line(typed).code for typed in ("sessions end", "sessions end x --user y")]


def test_a_database_that_cannot_be_reached_is_5(line, monkeypatch):
    monkeypatch.setenv("MINTMARK_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    done = line("sessions list")

    assert (5, "") == (done.code, done.out)
    assert "cannot be reached" in done.err
