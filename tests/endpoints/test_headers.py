"""The headers of every page and door (hardening 4.1): what a browser may do with an answer is said by the answer."""

import pytest

from tests.issuer import SECRET, hidden

ACCOUNT = (
    "profile", "factors", "passkeys", "totp", "recovery-codes", "password", "sessions", "apps", "activity", "download",
    "delete",
)  # fmt: skip

POLICY = {
    "default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src 'self'", "font-src 'self'",
    "connect-src 'self'", "base-uri 'none'", "object-src 'none'", "frame-ancestors 'none'",
}  # fmt: skip


async def pages(issuer):
    """Each page once, by name."""
    found = {"sign-in": await issuer.http.get("/login"), "error": await issuer.http.get("/authorize")}
    found["wrong"] = await issuer.http.post(
        "/login", data={**hidden(found["sign-in"].text), "username": "x", "password": "y"}
    )
    found["forged"] = await issuer.http.post("/login", data={})
    found["forgot"] = await issuer.http.get("/forgot")
    found["link"] = await issuer.http.get("/link")
    await issuer.sign_in()
    asked = await issuer.http.get("/authorize", params=issuer.request())
    found["consent"] = await issuer.http.get(asked.headers["location"])
    found["account"] = await issuer.http.get("/account")
    for name in ACCOUNT:
        found[f"account/{name}"] = await issuer.http.get(f"/account/{name}")
    found["sign-out"] = await issuer.http.get("/logout")
    found["signed-out"] = await issuer.http.post("/logout", data=hidden(found["sign-out"].text))
    return found


async def test_every_page_says_what_may_be_done_with_it(sqlite_issuer):
    for name, page in (await pages(sqlite_issuer)).items():
        headers = page.headers
        policy = {part.strip() for part in headers["content-security-policy"].split(";")}

        assert "text/html; charset=utf-8" == headers["content-type"], name
        assert POLICY <= policy, name
        assert any(part.startswith("form-action 'self'") for part in policy), name
        assert "no-store" == headers["cache-control"], name
        assert "no-referrer" == headers["referrer-policy"], name
        assert "nosniff" == headers["x-content-type-options"], name
        assert "DENY" == headers["x-frame-options"], name
        assert "same-origin" == headers["cross-origin-resource-policy"], name
        assert "camera=()" in headers["permissions-policy"], name
        assert "publickey-credentials-get=(self)" in headers["permissions-policy"], name
        assert "max-age=63072000; includeSubDomains" == headers["strict-transport-security"], name
        assert "access-control-allow-origin" not in headers, name
        assert "server" not in headers, name
        assert "x-powered-by" not in headers, name


async def test_no_page_that_an_apps_pop_up_passes_severs_it_from_its_opener(sqlite_issuer):
    found = await pages(sqlite_issuer)

    severed = {name for name, page in found.items() if "cross-origin-opener-policy" in page.headers}
    assert {"account", *(f"account/{name}" for name in ACCOUNT)} == severed


async def test_nothing_on_a_page_is_inline(sqlite_issuer):
    for name, page in (await pages(sqlite_issuer)).items():
        assert " style=" not in page.text, name
        assert "<style" not in page.text, name
        assert "<script>" not in page.text, name
        assert " onclick" not in page.text, name


async def test_the_static_files_of_a_page_are_there_and_kept_for_good(sqlite_issuer):
    page = await sqlite_issuer.http.get("/login")
    for name in ("stylesheet", "icon"):
        link = page.text.partition(f'rel="{name}"')[2].partition('href="')[2].partition('"')[0]
        file = await sqlite_issuer.http.get(link)

        assert 200 == file.status_code
        assert "immutable" in file.headers["cache-control"]
        assert "nosniff" == file.headers["x-content-type-options"]


@pytest.mark.parametrize("door", ["/token", "/refresh", "/revoke", "/introspect", "/userinfo"])
async def test_every_json_door_says_no_store_and_nosniff_whatever_comes_of_it(sqlite_issuer, door):
    right = {"token": "x", "grant_type": "client_credentials"}
    answers = [
        await sqlite_issuer.http.post(door, data=right, auth=("web", SECRET)),
        await sqlite_issuer.http.post(door, data={}),
        await sqlite_issuer.http.post(door, content=b"x" * 70_000),
        await sqlite_issuer.http.request("PUT", door),
        await sqlite_issuer.http.post(door, data=right, headers={"host": "bad host"}),
    ]
    for answer in answers:
        assert "application/json" == answer.headers["content-type"]
        assert "no-store" == answer.headers["cache-control"]
        assert "nosniff" == answer.headers["x-content-type-options"]
        assert "*" == answer.headers["access-control-allow-origin"]
        assert "max-age=63072000; includeSubDomains" == answer.headers["strict-transport-security"]
        assert "set-cookie" not in answer.headers


async def test_what_a_passkey_is_asked_for_is_kept_nowhere_and_is_for_our_own_pages(sqlite_issuer):
    page = await sqlite_issuer.http.get("/login")
    csrf = {"x-csrf-token": hidden(page.text)["csrf_token"]}
    good = await sqlite_issuer.http.post("/login/passkey", data={"ask": "1"}, headers=csrf)
    refused = [
        await sqlite_issuer.http.post(door, data={"ask": "1"})
        for door in ("/login/passkey", "/account/passkeys/options")
    ]

    assert [200, 403, 403] == [answer.status_code for answer in (good, *refused)]
    assert "access-control-allow-origin" not in good.headers
    for answer in (good, *refused):
        assert "application/json" == answer.headers["content-type"]
        assert "no-store" == answer.headers["cache-control"]
        assert "nosniff" == answer.headers["x-content-type-options"]
        assert "set-cookie" not in answer.headers


async def test_a_redirect_is_303_and_is_kept_nowhere(sqlite_issuer):
    asked = await sqlite_issuer.http.get("/authorize", params=sqlite_issuer.request())
    signed_in = await sqlite_issuer.sign_in()
    for answer in (asked, signed_in):
        assert 303 == answer.status_code
        assert "no-store" == answer.headers["cache-control"]
        assert "no-referrer" == answer.headers["referrer-policy"]


async def test_a_malformed_host_is_400_in_the_doors_own_form_and_any_other_changes_nothing(sqlite_issuer):
    page = await sqlite_issuer.http.get("/login", headers={"host": "bad host"})
    foreign = await sqlite_issuer.http.get("/login", headers={"host": "evil.example"})
    redirect = await sqlite_issuer.http.get("/account", headers={"host": "evil.example"})

    assert (400, "text/html; charset=utf-8") == (page.status_code, page.headers["content-type"])
    assert 200 == foreign.status_code
    assert "evil.example" not in foreign.text
    assert "https://id.example/login" == redirect.headers["location"]


async def test_health_says_little(sqlite_issuer):
    live = await sqlite_issuer.http.get("/health/live")

    assert (200, {"status": "live"}) == (live.status_code, live.json())


async def test_what_no_door_answers_is_404_with_the_headers_of_every_answer(sqlite_issuer):
    for path in ("/nothing", "/token/", "/admin", "/static/nothing.css"):
        answer = await sqlite_issuer.http.get(path)

        assert 404 == answer.status_code
        assert "nosniff" == answer.headers["x-content-type-options"]
        assert "no-store" == answer.headers["cache-control"]
        assert "max-age=63072000; includeSubDomains" == answer.headers["strict-transport-security"]
