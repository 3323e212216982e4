"""Who may scrape, what they read, and that reading it costs little and never hangs."""

import asyncio
import json
from datetime import timedelta

import pytest

from mintmark.metrics import shared
from mintmark.metrics.families import FAMILIES
from mintmark.settings import Settings, SettingsRefused
from mintmark.store import schema, scraped
from mintmark.store.changes import Insert, Unavailable
from tests.issuer import SECRET, client_of, start
from tests.metrics.scraping import family_of, scrape, value

TOKEN = "a-token-for-the-metrics"


@pytest.fixture
async def with_token(sqlite_database):
    async for one in start(sqlite_database, MINTMARK_METRICS_TOKEN=TOKEN, MINTMARK_TRUSTED_PROXIES="10.0.0.0/8"):
        yield one


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.53", "::1"])
@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "[::1]:8000"])
async def test_this_machine_may_scrape(sqlite_issuer, address, host):
    http = sqlite_issuer.browser(address)
    answer = await http.get("/metrics", headers={"host": host})

    assert 200 == answer.status_code
    assert "text/plain; version=0.0.4; charset=utf-8" == answer.headers["content-type"]
    assert "no-store" == answer.headers["cache-control"]
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("192.0.2.1", {"host": "127.0.0.1"}),
        ("2001:db8::1", {"host": "localhost"}),
        ("127.0.0.1", {}),  # the issuer's host: a proxy on this machine
        ("127.0.0.1", {"host": "rebound.example"}),
        ("127.0.0.1", {"host": "127.0.0.1", "x-forwarded-for": "127.0.0.1"}),
        ("127.0.0.1", {"host": "localhost", "forwarded": "for=192.0.2.1"}),
        ("127.0.0.1", {"host": "localhost", "x-real-ip": "192.0.2.1"}),
    ],
)
async def test_from_elsewhere_there_is_nothing(sqlite_issuer, address, headers):
    answer = await sqlite_issuer.browser(address).get("/metrics", headers=headers)

    assert 404 == answer.status_code
    assert {"detail": "Not Found"} == answer.json()


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        (f"Bearer {TOKEN}x", 403),
        (f"Bearer {TOKEN[:-1]}", 403),
        (f"Basic {TOKEN}", 403),
        ("Bearer", 403),
        (b"Bearer \xff", 403),
        (None, 403),
    ],
)
async def test_with_the_token_anybody_may(with_token, authorization, status):
    headers = {} if authorization is None else {"authorization": authorization}
    answer = await with_token.browser("192.0.2.1").get("/metrics", headers=headers)

    assert status == answer.status_code
    assert TOKEN not in answer.text
    assert TOKEN not in str(with_token.lines)


async def test_this_machine_needs_no_token(with_token):
    assert await scrape(with_token)


async def test_whom_a_trusted_proxy_forwards_is_not_this_machine(with_token):
    headers = {"x-forwarded-for": "127.0.0.1", "host": "localhost"}

    assert 403 == (await with_token.browser("10.0.0.1").get("/metrics", headers=headers)).status_code


async def test_it_stands_at_the_root_whatever_the_issuers_path(sqlite_database):
    async for one in start(sqlite_database, MINTMARK_ISSUER="https://id.example/under"):
        http = client_of(one.application, "http://127.0.0.1")
        answer = await http.get("/metrics")
        below = await http.get("/under/metrics")
        await http.aclose()

        assert 200 == answer.status_code
        assert 'door="/token"' in answer.text
        assert "/under" not in answer.text
        assert 404 == below.status_code


@pytest.mark.parametrize("token", ["short", "with spaces in it, and long", 'quote"quote"quote"'])
def test_a_token_that_is_none_refuses_the_start(token):
    with pytest.raises(SettingsRefused) as refused:
        Settings.load({"MINTMARK_ISSUER": "https://id.example", "MINTMARK_METRICS_TOKEN": token}, None, demo=True)

    assert any("MINTMARK_METRICS_TOKEN must be at least 16 characters" in one for one in refused.value.refusals)
    assert token not in str(refused.value)


def test_the_token_is_never_shown():
    settings = Settings.load({"MINTMARK_METRICS_TOKEN": TOKEN}, None, demo=True)

    assert "***" == settings.shown()["MINTMARK_METRICS_TOKEN"]
    assert TOKEN not in repr(settings)


async def test_every_family_is_there_and_nothing_else(issuer):
    """With a duty and a message that is due: no family is empty then, once everything has happened."""
    now = issuer.server.clock()
    await busy(issuer)
    await message(issuer, now)
    await duty(issuer, "purge", now, "done")
    issuer.server.upkeep_state.of("purge").runs += 1
    issuer.server.deliveries.sent["webhook"] = 1
    found = await scrape(issuer)

    assert set(FAMILIES) == {family_of(name) for name, *_ in found}


async def busy(issuer):
    tokens = await issuer.tokens()
    await issuer.refresh(tokens["refresh_token"])
    await issuer.http.post("/token", data={"grant_type": "client_credentials"}, auth=("web", "wrong"))


async def message(issuer, due_at, id="m"):
    row = {"id": id, "kind": "webhook", "receiver": "r", "subject": "s", "payload": "{}", "attempts": 0}
    times = {"created_at": 0, "due_at": None if due_at is None else int(due_at.timestamp() * 1000)}
    await issuer.server.store.commit([Insert(schema.outbox, row | times)])


async def duty(issuer, name, ended_at, outcome):
    ended = None if ended_at is None else int(ended_at.timestamp() * 1000)
    row = {"name": name, "holder": "h", "taken_until": 0, "began_at": 0, "ended_at": ended, "outcome": outcome}
    await issuer.server.store.commit([Insert(schema.duties, row)])


async def test_what_is_due_is_told_with_its_age(issuer):
    now = issuer.server.clock()
    empty = await scrape(issuer)
    for number, due in enumerate((now - timedelta(minutes=5), now, now + timedelta(minutes=1), None)):
        await message(issuer, due, f"m{number}")
    found = await scrape(issuer)

    assert [0, 0] == [value(empty, f"mintmark_outbox_{name}") for name in ("due", "oldest_due_seconds")]
    assert [2, 300] == [value(found, f"mintmark_outbox_{name}") for name in ("due", "oldest_due_seconds")]


async def test_duties_are_told_as_they_ended(issuer):
    now = issuer.server.clock()
    await duty(issuer, "test-good", now, "done")
    await duty(issuer, "test-bad", now - timedelta(hours=1), "failed")
    await duty(issuer, "test-first", None, None)
    found = await scrape(issuer)

    assert 1 == value(found, "mintmark_duty_last_success", duty="test-good")
    assert 0 == value(found, "mintmark_duty_last_success", duty="test-bad")
    assert now.timestamp() - 3600 == value(found, "mintmark_duty_last_run_timestamp_seconds", duty="test-bad")
    assert not [key for key in found if "test-first" in str(key)]


async def test_what_this_process_has_done_of_the_upkeep_is_counted(sqlite_issuer):
    state = sqlite_issuer.server.upkeep_state.of("seal")
    state.runs, state.failures, state.seconds = 3, 1, 0.5
    sqlite_issuer.server.deliveries.given_up["webhook"] = 2
    found = await scrape(sqlite_issuer)

    names = ("runs", "failures", "seconds")
    assert [3, 1, 0.5] == [value(found, f"mintmark_duty_{name}_total", duty="seal") for name in names]
    assert 2 == value(found, "mintmark_deliveries_total", kind="webhook", outcome="given_up")


async def test_keys_are_told_with_age_and_next_rotation(sqlite_issuer):
    sqlite_issuer.later(days=10)
    found = await scrape(sqlite_issuer)
    now, rotation = sqlite_issuer.server.clock(), sqlite_issuer.server.settings.key_rotation

    for alg in ("ES256", "RS256"):
        assert 10 * 86400 == value(found, "mintmark_signing_key_age_seconds", alg=alg)
        next_one = value(found, "mintmark_signing_key_next_rotation_timestamp_seconds", alg=alg)
        assert (now - timedelta(days=10) + rotation).timestamp() == next_one
        assert [0, 1, 0] == [
            value(found, "mintmark_signing_keys", alg=alg, state=state) for state in ("announced", "signing", "retired")
        ]


async def test_the_database_is_told_with_batches_and_waits(issuer):
    before = await scrape(issuer)
    await asyncio.gather(*(issuer.sign_in(issuer.browser()) for _ in range(4)))
    found = await scrape(issuer)

    assert 1 == value(found, "mintmark_database_up")
    for name in ("statements_total", "batch_change_sets_sum", "commit_seconds_count"):
        assert value(found, f"mintmark_database_{name}") > value(before, f"mintmark_database_{name}")
    assert 0 < value(found, "mintmark_database_commit_seconds_sum")
    assert 0 < value(found, "mintmark_database_connections") <= value(found, "mintmark_database_connections_most")
    assert 0 == value(found, "mintmark_database_waiting")


async def test_a_database_that_is_not_there_is_counted_and_told(issuer, monkeypatch):
    async def gone(*arguments, **parameters):
        raise Unavailable("gone")

    before = await scrape(issuer)
    inner = "_reads" if issuer.server.store.dialect == "postgresql" else "_transaction"
    if inner == "_reads":
        monkeypatch.setattr(issuer.server.store._reads, "fetch", gone)
        await issuer.http.post(
            "/token", data={"grant_type": "refresh_token", "refresh_token": "x"}, auth=("web", SECRET)
        )
    monkeypatch.setattr(scraped, "outbox", gone)
    found = await scrape(issuer)

    assert 0 == value(found, "mintmark_database_up")
    assert 0 == value(found, "mintmark_outbox_due")
    assert 2 == value(found, "mintmark_signing_keys", state="signing")
    if inner == "_reads":
        name = "mintmark_database_unavailable_total"
        assert value(found, name) > value(before, name)


async def test_a_database_that_hangs_does_not_hang_the_scrape(sqlite_issuer, monkeypatch):
    async def hang(*arguments):
        await asyncio.Event().wait()

    monkeypatch.setattr(shared, "PATIENCE", 0.05)
    monkeypatch.setattr(scraped, "outbox", hang)
    async with asyncio.timeout(5):
        found = await scrape(sqlite_issuer)

    assert 0 == value(found, "mintmark_database_up")
    assert value(found, "process_resident_memory_bytes")


@pytest.mark.usefixtures("without_upkeep")
async def test_a_scrape_asks_the_database_twice(issuer):
    before = issuer.server.store.statements
    async with asyncio.timeout(5):
        await scrape(issuer)

    assert 2 == issuer.server.store.statements - before


async def test_passwords_that_wait_and_are_refused_are_told(sqlite_issuer):
    hashing = sqlite_issuer.server.hashing
    hashing._under_way, hashing._refused = hashing._threads + 5, 7
    found = await scrape(sqlite_issuer)
    hashing._under_way = 0

    assert [hashing._threads, 0] == [value(found, "mintmark_password_threads", state=one) for one in ("busy", "idle")]
    assert 5 == value(found, "mintmark_password_waiting")
    assert 7 == value(found, "mintmark_password_refused_total")


async def test_observations_that_are_lost_are_told_once_they_are_counted_too(sqlite_issuer):
    journal = sqlite_issuer.server.journal
    journal.dropped = 3
    journal.count_dropped()
    journal.dropped = 2

    assert 5 == value(await scrape(sqlite_issuer), "mintmark_journal_dropped_total")


async def test_two_issuers_in_one_process_are_told_apart(sqlite_issuer, tmp_path, fresh):
    async for other in start(fresh.sqlite(tmp_path / "other.db"), MINTMARK_ISSUER="https://other.example"):
        await sqlite_issuer.token(grant_type="client_credentials", scope="api:read")
        mine, theirs = await scrape(sqlite_issuer), await scrape(other)

        assert 1 == value(mine, "mintmark_tokens_issued_total")
        assert 0 == value(theirs, "mintmark_tokens_issued_total")
        assert 0 == value(theirs, "mintmark_requests_total", door="/token")


def test_the_reference_page_names_each_family_once():
    from mintmark.metrics.page import page

    text = page()

    assert [] == [name for name in FAMILIES if 1 != text.count(f"| `{name}` |")]
    assert json.dumps(text)
