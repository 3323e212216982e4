"""Consent: asked once for each scope of each resource, remembered, declined and taken back."""

import re

import pytest
from sqlalchemy import update

from mintmark.store import schema
from mintmark.store.changes import Run
from tests.issuer import API, boxes, hidden

NOTES = "https://notes.example"


async def begin(issuer, client="web", **changed):
    """Signed in: the page that comes then, or the answer."""
    browser = issuer.http
    answer = await browser.get("/authorize", params=issuer.request(client, **changed))
    while answer.is_redirect and answer.headers["location"].startswith(issuer.url):
        answer = await browser.get(answer.headers["location"])
    return answer


async def answer(issuer, page, kept, decision="allow"):
    form = {**hidden(page.text), "scope": list(kept), "decision": decision}
    return await issuer.go_on(issuer.http, await issuer.http.post("/consent", data=form))


def is_page(answer):
    return answer.status_code == 200 and 'id="consent"' in answer.text


def headings(page):
    return re.findall(r"<h2>(.*?)</h2>", page.text)


@pytest.fixture
async def signed_in(issuer):
    await issuer.add_resource(NOTES, ["api:read", "notes:write"])
    await issuer.change_client("web", scope="openid profile email api:read api:write notes:write")
    await issuer.sign_in()
    return issuer


async def test_it_is_asked_once_and_then_for_what_is_new_alone(signed_in):
    first = await begin(signed_in, scope="openid email")
    await answer(signed_in, first, boxes(first.text))
    again = await begin(signed_in, scope="openid email")
    less = await begin(signed_in, scope="openid")
    more = await begin(signed_in, scope="openid email profile")

    assert is_page(first)
    assert [] == headings(first), "one group needs no heading"
    assert again.is_redirect
    assert less.is_redirect
    assert is_page(more)
    assert ["About you", "Allowed before: about you"] == headings(more)
    assert more.text.index('value="profile"') < more.text.index('value="email"'), "what is new comes first"


async def test_a_page_lists_resource_by_resource(signed_in):
    page = await begin(signed_in, scope="openid api:write notes:write")

    assert ["About you", "Example API", NOTES] == headings(page)


async def test_the_same_scope_at_another_resource_is_asked_anew(signed_in):
    first = await begin(signed_in, scope="api:read", resource=API)
    await answer(signed_in, first, boxes(first.text))
    same = await begin(signed_in, scope="api:read", resource=API)
    other = await begin(signed_in, scope="api:read", resource=NOTES)
    await answer(signed_in, other, boxes(other.text))
    both = [await begin(signed_in, scope="api:read", resource=one) for one in (API, NOTES)]

    assert same.is_redirect
    assert is_page(other)
    assert all(one.is_redirect for one in both)


async def test_what_is_declined_is_remembered_as_not_given(signed_in):
    first = await begin(signed_in, scope="openid email profile")
    got = await answer(signed_in, first, ["email"])
    tokens = (await signed_in.redeem(got["code"])).json()
    within = await begin(signed_in, scope="openid email")
    again = await begin(signed_in, scope="openid email profile")

    assert "openid email" == tokens["scope"]
    assert within.is_redirect
    assert is_page(again)


async def test_what_is_dropped_when_asked_again_is_not_allowed_any_more(signed_in):
    first = await begin(signed_in, scope="openid email profile")
    await answer(signed_in, first, boxes(first.text))
    anew = await begin(signed_in, scope="openid email profile", prompt="consent")
    await answer(signed_in, anew, ["profile"])

    assert is_page(anew)
    assert is_page(await begin(signed_in, scope="openid email"))
    assert (await begin(signed_in, scope="openid profile")).is_redirect


async def test_silence_is_enough_exactly_where_everything_was_allowed(signed_in):
    first = await begin(signed_in, scope="openid email")
    await answer(signed_in, first, boxes(first.text))
    silent = await begin(signed_in, scope="openid email", prompt="none")
    more = await begin(signed_in, scope="openid email profile", prompt="none")

    assert "code=" in silent.headers["location"]
    assert "error=consent_required" in more.headers["location"]


async def test_a_refusal_takes_nothing_back(signed_in):
    first = await begin(signed_in, scope="openid email")
    await answer(signed_in, first, boxes(first.text))
    more = await begin(signed_in, scope="openid email profile")
    denied = await answer(signed_in, more, [], decision="deny")

    assert "access_denied" == denied["error"]
    assert (await begin(signed_in, scope="openid email")).is_redirect


async def test_a_consent_that_an_earlier_version_kept_goes_on_working(signed_in):
    first = await begin(signed_in, scope="openid email api:write")
    await answer(signed_in, first, boxes(first.text))
    await signed_in.server.store.commit([Run(update(schema.consents).values(allowed=None), {})])
    again = await begin(signed_in, scope="openid email api:write")
    more = await begin(signed_in, scope="openid email api:write profile")
    await answer(signed_in, more, boxes(more.text))

    assert again.is_redirect
    assert is_page(more)
    assert (await begin(signed_in, scope="openid email api:write profile")).is_redirect


async def test_a_first_party_client_shows_no_page_and_a_stranger_always_the_first_time(signed_in):
    await signed_in.set_policy({"require_consent": False})
    first_party = await begin(signed_in, scope="openid email")
    await signed_in.server.store.commit(
        [Run(update(schema.clients).where(schema.clients.c.id == "web").values(self_registered=1), {})]
    )
    await signed_in.change_client("web", client_name="A Stranger")
    stranger = await begin(signed_in, scope="openid email")
    await answer(signed_in, stranger, boxes(stranger.text))

    assert first_party.is_redirect
    assert is_page(stranger)
    assert (await begin(signed_in, scope="openid email")).is_redirect, "it is remembered"


async def test_a_consent_is_taken_back_at_the_account_with_all_that_hangs_on_it(signed_in):
    tokens = await signed_in.tokens(scope="openid email api:write")
    page = await signed_in.http.get("/account")
    token = hidden(page.text)["csrf_token"]
    done = await signed_in.http.post("/account", data={"csrf_token": token, "withdraw": "web"})
    after = await signed_in.http.get("/account")

    assert "What you allowed" in page.text
    assert "Example API: api:write" in page.text
    assert 303 == done.status_code
    assert "What you allowed" not in after.text
    assert {"active": False} == await signed_in.introspect(tokens["access_token"])
    assert is_page(await begin(signed_in, scope="openid email"))
    assert 0 == await signed_in.count("consents")


async def test_nobody_takes_back_what_somebody_else_allowed(signed_in):
    await signed_in.tokens(scope="openid email")
    await signed_in.add_person("bob")
    browser = signed_in.browser()
    await signed_in.sign_in(browser, "bob")
    token = hidden((await browser.get("/logout")).text)["csrf_token"]
    await browser.post("/account", data={"csrf_token": token, "withdraw": "web"})

    assert 1 == await signed_in.count("consents")
