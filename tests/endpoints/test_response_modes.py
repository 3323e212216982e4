"""How an answer comes back: form_post, and `response_type=none` (OAuth 2.0 Form Post, Multiple Response Types §4)."""

import html
import re

from tests.issuer import CALLBACK, SECRET, boxes, hidden

FORM = re.compile(r'<form id="form-post" method="post" action="([^"]*)"')


async def asked(issuer, **changed):
    """Signs in, allows, and returns the last answer before the browser leaves."""
    answer = await issuer.http.get("/authorize", params=issuer.request(**changed))
    while answer.is_redirect and answer.headers["location"].startswith(issuer.url):
        answer = await issuer.http.get(answer.headers["location"])
        if 'id="sign-in"' in answer.text:
            form = {**hidden(answer.text), "username": "alice", "password": "correct horse battery staple"}
            answer = await issuer.http.post("/login", data=form)
        elif 'id="consent"' in answer.text:
            allowed = {**hidden(answer.text), "scope": boxes(answer.text), "decision": "allow"}
            answer = await issuer.http.post("/consent", data=allowed)
    return answer


def fields(page):
    return {name: html.unescape(value) for name, value in hidden(page.text).items()}


async def test_form_post_brings_the_code_in_a_form_that_goes_to_the_registered_address(issuer):
    state = "a b+c&d=\"'<>é✓"
    page = await asked(issuer, response_mode="form_post", state=state, redirect_uri=CALLBACK + "?tenant=1")
    got = fields(page)
    tokens = await issuer.redeem(got["code"], redirect_uri=CALLBACK + "?tenant=1")

    assert 200 == page.status_code
    assert [CALLBACK + "?tenant=1"] == [html.unescape(action) for action in FORM.findall(page.text)]
    assert ({"code", "state", "session_state", "iss"}, state, issuer.url) == (set(got), got["state"], got["iss"])
    assert 200 == tokens.status_code


async def test_the_form_sends_itself_by_a_script_of_ours_and_has_a_button(sqlite_issuer):
    page = await asked(sqlite_issuer, response_mode="form_post")
    source = re.search(r'<script src="([^"]+)" defer></script>', page.text)
    assert source is not None
    script = await sqlite_issuer.http.get(source[1])
    policy = page.headers["content-security-policy"]

    assert '<button type="submit" id="continue"' in page.text
    assert ("text/javascript; charset=utf-8", True) == (
        script.headers["content-type"], 'getElementById("form-post").submit()' in script.text
    )  # fmt: skip
    assert "form-action https://web.example;" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert ("no-store", "no-referrer", "DENY") == tuple(
        page.headers[name] for name in ("cache-control", "referrer-policy", "x-frame-options")
    )
    assert "cross-origin-opener-policy" not in page.headers


async def test_a_refusal_is_posted_back_too(sqlite_issuer):
    for changed, error in (
        ({"prompt": "none"}, "login_required"),
        ({"scope": "nonsense"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ):
        page = await sqlite_issuer.http.get(
            "/authorize", params=sqlite_issuer.request(response_mode="form_post", **changed)
        )
        got = fields(page)

        assert (200, CALLBACK) == (page.status_code, FORM.findall(page.text)[0])
        assert (error, "the-state", sqlite_issuer.url) == (got["error"], got["state"], got["iss"])
        assert page.headers["x-trace-id"] in got["error_description"]
        assert ("/authorize", error) in sqlite_issuer.refusals("door", "error")


async def test_an_address_that_is_not_registered_gets_no_form(sqlite_issuer):
    page = await sqlite_issuer.http.get(
        "/authorize", params=sqlite_issuer.request(response_mode="form_post", redirect_uri="https://evil.example/cb")
    )

    assert 400 == page.status_code
    assert "evil.example" not in page.text
    assert "form-post" not in page.text


async def test_none_asks_the_person_and_gives_nothing_to_redeem(issuer):
    await issuer.change_client("web", response_types=["code", "none"])
    got = await issuer.authorize(response_type="none", code_challenge=None, code_challenge_method=None)
    again = await issuer.authorize(response_type="none", prompt="none", response_mode="fragment")

    for answer in (got, again):
        assert {"state", "session_state", "iss"} == set(answer)
    assert [0, 0, 1] == [await issuer.count(name) for name in ("authorizations", "codes", "consents")]
    assert 1 == (await issuer.audited()).count("consent_given")


async def test_what_was_allowed_by_none_is_allowed_when_the_code_is_asked_for(sqlite_issuer):
    await sqlite_issuer.change_client("web", response_types=["code", "none"])
    await sqlite_issuer.authorize(response_type="none", scope="openid email")
    got = await sqlite_issuer.authorize(scope="openid email", prompt="none")

    assert "code" in got


async def test_none_is_refused_like_the_code(sqlite_issuer):
    await sqlite_issuer.change_client("web", response_types=["none"])
    silent = await sqlite_issuer.authorize(response_type="none", prompt="none")
    code = await sqlite_issuer.authorize()

    assert ("login_required", "unauthorized_client") == (silent["error"], code["error"])
    assert 0 == await sqlite_issuer.count("requests")


async def test_a_finished_request_of_none_is_finished(sqlite_issuer):
    await sqlite_issuer.change_client("web", response_types=["code", "none"])
    answer = await sqlite_issuer.http.get("/authorize", params=sqlite_issuer.request(response_type="none"))
    page = await sqlite_issuer.http.get(answer.headers["location"])
    form = {**hidden(page.text), "username": "alice", "password": "correct horse battery staple"}
    back = await sqlite_issuer.http.post("/login", data=form)
    consent = await sqlite_issuer.http.get((await sqlite_issuer.http.get(back.headers["location"])).headers["location"])
    decision = {**hidden(consent.text), "scope": boxes(consent.text), "decision": "allow"}
    allowed = await sqlite_issuer.http.post("/consent", data=decision)
    first = await sqlite_issuer.http.get(allowed.headers["location"])
    second = await sqlite_issuer.http.get(allowed.headers["location"])

    assert (303, 400) == (first.status_code, second.status_code)
    assert "code=" not in first.headers["location"]


async def test_a_client_that_is_disabled_meanwhile_hears_nothing_of_none(sqlite_issuer):
    await sqlite_issuer.change_client("web", response_types=["code", "none"])
    await sqlite_issuer.authorize(response_type="none")
    await sqlite_issuer.disable_client("web")
    answer = await sqlite_issuer.http.get("/authorize", params=sqlite_issuer.request(response_type="none"))
    token = await sqlite_issuer.http.post("/token", data={"grant_type": "client_credentials"}, auth=("web", SECRET))

    assert (400, 401) == (answer.status_code, token.status_code)
