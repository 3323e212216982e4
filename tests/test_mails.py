"""Letters on both databases, through a real SMTP server: all arrive, none says a secret to whoever reads the outbox."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from mintmark import mails, outbox, upkeep
from mintmark.mails import composing
from mintmark.store import people as stored_people
from mintmark.store import schema
from mintmark.store.changes import Run
from mintmark.store.executor import Read
from tests import issuer as issuers
from tests.databases import *  # noqa: F403
from tests.mailbox import *  # noqa: F403
from tests.mailbox import Mailbox, parts, serve, stop, tls
from tests.serving import *  # noqa: F403

ROWS = Read(
    select(
        schema.outbox.c.id, schema.outbox.c.subject, schema.outbox.c.payload, schema.outbox.c.attempts,
        schema.outbox.c.done_at, schema.outbox.c.given_up_at, schema.outbox.c.last_error,
    ).order_by(schema.outbox.c.id)
)  # fmt: skip
VALUES = {"token": "mml_" + "x" * 43, "username": "alice"}
TO = "alice@example.org"


def silent(monkeypatch):
    """Without upkeep of its own: a test says when something is sent."""
    monkeypatch.setattr(upkeep, "start", lambda server: ())


@pytest.fixture
async def issuer(database, mailbox, monkeypatch):
    silent(monkeypatch)
    async for one in issuers.start(database, MINTMARK_SMTP_URL=mailbox.url):
        yield one


@pytest.fixture
def settled(sqlite_database, monkeypatch):
    """A server with settings of the test's own."""
    silent(monkeypatch)

    def start(**environment):
        return issuers.start(sqlite_database, **environment)

    return start


async def write(issuer, kind="reset_password", to=TO, values=VALUES, **more):
    now = issuer.server.clock()
    await issuer.server.store.commit(mails.send(issuer.server, kind, to, values, now, **more))


async def deliver(issuer, times=1):
    for _ in range(times):
        await outbox.deliver_all(issuer.server)
        issuer.later(hours=7)


async def rows(issuer):
    names = ("id", "subject", "payload", "attempts", "done", "given_up", "error")
    return [dict(zip(names, row, strict=True)) for row in await issuer.server.store.fetch(ROWS)]


async def test_a_letter_arrives_once_in_two_parts_that_say_the_same(issuer, mailbox):
    await write(issuer)
    await deliver(issuer, 3)

    [came] = mailbox.came
    [row] = await rows(issuer)
    text, html = parts(came)
    assert TO == came["To"]
    assert "Mintmark <no-reply@id.example>" == came["From"]
    assert f"<{row['id']}@id.example>" == came["Message-ID"]
    assert "auto-generated" == came["Auto-Submitted"]
    assert [("no-reply@id.example", [TO])] == mailbox.envelopes
    assert f"https://id.example/link?token={VALUES['token']}" in text
    assert f'href="https://id.example/link?token={VALUES["token"]}"' in html
    assert row["done"] is not None
    assert {"mail": 1} == issuer.server.deliveries.sent


async def test_neither_the_outbox_nor_the_log_shows_what_a_letter_says(issuer, mailbox):
    await write(issuer)
    before = json.dumps(await rows(issuer))
    mailbox.data = f"554 {TO} is not wanted here, nor is {VALUES['token']}"
    await deliver(issuer)
    said = before + json.dumps(await rows(issuer)) + json.dumps(issuer.lines, default=str)

    for secret in (VALUES["token"], TO, "alice"):
        assert secret not in said


async def test_of_whom_a_letter_is_for_its_length_says_nothing(issuer):
    await write(issuer, to="a@b.example")
    await write(issuer, to="a-very-long-address@a-very-long-domain.example")

    assert 1 == len({len(row["payload"]) for row in await rows(issuer)})


async def test_a_letter_that_lies_in_anothers_place_is_not_sent(issuer, mailbox):
    await write(issuer)
    issuer.later(seconds=1)
    await write(issuer, to="mallory@example.org")
    first, second = await rows(issuer)
    swap = update(schema.outbox).where(schema.outbox.c.id == second["id"]).values(payload=first["payload"])
    await issuer.server.store.commit([Run(swap, {})])
    await deliver(issuer)

    assert [TO] == [one["To"] for one in mailbox.came]
    assert "sealed" in (await rows(issuer))[1]["error"]


async def test_a_server_that_is_down_gets_it_when_it_is_up_again(issuer, mailbox):
    mailbox.refuses["*"] = "451 not now"
    await write(issuer)
    await deliver(issuer, 2)
    [row] = await rows(issuer)
    assert (2, None) == (row["attempts"], row["done"])
    assert "451" in row["error"]
    mailbox.refuses.clear()
    await deliver(issuer)

    assert 1 == len(mailbox.came)


async def test_a_port_where_nobody_listens_is_tried_again(settled, mailbox):
    async for issuer in settled(MINTMARK_SMTP_URL="smtp://127.0.0.1:9"):
        await write(issuer)
        await deliver(issuer)

        [row] = await rows(issuer)
        assert row["done"] is None
        assert row["given_up"] is None
        assert "could not be asked" in row["error"]


async def test_an_address_that_is_refused_for_good_is_given_up_and_an_operator_is_told(issuer, mailbox):
    mailbox.refuses[TO] = "550 5.1.1 nobody of that name"
    await write(issuer)
    issuer.later(seconds=1)
    await write(issuer, to="bob@example.org")
    await deliver(issuer, 4)

    refused, sent = await rows(issuer)
    assert refused["given_up"] is not None
    assert 3 == refused["attempts"]
    assert sent["done"] is not None
    assert "delivery_given_up" in await issuer.audited()


async def test_addresses_that_are_refused_hold_nobody_up(issuer, mailbox):
    for number in range(30):
        mailbox.refuses[f"no-{number}@example.org"] = "550 no"
        await write(issuer, to=f"no-{number}@example.org")
    await write(issuer)
    await outbox.deliver_all(issuer.server)

    assert [TO] == [one["To"] for one in mailbox.came]


async def test_a_connection_lost_after_the_message_sends_it_again_under_the_same_id(issuer, mailbox):
    mailbox.drops = 1
    await write(issuer)
    await deliver(issuer, 2)

    assert 2 == len(mailbox.came)
    assert 1 == len({one["Message-ID"] for one in mailbox.came})
    assert (await rows(issuer))[0]["done"] is not None


async def test_a_server_that_is_slow_is_left_and_asked_again(issuer, mailbox, monkeypatch):
    monkeypatch.setattr("mintmark.mails.smtp.SECONDS", 0.5)
    mailbox.slow = 3
    await write(issuer)
    await deliver(issuer)

    assert "in time" in (await rows(issuer))[0]["error"]


async def test_what_is_of_no_use_any_more_is_not_sent(issuer, mailbox):
    mailbox.refuses["*"] = "451 not now"
    await write(issuer, expires_at=issuer.server.clock() + timedelta(hours=1))
    await deliver(issuer)
    mailbox.refuses.clear()
    await deliver(issuer)

    assert [] == mailbox.came
    assert "of use" in (await rows(issuer))[0]["error"]


async def test_one_address_gets_only_so_many_that_strangers_cause_and_however_it_is_written(issuer, mailbox):
    for number in range(14):
        await write(issuer, to=TO if number % 2 else TO.upper())
    await write(issuer, to="bob@example.org")
    await write(issuer, "password_changed", values={**VALUES, "at": "noon"})
    await outbox.deliver_all(issuer.server)
    subjects = [str(one["Subject"]) for one in mailbox.came if one["To"].lower() == TO]

    assert 10 == subjects.count("Choose a new password")
    assert 1 == subjects.count("Your password was changed")
    assert 1 == len(mailbox.to("bob@example.org"))


async def test_where_no_mail_server_is_set_nothing_is_written(settled):
    async for issuer in settled():
        await write(issuer)

        assert [] == await rows(issuer)


async def test_a_person_whose_address_is_not_proved_gets_nothing(issuer):
    person = await stored_people.find(issuer.server.store, issuers.ALICE)
    assert person is not None
    unproved = person.holder._replace(email_verified=False)
    now = issuer.server.clock()

    assert [] == mails.send(issuer.server, "reset_password", unproved, VALUES, now)
    assert 1 == len(mails.send(issuer.server, "reset_password", person.holder, VALUES, now))


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "a@b@c.example", "<a@b.example>", "a b@c.d",
        "=?utf-8?q?a=0D=0ABcc=3A_b=40c.example?=@d.example", "=?utf-8?b?eA0KQmNjOiBtYWxAZQ==?=@d.example",
        "a@=?utf-8?q?b?=",
        "a@", "@b", "a", "", "a@b.example\0", 'a"@b.example', "a@\ud800.example", "a@b.example;c@d.example",
    ],
)  # fmt: skip
async def test_what_is_no_single_address_gets_no_letter(issuer, mailbox, address):
    with pytest.raises(composing.NoAddress):
        composing.compose(issuer.settings, "id", "reset_password", address, {**VALUES, "url": ""}, datetime.now(UTC))


async def test_no_name_breaks_out_of_a_header_or_becomes_markup(issuer, mailbox):
    name = "<b>Eve</b>\r\nBcc: mallory@example.org\r\n\r\n<script>"
    values = {"username": name, "at": "noon", "factor": "<i>key</i>", "token": VALUES["token"]}
    await write(issuer, "factor_added", values=values)
    await deliver(issuer)

    [came] = mailbox.came
    _, html = parts(came)
    assert "Bcc" not in came
    assert [("no-reply@id.example", [TO])] == mailbox.envelopes
    assert "<b>" not in html
    assert "<script>" not in html
    assert "&lt;i&gt;key&lt;/i&gt;" in html


async def test_the_operators_name_and_address_are_those_it_comes_from(settled, mailbox):
    environment = {"MINTMARK_SMTP_FROM": "hello@harbour.example", "MINTMARK_SMTP_FROM_NAME": "Harbour, “the” port"}
    async for issuer in settled(MINTMARK_SMTP_URL=mailbox.url, **environment):
        await write(issuer)
        await deliver(issuer)

        [came] = mailbox.came
        assert "hello@harbour.example" == came["From"].addresses[0].addr_spec
        assert "Harbour, “the” port" == came["From"].addresses[0].display_name


async def test_an_address_in_other_letters_gets_its_letter(issuer, mailbox):
    await write(issuer, to="jürgen@bücher.example")
    await deliver(issuer)

    assert [["jürgen@xn--bcher-kva.example"]] == [to for _, to in mailbox.envelopes]


async def test_it_logs_in_where_the_address_names_a_user_and_the_password_is_in_no_log(settled, mailbox):
    box = Mailbox()
    running = serve(box, authenticator=box.authenticated, auth_require_tls=False)
    async for issuer in settled(MINTMARK_SMTP_URL=f"smtp://us%40er:right@127.0.0.1:{box.port}"):
        await write(issuer)
        await deliver(issuer)

        assert ("us@er", "right") in box.logins
        assert 1 == len(box.came)
        assert "right" not in json.dumps(issuer.lines, default=str)
    stop(*running)


async def test_a_wrong_password_is_told_to_the_operator(settled, mailbox):
    box = Mailbox()
    running = serve(box, authenticator=box.authenticated, auth_require_tls=False)
    async for issuer in settled(MINTMARK_SMTP_URL=f"smtp://user:wrong@127.0.0.1:{box.port}"):
        await write(issuer)
        await deliver(issuer)

        assert "MINTMARK_SMTP_URL" in (await rows(issuer))[0]["error"]
    stop(*running)


# ── TLS: as it is with a server on another machine, which these tests make of this one


@pytest.fixture
def elsewhere(monkeypatch):
    monkeypatch.setattr("mintmark.mails.smtp.is_loopback", lambda host: False)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_on_another_machine_it_goes_over_tls_and_the_certificate_is_checked(
    settled, elsewhere, certificate, scheme
):
    box = Mailbox()
    running = serve_tls(box, certificate, scheme)
    url = f"{scheme}://localhost:{box.port}"
    async for issuer in settled(MINTMARK_SMTP_URL=url):
        await write(issuer)
        await deliver(issuer)
        assert "TLS" in (await rows(issuer))[0]["error"], "an authority that nobody named was believed"
        assert [] == box.came
    stop(*running)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_an_authority_that_the_operator_names_is_believed(settled, elsewhere, certificate, scheme):
    box = Mailbox()
    running = serve_tls(box, certificate, scheme)
    url = f"{scheme}://localhost:{box.port}"
    async for issuer in settled(MINTMARK_SMTP_URL=url, MINTMARK_SMTP_CA=str(certificate.certificate)):
        await write(issuer)
        await deliver(issuer)

        assert 1 == len(box.came), await rows(issuer)
        assert [True] == box.encrypted or "smtps" == scheme
    stop(*running)


async def test_a_certificate_for_another_name_is_refused(settled, elsewhere, certificate):
    box = Mailbox()
    running = serve_tls(box, certificate, "smtps")
    url = f"smtps://127.0.0.2:{box.port}"
    async for issuer in settled(MINTMARK_SMTP_URL=url, MINTMARK_SMTP_CA=str(certificate.certificate)):
        await write(issuer)
        await deliver(issuer)

        assert [] == box.came
        assert (await rows(issuer))[0]["error"]
    stop(*running)


async def test_without_starttls_nothing_is_said_in_the_clear_unless_a_setting_allows_it(settled, elsewhere, mailbox):
    async for issuer in settled(MINTMARK_SMTP_URL=f"smtp://127.0.0.1:{mailbox.port}"):
        await write(issuer)
        await deliver(issuer)
        assert "STARTTLS" in (await rows(issuer))[0]["error"]
        assert [] == mailbox.came


async def test_a_setting_lets_it_go_in_the_clear(settled, elsewhere, mailbox):
    async for issuer in settled(MINTMARK_SMTP_URL=f"smtp://127.0.0.1:{mailbox.port}", MINTMARK_SMTP_PLAIN="on"):
        await write(issuer)
        await deliver(issuer)

        assert 1 == len(mailbox.came)


def serve_tls(box, certificate, scheme):
    context = tls(str(certificate.certificate), str(certificate.key))
    return serve(box, tls_context=context) if "smtp" == scheme else serve(box, context)


# ── what was asked for by a name


async def test_whoever_is_asked_for_the_same_is_written_and_only_a_person_gets_a_letter(issuer, mailbox):
    now = issuer.server.clock()
    for name in ("alice", "alice@example.org", "nobody"):
        asked = mails.ask(issuer.server, "reset_password", {"name": name}, now, expires_at=now + timedelta(minutes=30))
        await issuer.server.store.commit(asked)
    written = await rows(issuer)
    assert 1 == len({(row["subject"], len(row["payload"])) for row in written})
    await outbox.deliver_all(issuer.server)

    assert 2 == len(mailbox.came) == await issuer.count("links")
    assert all(row["done"] is not None for row in await rows(issuer))
    assert 2 == (await issuer.audited()).count("link_sent")


async def test_a_letter_that_is_sent_again_brings_the_same_link(issuer, mailbox):
    now = issuer.server.clock()
    mailbox.data = "451 not now"
    await issuer.server.store.commit(
        mails.ask(issuer.server, "reset_password", {"name": "alice"}, now, expires_at=now + timedelta(days=1))
    )
    await deliver(issuer)
    mailbox.data = "250 taken"
    mailbox.drops = 1
    await deliver(issuer, 2)

    assert 2 == len(mailbox.came)
    assert 1 == len({parts(one)[0] for one in mailbox.came})
    assert 1 == await issuer.count("links")


async def test_a_letter_is_in_the_language_of_the_account_before_that_of_the_browser(issuer, mailbox):
    alice = await stored_people.find(issuer.server.store, issuers.ALICE)
    assert alice is not None
    french = alice.holder._replace(claims='{"locale": "fr-CA"}', email_verified=True)
    await write(issuer, to=french, languages=["de"])
    await write(issuer, to=french._replace(claims="{}"), languages=["nl", "ar"])
    await write(issuer)
    await deliver(issuer)

    said = {one["Content-Language"]: one["Subject"] for one in mailbox.came}
    assert {
        "fr": "Choisir un nouveau mot de passe",
        "ar": "اختيار كلمة مرور جديدة",
        "en": "Choose a new password",
    } == said
    [arabic] = [parts(one)[1] for one in mailbox.came if one["Content-Language"] == "ar"]
    assert '<html lang="ar" dir="rtl">' in arabic
