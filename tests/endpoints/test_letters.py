"""Letters, whoever causes them: their links lead to us, and nothing that somebody typed is more than a word in them."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from functools import cache

import pytest

from mintmark import outbox, upkeep
from mintmark.keys import sealing
from mintmark.mails import composing
from mintmark.mails.kinds import KINDS
from mintmark.settings import Settings
from tests import issuer as issuers
from tests.admin import operating
from tests.endpoints.enrolling import begun, code
from tests.issuer import ALICE, hidden
from tests.mailbox import *  # noqa: F403
from tests.mailbox import link, parts

GOOD = "harbour lanterns never whistle"
EVIL = {
    "host": "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "http",
    "forwarded": "host=evil.example;proto=http", "x-original-host": "evil.example", "referer": "https://evil.example/",
    "user-agent": "Mozilla/5.0 (https://evil.example) Firefox/140.0",
}  # fmt: skip
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type", "Content-Language",
}  # fmt: skip
HOSTILE = (
    "Eve\r\nBcc: mallory@evil.example",
    "Eve\nSubject: Pay now\n\n<html>",
    "Eve\r\n\r\n.\r\nMAIL FROM:<mallory@evil.example>",
    "=?utf-8?q?Eve=0D=0ABcc:_mallory@evil.example?=",
    "Eve\u2028Bcc: mallory@evil.example\x00\x0b\x85",
    "<script>alert(1)</script><a href='https://evil.example'>",
    "\"><img src=x onerror=alert(1)>",
    "{{ config }}{% include 'x' %}",
)  # fmt: skip


@pytest.fixture
async def issuer(sqlite_database, mailbox, monkeypatch):
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    environment = {"MINTMARK_EMAIL_CODE": "on", "MINTMARK_SIGN_UP": "open", "MINTMARK_SMTP_URL": mailbox.url}
    async for one in issuers.start(sqlite_database, **environment):
        one.http.headers.update(EVIL)
        one.later(hours=2)
        yield one


async def send(browser, door, **form):
    answer = await browser.post(door, data={**hidden((await browser.get(door)).text), **form})
    assert answer.status_code in (200, 303), answer.text
    return answer


async def follow(issuer, mailbox, subject, **form):
    """The link of that letter, in the same browser."""
    await outbox.deliver_all(issuer.server)
    [letter] = [one for one in mailbox.came if subject == one["Subject"]]
    assert (await issuer.http.get(link(letter))).is_redirect
    await send(issuer.http, "/link", **form)


async def cause_every_letter(issuer, mailbox):
    """One person's evening, with evil headers on all that they send."""
    http = issuer.http
    await send(http, "/sign-up", email="alice@example.org")
    await send(http, "/code", username="alice")
    await send(http, "/forgot", username="alice")
    await follow(issuer, mailbox, "Choose a new password", new_password=GOOD)
    issuer.later(seconds=1)
    await issuer.sign_in(password=GOOD)
    await send(http, "/account/profile", change="email", email="alice@new.example")
    await follow(issuer, mailbox, "Confirm your e-mail address")
    seed, fields = await begun(issuer, name="Phone\r\nBcc: mallory@evil.example")
    sheet = await http.post("/account/totp", data={**fields, "action": "confirm", "code": code(issuer, seed)})
    paper = re.findall(r"<li><code>([0-9A-Z-]+)</code>", sheet.text)[0]
    await send(http, "/logout")
    step = await issuer.sign_in(password=GOOD)
    second = await http.get(step.headers["location"])
    await http.post("/login", data={**hidden(second.text), "code": paper})
    await send(http, "/account/totp", action="remove")
    await send(http, "/account/delete", sure="yes")
    issuer.later(seconds=1)
    await issuer.sign_in(password=GOOD)
    await send(http, "/account/keep")
    operator = await operating.operator(issuer)
    assert 201 == (await operator.post("/invitations", {"email": "guest@example.org", "mail": True})).status_code
    await send(http, "/logout")
    await send(http, "/sign-up", email="new@example.org")
    assert (await operator.post(f"/users/{ALICE}/require-reset")).is_success
    await outbox.deliver_all(issuer.server)


async def test_every_letter_leads_to_us_whatever_the_headers_said(issuer, mailbox):
    """HH-01, PR-02."""
    await cause_every_letter(issuer, mailbox)
    said = {str(one["Subject"]) for one in mailbox.came}

    assert len(KINDS) == len(said), said
    for letter in mailbox.came:
        text, html = parts(letter)
        for part in (text, html):
            assert "evil.example" not in part.replace("Phone Bcc: mallory@evil.example", ""), letter["Subject"]
            for address in re.findall(r"https?://[^\s\"'<>]+", part):
                assert address.startswith("https://id.example"), letter["Subject"]
        assert "evil" not in str(letter["From"]) + str(letter["Message-ID"])
        assert set(letter.keys()) == HEADERS
    assert {1} == {len(to) for _, to in mailbox.envelopes}
    assert {"alice@example.org", "alice@new.example", "guest@example.org", "new@example.org"} == {
        to for _, [to] in mailbox.envelopes
    }


@cache
def settings():
    return Settings.load(
        {
            "MINTMARK_ISSUER": "https://id.example",
            "MINTMARK_DATABASE_URL": "sqlite:///none.db",
            "MINTMARK_SEALING_KEYS": sealing.generate(),
        }
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("word", HOSTILE)
def test_no_word_breaks_out_of_any_letter(kind, word):
    """XS-08, and header injection: whichever of its values somebody chose."""
    names = ("username", "at", "device", "address", "factor", "day", "request", "code")
    values = {**dict.fromkeys(names, word), "left": "3", "url": "https://id.example/link?token=x"}
    made = composing.compose(settings(), "id", kind, "a@example.org", values, datetime.now(UTC))
    head, parted, _ = made.as_bytes().partition(b"\r\n\r\n")
    _, html = parts(made)

    assert parted
    assert set(made.keys()) == HEADERS
    assert len(HEADERS) == len([line for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))])
    assert not re.search(r"<script|<img|<a href='|<html>\s*<html", html)
    assert {"https://id.example", "https://id.example/link?token=x"} >= set(re.findall(r'href="([^"]*)"', html))


def test_whatever_gets_past_the_look_at_what_came_makes_no_other_header(monkeypatch):
    """An older library would make several of it, and a newer one writes it as the one that it is."""
    monkeypatch.setattr(composing, "ENCODED", "\0")
    for to in ("=?utf-8?q?x=0D=0ABcc=3A_m=40evil.example?=@example.org", "=?utf-8?b?eA0KQmNjOiBtQGU=?=@example.org"):
        values = {"username": "alice", "url": "https://id.example/link?token=x"}
        with suppress(composing.NoAddress):
            made = composing.compose(settings(), "id", "reset_password", to, values, datetime.now(UTC))
            head = made.as_bytes().partition(b"\r\n\r\n")[0]
            names = [line.partition(b":")[0] for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
            assert sorted(HEADERS) == sorted(name.decode() for name in names)


def test_what_the_library_makes_several_headers_of_is_not_sent():
    """The look at what goes out, whatever the library at hand makes of it."""

    class Careless(policy.EmailPolicy):
        def fold(self, name, value):
            return f"{name}: {value}\r\nBcc: m@evil.example\r\n"

    message = EmailMessage(Careless())
    message["To"] = "a@example.org"

    with pytest.raises(composing.NoAddress, match="To would be several headers"):
        composing._must_stay_lines(message)


@pytest.mark.parametrize("field", ["username", "name", "email"])
@pytest.mark.parametrize("word", [HOSTILE[0], *HOSTILE[3:5]])
async def test_no_word_of_somebody_who_joins_is_more_than_one_line(issuer, mailbox, field, word):
    browser = issuer.browser()
    await send(browser, "/sign-up", email="new@example.org")
    await outbox.deliver_all(issuer.server)
    await browser.get(link(mailbox.came[-1]))
    page = await browser.get("/link")
    form = {**hidden(page.text), "username": "newcomer", "name": "New", "new_password": GOOD, field: word}
    await browser.post("/link", data=form)
    await send(issuer.browser(), "/forgot", username="new@example.org")
    await outbox.deliver_all(issuer.server)

    for letter in mailbox.came:
        assert set(letter.keys()) == HEADERS
    assert {("new@example.org",)} == {tuple(to) for _, to in mailbox.envelopes}
