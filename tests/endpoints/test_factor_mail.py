"""Who adds, removes or uses a way to sign in hears of it by mail, in the commit of its cause."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from mintmark import upkeep
from mintmark.mails import composing
from mintmark.settings import Settings
from mintmark.store import schema
from mintmark.store.executor import Read
from tests import issuer as issuers
from tests.databases import *  # noqa: F403
from tests.endpoints.enrolling import enrolled, proved_here, second_step
from tests.issuer import hidden
from tests.mailbox import parts

SENT = Read(select(schema.outbox.c.subject).order_by(schema.outbox.c.id))


@pytest.fixture
async def issuer(database, monkeypatch):
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    async for one in issuers.start(database, MINTMARK_SMTP_URL="smtp://127.0.0.1:9"):
        yield one


async def sent(issuer):
    return [row[0] for row in await issuer.server.store.fetch(SENT)]


async def test_each_change_and_each_use_of_a_recovery_code_is_told(issuer):
    seed, codes = await enrolled(issuer)
    assert ["factor_added"] == [kind for kind in await sent(issuer) if kind != "signed_in"]
    browser = issuer.browser()
    fields = await second_step(issuer, browser)
    await browser.post("/login", data={**fields, "code": codes[0]})
    await browser.post("/login", data={**fields, "code": codes[0]})
    await proved_here(issuer, seed)
    page = await issuer.http.get("/account/recovery-codes")
    await issuer.http.post("/account/recovery-codes", data=hidden(page.text))
    page = await issuer.http.get("/account/totp")
    await issuer.http.post("/account/totp", data={**hidden(page.text), "action": "remove"})
    told = [kind for kind in await sent(issuer) if kind != "signed_in"]

    assert ["factor_added", "factor_added", "factor_removed", "recovery_code_used"] == sorted(told)


NOTICES = (
    "signed_in", "password_changed", "email_changed", "factor_added", "factor_removed", "recovery_code_used"
)  # fmt: skip


@pytest.mark.parametrize("kind", NOTICES)
def test_every_notice_has_a_link_that_signs_out_everywhere(kind):
    link = "https://id.example/link?token=x"
    said = dict.fromkeys(("username", "at", "device", "address", "factor"), "so") | {"left": "2", "url": link}
    settings = Settings.load({}, None, demo=True)
    letter = composing.compose(settings, "id", kind, "a@example.org", said, datetime.now(UTC))

    for part in parts(letter):
        assert link in part
        assert "sign out everywhere" in part


@pytest.mark.parametrize(("left", "words"), [("1", "1 code is left"), ("3", "3 codes are left")])
async def test_the_letter_of_a_used_code_says_how_many_are_left(sqlite_issuer, left, words):
    values = {"username": "alice", "at": "2026-11-25 12:00 UTC", "left": left, "url": "https://id.example/link?token=x"}
    letter = composing.compose(
        sqlite_issuer.server.settings, "id", "recovery_code_used", "a@example.org", values, datetime.now(UTC)
    )

    text = str(letter.get_body(("plain",)))
    assert words in text
    assert "https://id.example/link" in text
