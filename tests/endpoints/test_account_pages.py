"""The pages of the account: what a person sees and changes of themselves, with fresh proof, and nobody else's."""

import asyncio
import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.sql import insert

from mintmark import departures, upkeep
from mintmark.pages.account import frame, profile
from mintmark.protocol import claims
from mintmark.settings.accounts import TEXTS
from mintmark.store import people, schema
from mintmark.store.changes import Run
from mintmark.store.executor import Read
from mintmark.store.times import ms
from tests.issuer import ALICE, PASSWORD, hidden

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PAGES = ("", "/profile", "/factors", "/sessions", "/apps", "/activity", "/download", "/delete")
CHANGES = {
    "/profile": {"name": "Somebody"},
    "/factors": {"end_browser": "b1"},
    "/sessions": {"end_others": "1"},
    "/apps": {"end_app": "web"},
    "/download": {},
    "/delete": {"sure": "yes"},
    "": {"end_authorization": "x"},
}


async def token_of(browser):
    return hidden((await browser.get("/account/download")).text)["csrf_token"]


async def post(browser, page, **form):
    return await browser.post(f"/account{page}", data={"csrf_token": await token_of(browser), **form})


def allow(issuer, **settings):
    changed = issuer.server.settings.model_copy(update=settings)
    object.__setattr__(issuer.server, "settings", changed)


async def person(issuer, id=ALICE):
    return await people.find(issuer.server.store, id)


async def trust(issuer, id, person_id=ALICE):
    now = ms(issuer.server.clock())
    values = {
        "id": id, "person_id": person_id, "digest": id.encode(), "user_agent": AGENT, "address": "192.0.2.77",
        "created_at": now, "last_used_at": now, "expires_at": now + 86_400_000,
    }  # fmt: skip
    await issuer.server.store.commit([Run(insert(schema.trusted_browsers).values(values), {})])


async def rows(issuer, table):
    return await issuer.server.store.fetch(Read(select(schema.metadata.tables[table])))


@pytest.mark.parametrize("page", PAGES)
async def test_who_is_not_signed_in_sees_no_page_and_changes_nothing(sqlite_issuer, page):
    answer = await sqlite_issuer.http.get(f"/account{page}")

    assert (303, "https://id.example/login") == (answer.status_code, answer.headers["location"])


@pytest.mark.parametrize("page", PAGES)
async def test_every_page_leads_to_the_others_and_stays_with_this_browser(sqlite_issuer, page):
    await sqlite_issuer.sign_in()
    answer = await sqlite_issuer.http.get(f"/account{page}")

    assert 200 == answer.status_code
    assert all(f'href="/account{"/" if place else ""}{place}"' in answer.text for place in frame.PLACES)
    assert "same-origin" == answer.headers["cross-origin-opener-policy"]
    assert "no-store" == answer.headers["cache-control"]


@pytest.mark.parametrize("page", CHANGES)
async def test_a_change_from_another_site_or_without_the_token_is_refused(sqlite_issuer, page):
    await sqlite_issuer.sign_in()
    good = await token_of(sqlite_issuer.http)
    before = await sqlite_issuer.rows()
    forged = await sqlite_issuer.http.post(f"/account{page}", data={"csrf_token": "x", **CHANGES[page]})
    elsewhere = await sqlite_issuer.http.post(
        f"/account{page}", data={"csrf_token": good, **CHANGES[page]}, headers={"sec-fetch-site": "cross-site"}
    )

    assert [403, 403] == [forged.status_code, elsewhere.status_code]
    assert before == await sqlite_issuer.rows()


@pytest.mark.parametrize("page", CHANGES)
async def test_a_change_asks_for_fresh_proof_and_then_leads_back(sqlite_issuer, page):
    await sqlite_issuer.tokens()
    await trust(sqlite_issuer, "b1")
    sqlite_issuer.later(minutes=11)
    before = (await sqlite_issuer.rows(), await person(sqlite_issuer), await rows(sqlite_issuer, "trusted_browsers"))
    asked = await post(sqlite_issuer.http, page, **CHANGES[page])

    assert f"https://id.example/login?fresh={page[1:] or '1'}" == asked.headers["location"]
    assert before[1:] == (await person(sqlite_issuer), await rows(sqlite_issuer, "trusted_browsers"))
    assert before[0]["authorizations"] == (await sqlite_issuer.rows())["authorizations"]

    form = await sqlite_issuer.http.get(asked.headers["location"])
    back = await sqlite_issuer.http.post(
        "/login", data={**hidden(form.text), "username": "alice", "password": PASSWORD}
    )

    assert f"https://id.example/account{page}" == back.headers["location"]
    assert "fresh=" not in (await post(sqlite_issuer.http, page, **CHANGES[page])).headers.get("location", "")


@pytest.mark.parametrize(
    "name", ["//evil.example", "https://evil.example", "..%2Fauthorize", "a/b", "A", "x" * 60, "-"]
)
async def test_after_fresh_proof_nobody_is_led_elsewhere(sqlite_issuer, name):
    await sqlite_issuer.sign_in()
    sqlite_issuer.later(minutes=11)
    form = await sqlite_issuer.http.get("/login", params={"fresh": name})
    back = await sqlite_issuer.http.post(
        "/login", data={**hidden(form.text), "fresh": name, "username": "alice", "password": PASSWORD}
    )

    assert "https://id.example/account" == back.headers["location"]


async def test_a_page_says_beforehand_that_proof_is_wanted(sqlite_issuer):
    await sqlite_issuer.sign_in()
    fresh = await sqlite_issuer.http.get("/account/profile")
    sqlite_issuer.later(minutes=11)
    stale = await sqlite_issuer.http.get("/account/profile")

    assert "/login?fresh=profile" not in fresh.text
    assert "/login?fresh=profile" in stale.text


# ── sessions


async def test_all_other_sessions_end_at_once_and_this_one_stays(issuer):
    others = [issuer.browser(f"192.0.2.{number}") for number in range(1, 4)]
    for one in others:
        await issuer.sign_in(one)
    tokens = await issuer.tokens(browser=others[0], scope="openid api:read")
    offline = await issuer.tokens(browser=others[1], scope="openid offline_access api:read")
    issuer.later(seconds=1)
    mine = await issuer.tokens(scope="openid api:read")
    answer = await post(issuer.http, "/sessions", end_others="1")

    assert "https://id.example/account/sessions?done=sessions" == answer.headers["location"]
    assert [303, 303, 303] == [(await one.get("/account")).status_code for one in others]
    assert 200 == (await issuer.http.get("/account")).status_code
    assert {"active": False} == await issuer.introspect(tokens["access_token"])
    assert (await issuer.introspect(mine["access_token"]))["active"]
    assert 200 == (await issuer.refresh(offline["refresh_token"])).status_code


async def test_other_sessions_end_in_as_many_statements_however_many_they_are(issuer):
    counts = []
    for number in (1, 6):
        for _ in range(number):
            await issuer.sign_in(issuer.browser())
        await issuer.sign_in()
        token = await token_of(issuer.http)
        before = issuer.server.store.statements
        await issuer.http.post("/account/sessions", data={"csrf_token": token, "end_others": "1"})
        counts.append(issuer.server.store.statements - before)

    assert counts[1] <= counts[0]  # the first may find less in memory


async def test_the_session_of_this_browser_ends_without_proof_for_that_is_a_sign_out(sqlite_issuer):
    await sqlite_issuer.sign_in()
    sqlite_issuer.later(minutes=11)
    (mine,) = await sqlite_issuer.sids()
    answer = await post(sqlite_issuer.http, "/sessions", end_session=mine)

    assert 'id="signed-out"' in answer.text
    assert [] == await sqlite_issuer.sids()


async def test_of_two_ends_at_once_both_are_told_that_it_is_over(issuer):
    other = issuer.browser()
    await issuer.sign_in(other)
    issuer.later(seconds=1)
    await issuer.sign_in()
    first, _ = await issuer.sids()
    token = await token_of(issuer.http)
    form = {"csrf_token": token, "end_session": first}
    ends = await asyncio.gather(*(issuer.http.post("/account/sessions", data=form) for _ in range(20)))

    assert {303} == {one.status_code for one in ends}
    assert 1 == (await issuer.audited()).count("session_ended")
    assert 303 == (await other.get("/account")).status_code


# ── apps


async def test_an_app_shows_what_it_may_and_holds_and_ends_with_all_its_tokens(issuer):
    tokens = await issuer.tokens()
    issuer.later(seconds=1)
    again = await issuer.tokens(scope="openid api:read")
    page = await issuer.http.get("/account/apps")

    assert 1 == page.text.count('name="end_app" value="web"')
    assert all(text in page.text for text in ("Harbour Notes", "See your profile", "Read your notes", "Stay signed in"))
    assert "Access without you being here" in page.text
    assert "Access until you sign out" in page.text

    await post(issuer.http, "/apps", end_app="web")

    assert {"active": False} == await issuer.introspect(tokens["access_token"])
    assert {"active": False} == await issuer.introspect(again["access_token"])
    assert "invalid_grant" == (await issuer.refresh(tokens["refresh_token"])).json()["error"]
    assert "/consent?" in (await issuer.http.get("/authorize", params=issuer.request())).headers["location"]
    assert {"authorization_ended", "consent_withdrawn"} <= set(await issuer.audited())


async def test_lists_cost_the_same_however_long_they_are(issuer):
    await issuer.tokens()
    counts: dict[str, list[int]] = {}
    for _ in ("few", "many"):
        for page in ("", "/apps", "/sessions", "/activity", "/factors"):
            costs = []
            for _again in range(4):  # the least: upkeep may ask something of its own at any moment
                before = issuer.server.store.statements
                await issuer.http.get(f"/account{page}")
                costs.append(issuer.server.store.statements - before)
            counts.setdefault(page, []).append(min(costs))
        for client in ("web", "other", "spa"):
            await issuer.tokens(client)
            await issuer.sign_in(issuer.browser())
        await issuer.audited()

    assert all(many <= few for few, many in counts.values()), counts  # what is kept in memory is read once
    assert max(few for few, _ in counts.values()) <= 8, counts


# ── somebody else's


async def test_what_is_anothers_is_none(sqlite_issuer):
    await sqlite_issuer.tokens()
    await trust(sqlite_issuer, "alices-browser")
    await sqlite_issuer.add_person("bob", claims={"name": "Bob"})
    bob = sqlite_issuer.browser()
    await sqlite_issuer.sign_in(bob, "bob")
    (alices,) = await sqlite_issuer.sids(ALICE)
    authorization = (await sqlite_issuer.rows())["authorizations"][0][0]
    before = (await sqlite_issuer.rows(), await rows(sqlite_issuer, "trusted_browsers"))
    for page, form in (
        ("/sessions", {"end_session": alices}),
        ("", {"end_session": alices}),
        ("/apps", {"end_authorization": authorization}),
        ("/apps", {"end_app": "web"}),
        ("/apps", {"withdraw": "web"}),
        ("/factors", {"end_browser": "alices-browser"}),
        ("/sessions", {"end_others": "1"}),
    ):
        assert 303 == (await post(bob, page, **form)).status_code

    assert before == (await sqlite_issuer.rows(), await rows(sqlite_issuer, "trusted_browsers"))
    await sqlite_issuer.audited()
    newest = (await rows(sqlite_issuer, "audit"))[-1][0]
    for page in ("/activity", f"/activity?after={newest}", "/factors", "/apps", "/sessions"):
        text = (await bob.get(f"/account{page}")).text
        assert "192.0.2.77" not in text
        assert "Harbour Notes" not in text
        assert "Alice" not in text
    assert "id-of-alice" not in (await post(bob, "/download")).text


# ── profile


async def test_a_person_changes_what_the_operator_lets_them(issuer):
    await issuer.sign_in()
    answer = await post(
        issuer.http, "/profile", name="  Alice Changed ", nickname="Al", email="evil@example.org", groups="admins",
        preferred_username="root", username="root", given_name="",
    )  # fmt: skip
    found = (await person(issuer)).holder
    known = json.loads(found.claims)

    assert "https://id.example/account/profile?done=profile" == answer.headers["location"]
    assert ("Alice Changed", "Al") == (known["name"], known["nickname"])
    assert "given_name" not in known
    assert "preferred_username" not in known
    assert ("alice", "alice@example.org", ("staff",)) == (found.username, found.email, found.groups)
    assert "profile_changed" in await issuer.audited()


async def test_what_the_operator_keeps_stays(sqlite_issuer):
    allow(sqlite_issuer, account_claims=())
    await sqlite_issuer.sign_in()
    page = await sqlite_issuer.http.get("/account/profile")
    await post(sqlite_issuer.http, "/profile", name="Changed")

    assert 'name="name"' not in page.text
    assert "Alice Example" == json.loads((await person(sqlite_issuer)).holder.claims)["name"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("birthdate", "yesterday"), ("name", "x\x07y"), ("name", "x" * 1001), ("locale", "!!"), ("zoneinfo", "a b")],
)
async def test_what_is_no_such_claim_comes_back_with_the_rest_as_it_was_typed(sqlite_issuer, name, value):
    await sqlite_issuer.sign_in()
    answer = await post(sqlite_issuer.http, "/profile", **{"nickname": "Typed", name: value})

    assert 400 == answer.status_code
    assert 'role="alert"' in answer.text
    assert 'value="Typed"' in answer.text
    assert "nickname" not in json.loads((await person(sqlite_issuer)).holder.claims)


async def test_a_changed_number_is_no_verified_one(sqlite_issuer):
    allow(sqlite_issuer, account_claims=("phone_number",))
    known = {"phone_number": "+1", "phone_number_verified": True}
    await sqlite_issuer.add_person("bob", claims=known)
    bob = sqlite_issuer.browser()
    await sqlite_issuer.sign_in(bob, "bob")
    await post(bob, "/profile", phone_number="+49")

    assert {"phone_number": "+49"} == json.loads((await person(sqlite_issuer, "id-of-bob")).holder.claims)


def test_what_people_may_be_let_change_has_a_name_on_the_page():
    assert set(TEXTS) == set(profile.NAMES)
    assert set(TEXTS) < set(claims.STANDARD)


async def test_another_address_gets_a_link_and_the_one_that_is_there_stays(issuer):
    allow(issuer, smtp_url="smtp://127.0.0.1:1")
    await issuer.sign_in()
    answer = await post(issuer.http, "/profile", change="email", email="new@example.org")

    assert "https://id.example/account/profile?done=email" == answer.headers["location"]
    assert "alice@example.org" == (await person(issuer)).holder.email
    assert [("verify", "new@example.org")] == [(row.kind, row.email) for row in await links_of(issuer)]
    assert 1 == await issuer.count("outbox")


async def links_of(issuer):
    named = Read(select(schema.links.c.kind, schema.links.c.email))
    return [Kept(*row) for row in await issuer.server.store.fetch(named)]


class Kept:
    def __init__(self, kind, email):
        self.kind, self.email = kind, email


async def test_an_address_that_is_anothers_looks_like_any_other_and_gets_nothing(sqlite_issuer):
    allow(sqlite_issuer, smtp_url="smtp://127.0.0.1:1")
    await sqlite_issuer.add_person("bob")
    await sqlite_issuer.sign_in()
    said, written = [], []
    for email in ("new@example.org", "BOB@example.org"):
        before = [await sqlite_issuer.count(name) for name in ("links", "outbox")]
        answer = await post(sqlite_issuer.http, "/profile", change="email", email=email)
        said.append((answer.status_code, answer.headers["location"]))
        written.append(
            [await sqlite_issuer.count(name) - were for name, were in zip(("links", "outbox"), before, strict=True)]
        )
    activity = await sqlite_issuer.http.get("/account/activity")

    assert said[0] == said[1]
    assert [[1, 1], [1, 1]] == written
    assert "A link was sent to you" in activity.text
    assert 2 == (await sqlite_issuer.audited()).count("link_sent")


@pytest.mark.parametrize("email", ["", "x", "a@b, c@d", "a@b\r\nBcc: c@d", "a@@b"])
async def test_what_is_no_address_gets_no_link(sqlite_issuer, email):
    allow(sqlite_issuer, smtp_url="smtp://127.0.0.1:1")
    await sqlite_issuer.sign_in()
    answer = await post(sqlite_issuer.http, "/profile", change="email", email=email)

    assert 400 == answer.status_code
    assert 0 == await sqlite_issuer.count("links")


async def test_without_mail_or_where_the_operator_says_so_nobody_changes_their_address(sqlite_issuer):
    await sqlite_issuer.sign_in()
    page = await sqlite_issuer.http.get("/account/profile")
    await post(sqlite_issuer.http, "/profile", change="email", email="new@example.org")

    assert "email-form" not in page.text
    assert 0 == await sqlite_issuer.count("links")


# ── how they sign in


async def test_a_trusted_browser_is_listed_and_ended(issuer):
    await issuer.sign_in()
    await trust(issuer, "b1")
    page = await issuer.http.get("/account/factors")
    first = await post(issuer.http, "/factors", end_browser="b1")
    second = await post(issuer.http, "/factors", end_browser="b1")

    assert "192.0.2.77" in page.text
    assert "Firefox on Linux" in page.text
    assert ["?done=browser", ""] == [
        one.headers["location"].removeprefix("https://id.example/account/factors") for one in (first, second)
    ]
    assert 0 == await issuer.count("trusted_browsers")
    assert 1 == (await issuer.audited()).count("browser_distrusted")


async def test_the_page_leads_to_where_each_factor_is_set_up(sqlite_issuer):
    await sqlite_issuer.sign_in()
    page = await sqlite_issuer.http.get("/account/factors")

    for path in ("password", "passkeys", "totp", "recovery-codes"):
        assert f'href="/account/{path}"' in page.text


# ── activity


async def test_the_activity_tells_in_plain_words_what_happened_from_where(issuer):
    browser = issuer.browser("192.0.2.9")
    browser.headers["user-agent"] = AGENT
    await issuer.sign_in(browser)
    await issuer.tokens(browser=browser)
    await issuer.audited()
    page = (await browser.get("/account/activity")).text

    for text in ("You signed in", "Firefox on Linux", "192.0.2.9", "You let Harbour Notes in", "was given access"):
        assert text in page


async def test_an_operators_address_and_name_are_not_told(sqlite_issuer):
    await sqlite_issuer.sign_in()
    from mintmark.events import Configured

    event = Configured(kind="user", subject="alice", change="update", members="name", person_id=ALICE, actor="cli:root")
    asked = type("Asked", (), {"request_id": "r", "address": "203.0.113.200"})()
    await sqlite_issuer.server.commit([], [event], asked, sqlite_issuer.server.clock())
    page = (await sqlite_issuer.http.get("/account/activity")).text
    taken = (await post(sqlite_issuer.http, "/download")).text

    assert "Your account was changed" in page
    assert "by whoever runs this place" in page
    for text in (page, taken):
        assert "203.0.113.200" not in text
        assert "cli:root" not in text


async def test_the_activity_is_paged_and_what_comes_again_and_again_is_one_line(issuer):
    tokens = await issuer.tokens()
    for _ in range(60):
        issuer.later(minutes=1)
        tokens = (await issuer.refresh(tokens["refresh_token"])).json()
    await issuer.audited()
    first = (await issuer.http.get("/account/activity")).text
    (after,) = re.findall(r'id="next" rel="next" href="[^"?]*\?after=([^"]+)"', first)
    second = (await issuer.http.get("/account/activity", params={"after": after})).text

    assert 1 == first.count("renewed its access")
    assert "50 times" in first
    assert "You signed in" in second
    assert "50 times" not in second
    assert 'id="next"' not in second


@pytest.mark.parametrize("after", ["x", "'", "0" * 36, "ffffffff-ffff-ffff-ffff-ffffffffffff", "\ud800"])
async def test_a_strange_cursor_shows_what_is_mine(sqlite_issuer, after):
    await sqlite_issuer.sign_in()
    await sqlite_issuer.audited()
    answer = await sqlite_issuer.http.get("/account/activity", params={"after": after.encode("utf-8", "replace")})

    assert 200 == answer.status_code


# ── the data


async def test_a_person_takes_all_that_is_kept_of_them_and_no_secret(issuer):
    tokens = await issuer.tokens()
    await trust(issuer, "b1")
    await issuer.audited()
    answer = await post(issuer.http, "/download")
    found = answer.json()

    assert 'attachment; filename="account-2026-11-25.json"' == answer.headers["content-disposition"]
    assert "no-store" == answer.headers["cache-control"]
    assert ("alice", "alice@example.org") == (found["account"]["username"], found["account"]["email"])
    assert {"department": "R&D"} == found["account"]["claims"]
    assert ["192.0.2.77"] == [one["address"] for one in found["trusted_browsers"]]
    assert ["web"] == [one["client_id"] for one in found["apps"]] == [one["client_id"] for one in found["allowed"]]
    assert {"signed_in", "consent_given", "personal_copy_taken"} <= {one["event"] for one in found["activity"]}
    assert 1 == len(found["sessions"])
    assert [] == found["not_whole"]

    hashed = (await person(issuer)).password_hash
    cookie = next(iter(issuer.http.cookies.jar)).value
    for secret in (hashed, cookie, tokens["access_token"], tokens["refresh_token"], "digest", "hash"):
        assert secret not in answer.text


async def test_the_data_are_taken_a_few_times_a_day(issuer):
    await issuer.sign_in()
    answers = [await post(issuer.http, "/download") for _ in range(6)]
    issuer.later(days=1, seconds=1)
    await issuer.http.get("/logout")

    assert [200] * 5 + [429] == [one.status_code for one in answers]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 86_400


# ── leaving


async def leave(issuer, browser=None):
    return await post(browser or issuer.http, "/delete", sure="yes")


async def test_who_leaves_is_signed_out_everywhere_and_apps_lose_their_access(issuer):
    other = issuer.browser()
    offline = await issuer.tokens(browser=other)
    issuer.later(seconds=1)
    await issuer.sign_in()
    answer = await leave(issuer)

    assert 'id="gone"' in answer.text
    assert "2026-12-09" in answer.text
    assert [303, 303] == [(await one.get("/account")).status_code for one in (issuer.http, other)]
    assert {"active": False} == await issuer.introspect(offline["access_token"])
    assert "invalid_grant" == (await issuer.refresh(offline["refresh_token"])).json()["error"]
    assert "deletion_asked" in await issuer.audited()


async def test_nobody_leaves_by_a_slip(sqlite_issuer):
    await sqlite_issuer.sign_in()
    answer = await post(sqlite_issuer.http, "/delete")

    assert 400 == answer.status_code
    assert (await person(sqlite_issuer)).holder.delete_after is None


async def test_who_runs_the_place_does_not_leave_it_by_this_page(sqlite_issuer):
    await sqlite_issuer.add_person("root", groups=("admins",))
    root = sqlite_issuer.browser()
    await sqlite_issuer.sign_in(root, "root")
    page = await root.get("/account/delete")
    answer = await leave(sqlite_issuer, root)

    assert 'id="refused"' in page.text
    assert 400 == answer.status_code
    assert (await person(sqlite_issuer, "id-of-root")).holder.delete_after is None


async def test_where_the_operator_says_so_nobody_deletes_themselves(sqlite_issuer):
    allow(sqlite_issuer, account_deletion=False)
    await sqlite_issuer.sign_in()

    assert 400 == (await leave(sqlite_issuer)).status_code
    assert (await person(sqlite_issuer)).holder.delete_after is None


async def test_who_signs_in_again_is_asked_before_anything_else_and_may_stay(issuer):
    await issuer.sign_in()
    await leave(issuer)
    issuer.later(days=3)
    asked = await issuer.sign_in()

    assert "https://id.example/account/keep" == asked.headers["location"]

    page = await issuer.http.get("/account/keep")
    kept = await issuer.http.post("/account/keep", data=hidden(page.text))

    assert "2026-12-09" in page.text
    assert "https://id.example/account?done=kept" == kept.headers["location"]
    assert (await person(issuer)).holder.delete_after is None

    issuer.later(days=30)
    await departures.delete_due(issuer.server)

    assert await person(issuer) is not None


async def test_no_app_gets_anything_before_they_said_that_they_stay(issuer):
    await issuer.sign_in()
    await leave(issuer)
    issuer.later(seconds=1)
    asked = await issuer.http.get("/authorize", params=issuer.request())
    form = await issuer.http.get(asked.headers["location"])
    signed_in = await issuer.http.post("/login", data={**hidden(form.text), "username": "alice", "password": PASSWORD})
    silent = await issuer.http.get("/authorize", params=issuer.request(prompt="none"))
    again = await issuer.http.get("/authorize", params=issuer.request())

    by_password = await issuer.token(grant_type="password", username="alice", password=PASSWORD, scope="api:read")

    assert signed_in.headers["location"].startswith("https://id.example/account/keep?request=")
    assert (400, "invalid_grant") == (by_password.status_code, by_password.json()["error"])
    assert "error=interaction_required" in silent.headers["location"]
    assert "/account/keep?request=" in again.headers["location"]

    page = await issuer.http.get(signed_in.headers["location"])
    kept = await issuer.http.post("/account/keep", data=hidden(page.text))

    assert "form-action 'self' https://web.example;" in page.headers["content-security-policy"]
    assert "cross-origin-opener-policy" not in page.headers
    assert "code" in await issuer.go_on(issuer.http, kept)


@pytest.mark.usefixtures("without_upkeep")  # it would delete whom the test is about to delete
async def test_a_person_whose_day_has_come_is_gone_with_all_that_was_theirs(issuer):
    await issuer.tokens()
    await trust(issuer, "b1")
    await leave(issuer)
    issuer.later(days=13, hours=23)
    await departures.delete_due(issuer.server)

    assert await person(issuer) is not None

    issuer.later(hours=2)
    gone = await asyncio.gather(*(departures.delete_due(issuer.server) for _ in range(4)))

    assert 1 == sum(gone)
    assert await person(issuer) is None
    for table in ("consents", "passkeys", "totps", "recovery_codes", "trusted_browsers", "links"):
        assert 0 == await issuer.count(table), table
    assert 1 == (await issuer.audited()).count("person_deleted")
    assert [] == [row for row in await rows(issuer, "audit_personal") if "127.0.0.1" in str(row)]
    refused = await issuer.sign_in(issuer.browser())

    assert refused.status_code == 400


async def test_deleting_is_a_duty_of_the_upkeep():
    assert "deletions" in [duty.name for duty in upkeep.duties()]


async def test_of_many_who_press_at_once_one_asks_and_the_day_is_one(issuer):
    await issuer.sign_in()
    token = await token_of(issuer.http)
    form = {"csrf_token": token, "sure": "yes"}
    answers = await asyncio.gather(*(issuer.http.post("/account/delete", data=form) for _ in range(10)))

    assert all(one.status_code < 500 for one in answers)
    assert 1 == (await issuer.audited()).count("deletion_asked")


async def test_the_grace_is_seven_to_thirty_days():
    from mintmark.settings.accounts import Accounts

    assert timedelta(days=14) == Accounts().deletion_grace
    for span in ("6d", "31d"):
        with pytest.raises(ValueError, match="deletion_grace"):
            Accounts(deletion_grace=span)
    with pytest.raises(ValueError, match="must be claims that are text"):
        Accounts(account_claims="name, email")
