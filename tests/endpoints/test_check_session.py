"""Session management: the frame, its cookie, and `session_state` (OIDC Session Management §2, §3)."""

import hashlib
import re

from mintmark.pages.render import Pages
from tests.issuer import CALLBACK, hidden

COOKIE = "__Host-mintmark-state"
SPA = "https://spa.example/cb"


def computed(session_state, client, origin, cookie):
    digest, _, salt = session_state.partition(".")
    return digest == hashlib.sha256(f"{client} {origin} {cookie} {salt}".encode()).hexdigest()


async def test_anybody_may_frame_the_page_and_nothing_else(sqlite_issuer):
    page = await sqlite_issuer.http.get("/check_session")
    policy = page.headers["content-security-policy"]

    assert 200 == page.status_code
    assert "x-frame-options" not in page.headers
    assert policy.endswith("frame-ancestors *")
    assert "default-src 'none'; script-src 'self'" in policy
    assert "set-cookie" not in page.headers
    assert f'data-cookie="{COOKIE}"' in page.text


async def test_its_script_is_there_and_needs_nothing_that_old_browsers_lack(sqlite_issuer):
    page = await sqlite_issuer.http.get("/check_session")
    [address] = re.findall(r'<script src="([^"]+)"', page.text)
    script = (await sqlite_issuer.http.get(address)).text

    assert "immutable" in (await sqlite_issuer.http.get(address)).headers["cache-control"]
    code = re.sub(r"//[^\n]*", "", script)
    for word in ("crypto", "=>", "let ", "const ", "`", "class ", "async", "eval", "Promise"):
        assert word not in code, word


async def test_the_answer_has_a_state_that_the_cookie_explains(issuer):
    got = await issuer.authorize()
    cookie = issuer.http.cookies[COOKIE]
    again = await issuer.authorize(prompt="none")

    assert computed(got["session_state"], "web", "https://web.example", cookie)
    assert computed(again["session_state"], "web", "https://web.example", cookie)
    assert got["session_state"] != again["session_state"]  # salted
    assert " " not in got["session_state"]


async def test_the_state_is_of_client_and_origin(sqlite_issuer):
    got = await sqlite_issuer.authorize("spa", redirect_uri=SPA)
    native = await sqlite_issuer.authorize("spa", redirect_uri="com.example.app:/cb")

    assert computed(got["session_state"], "spa", "https://spa.example", sqlite_issuer.http.cookies[COOKIE])
    assert "session_state" not in native  # no page of the web


async def test_without_openid_there_is_none(sqlite_issuer):
    assert "session_state" not in await sqlite_issuer.authorize(scope="api:read")


async def test_a_refusal_has_the_state_too(sqlite_issuer):
    nobody = await sqlite_issuer.authorize(prompt="none")
    await sqlite_issuer.sign_in()
    somebody = await sqlite_issuer.authorize(prompt="none")

    assert "login_required" == nobody["error"]
    assert computed(nobody["session_state"], "web", "https://web.example", "")
    assert "consent_required" == somebody["error"]
    assert computed(somebody["session_state"], "web", "https://web.example", sqlite_issuer.http.cookies[COOKIE])


async def test_the_cookie_is_for_scripts_in_frames_and_changes_with_who_is_signed_in(issuer):
    answer = await issuer.sign_in()
    [cookie] = [one for one in answer.headers.get_list("set-cookie") if one.startswith(COOKIE)]
    first = issuer.http.cookies[COOKIE]
    form = hidden((await issuer.http.get("/logout")).text)
    await issuer.http.post("/logout", data=form)
    out = issuer.http.cookies[COOKIE]
    await issuer.sign_in()

    assert re.fullmatch(COOKIE + "=[0-9a-f]{32}; Path=/; SameSite=None; Secure", cookie)
    assert 3 == len({first, out, issuer.http.cookies[COOKIE]})


async def test_signing_in_again_as_the_same_person_changes_nothing(sqlite_issuer):
    await sqlite_issuer.authorize()
    before = sqlite_issuer.http.cookies[COOKIE]
    sqlite_issuer.later(minutes=1)
    await sqlite_issuer.authorize(prompt="login")

    assert before == sqlite_issuer.http.cookies[COOKIE]


async def test_a_session_of_before_gets_its_cookie_with_the_next_answer(sqlite_issuer):
    await sqlite_issuer.authorize()
    before = sqlite_issuer.http.cookies[COOKIE]
    sqlite_issuer.http.cookies.delete(COOKIE)
    await sqlite_issuer.authorize(prompt="none")
    quiet = await sqlite_issuer.http.get("/authorize", params=sqlite_issuer.request(prompt="none"))

    assert before == sqlite_issuer.http.cookies[COOKIE]
    assert "set-cookie" not in quiet.headers


async def test_a_cookie_that_somebody_made_up_is_none(sqlite_issuer):
    headers = {"cookie": f"{COOKIE}=<script>{'x' * 500}"}
    answer = await sqlite_issuer.http.get("/authorize", params=sqlite_issuer.request(prompt="none"), headers=headers)

    assert answer.headers["location"].startswith(CALLBACK + "?error=login_required")


def test_the_policy_of_a_page_with_frames_names_exactly_their_origins():
    policy = Pages("Acme", "", None, None).csp(frame_origins=["https://a.example", "http://127.0.0.1:3000"])

    assert "frame-src https://a.example http://127.0.0.1:3000;" in policy
    assert "frame-src" not in Pages("Acme", "", None, None).csp()
