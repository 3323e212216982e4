"""Front-channel logout: frames of the page that follows a sign-out (OIDC Front-Channel Logout §2, §3)."""

import html
import re

from tests.issuer import claims, hidden

BYE = "https://web.example/bye"
FRAMES = re.compile(r'<iframe [^>]*src="([^"]*)"')


async def signed_in(issuer):
    """At two clients that have a page for it, and one that has none."""
    await issuer.change_client(
        "web", post_logout_redirect_uris=[BYE], frontchannel_logout_uri="https://web.example/front?x=1"
    )
    await issuer.change_client("spa", frontchannel_logout_uri="https://spa.example:8443/front")
    await issuer.tokens("spa", redirect_uri="https://spa.example/cb")
    await issuer.tokens("other")
    return (await issuer.tokens())["id_token"]


def frames(page):
    return sorted(html.unescape(one) for one in FRAMES.findall(page.text))


def told(sid):
    query = f"iss=https%3A%2F%2Fid.example&sid={sid}"
    return [f"https://spa.example:8443/front?{query}", f"https://web.example/front?x=1&{query}"]


async def test_each_client_has_its_frame_and_the_policy_allows_exactly_these(issuer):
    hint = await signed_in(issuer)
    page = await issuer.http.get(
        "/end_session", params={"id_token_hint": hint, "post_logout_redirect_uri": BYE, "state": "x"}
    )
    policy = page.headers["content-security-policy"]

    assert 200 == page.status_code
    assert told(claims(hint)["sid"]) == frames(page)
    assert "frame-src https://spa.example:8443 https://web.example;" in policy
    assert "frame-ancestors 'none'" in policy
    assert f'id="go-on" href="{BYE}?state=x"' in page.text
    assert f'<noscript><meta http-equiv="refresh" content="2;url={BYE}?state=x"></noscript>' in page.text
    assert 'id="signed-out"' in page.text


async def test_the_second_time_the_browser_goes_on_at_once(sqlite_issuer):
    hint = await signed_in(sqlite_issuer)
    asked = {"id_token_hint": hint, "post_logout_redirect_uri": BYE}
    await sqlite_issuer.http.get("/end_session", params=asked)
    again = await sqlite_issuer.http.get("/end_session", params=asked)

    assert (303, BYE) == (again.status_code, again.headers["location"])


async def test_our_own_page_and_the_account_page_tell_them_too(sqlite_issuer):
    hint = await signed_in(sqlite_issuer)
    page = await sqlite_issuer.http.post("/logout", data=hidden((await sqlite_issuer.http.get("/logout")).text))
    second = await signed_in(sqlite_issuer)
    form = hidden((await sqlite_issuer.http.get("/account")).text)
    after = await sqlite_issuer.http.post("/account", data={**form, "end_session": claims(second)["sid"]})

    assert told(claims(hint)["sid"]) == frames(page)
    assert "http-equiv" not in page.text  # nowhere to go on to
    assert told(claims(second)["sid"]) == frames(after)


async def test_a_page_without_frames_allows_none(sqlite_issuer):
    await sqlite_issuer.tokens("other")
    page = await sqlite_issuer.http.post("/logout", data=hidden((await sqlite_issuer.http.get("/logout")).text))

    assert [] == frames(page)
    assert "frame-src" not in page.headers["content-security-policy"]


async def test_a_disabled_client_is_not_loaded(sqlite_issuer):
    await signed_in(sqlite_issuer)
    await sqlite_issuer.disable_client("spa")
    page = await sqlite_issuer.http.post("/logout", data=hidden((await sqlite_issuer.http.get("/logout")).text))

    assert ["web.example"] == [one.split("/")[2] for one in frames(page)]
