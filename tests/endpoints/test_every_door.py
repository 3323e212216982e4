"""What holds at every door, taken from the table of them: a new one is held to it without a line here."""

import re

import pytest

from mintmark import app, upkeep
from tests import issuer as issuers
from tests.issuer import hidden

# Doors that no cookie opens, so that no other site can borrow one; and two that other sites post to on purpose, which
# go on by a GET of our own, where nothing has happened yet (test_authorize, test_end_session).
NO_COOKIE = {"/token", "/refresh", "/revoke", "/introspect", "/userinfo", "/register"}
FROM_ELSEWHERE = {"/authorize", "/end_session"}
EVIL = {
    "x-forwarded-host": "evil.example", "x-forwarded-proto": "http", "x-forwarded-prefix": "/evil",
    "x-forwarded-server": "evil.example", "x-original-host": "evil.example", "x-host": "evil.example",
    "forwarded": "for=evil.example;host=evil.example", "referer": "https://evil.example/",
}  # fmt: skip


@pytest.fixture
async def issuer(sqlite_database, monkeypatch):
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    environment = {"MINTMARK_SMTP_URL": "smtp://127.0.0.1:9", "MINTMARK_EMAIL_CODE": "on", "MINTMARK_SIGN_UP": "open"}
    async for one in issuers.start(sqlite_database, **environment):
        yield one


def doors(issuer, method):
    return [path for path, route in app.routes(issuer.server).items() if route.handle(method) is not None]


async def test_no_form_of_another_site_is_taken_at_any_door_that_a_cookie_opens(issuer):
    """CS-02."""
    await issuer.sign_in()
    tokens = [hidden((await issuer.http.get(page)).text)["csrf_token"] for page in ("/account/profile", "/forgot")]
    before = await issuer.rows()
    tried = [path for path in doors(issuer, "POST") if path not in NO_COOKIE | FROM_ELSEWHERE]
    for path in tried:
        for token in tokens:
            for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {"origin": "null"}):
                answer = await issuer.http.post(path, data={"csrf_token": token, "decision": "allow"}, headers=headers)
                assert 403 == answer.status_code, path
        for form in ({}, {"csrf_token": ""}, {"csrf_token": "x"}, {"csrf_token": tokens[0][:-2]}):
            assert 403 == (await issuer.http.post(path, data={"sure": "yes", **form})).status_code, path

    assert 20 < len(tried)
    assert before == await issuer.rows()
    assert 0 == await issuer.count("outbox")


async def test_every_door_that_no_token_guards_is_open_without_a_cookie_or_changes_nothing(issuer):
    """The list above is no loophole: with nothing but a cookie, none of them does anything."""
    await issuer.sign_in()
    before = await issuer.rows()
    for path in NO_COOKIE:
        answer = await issuer.http.post(path, data={"token": "x"}, headers={"sec-fetch-site": "cross-site"})
        assert answer.status_code in (400, 401), path

    assert before == await issuer.rows()
    assert NO_COOKIE | FROM_ELSEWHERE <= {*doors(issuer, "POST")}


@pytest.mark.parametrize("who", ["nobody", "alice"])
async def test_no_page_and_no_redirect_tells_the_next_one_where_somebody_came_from(issuer, who):
    """Codes, states and the names of steps stand in addresses: they are in no Referer (RFC 9700 §4.2)."""
    if "alice" == who:
        await issuer.sign_in()
    seen = 0
    for method in ("GET", "POST", "PUT"):
        for path in [*app.routes(issuer.server), "/nowhere", "/login/"]:
            answer = await issuer.http.request(method, path)
            kind = answer.headers.get("content-type", "")
            if answer.is_redirect or kind.startswith("text/html"):
                seen += 1
                assert "no-referrer" == answer.headers.get("referrer-policy"), (method, path, answer.status_code)

    assert 40 < seen


async def test_no_host_that_a_header_names_is_in_any_answer(issuer):
    """HH-01: every address is built from the issuer that was set."""
    await issuer.sign_in()
    for host in ("evil.example", "id.example.evil.example", "evil.example:443", "id.example"):
        for method in ("GET", "POST"):
            for path in app.routes(issuer.server):
                answer = await issuer.http.request(method, path, headers={"host": host, **EVIL})
                text = f"{answer.headers} {answer.text}"

                assert "evil" not in text, (method, path)
                if answer.is_redirect:
                    assert answer.headers["location"].startswith("https://id.example/"), path


async def test_no_address_of_a_page_asks_for_a_secret_in_it(issuer):
    """Links and forms of pages: none carries a token but the two that lead to letters, which move it away at once."""
    await issuer.sign_in()
    for path in doors(issuer, "GET"):
        page = (await issuer.http.get(path)).text
        for address in re.findall(r'(?:href|action|src|formaction)="([^"]*)"', page):
            assert not re.search(r"csrf|token=|mm[a-z]_", address), (path, address)
