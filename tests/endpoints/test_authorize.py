"""The authorization door: whom it answers, what it asks, and how it comes back (RFC 6749 §4.1.1, OIDC Core §3.1.2)."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.issuer import ALICE, API, CALLBACK, CHALLENGE, PASSWORD, VERIFIER, boxes, claims, hidden

LOOPBACK = "http://127.0.0.1/callback"


async def sent(issuer, client="web", browser=None, **changed):
    return await (browser or issuer.http).get("/authorize", params=issuer.request(client, **changed))


def answered(answer, part="query"):
    """What the client's address got."""
    assert answer.is_redirect, answer.text
    location = answer.headers["location"]
    assert not location.startswith("https://id.example"), location
    return {name: values[0] for name, values in parse_qs(getattr(urlsplit(location), part)).items()}


def is_page(answer, error="invalid_request", status=400):
    assert status == answer.status_code
    assert "text/html; charset=utf-8" == answer.headers["content-type"]
    assert "location" not in answer.headers
    assert f'<p id="error">{error}</p>' in answer.text
    assert '<p id="error-description">' in answer.text


# ── whom may we answer?


async def test_an_unknown_or_disabled_client_is_a_page(sqlite_issuer):
    unknown = await sent(sqlite_issuer, client_id="nobody")
    missing = await sent(sqlite_issuer, client_id=None)
    await sqlite_issuer.disable_client("web")
    disabled = await sent(sqlite_issuer)

    is_page(unknown, "invalid_client")
    is_page(disabled, "invalid_client")
    is_page(missing)
    assert 0 == await sqlite_issuer.count("requests")


@pytest.mark.parametrize(
    "address",
    [
        None, "", "https://evil.example/cb", "https://web.example/cb/", "https://web.example/CB", "https://WEB.example/cb",
        "https://web.example:443/cb", "https://web.example/cb?x=1", "https://web.example/cb#", "https://web.example/cb#x",
        "https://user@web.example/cb", "https://web.example@evil.example/cb", "https://web.example\\@evil.example/cb",
        "https://web.example/%2e%2e/cb", "https://web.example/./cb", "https://web.example/x/../cb", "//web.example/cb",
        "http://web.example/cb", "https://web.example./cb", "https://web.example/cb%20", "https://web.example/cb ",
        "javascript:alert(1)", "data:text/html,x", "https://web.example/cb\r\nx: y", "https://web.example%2f@evil.example/cb",
    ],
)  # fmt: skip
async def test_an_address_that_is_not_registered_letter_by_letter_is_a_page(sqlite_issuer, address):
    is_page(await sent(sqlite_issuer, redirect_uri=address))


async def test_client_or_address_twice_is_a_page_even_when_equal(sqlite_issuer):
    for name in ("client_id", "redirect_uri"):
        params = sqlite_issuer.request()
        is_page(await sqlite_issuer.http.get("/authorize", params=[*params.items(), (name, params[name])]))


@pytest.mark.parametrize(
    ("address", "fine"),
    [
        (LOOPBACK, True), ("http://127.0.0.1:49152/callback", True), ("http://127.0.0.1:1/callback", True),
        ("http://localhost/callback", False), ("http://[::1]/callback", False), ("http://127.0.0.1:0/callback", False),
        ("http://127.0.0.1:65536/callback", False), ("http://127.0.0.1:/callback", False),
        ("http://127.0.0.1:80/callback/", False), ("http://127.0.0.2/callback", False),
        ("https://127.0.0.1/callback", False), ("http://127.0.0.1:80@evil.example/callback", False),
        ("com.example.app:/cb", True), ("com.example.app:/cb/x", False), ("com.example.APP:/cb", False),
    ],
)  # fmt: skip
async def test_of_a_loopback_address_the_port_alone_is_free(sqlite_issuer, address, fine):
    answer = await sent(sqlite_issuer, "spa", redirect_uri=address)

    assert fine == (303 == answer.status_code)
    if not fine:
        is_page(answer)


async def test_each_loopback_name_stands_for_itself_and_the_registered_port_is_free_too(sqlite_issuer):
    document = {"redirect_uris": ["http://localhost:7777/cb", "http://[::1]/cb"], "token_endpoint_auth_method": "none"}
    await sqlite_issuer.add_client("native", document)
    request = {**sqlite_issuer.request(), "client_id": "native", "scope": "openid"}
    statuses = [
        (await sqlite_issuer.http.get("/authorize", params={**request, "redirect_uri": address})).status_code
        for address in ("http://localhost:7777/cb", "http://localhost:9/cb", "http://localhost/cb", "http://[::1]:9/cb")
    ]
    wrong = await sqlite_issuer.http.get("/authorize", params={**request, "redirect_uri": "http://127.0.0.1:7777/cb"})

    assert [303] * 4 == statuses
    is_page(wrong)


# ── what goes back to the client


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": "none"}, "unauthorized_client"),
        ({"response_type": "none code"}, "unsupported_response_type"),
        ({"response_mode": "nonsense"}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "x" * 129}, "invalid_request"),
        ({"code_challenge": "é" * 43}, "invalid_request"),
        ({"scope": "nonsense"}, "invalid_scope"),
        ({"scope": 'open"id'}, "invalid_scope"),
        ({"scope": "openid\ttab"}, "invalid_scope"),
        ({"scope": " ".join(f"s{number}" for number in range(1000))}, "invalid_scope"),
        ({"resource": "https://unknown.example"}, "invalid_target"),
        ({"resource": "https://api.example#x"}, "invalid_target"),
        ({"resource": "relative"}, "invalid_target"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "sometimes"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "1.5"}, "invalid_request"),
        ({"max_age": "٣"}, "invalid_request"),
        ({"max_age": "9" * 40}, "invalid_request"),
        ({"request": "eyJ"}, "invalid_request_object"),
        ({"request_uri": "https://web.example/r"}, "invalid_request_uri"),
        ({"request": "eyJ", "request_uri": "https://web.example/r"}, "invalid_request"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"claims": "{"}, "invalid_request"),
        ({"claims": '{"userinfo": []}'}, "invalid_request"),
        ({"nonce": "n" * 11_000}, "invalid_request"),
    ],
)
async def test_every_other_refusal_goes_back_with_its_code_the_state_and_the_issuer(sqlite_issuer, changed, error):
    answer = await sent(sqlite_issuer, **changed)
    got = answered(answer)

    assert 303 == answer.status_code
    assert answer.headers["location"].startswith(CALLBACK + "?")
    assert (error, "the-state", sqlite_issuer.url) == (got["error"], got["state"], got["iss"])
    assert got["error_description"].isascii()
    assert 0 == await sqlite_issuer.count("requests")
    assert ("/authorize", error) in sqlite_issuer.refusals("door", "error")


async def test_a_repeated_parameter_goes_back_and_of_two_states_none_does(sqlite_issuer):
    for name in ("scope", "nonce", "code_challenge", "response_type", "prompt", "nobody_knows_me", "response_mode"):
        params = [
            *sqlite_issuer.request(nobody_knows_me="1", prompt="login", response_mode="query").items(),
            (name, "x"),
        ]
        got = answered(await sqlite_issuer.http.get("/authorize", params=params))

        assert ("invalid_request", "the-state") == (got["error"], got["state"]), name
    got = answered(
        await sqlite_issuer.http.get("/authorize", params=[*sqlite_issuer.request().items(), ("state", "2")])
    )

    assert "invalid_request" == got["error"]
    assert "state" not in got


async def test_a_client_without_the_code_flow_is_unauthorized(sqlite_issuer):
    await sqlite_issuer.change_client("web", grant_types=["client_credentials"])

    assert "unauthorized_client" == answered(await sent(sqlite_issuer))["error"]


async def test_a_refusal_in_fragment_mode_is_in_the_fragment(sqlite_issuer):
    got = answered(await sent(sqlite_issuer, response_mode="fragment", prompt="none"), "fragment")

    assert ("login_required", sqlite_issuer.url) == (got["error"], got["iss"])


async def test_a_state_comes_back_letter_by_letter_and_is_absent_where_none_was_sent(sqlite_issuer):
    state = "a b+c&d=e%20\"'<>é✓\\"
    assert state == answered(await sent(sqlite_issuer, state=state, prompt="none"))["state"]
    assert "state" not in answered(await sent(sqlite_issuer, state=None, prompt="none"))
    assert state == (await sqlite_issuer.authorize(state=state))["state"]
    assert "state" not in await sqlite_issuer.authorize(state=None)


async def test_a_code_comes_with_the_issuer_and_the_registered_query_stays(sqlite_issuer):
    got = await sqlite_issuer.authorize(redirect_uri=CALLBACK + "?tenant=1")
    fragment = await sqlite_issuer.authorize(response_mode="fragment")

    assert {"code", "state", "session_state", "iss", "tenant"} == set(got)
    assert sqlite_issuer.url == got["iss"] == fragment["iss"]
    assert {"code", "state", "session_state", "iss"} == set(fragment)


async def test_nonsense_in_what_only_helps_is_never_an_error(sqlite_issuer):
    got = await sqlite_issuer.authorize(
        display="hologram", ui_locales="xx-?? 7", claims_locales="☃", login_hint="<b>nobody</b>", acr_values="a b c",
        id_token_hint="", claims="", unknown="1",
    )  # fmt: skip

    assert "code" in got


async def test_unknown_scopes_are_dropped_and_the_answer_says_what_is_left(sqlite_issuer):
    tokens = await sqlite_issuer.tokens(scope="openid  nonsense   api:read")

    assert "openid api:read" == tokens["scope"]


async def test_no_scope_means_what_the_client_has_without_the_far_reaching(sqlite_issuer):
    plain = await sqlite_issuer.tokens(scope=None)
    named = await sqlite_issuer.tokens(scope=None, resource=API)

    assert "openid profile email api:read api:write" == plain["scope"]
    assert "api:read api:write" == named["scope"]
    assert API == claims(named["access_token"])["aud"]


async def test_a_long_nonce_is_echoed(sqlite_issuer):
    tokens = await sqlite_issuer.tokens(nonce="n" * 500)

    assert "n" * 500 == claims(tokens["id_token"])["nonce"]


# ── the pages between


async def test_who_is_not_signed_in_goes_to_the_sign_in_page_of_this_request(sqlite_issuer):
    answer = await sent(sqlite_issuer, login_hint="alice")
    page = await sqlite_issuer.http.get(answer.headers["location"])

    assert 303 == answer.status_code
    assert answer.headers["location"].startswith("https://id.example/login?request=")
    assert "no-store" == answer.headers["cache-control"]
    assert "Harbour Notes" in page.text
    assert 'value="alice"' in page.text


async def test_consent_is_asked_once_of_a_client_that_can_be_told_apart(sqlite_issuer):
    await sqlite_issuer.authorize()
    again = answered(await sent(sqlite_issuer))
    less = answered(await sent(sqlite_issuer, scope="openid", prompt="none"))

    assert "code" in again
    assert "code" in less


async def test_more_than_was_allowed_is_asked_again(sqlite_issuer):
    await sqlite_issuer.authorize(scope="openid")
    more = await sent(sqlite_issuer, scope="openid api:read")
    silent = await sent(sqlite_issuer, scope="openid api:read", prompt="none")

    assert "/consent?request=" in more.headers["location"]
    assert "consent_required" == answered(silent)["error"]


async def test_native_clients_are_asked_each_time_and_https_ones_of_the_same_client_are_not(sqlite_issuer):
    for address in (LOOPBACK + "", "com.example.app:/cb"):
        await sqlite_issuer.authorize("spa", redirect_uri=address)
        again = await sent(sqlite_issuer, "spa", redirect_uri=address)
        silent = await sent(sqlite_issuer, "spa", redirect_uri=address, prompt="none")

        assert "/consent?request=" in again.headers["location"]
        assert "consent_required" == answered(silent)["error"]
    await sqlite_issuer.authorize("spa")

    assert "code" in answered(await sent(sqlite_issuer, "spa"))


async def consent_page(issuer, client="web", **changed):
    """Signed in, and in front of the consent page."""
    await issuer.sign_in()
    answer = await sent(issuer, client, **changed)
    return await issuer.http.get(answer.headers["location"])


async def test_the_consent_page_says_who_asks_for_what_and_where_it_goes(sqlite_issuer):
    page = await consent_page(sqlite_issuer)
    native = await consent_page(sqlite_issuer, "spa", redirect_uri=LOOPBACK)

    assert '<form id="consent"' in page.text
    assert "Harbour Notes" in page.text
    assert "web.example" in page.text
    assert "Read your notes" in page.text
    assert {"profile", "email", "offline_access", "api:read", "api:write"} == set(boxes(page.text))
    assert 5 == page.text.count(" checked")
    assert all(f'id="{id}"' in page.text for id in ("allow", "deny"))
    assert "127.0.0.1" in native.text


async def decide(issuer, page, **form):
    return await issuer.http.post("/consent", data={**hidden(page.text), **form})


async def test_a_box_that_is_not_sent_is_declined(sqlite_issuer):
    page = await consent_page(sqlite_issuer)
    answer = await decide(sqlite_issuer, page, decision="allow", scope=["email", "api:read", "admin:read"])
    got = await sqlite_issuer.go_on(sqlite_issuer.http, answer)
    tokens = (await sqlite_issuer.redeem(got["code"])).json()

    assert 303 == answer.status_code
    assert "openid email api:read" == tokens["scope"]
    assert "openid email api:read" == (await sqlite_issuer.refresh(tokens["refresh_token"])).json()["scope"]


async def test_with_no_box_left_openid_alone_is_granted_and_without_it_nothing(sqlite_issuer):
    page = await consent_page(sqlite_issuer)
    got = await sqlite_issuer.go_on(sqlite_issuer.http, await decide(sqlite_issuer, page, decision="allow"))
    alone = (await sqlite_issuer.redeem(got["code"])).json()
    page = await consent_page(sqlite_issuer, scope="api:read")
    nothing = await sqlite_issuer.go_on(sqlite_issuer.http, await decide(sqlite_issuer, page, decision="allow"))

    assert "openid" == alone["scope"]
    assert "access_denied" == nothing["error"]


async def test_deny_is_access_denied_with_state_and_issuer_and_is_not_remembered(issuer):
    page = await consent_page(issuer)
    got = await issuer.go_on(issuer.http, await decide(issuer, page, decision="deny", scope=boxes(page.text)))
    again = await sent(issuer)

    assert ("access_denied", "the-state", issuer.url) == (got["error"], got["state"], got["iss"])
    assert "/consent?request=" in again.headers["location"]
    assert "consent_refused" in await issuer.audited()
    assert 0 == await issuer.count("authorizations")


async def test_a_form_without_an_answer_is_a_page_and_decides_nothing(sqlite_issuer):
    page = await consent_page(sqlite_issuer)
    before = await sqlite_issuer.rows()
    for form in ({}, {"decision": "maybe"}, {"decision": ["allow", "deny"]}):
        answer = await decide(sqlite_issuer, page, **form)

        assert 400 == answer.status_code
        assert "text/html" in answer.headers["content-type"]
    assert before == await sqlite_issuer.rows()


async def test_a_finished_request_gives_no_second_code(issuer):
    page = await consent_page(issuer)
    form = {"decision": "allow", "scope": boxes(page.text)}
    first = await decide(issuer, page, **form)
    ways = await asyncio.gather(*(issuer.http.get(first.headers["location"]) for _ in range(8)))
    codes = [answered(answer)["code"] for answer in ways if answer.is_redirect]
    late = await decide(issuer, page, **form)

    assert 1 == len(codes) == await issuer.count("codes")
    assert {303, 400} >= {answer.status_code for answer in ways}
    is_page(late)


async def test_consent_with_offline_access_is_remembered_for_offline_access_too(sqlite_issuer):
    await sqlite_issuer.authorize(scope="openid offline_access")
    got = answered(await sent(sqlite_issuer, scope="openid offline_access", prompt="none"))
    tokens = (await sqlite_issuer.redeem(got["code"])).json()

    assert "openid offline_access" == tokens["scope"]


async def test_a_consent_that_was_given_is_a_fact_and_a_remembered_one_is_none(issuer):
    await issuer.authorize()
    await issuer.authorize()
    events = await issuer.audited()

    assert [1, 2] == [events.count(name) for name in ("consent_given", "authorized")]


async def test_prompt_consent_asks_even_who_allowed_it(sqlite_issuer):
    await sqlite_issuer.authorize()

    assert "/consent?request=" in (await sent(sqlite_issuer, prompt="consent")).headers["location"]


async def test_when_the_client_changed_meanwhile_a_page_of_its_request_goes_back_with_the_refusal(sqlite_issuer):
    """Neither page may break: the request is read again, with the same checks, at every step."""
    page = await consent_page(sqlite_issuer, scope="api:read")
    login = await sent(sqlite_issuer, scope="api:read", browser=(other := sqlite_issuer.browser()))
    await sqlite_issuer.change_client("web", scope="openid")
    consent = await decide(sqlite_issuer, page, decision="allow", scope="api:read")
    shown = await other.get(login.headers["location"])

    assert ["invalid_scope", "invalid_scope"] == [answered(consent)["error"], answered(shown)["error"]]


# ── who, and how long ago


async def test_prompt_login_asks_who_is_signed_in_and_tells_the_new_time(sqlite_issuer):
    first = claims((await sqlite_issuer.tokens())["id_token"])
    sqlite_issuer.later(minutes=5)
    silent = claims((await sqlite_issuer.tokens())["id_token"])
    page = await sent(sqlite_issuer, prompt="login")
    again = claims((await sqlite_issuer.tokens(prompt="login"))["id_token"])

    assert "/login?request=" in page.headers["location"]
    assert first["auth_time"] == silent["auth_time"] == again["auth_time"] - 300
    assert first["sid"] == again["sid"]


@pytest.mark.parametrize(("age", "asks"), [("0", True), ("299", True), ("300", False), ("86400", False), ("", False)])
async def test_max_age_asks_who_signed_in_longer_ago(sqlite_issuer, age, asks):
    await sqlite_issuer.authorize()
    sqlite_issuer.later(minutes=5)
    answer = await sent(sqlite_issuer, max_age=age)
    silent = answered(await sent(sqlite_issuer, max_age=age, prompt="none"))

    assert asks == ("/login?request=" in answer.headers["location"])
    assert asks == ("login_required" == silent.get("error"))


async def test_the_clients_default_max_age_holds_where_none_is_sent(sqlite_issuer):
    await sqlite_issuer.authorize()
    await sqlite_issuer.change_client("web", default_max_age=60)
    sqlite_issuer.later(minutes=5)

    assert "/login?request=" in (await sent(sqlite_issuer)).headers["location"]
    assert "code" in answered(await sent(sqlite_issuer, max_age="600"))


async def test_select_account_shows_the_sign_in_page_and_silently_says_so(sqlite_issuer):
    await sqlite_issuer.authorize()
    sqlite_issuer.later(seconds=1)
    page = await sent(sqlite_issuer, prompt="select_account")
    silent = await sent(sqlite_issuer, prompt="select_account none")

    assert "/login?request=" in page.headers["location"]
    assert "invalid_request" == answered(silent)["error"]


async def test_an_id_token_hint_names_who_is_meant_even_when_it_expired(sqlite_issuer):
    hint = (await sqlite_issuer.tokens())["id_token"]
    sqlite_issuer.later(hours=1)
    same = await sent(sqlite_issuer, prompt="none", id_token_hint=hint)
    await sqlite_issuer.add_person("bob")
    browser = sqlite_issuer.browser()
    await sqlite_issuer.authorize(browser=browser, username="bob")
    sqlite_issuer.later(seconds=1)
    other = await sent(sqlite_issuer, browser=browser, prompt="none", id_token_hint=hint)
    asked = await sent(sqlite_issuer, browser=browser, id_token_hint=hint)
    forged = await sent(sqlite_issuer, prompt="none", id_token_hint=hint[:-4] + "AAAA")

    assert "code" in answered(same)
    assert "login_required" == answered(other)["error"] == answered(forged)["error"]
    assert "/login?request=" in asked.headers["location"]


async def test_when_another_than_the_hinted_person_signs_in_the_client_hears_it(sqlite_issuer):
    hint = (await sqlite_issuer.tokens())["id_token"]
    await sqlite_issuer.add_person("bob")
    sqlite_issuer.later(seconds=1)
    got = await sqlite_issuer.authorize(browser=sqlite_issuer.browser(), username="bob", id_token_hint=hint)

    assert "login_required" == got["error"]


# ── browsers


async def test_another_browsers_transaction_never_gives_a_code(issuer):
    begun = await sent(issuer)
    stranger = issuer.browser()
    await issuer.sign_in(stranger)
    page = await stranger.get(begun.headers["location"])
    id = begun.headers["location"].partition("request=")[2]
    uri = "urn:ietf:params:oauth:request_uri:" + id
    step = await stranger.get("/authorize", params={"client_id": "web", "request_uri": uri})
    consent = await stranger.get("/consent", params={"request": id})

    for answer in (page, step, consent):
        is_page(answer, "access_denied", 403)
    assert 0 == await issuer.count("codes")


async def test_a_request_that_waited_too_long_or_never_was_is_a_page(sqlite_issuer):
    begun = await sent(sqlite_issuer)
    sqlite_issuer.later(minutes=31)

    is_page(await sqlite_issuer.http.get(begun.headers["location"]))
    is_page(await sqlite_issuer.http.get("/login?request=nonsense"))
    is_page(await sqlite_issuer.http.get("/consent?request=" + "x" * 5000))
    is_page(await sqlite_issuer.http.get("/consent"))


async def test_another_clients_kept_request_is_refused(sqlite_issuer):
    begun = await sent(sqlite_issuer)
    uri = "urn:ietf:params:oauth:request_uri:" + begun.headers["location"].partition("request=")[2]
    answer = await sqlite_issuer.http.get("/authorize", params={"client_id": "spa", "request_uri": uri})

    assert "request_uri_not_supported" == answered(answer)["error"]


async def test_requests_under_way_are_bounded_for_each_browser(sqlite_issuer):
    for _ in range(25):
        await sent(sqlite_issuer)

    assert 20 == await sqlite_issuer.count("requests")


async def test_a_post_from_another_site_is_kept_and_goes_on_by_our_own_get(issuer):
    foreign = {"origin": "https://web.example", "sec-fetch-site": "cross-site"}
    answer = await issuer.http.post("/authorize", data=issuer.request(), headers=foreign)
    got = await issuer.go_on(issuer.http, answer)

    assert 303 == answer.status_code
    assert answer.headers["location"].startswith("https://id.example/authorize?client_id=web&request_uri=")
    assert "set-cookie" not in answer.headers
    assert {"code", "state", "session_state", "iss"} == set(got)


async def test_a_post_that_is_refused_keeps_nothing(sqlite_issuer):
    back = await sqlite_issuer.http.post("/authorize", data=sqlite_issuer.request(response_type="token"))
    page = await sqlite_issuer.http.post("/authorize", data=sqlite_issuer.request(redirect_uri="https://evil.example"))
    kind = await sqlite_issuer.http.post("/authorize", json=sqlite_issuer.request())

    assert "unsupported_response_type" == answered(back)["error"]
    is_page(page)
    is_page(kind)
    assert 0 == await sqlite_issuer.count("requests")


async def test_the_first_browser_that_comes_with_a_posted_request_has_it(sqlite_issuer):
    answer = await sqlite_issuer.http.post("/authorize", data=sqlite_issuer.request())
    first = await sqlite_issuer.http.get(answer.headers["location"])
    second = await sqlite_issuer.browser().get(answer.headers["location"])

    assert "/login?request=" in first.headers["location"]
    is_page(second, "access_denied", 403)


async def test_no_other_origin_may_read_the_authorization_door(sqlite_issuer):
    answer = await sent(sqlite_issuer)
    preflight = await sqlite_issuer.http.options("/authorize", headers={"origin": "https://web.example"})

    assert "access-control-allow-origin" not in answer.headers
    assert "access-control-allow-origin" not in preflight.headers


async def test_the_challenge_of_the_request_is_the_one_that_the_code_answers(sqlite_issuer):
    """A kept request is what comes to a code: nothing that is sent beside it changes it."""
    begun = await sent(sqlite_issuer)
    uri = "urn:ietf:params:oauth:request_uri:" + begun.headers["location"].partition("request=")[2]
    params = {
        "client_id": "web",
        "request_uri": uri,
        "redirect_uri": "https://evil.example",
        "code_challenge": "x" * 43,
    }
    page = await sqlite_issuer.http.get("/authorize", params=params)
    got = await sqlite_issuer.go_on(sqlite_issuer.http, page)

    assert CHALLENGE != "x" * 43
    assert 200 == (await sqlite_issuer.redeem(got["code"], code_verifier=VERIFIER)).status_code


async def test_two_tabs_of_one_browser_both_come_to_their_end(sqlite_issuer):
    first, second = await sent(sqlite_issuer, state="1"), await sent(sqlite_issuer, state="2")
    pages = [await sqlite_issuer.http.get(one.headers["location"]) for one in (first, second)]
    form = {**hidden(pages[0].text), "username": "alice", "password": PASSWORD}
    one = await sqlite_issuer.go_on(sqlite_issuer.http, await sqlite_issuer.http.post("/login", data=form))
    two = await sqlite_issuer.go_on(sqlite_issuer.http, await sqlite_issuer.http.get(second.headers["location"]))

    assert ["1", "2"] == [one["state"], two["state"]]
    assert ALICE == claims((await sqlite_issuer.redeem(two["code"])).json()["id_token"])["sub"]


async def test_asking_for_the_head_alone_gives_no_code(sqlite_issuer):
    await sqlite_issuer.authorize()
    before = await sqlite_issuer.rows()
    answer = await sqlite_issuer.http.head("/authorize", params=sqlite_issuer.request())

    assert (405, "GET, POST, OPTIONS") == (answer.status_code, answer.headers["allow"])
    assert before == await sqlite_issuer.rows()
    assert "code" in await sqlite_issuer.authorize()
