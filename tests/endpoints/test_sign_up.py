"""Making one's own account: by a letter, by an invitation, and from an app. On both databases, with real mail."""

import asyncio
import html
import re

import pytest
from sqlalchemy import func, select

from mintmark import invitations, outbox, upkeep
from mintmark.protocol import invitation
from mintmark.protocol.names import normalise_username
from mintmark.store import people, schema
from mintmark.store.executor import Read
from tests import issuer as issuers
from tests.authenticator import Authenticator
from tests.endpoints import test_passkeys as passkeys
from tests.issuer import hidden
from tests.mailbox import *  # noqa: F403
from tests.mailbox import link

GOOD = "harbour lanterns never whistle"
NEW = "new@example.org"
WELCOME = "https://id.example/account/passkeys?done=joined"


async def _open(database, mailbox, monkeypatch, **environment):
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    async for one in issuers.start(database, MINTMARK_SMTP_URL=mailbox.url, **environment):
        yield one


@pytest.fixture
async def issuer(database, mailbox, monkeypatch):
    async for one in _open(database, mailbox, monkeypatch, MINTMARK_SIGN_UP="open"):
        yield one


@pytest.fixture
async def sqlite_issuer(sqlite_database, mailbox, monkeypatch):
    async for one in _open(sqlite_database, mailbox, monkeypatch, MINTMARK_SIGN_UP="open"):
        yield one


async def sign_up(issuer, email=NEW, browser=None, **form):
    browser = browser or issuer.browser()
    page = await browser.get("/sign-up")
    return await browser.post("/sign-up", data={**hidden(page.text), "email": email, **form})


async def letter(issuer, mailbox, email=NEW, browser=None):
    before = len(mailbox.came)
    assert 200 == (await sign_up(issuer, email, browser)).status_code
    await outbox.deliver_all(issuer.server)
    [came] = mailbox.came[before:]
    return came


async def join(browser, address, **form):
    assert 303 == (await browser.get(address)).status_code
    page = await browser.get("/link")
    assert 200 == page.status_code, page.text
    return await browser.post("/link", data={**hidden(page.text), "username": "newcomer", "new_password": GOOD, **form})


async def invited(issuer, **wanted):
    """The link of an invitation, as an operator is shown it."""
    server = issuer.server
    made = invitations.make(server, invitation.read(wanted, server.clock()), "an operator", server.clock())
    await server.commit(made.changes, [made.event], None, server.clock())
    return made.url


async def found(issuer, name="newcomer"):
    return await people.find_signing_in(issuer.server.store, normalise_username(name))


async def count(issuer):
    return (await issuer.server.store.fetch(Read(select(func.count()).select_from(schema.people))))[0][0]


async def test_a_letter_leads_to_an_account_that_is_signed_in(issuer, mailbox):
    browser, before = issuer.browser(), await count(issuer)
    came = await letter(issuer, mailbox, browser=browser)
    none_yet = await count(issuer)
    done = await join(browser, link(came), name="New Comer")
    person = await found(issuer, NEW)

    assert before == none_yet
    assert (303, WELCOME) == (done.status_code, done.headers["location"])
    assert 200 == (await browser.get("/account")).status_code
    assert ("newcomer", NEW, True, ()) == (
        person.holder.username, person.holder.email, person.holder.email_verified, person.holder.groups
    )  # fmt: skip
    assert {"account_made", "link_sent", "signed_in"} <= set(await issuer.audited())
    assert 303 == (await issuer.sign_in(issuer.browser(), NEW, GOOD)).status_code


async def test_looking_at_the_link_makes_nothing_and_it_is_good_once(issuer, mailbox):
    address = link(await letter(issuer, mailbox))
    before = await count(issuer)
    scanner = issuer.browser()
    for _ in range(3):
        await scanner.get(address)
        assert 200 == (await scanner.get("/link")).status_code
    seen = await count(issuer)
    first = await join(issuer.browser(), address)
    late = issuer.browser()
    await late.get(address)

    assert before == seen
    assert 303 == first.status_code
    assert 400 == (await late.get("/link")).status_code


async def test_of_many_at_once_one_has_the_account(issuer, mailbox):
    address = link(await letter(issuer, mailbox))
    before = await count(issuer)
    answers = await asyncio.gather(*(join(issuer.browser(), address, username=f"new-{n}") for n in range(10)),
                                   return_exceptions=True)  # fmt: skip

    assert 1 == sum(getattr(answer, "status_code", 0) == 303 for answer in answers)
    assert before + 1 == await count(issuer)


async def test_who_has_an_account_gets_another_letter_and_the_page_says_the_same(issuer, mailbox):
    one, other = await sign_up(issuer, NEW), await sign_up(issuer, "alice@example.org")
    await outbox.deliver_all(issuer.server)
    [known] = mailbox.to("alice@example.org")
    said = [re.sub(r"\S+@\S+|nonce\S+", "", page.text) for page in (one, other)]

    assert 200 == one.status_code == other.status_code
    assert said[0] == said[1]
    assert "You have an account already" == known["Subject"]
    assert "/link?" not in known.as_string()
    assert "mml_" not in known.as_string()


@pytest.mark.usefixtures("without_upkeep")  # whose statements would be counted too
async def test_the_answer_costs_the_same_statements_whoever_is_named(sqlite_issuer, monkeypatch):
    asked: list[str] = []
    fetch = type(sqlite_issuer.server.store).fetch

    async def counted(store, read, **values):
        if store is sqlite_issuer.server.store:  # other servers may live in this process
            asked.append(str(read.statement))
        return await fetch(store, read, **values)

    monkeypatch.setattr(type(sqlite_issuer.server.store), "fetch", counted)
    costs = []
    for email in (NEW, "alice@example.org"):
        asked.clear()
        await sign_up(sqlite_issuer, email)
        costs.append(list(asked))

    assert costs[0] == costs[1]


async def test_somebody_took_the_address_meanwhile(sqlite_issuer, mailbox):
    first, second = [link(await letter(sqlite_issuer, mailbox)) for _ in range(2)]
    await join(sqlite_issuer.browser(), first)
    late = await join(sqlite_issuer.browser(), second, username="another")

    assert 400 == late.status_code
    assert "There is an account with this address already" in late.text


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"username": "alice"}, "You cannot have this username"),
        ({"username": "alice@example.org"}, "Choose a username"),
        ({"username": "a\u200b"}, "Choose a username"),
        ({"username": "x" * 300}, "Choose a username"),
        ({"name": "x" * 3000}, "That name cannot be"),
        ({"new_password": ""}, "Choose a password"),
        ({"new_password": "short"}, "at least 15"),
        ({"username": "newcomer-of-today", "new_password": "newcomer-of-today"}, "a name that is known here"),
        ({"new_password": f"{NEW} 99"}, "a name that is known here"),
    ],
)
async def test_what_is_refused_spends_nothing(sqlite_issuer, mailbox, form, says):
    address = link(await letter(sqlite_issuer, mailbox))
    browser = sqlite_issuer.browser()
    refused = await join(browser, address, **form)

    assert 400 == refused.status_code
    assert says in refused.text
    assert [(refused.headers["x-trace-id"], "/link")] == sqlite_issuer.refusals("request", "door")
    assert 303 == (await join(browser, address)).status_code


async def test_nobody_joins_a_group_that_the_link_does_not_name(sqlite_issuer, mailbox):
    await join(
        sqlite_issuer.browser(), link(await letter(sqlite_issuer, mailbox)), groups="admins", email="x@y.example"
    )
    person = await found(sqlite_issuer)

    assert () == person.holder.groups
    assert NEW == person.holder.email


async def test_an_invitation_gives_its_groups_and_an_address_that_was_only_said_is_not_proved(issuer, mailbox):
    address = await invited(issuer, groups=["staff", "admins"])
    done = await join(issuer.browser(), address, email="me@example.org")
    person = await found(issuer)
    await outbox.deliver_all(issuer.server)
    [came] = mailbox.to("me@example.org")

    assert 303 == done.status_code
    assert ("staff", "admins") == person.holder.groups
    assert ("me@example.org", False) == (person.holder.email, person.holder.email_verified)
    assert "Confirm your e-mail address" == came["Subject"]
    assert {"configured", "account_made"} <= set(await issuer.audited())


async def test_a_name_that_is_somebodys_address_is_not_given_for_the_saying(sqlite_issuer):
    address = await invited(sqlite_issuer)
    refused = await join(sqlite_issuer.browser(), address, username="boss@example.org", email="boss@example.org")

    assert 400 == refused.status_code
    assert "Choose a username without an @" in refused.text


async def test_an_invitation_that_was_mailed_proves_the_address(sqlite_issuer, mailbox):
    assert await invited(sqlite_issuer, email=NEW, mail=True) is None
    await outbox.deliver_all(sqlite_issuer.server)
    await join(sqlite_issuer.browser(), link(mailbox.came[-1]), username="")
    person = await found(sqlite_issuer, NEW)

    assert (NEW, True) == (person.holder.username, person.holder.email_verified)


async def test_an_invitation_runs_out(sqlite_issuer):
    address = await invited(sqlite_issuer, expires_at="1d")
    sqlite_issuer.later(days=1)
    browser = sqlite_issuer.browser()
    await browser.get(address)

    assert 400 == (await browser.get("/link")).status_code


async def test_whoever_is_signed_in_there_is_signed_out_by_a_new_account(sqlite_issuer):
    browser = sqlite_issuer.browser()
    await sqlite_issuer.sign_in(browser)
    before = await sqlite_issuer.sids()
    await join(browser, await invited(sqlite_issuer))
    after = await sqlite_issuer.sids()

    assert (1, 0) == (len(before), len(after))  # of alice


@pytest.mark.parametrize(
    "email",
    [
        "",
        "nobody",
        "a@b@c.example",
        "a b@example.org",
        "a@example.org\r\nBcc: x@y.example",
        "=?utf-8?q?a=0D=0ABcc=3A_x=40y.example?=@example.org",
    ],
)
async def test_what_is_no_address_gets_no_letter(sqlite_issuer, mailbox, email):
    refused = await sign_up(sqlite_issuer, email)
    await outbox.deliver_all(sqlite_issuer.server)

    assert 400 == refused.status_code
    assert [] == mailbox.came


async def test_a_form_from_elsewhere_is_refused(sqlite_issuer):
    browser = sqlite_issuer.browser()
    page = await browser.get("/sign-up")
    forged = await browser.post("/sign-up", data={"email": NEW})
    foreign = await browser.post(
        "/sign-up", data={**hidden(page.text), "email": NEW}, headers={"origin": "https://evil.example"}
    )

    assert (403, 403) == (forged.status_code, foreign.status_code)


async def test_one_address_of_the_network_asks_only_so_often(sqlite_database, mailbox, monkeypatch):
    more = {"MINTMARK_SIGN_UP": "open", "MINTMARK_THROTTLE_SIGN_UP": "2/1h"}
    async for issuer in _open(sqlite_database, mailbox, monkeypatch, **more):
        statuses = [(await sign_up(issuer, f"n{n}@example.org")).status_code for n in range(3)]
        issuer.later(hours=1)

        assert [200, 200, 429] == statuses
        assert 200 == (await sign_up(issuer)).status_code


async def test_one_mailbox_gets_only_so_many(sqlite_database, mailbox, monkeypatch):
    more = {"MINTMARK_SIGN_UP": "open", "MINTMARK_THROTTLE_MAIL": "2/1h"}
    async for issuer in _open(sqlite_database, mailbox, monkeypatch, **more):
        answers = [(await sign_up(issuer)).status_code for _ in range(4)]
        await outbox.deliver_all(issuer.server)

        assert [200] * 4 == answers
        assert 2 == len(mailbox.came)


async def test_only_the_named_domains_sign_up(sqlite_database, mailbox, monkeypatch):
    more = {"MINTMARK_SIGN_UP": "domains", "MINTMARK_SIGN_UP_DOMAINS": "example.org, Example.net"}
    async for issuer in _open(sqlite_database, mailbox, monkeypatch, **more):
        emails = [
            "a@example.org",
            "a@EXAMPLE.net",
            "a@sub.example.org",
            "a@example.org.evil.example",
            "a@notexample.org",
        ]
        statuses = [(await sign_up(issuer, email)).status_code for email in emails]

        assert [200, 200, 400, 400, 400] == statuses


async def test_off_there_is_no_page_and_nothing_leads_to_it_but_invitations_work(sqlite_database, mailbox, monkeypatch):
    async for issuer in _open(sqlite_database, mailbox, monkeypatch):
        sign_in = await issuer.http.get("/login")
        invited_ = await join(issuer.browser(), await invited(issuer))
        create = await issuer.http.get("/authorize", params=issuer.request("web", prompt="create"))

        assert 404 == (await issuer.http.get("/sign-up")).status_code
        assert "sign-up" not in sign_in.text
        assert 303 == invited_.status_code
        assert "error=invalid_request" in create.headers["location"]


async def test_where_people_are_invited_the_page_says_so(sqlite_database, mailbox, monkeypatch):
    async for issuer in _open(sqlite_database, mailbox, monkeypatch, MINTMARK_SIGN_UP="invited"):
        page = await issuer.http.get("/sign-up")
        metadata = (await issuer.http.get("/.well-known/openid-configuration")).json()

        assert "You need an invitation" in page.text
        assert "<form" not in page.text
        assert "/sign-up" in (await issuer.http.get("/login")).text
        assert "create" not in metadata["prompt_values_supported"]


async def test_prompt_create_leads_to_the_page_and_back_to_the_app(issuer, mailbox):
    browser = issuer.browser()
    sent = await browser.get("/authorize", params=issuer.request("web", prompt="create", login_hint=NEW))
    page = await browser.get(sent.headers["location"])
    answer = await browser.post("/sign-up", data={**hidden(page.text), "email": NEW})
    await outbox.deliver_all(issuer.server)
    done = await join(browser, link(mailbox.came[-1]))
    got = await issuer.go_on(browser, done)

    assert sent.headers["location"].startswith("https://id.example/sign-up?request=")
    assert f'value="{NEW}"' in page.text
    assert 200 == answer.status_code
    assert "code" in got
    assert "create" in (await issuer.http.get("/.well-known/openid-configuration")).json()["prompt_values_supported"]


async def test_the_form_behind_the_link_may_end_at_the_app_in_the_browser_that_it_sent_there(sqlite_issuer, mailbox):
    browser, other = sqlite_issuer.browser(), sqlite_issuer.browser()
    sent = await browser.get("/authorize", params=sqlite_issuer.request("web", prompt="create"))
    page = await browser.get(sent.headers["location"])
    await browser.post("/sign-up", data={**hidden(page.text), "email": NEW})
    await outbox.deliver_all(sqlite_issuer.server)
    policies = []
    for one in (browser, other):
        await one.get(link(mailbox.came[-1]))
        policies.append((await one.get("/link")).headers["content-security-policy"])

    assert "form-action 'self' https://web.example;" in policies[0]
    assert "form-action 'self';" in policies[1]


async def test_whoever_is_signed_in_is_led_there_too_and_may_sign_in_instead(sqlite_issuer):
    browser = sqlite_issuer.browser()
    await sqlite_issuer.sign_in(browser)
    sqlite_issuer.later(seconds=5)
    sent = await browser.get("/authorize", params=sqlite_issuer.request("web", prompt="create"))
    page = await browser.get(sent.headers["location"])
    [instead] = re.findall(r'href="([^"]*/login\?request=[^"]*)"', page.text)
    login = await browser.get(instead)
    answer = await browser.post(
        "/login", data={**hidden(login.text), "username": "alice", "password": issuers.PASSWORD}
    )

    assert "/sign-up?" in sent.headers["location"]
    assert "code" in await sqlite_issuer.go_on(browser, answer)


async def test_a_link_that_is_opened_in_another_browser_goes_to_the_account(sqlite_issuer, mailbox):
    browser = sqlite_issuer.browser()
    sent = await browser.get("/authorize", params=sqlite_issuer.request("web", prompt="create"))
    page = await browser.get(sent.headers["location"])
    await browser.post("/sign-up", data={**hidden(page.text), "email": NEW})
    await outbox.deliver_all(sqlite_issuer.server)
    done = await join(sqlite_issuer.browser(), link(mailbox.came[-1]))

    assert (303, WELCOME) == (done.status_code, done.headers["location"])


async def test_whoever_has_just_joined_adds_a_passkey_without_another_proof(sqlite_issuer):
    browser, device = sqlite_issuer.browser(), Authenticator("https://id.example")
    done = await join(browser, await invited(sqlite_issuer))
    page = await browser.get(done.headers["location"])
    added = await passkeys.add(browser, device, "My phone")
    signed_in = await passkeys.sign_in(sqlite_issuer.browser(), device)

    assert "Your account is ready" in page.text
    assert 'id="prove"' not in page.text
    assert (303, 1) == (added.status_code, await sqlite_issuer.count("passkeys"))
    assert (303, "https://id.example/account") == (signed_in.status_code, signed_in.headers["location"])


async def test_where_no_passkey_can_be_added_whoever_joined_sees_their_account(sqlite_database, mailbox, monkeypatch):
    more = {"MINTMARK_ISSUER": "http://127.0.0.1:8123"}
    async for issuer in _open(sqlite_database, mailbox, monkeypatch, **more):
        browser = issuer.browser()
        address = await invited(issuer)
        await browser.get(address)
        page = await browser.get("/link")
        form = {**hidden(page.text), "username": "newcomer", "new_password": GOOD}
        done = await browser.post("/link", data=form)

        assert "http://127.0.0.1:8123/account" == done.headers["location"]


async def test_whoever_is_invited_where_two_factors_are_demanded_sets_one_up_and_gets_in(issuer):
    """Nobody is stuck: not by the app's own page, and not on the way back to it."""
    await issuer.set_policy({"require_factors": ["second_factor"]})
    browser, device = issuer.browser(), Authenticator("https://id.example")
    await join(browser, await invited(issuer))
    sent = await browser.get("/authorize", params=issuer.request("web"))
    told = await browser.get(sent.headers["location"])
    account = await browser.get(re.findall(r'id="set-up" href="([^"]+)"', told.text)[0])
    await passkeys.add(browser, device)
    [on] = re.findall(r'id="go-on" href="([^"]+)"', told.text)
    proved = await passkeys.sign_in(browser, device, html.unescape(on))

    assert 403 == told.status_code
    assert 'id="add-passkey"' in account.text
    assert "code" in await issuer.go_on(browser, proved)


async def test_an_app_that_demands_two_factors_gets_whoever_it_sent_to_make_an_account(issuer, mailbox):
    await issuer.set_policy({"require_factors": ["second_factor"]}, at="client", name="web")
    browser, device = issuer.browser(), Authenticator("https://id.example")
    sent = await browser.get("/authorize", params=issuer.request("web", prompt="create"))
    page = await browser.get(sent.headers["location"])
    await browser.post("/sign-up", data={**hidden(page.text), "email": NEW})
    await outbox.deliver_all(issuer.server)
    done = await join(browser, link(mailbox.came[-1]))
    back = await browser.get(done.headers["location"])
    told = await browser.get(back.headers["location"])
    await passkeys.add(browser, device)
    proved = await passkeys.sign_in(
        browser, device, html.unescape(re.findall(r'id="go-on" href="([^"]+)"', told.text)[0])
    )

    assert "code" in await issuer.go_on(browser, proved)


async def test_nothing_secret_is_logged(issuer, mailbox):
    address = link(await letter(issuer, mailbox))
    await join(issuer.browser(), address)
    told = str(issuer.lines)

    assert "account_made" in told
    assert address.partition("token=")[2] not in told
    assert GOOD not in told
    assert NEW not in told
