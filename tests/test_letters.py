"""Every letter in every language: each word of it comes from a catalogue, as tests/pages/test_languages.py has it for
pages. And people hear, in their language, of what operators do to how they sign in."""

import re
from datetime import UTC, datetime
from importlib.resources import files

import pytest
from sqlalchemy import select

from mintmark import devices, languages, mails, outbox, texts, upkeep
from mintmark.factors import recovery_code, totp
from mintmark.languages import Language, Languages
from mintmark.mails import composing, notices
from mintmark.mails.kinds import KINDS
from mintmark.store import accounts, people, recovery_codes, schema
from mintmark.store.executor import Read
from mintmark.store.recovery_codes import Counted
from tests import issuer as issuers
from tests.admin import operating
from tests.databases import *  # noqa: F403
from tests.issuer import ALICE, hidden
from tests.mailbox import *  # noqa: F403
from tests.mailbox import parts
from tests.pages.test_languages import Marked, Seen
from tests.settings import loading

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
URL = "https://id.example/link?token=mml_x"
NOTICE = {"username": "zoe", "at": "2026-11-25 12:00 UTC", "url": URL}
SAMPLES = {
    "verify_email": {"url": URL},
    "reset_password": {"username": "zoe", "url": URL},
    "email_code": {"code": "1234 5678"},
    "sign_up": {"url": URL, "request": ""},
    "sign_up_known": {"username": "zoe"},
    "invitation": {"url": URL},
    "signed_in": {**NOTICE, "device": devices.name(AGENT), "address": "192.0.2.1"},
    "password_changed": NOTICE,
    "reset_required": NOTICE,
    "email_changed": NOTICE,
    "factor_added": {**NOTICE, "factor": totp.called("Zoe 17")},
    "factor_removed": {**NOTICE, "factor": recovery_code.TITLE},
    "recovery_code_used": {**NOTICE, "left": "3"},
    "deletion_asked": {"username": "zoe", "day": "2026-12-09", "url": URL},
    "deletion_taken_back": {"username": "zoe", "url": URL},
}
GIVEN = ("Zoe 17", "zoe", "Mintmark", URL, "https://id.example", "UTC", "Firefox", "Linux")
SENTENCES = re.compile(r"_\(\s*\"((?:[^\"\\]|\\.)*)\"|ngettext\(\s*\"((?:[^\"\\]|\\.)*)\",\s*\"((?:[^\"\\]|\\.)*)\"")


def made(kind, language):
    settings = loading.load(smtp_url="smtp://127.0.0.1:9")
    letter = composing.compose(settings, "id", kind, "zoe@example.org", SAMPLES[kind], datetime.now(UTC), language)
    return letter, *parts(letter)


def outside(text):
    """What stands in no brackets, but for names and addresses."""
    depth, rest = 0, ""
    for sign in text:
        depth += {"⟦": 1, "⟧": -1}.get(sign, 0)
        rest += sign if depth == 0 and sign != "⟧" else ""
    for one in GIVEN:
        rest = rest.replace(one, "")
    return re.findall(r"[^\W\d_]{2,}", rest)


def test_every_letter_has_a_sample_and_a_template_each():
    templates = {one.name.removesuffix(".jinja") for one in (files("mintmark.mails") / "templates").iterdir()}

    assert set(KINDS) == set(SAMPLES) == templates - {"letter.html", "letter.txt"}


@pytest.mark.parametrize("kind", SAMPLES)
def test_whatever_a_letter_says_comes_from_a_catalogue(kind):
    letter, text, html = made(kind, Language("en", Marked()))

    assert "⟦" in text
    assert [] == outside(str(letter["Subject"]))
    assert [] == outside(text)
    assert [] == outside(" ".join(Seen(html.partition("</head>")[2]).outside))


@pytest.mark.parametrize("tag", languages.TAGS)
@pytest.mark.parametrize("kind", SAMPLES)
def test_every_letter_is_written_in_every_language(kind, tag):
    letter, text, html = made(kind, Languages().best([tag]))
    source = (files("mintmark.mails") / "templates" / f"{kind}.jinja").read_text()
    sentences = [one for found in SENTENCES.findall(source) for one in found if one]
    english = [re.sub(r"%\([a-z]+\)s.*", "", one) for one in sentences]

    assert tag == letter["Content-Language"]
    assert f'<html lang="{tag}" dir="{"rtl" if tag == "ar" else "ltr"}">' in html
    assert "%(" not in text + html
    assert sentences
    if tag != "en":
        assert [] == [one for one in english if len(one) > 12 and one in f"{letter['Subject']} {text}"]


@pytest.mark.parametrize("value", [devices.name(AGENT), totp.called("Zoe 17"), recovery_code.TITLE, "plain"])
def test_what_goes_into_a_letter_is_said_in_the_language_that_turns_out_later(value):
    kept = texts.read(texts.written(value))
    german = Languages().best(["de"])

    assert value == kept
    assert german.say(value) == german.say(kept)


# ── who hears of what operators do


@pytest.fixture
async def issuer(database, mailbox, monkeypatch):
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    async for one in issuers.start(database, MINTMARK_SMTP_URL=mailbox.url):
        yield one


@pytest.fixture
async def sqlite_issuer(sqlite_database, mailbox, monkeypatch):
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    async for one in issuers.start(sqlite_database, MINTMARK_SMTP_URL=mailbox.url):
        yield one


async def speaks(issuer, locale):
    store, now = issuer.server.store, issuer.server.clock()
    person = await issuer.person()
    await store.commit([people.move_on(person, now, {"claims": f'{{"locale": "{locale}"}}'})])


async def give_codes(issuer):
    codes = [bytes([number]) * 32 for number in range(10)]
    await issuer.server.store.commit(recovery_codes.replace(ALICE, Counted(), codes, issuer.server.clock()))


async def test_whoever_loses_a_factor_to_an_operator_hears_of_it_in_their_language(issuer, mailbox):
    await speaks(issuer, "de_AT")
    await give_codes(issuer)
    operator = await operating.operator(issuer)
    await operator.delete(f"/users/{ALICE}/factors/recovery_codes")
    await outbox.deliver_all(issuer.server)

    [came] = mailbox.came
    text, _ = parts(came)
    assert ("alice@example.org", "de") == (came["To"], came["Content-Language"])
    assert "Wiederherstellungscodes" in text
    assert "https://id.example/link?token=mml_" in text


async def test_whoever_must_choose_another_password_hears_of_it_and_is_led_to_it(issuer, mailbox):
    operator = await operating.operator(issuer)
    await operator.post(f"/users/{ALICE}/require-reset")
    await outbox.deliver_all(issuer.server)

    [came] = mailbox.came
    text, _ = parts(came)
    assert "You need a new password" == came["Subject"]
    assert "https://id.example/forgot" in text
    assert "mml_" not in text


async def test_a_link_to_choose_another_comes_with_it_where_the_operator_says_so(sqlite_issuer, mailbox):
    operator = await operating.operator(sqlite_issuer)
    await operator._send("POST", f"/users/{ALICE}/require-reset", None, {}, mail="true")
    await outbox.deliver_all(sqlite_issuer.server)

    assert {"You need a new password", "Choose a new password"} == {str(one["Subject"]) for one in mailbox.came}


async def test_what_is_refused_is_told_to_nobody(sqlite_issuer, mailbox):
    operator = await operating.operator(sqlite_issuer, scope="admin:read")
    await operator.delete(f"/users/{ALICE}/factors/recovery_codes")
    await operator.post(f"/users/{ALICE}/require-reset")
    await outbox.deliver_all(sqlite_issuer.server)

    assert [] == mailbox.came


async def test_nobody_hears_of_it_at_an_address_that_they_did_not_prove(sqlite_issuer):
    store, now = sqlite_issuer.server.store, sqlite_issuer.server.clock()
    person = await sqlite_issuer.person()
    await store.commit(accounts.change_proofs(person, now, {"email_key": None}))
    await give_codes(sqlite_issuer)
    operator = await operating.operator(sqlite_issuer)
    await operator.delete(f"/users/{ALICE}/factors/recovery_codes")

    assert [] == await store.fetch(Read(select(schema.outbox.c.subject)))


# ── in whose language


async def test_a_letter_of_what_somebody_did_is_in_the_language_of_their_browser(sqlite_issuer, mailbox):
    await sqlite_issuer.sign_in()
    sqlite_issuer.http.headers["accept-language"] = "fr-CH, de;q=0.5"
    page = await sqlite_issuer.http.get("/account/recovery-codes")
    await sqlite_issuer.http.post("/account/recovery-codes", data=hidden(page.text))
    await outbox.deliver_all(sqlite_issuer.server)

    assert ["fr"] == [one["Content-Language"] for one in mailbox.came]


@pytest.mark.parametrize(("locale", "tag"), [("ja", "ja"), ("", "fr")])
async def test_whoever_asked_for_a_new_account_reads_of_it_in_their_language(sqlite_issuer, mailbox, locale, tag):
    """Whose account there is already: in that of the account, if it names one."""
    server = sqlite_issuer.server
    await speaks(sqlite_issuer, locale)
    now = server.clock()
    for address in ("new@example.org", "alice@example.org"):
        values = {"request": ""}
        letter = mails.sign_up(server, address, values, now, expires_at=now.replace(year=2027), languages=("fr",))
        await server.store.commit(letter)
    await outbox.deliver_all(server)

    told = {str(one["To"]): one["Content-Language"] for one in mailbox.came}
    assert {"new@example.org": "fr", "alice@example.org": tag} == told


async def test_a_letter_of_an_older_version_is_sent_as_it_was(sqlite_issuer, mailbox):
    """It holds strings alone; and what this version writes, an older one reads by the English beside."""
    server, now = sqlite_issuer.server, sqlite_issuer.server.clock()
    person = await sqlite_issuer.person()
    await server.store.commit(await notices.notice(server, "factor_added", person.holder, now, factor="A string"))
    await outbox.deliver_all(server)

    assert "A string" in parts(mailbox.came[0])[0]
