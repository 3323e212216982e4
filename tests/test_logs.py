"""The log as machines read it: every line has its fields, and they are those of the page."""

import io
import json
import re
from datetime import datetime

from mintmark import events, logs
from tests.databases import *  # noqa: F403
from tests.docs.blocks import ROOT
from tests.issuer import *  # noqa: F403
from tests.issuer import API, SECRET, hidden

PAGE = (ROOT / "docs" / "observability.md").read_text()
ROWS = re.findall(r"^\| (`[^|]+`) \| ([^|]+) \|", PAGE.partition("## Logs")[2].partition("## Traces")[0], re.MULTILINE)
DOCUMENTED = {name for names, _ in ROWS for name in re.findall(r"`(\w+)`", names)}
ALWAYS = {"time", "level", "event"}


def kinds(of=events.Event):
    for kind in of.__subclasses__():
        yield kind
        yield from kinds(kind)


OWN = {name for kind in kinds() for name in events.own(kind)}


async def whole_life(issuer):
    """Pages, tokens, refusals, operators, a fault of ours, and an end."""
    out = io.StringIO()
    issuer.server.journal.log = logs.logger("json", out)
    tokens = await issuer.tokens()
    heir = (await issuer.refresh(tokens["refresh_token"])).json()
    await issuer.refresh(tokens["refresh_token"])
    await issuer.token(grant_type="nope")
    await issuer.http.post("/token", data={"grant_type": "client_credentials"}, auth=("web", "wrong"))
    await issuer.token(grant_type="client_credentials", scope="api:read", resource=API)
    await issuer.http.post("/revoke", data={"token": heir["access_token"]}, auth=("web", SECRET))
    await issuer.sign_in(issuer.browser(), password="wrong")
    await issuer.http.get("/authorize", params=issuer.request(redirect_uri="https://evil.example"))
    await issuer.http.get("/admin/api/sessions")
    await issuer.http.get("/health/ready")
    page = await issuer.http.get("/logout")
    await issuer.http.post("/logout", data=hidden(page.text))
    logs.flush(issuer.server.journal.log)
    return [json.loads(line) for line in out.getvalue().splitlines()]


async def test_a_line_has_the_fields_of_the_page_and_its_events_own(sqlite_issuer):
    lines = await whole_life(sqlite_issuer)
    undocumented = {name for line in lines for name in line} - DOCUMENTED - OWN

    assert set() == undocumented
    assert len(lines) > 20


async def test_every_line_has_a_time_a_level_and_an_event_and_every_request_its_id(sqlite_issuer):
    lines = await whole_life(sqlite_issuer)

    assert [] == [line for line in lines if not line.keys() >= ALWAYS]
    assert [] == [line for line in lines if not line.get("request")]
    assert {"info", "warning"} == {line["level"] for line in lines}
    assert all(line["time"].endswith("Z") and datetime.fromisoformat(line["time"]) for line in lines)


async def test_what_one_request_told_has_one_id(sqlite_issuer):
    lines = await whole_life(sqlite_issuer)
    signed_in = next(line for line in lines if "signed_in" == line["event"])
    answered = [line for line in lines if line["request"] == signed_in["request"] and "answered" == line["event"]]

    assert [("/login", "POST", 303)] == [(line["door"], line["method"], line["status"]) for line in answered]
    assert answered[0]["duration_ms"] > 0


async def test_pages_and_operators_have_a_line_each_and_token_doors_none(sqlite_issuer):
    lines = await whole_life(sqlite_issuer)
    doors = {line["door"] for line in lines if "answered" == line["event"]}

    assert {"/authorize", "/login", "/consent", "/logout", "/admin/api/sessions"} == doors


async def test_a_fault_of_ours_has_its_trace_in_one_line(sqlite_issuer, monkeypatch):
    async def broken(*parameters):
        raise ZeroDivisionError

    out = io.StringIO()
    sqlite_issuer.server.journal.log = logs.logger("json", out)
    monkeypatch.setattr("mintmark.endpoints.token.client_auth.authenticate", broken)
    answer = await sqlite_issuer.token(grant_type="client_credentials")
    logs.flush(sqlite_issuer.server.journal.log)
    [line] = [json.loads(line) for line in out.getvalue().splitlines()]

    assert ("failed", "/token", "POST") == (line["event"], line["door"], line["method"])
    assert line["request"] in answer.text
    assert "ZeroDivisionError" in line["exception"]
    assert line.keys() <= DOCUMENTED


def test_the_page_names_no_field_that_there_is_not():
    told = {"time", "level", "event", "request", "outcome", "exception", "expected", "got", "otel_trace", "otel_span"}
    told |= {"client", "person", "session", "authorization", "actor", "method", "status", "duration_ms"}
    told |= {"duty", "why", "number", "door", "error", "check"}

    assert told == DOCUMENTED
