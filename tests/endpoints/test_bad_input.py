"""Bad input at every door: the protocol's own 4xx in the protocol's own form, nothing written, and never a 5xx.

The named ones are those of the list that the server promises; the others are made up by hypothesis.
"""

import asyncio
import tempfile
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mintmark.store import migrate
from tests.databases import Database
from tests.issuer import API, CALLBACK, SECRET, VERIFIER, hidden, start

FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON_DOORS = ("/token", "/refresh", "/revoke", "/introspect")
PAGES = ("/authorize", "/login", "/consent", "/logout", "/account", "/account/profile", "/forgot", "/link")


def is_json(answer, *statuses):
    assert answer.status_code in statuses, (answer.status_code, answer.text)
    assert "application/json" == answer.headers["content-type"]
    assert "error" in answer.json()


def is_page(answer, *statuses):
    assert answer.status_code in statuses, (answer.status_code, answer.text)
    assert "text/html; charset=utf-8" == answer.headers["content-type"]
    assert '<p id="error">' in answer.text


BODIES = {
    "a NUL": b"grant_type=client_credentials&token=a%00b&username=%00&refresh_token=%00",
    "a bare NUL": b"grant_type=client\0credentials&token=\0",
    "no UTF-8": b"grant_type=%ff%fe&token=%c3%28",
    "no UTF-8 at all": b"\xff\xfe\xfd=\xff",
    "too many parts": b"&".join(b"p%d=1" % number for number in range(1000)),
    "a repeat": b"grant_type=client_credentials&grant_type=client_credentials&token=a&token=b",
    "half an escape": b"grant_type=%&token=%zz&username=%4",
    "nothing": b"",
    "JSON": b'{"grant_type": "client_credentials"}',
}


@pytest.mark.parametrize("door", JSON_DOORS)
async def test_a_json_door_refuses_bad_bodies_in_json_and_writes_nothing(issuer, door):
    before = await issuer.rows()
    for name, body in BODIES.items():
        answer = await issuer.http.post(door, content=body, headers=FORM, auth=("web", SECRET))
        if "/revoke" == door and "half an escape" == name:
            assert answer.status_code < 500  # "%zz" is a token that nobody knows
            continue
        if "/introspect" == door and "half an escape" == name:
            assert answer.status_code < 500
            continue
        is_json(answer, 400)

    assert before == await issuer.rows()


@pytest.mark.parametrize("door", PAGES)
async def test_a_page_refuses_bad_bodies_with_a_page_and_writes_nothing(issuer, door):
    await issuer.http.get("/login")
    before = await issuer.rows()
    for body in BODIES.values():
        is_page(await issuer.http.post(door, content=body, headers=FORM), 400, 403)
        is_page(await issuer.http.post(door, content=body, headers={"content-type": "text/plain"}), 400)

    assert before == await issuer.rows()


async def test_ten_megabytes_are_413_in_the_doors_own_form_and_told(sqlite_issuer):
    huge = b"grant_type=client_credentials&x=" + b"x" * 10_000_000
    for door in (*JSON_DOORS, "/userinfo"):
        is_json(await sqlite_issuer.http.post(door, content=huge, headers=FORM), 413)
    for door in PAGES:
        is_page(await sqlite_issuer.http.post(door, content=huge, headers=FORM), 413)

    assert set(sqlite_issuer.refusals("door")) == {*JSON_DOORS, "/userinfo", *PAGES}


async def test_a_jwt_of_a_megabyte_is_refused_or_not_good(sqlite_issuer):
    token = "e30." + "A" * 1_000_000 + ".A"
    userinfo = await sqlite_issuer.http.get("/userinfo", headers={"authorization": f"Bearer {token}"})
    long = await sqlite_issuer.introspect("e30." + "A" * 60_000 + ".A")
    request = sqlite_issuer.request(id_token_hint=token[:60_000], prompt="none")
    hint = await sqlite_issuer.http.get("/authorize", params=request)

    is_json(await sqlite_issuer.http.post("/introspect", data={"token": token}, auth=("api-server", SECRET)), 413)
    is_json(userinfo, 401)
    assert {"active": False} == long
    assert "error=invalid_request" in hint.headers["location"]


async def test_a_scope_of_ten_thousand_words_is_an_invalid_scope(sqlite_issuer):
    scope = " ".join(f"w{number}" for number in range(10_000))
    token = await sqlite_issuer.token(grant_type="client_credentials", scope=scope[:60_000])
    asked = await sqlite_issuer.http.get("/authorize", params=sqlite_issuer.request(scope=scope))

    assert (400, "invalid_scope") == (token.status_code, token.json()["error"])
    assert asked.headers["location"].startswith(CALLBACK + "?error=invalid_")


@pytest.mark.parametrize(
    "query",
    [
        "client_id=web&redirect_uri=%00", "client_id=%00", "client_id=%ff", "%00=1", "client_id=web&state=%ff",
        "client_id=web&redirect_uri=https://web.example/cb&state=%00", "&&&", "=", "client_id=" + "x" * 60_000,
        "client_id=%F0%9F%98%80", "&".join("a=1" for _ in range(500)), "client_id=web%20", "client_id=WEB",
    ],
)  # fmt: skip
async def test_a_query_that_is_none_is_a_page_at_the_authorization_door(issuer, query):
    before = await issuer.rows()

    is_page(await issuer.http.get(f"/authorize?{query}"), 400)
    assert before == await issuer.rows()


async def test_somebody_elses_host_and_forwarded_headers_change_nothing(sqlite_issuer):
    headers = {
        "host": "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "http",
        "forwarded": "host=evil.example", "x-original-url": "/admin", "x-forwarded-for": "203.0.113.9",
        "x-http-method-override": "DELETE",
    }  # fmt: skip
    asked = await sqlite_issuer.http.get("/authorize", params=sqlite_issuer.request(), headers=headers)
    await sqlite_issuer.http.post("/token", data={}, headers=headers)

    assert asked.headers["location"].startswith("https://id.example/login?")
    assert "evil" not in str(asked.headers)
    assert "203.0.113.9" not in str(sqlite_issuer.lines)


async def test_a_person_with_odd_names_in_an_odd_browser_is_no_fault_of_ours(issuer):
    headers = {"user-agent": "\x7f" * 4000, "cookie": "=; ;;; a=b=c; __Host-mintmark=" + "x" * 5000, "origin": ""}
    page = await issuer.browser().get("/login", headers=headers)
    form = hidden((await issuer.http.get("/login")).text)
    names = ["\u202eadmin", "🧑‍🚀" * 200, "a" * 70_00, "'; DROP TABLE people; --", "%s%n", "{{7*7}}", "\uffff"]
    answers = [await issuer.http.post("/login", data={**form, "username": name, "password": name}) for name in names]

    assert 200 == page.status_code
    assert {400} == {answer.status_code for answer in answers}
    assert not any("49" in answer.text and "{{7*7}}" not in answer.text for answer in answers[5:6])


# ── the log says which check refused


async def test_the_log_says_which_check_refused_what_it_expected_and_what_it_got(sqlite_issuer):
    await sqlite_issuer.token(grant_type="nonsense")
    await sqlite_issuer.http.get(
        "/authorize", params=sqlite_issuer.request(redirect_uri="https://evil.example/?secret")
    )
    await sqlite_issuer.http.get("/authorize", params=sqlite_issuer.request(response_type="token"))
    await sqlite_issuer.http.post("/token", data={}, headers={"host": "bad host"})
    await sqlite_issuer.http.post("/login", data={"x": "1"}, headers={"origin": "https://evil.example"})
    told = sqlite_issuer.refusals("check", "expected", "got")

    assert ("grant_type", "authorization_code refresh_token client_credentials password", "nonsense") in told
    assert ("redirect_uri", f"exactly one of: {CALLBACK} {CALLBACK}?tenant=1", "https://evil.example/") in told
    assert ("response_type", "code or none", "token") in told
    assert {"host", "origin"} <= set(sqlite_issuer.refusals("check"))


async def test_what_a_line_shows_is_cut_and_its_controls_are_escaped(sqlite_issuer):
    await sqlite_issuer.token(grant_type="a\r\nlevel=error\x1b[31m" + "x" * 1000)
    got = next(iter(sqlite_issuer.refusals("got")))

    assert got.startswith("a\\r\\nlevel=error\\x1b[31m")
    assert len(got) < 1000
    assert got.isprintable()


# ── and whatever else there is

SPOILT = [
    "", " ", "\t", "0", "-1", "null", "[]", "{}", "../..", "https://web.example", "e30.e30.", "mmr_", "mma_", "mmc_",
    "a" * 300, "é", "☃", "\u202e", "'", '"', "<script>", "%", "%2525", "&", "=", "+", "\r\n", "𐍈", "\ud7ff", "code",
    "openid", "admin:read", "none", "login", "S256", API, CALLBACK, VERIFIER, "1e9", "٣",
    "urn:ietf:params:oauth:request_uri:x",
]  # fmt: skip
TEXT = st.one_of(st.sampled_from(SPOILT), st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
NAMES = [
    "grant_type", "client_id", "client_secret", "code", "code_verifier", "redirect_uri", "refresh_token", "scope",
    "resource", "token", "token_type_hint", "username", "password", "response_type", "response_mode", "state", "nonce",
    "code_challenge", "code_challenge_method", "prompt", "max_age", "id_token_hint", "login_hint", "acr_values",
    "request", "request_uri", "csrf_token", "decision", "end_session", "end_authorization", "access_token",
    "client_assertion", "claims", "display", "ui_locales", "registration", "step", "fresh", "factor", "passkey",
    "reference", "external", "external_state", "external_input", "link", "new_password", "email", "action", "app",
    "name", "change", "rename", "remove", "confirm", "end_browser", "end_others", "end_app", "withdraw", "trust", "ask",
]  # fmt: skip
HEADERS = [
    "authorization", "cookie", "origin", "sec-fetch-site", "x-csrf-token", "host", "accept", "if-none-match",
    "content-type", "user-agent", "x-forwarded-for", "dpop", "mcp-protocol-version", "referer",
]  # fmt: skip
HEADER = st.one_of(
    st.sampled_from(["Basic d2ViOg==", "Basic", "Bearer mma_x", "Basic //79", "null", "same-origin",
                     "__Host-mintmark=mms_x", "*", "W/", "evil.example", "application/json", *FORM.values()]),
    st.text(st.characters(min_codepoint=1, max_codepoint=255, exclude_characters="\r\n"), max_size=30),
)  # fmt: skip


@st.composite
def requests(draw):
    door = draw(st.sampled_from([*JSON_DOORS, "/userinfo", *PAGES, "/.well-known/jwks.json"]))
    named = draw(st.lists(st.tuples(st.one_of(st.sampled_from(NAMES), TEXT), TEXT), max_size=6))
    kept = draw(st.sampled_from([0, 1, 1]))  # mostly a right request with something wrong in it
    dropped = draw(st.lists(st.sampled_from(NAMES), max_size=2))
    headers = draw(st.dictionaries(st.sampled_from(HEADERS), HEADER, max_size=3))
    raw = draw(st.one_of(st.none(), st.none(), st.none(), st.binary(max_size=60)))
    return door, draw(st.sampled_from(["POST", "POST", "GET"])), named, kept, dropped, headers, raw


def right(issuer, door):
    """What the door would take, so that only the change is wrong."""
    credentials = {"client_id": "web", "client_secret": SECRET}
    return {
        "/token": {"grant_type": "refresh_token", "refresh_token": "mmr_x", **credentials},
        "/refresh": {"refresh_token": "mmr_x", **credentials},
        "/revoke": {"token": "x", **credentials},
        "/introspect": {"token": "x", **credentials},
        "/authorize": issuer.request(),
    }.get(door, {"csrf_token": "x", "username": "alice", "password": "x"})


async def one(issuer, asked):
    door, method, named, kept, dropped, headers, raw = asked
    form = [*(right(issuer, door).items() if kept else ()), *named]
    text = urlencode([(name, value) for name, value in form if name not in dropped], quote_via=quote)
    body = raw if raw is not None else text.encode()
    sent = {**FORM, **headers}
    written = {name: value.encode("latin-1") for name, value in sent.items()}
    browser = issuer.browser()
    if "GET" == method:
        query = body.decode("latin-1") if raw is not None else text
        answer = await browser.get(f"{door}?{quote(query, safe='=&%+')}", headers=written)
    else:
        answer = await browser.post(door, content=body, headers=written)
    await browser.aclose()
    assert answer.status_code < 500, (asked, answer.text)
    if answer.is_redirect:
        # Where a stranger is sent: to our own pages, or to exactly what the client registered.
        assert answer.headers["location"].startswith(
            (issuer.url, CALLBACK + "?", CALLBACK + "#", "https://spa.example/cb")
        )
    elif answer.content and answer.status_code != 405:
        page = door in PAGES
        assert ("text/html; charset=utf-8" if page else "application/json") == answer.headers["content-type"]


@pytest.fixture(scope="module")
def fuzzed():
    """One server for all examples, on a loop of its own: each example leaves it as it was."""
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        url = f"sqlite:///{Path(folder) / 'fuzz.db'}"
        migrate.migrate(url)
        server = start(Database("sqlite", url), MINTMARK_THROTTLE_CLIENT_AUTH="off", MINTMARK_THROTTLE_SIGN_IN="off")

        async def step():
            return await anext(server, None)

        yield runner, runner.run(step())
        assert runner.run(step()) is None


@given(requests())
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_no_input_makes_a_5xx_or_the_wrong_form_of_answer_or_writes_anything(fuzzed, asked):
    runner, issuer = fuzzed

    async def example():
        before = await issuer.rows()
        await one(issuer, asked)
        after = await issuer.rows()
        # A right authorization request is kept while its person signs in; nothing else may come of a stranger.
        assert {**before, "requests": []} == {**after, "requests": []}
        issuer.others.clear()

    runner.run(example())


# Not the page of the password, which some of this would change, nor the data, which are no page.
SIGNED_IN = (
    "/login", "/consent", "/logout", "/link", "/account", "/account/profile", "/account/factors", "/account/passkeys",
    "/account/totp", "/account/recovery-codes", "/account/sessions", "/account/apps", "/account/delete",
    "/account/keep",
)  # fmt: skip


@given(st.sampled_from(SIGNED_IN), st.lists(st.tuples(st.sampled_from([*NAMES, "nobody"]), TEXT), max_size=5))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_no_form_of_somebody_who_is_signed_in_makes_a_5xx_either(fuzzed, door, named):
    runner, issuer = fuzzed

    async def example():
        browser = issuer.browser()
        await issuer.sign_in(browser)
        asked = await browser.get("/authorize", params=issuer.request())
        known = hidden((await browser.get(asked.headers["location"])).text) if "/consent" == door else {}
        token = hidden((await browser.get("/logout")).text)["csrf_token"]
        form = [
            *{**known, "csrf_token": token}.items(),
            *((name, text) for name, text in named if name != "csrf_token"),
        ]
        answer = await browser.post(door, content=urlencode(form), headers=FORM)
        await browser.aclose()
        issuer.others.clear()

        assert answer.status_code < 500, answer.text
        assert answer.is_redirect or "text/html; charset=utf-8" == answer.headers["content-type"]

    runner.run(example())
