"""An Authorization header that a client shows again and again is looked through once, and judged each time."""

import base64
from datetime import timedelta

import pytest

from mintmark.store import clients
from tests.issuer import SECRET, start

GRANT = {"grant_type": "client_credentials", "scope": "api:read"}
HEADER = "Basic " + base64.b64encode(f"web:{SECRET}".encode()).decode()


@pytest.fixture
def looked_through(sqlite_issuer, monkeypatch):
    """The secrets that a digest was made of."""
    registry = type(sqlite_issuer.server.registry)
    seen = []
    mac = registry.mac

    def noted(self, purpose, message):
        if "client_secret" == purpose:
            seen.append(message)
        return mac(self, purpose, message)

    monkeypatch.setattr(registry, "mac", noted)
    return seen


@pytest.fixture
def remembering(sqlite_issuer):
    """Puts back what a change of the configuration takes away: as if it were remembered for ever."""
    registry, kept = sqlite_issuer.server.registry, {}

    def keep():
        kept.update(registry.remembered._kept)

    def put_back():
        for key, value in kept.items():
            registry.remembered.keep(key, value)

    return keep, put_back


async def ask(issuer, secret=SECRET, client="web", http=None, **form):
    return await (http or issuer.http).post("/token", data={**GRANT, **form}, auth=(client, secret))


async def test_what_was_right_once_is_not_looked_through_again(sqlite_issuer, looked_through):
    answers = [await ask(sqlite_issuer) for _ in range(3)]

    assert [200, 200, 200] == [answer.status_code for answer in answers]
    assert 1 == len(looked_through)


async def test_what_was_wrong_is_looked_through_each_time(sqlite_issuer, looked_through):
    answers = [await ask(sqlite_issuer, "wrong") for _ in range(3)]

    assert [401, 401, 401] == [answer.status_code for answer in answers]
    assert 3 == len(looked_through)


async def test_nothing_that_is_remembered_holds_the_secret(sqlite_issuer):
    await ask(sqlite_issuer)
    remembered = sqlite_issuer.server.registry.remembered._kept
    assert any("authorization" == key[0] for key in remembered)

    for secret in (SECRET, HEADER, HEADER.removeprefix("Basic ")):
        assert secret not in str(remembered)


async def test_one_letter_more_in_the_header_is_another_header(sqlite_issuer):
    await ask(sqlite_issuer)
    answer = await ask(sqlite_issuer, SECRET + "x")
    other = await ask(sqlite_issuer, client="web2")

    assert [401, 401] == [answer.status_code, other.status_code]


async def test_a_secret_that_has_ended_is_refused_though_it_is_remembered(sqlite_issuer):
    server, now = sqlite_issuer.server, sqlite_issuer.server.clock()
    digest = server.registry.mac("client_secret", b"another-secret-of-the-client")
    ends = now + timedelta(minutes=5)
    await server.store.commit(clients.add_secret("s2", "web", "second", digest, 28, now, ends))
    await server.registry.renew()
    before = await ask(sqlite_issuer, "another-secret-of-the-client")
    sqlite_issuer.later(minutes=5)
    after = await ask(sqlite_issuer, "another-secret-of-the-client")
    first = await ask(sqlite_issuer)

    assert [200, 401, 200] == [before.status_code, after.status_code, first.status_code]


async def test_a_secret_that_an_operator_ends_is_refused_though_it_is_remembered(sqlite_issuer, remembering):
    server = sqlite_issuer.server
    client = await server.registry.client("web")
    await ask(sqlite_issuer)
    keep, put_back = remembering
    keep()
    await server.store.commit(clients.end_secret("web", client.secrets[0].name, server.clock()))
    await server.registry.renew()
    put_back()

    assert 401 == (await ask(sqlite_issuer)).status_code


async def test_a_disabled_client_is_refused_though_it_is_remembered(sqlite_issuer, remembering):
    keep, put_back = remembering
    await ask(sqlite_issuer)
    keep()
    await sqlite_issuer.disable_client("web")
    put_back()
    disabled = await ask(sqlite_issuer)
    await sqlite_issuer.enable_client("web")

    assert [401, 200] == [disabled.status_code, (await ask(sqlite_issuer)).status_code]


@pytest.mark.parametrize("method", ["none", "private_key_jwt"])
async def test_a_client_that_proves_itself_otherwise_by_now_is_refused_though_it_is_remembered(
    sqlite_issuer, remembering, method
):
    keep, put_back = remembering
    await ask(sqlite_issuer)
    keep()
    await sqlite_issuer.change_client("web", token_endpoint_auth_method=method)
    put_back()

    assert 401 == (await ask(sqlite_issuer)).status_code


@pytest.mark.parametrize(
    ("beside", "status"),
    [
        ({"client_secret": SECRET, "client_id": "web"}, 400),
        ({"client_assertion": "x", "client_assertion_type": "y"}, 401),
        ({"client_id": "other"}, 401),
        ({"client_id": "web"}, 200),
    ],
)
async def test_a_header_that_does_not_stand_alone_is_judged_with_what_stands_beside_it(sqlite_issuer, beside, status):
    await ask(sqlite_issuer)

    assert status == (await ask(sqlite_issuer, **beside)).status_code


async def test_two_headers_are_refused_though_each_is_remembered(sqlite_issuer):
    await ask(sqlite_issuer)
    twice = [("Authorization", HEADER), ("Authorization", HEADER)]

    assert 401 == (await sqlite_issuer.http.post("/token", data=GRANT, headers=twice)).status_code


async def test_who_has_to_wait_waits_with_the_right_header_too(sqlite_database):
    async for issuer in start(sqlite_database, MINTMARK_THROTTLE_CLIENT_AUTH="3/1m"):
        await ask(issuer)
        for _ in range(3):
            await ask(issuer, "wrong")
        waits = await ask(issuer)
        elsewhere = await ask(issuer, http=issuer.browser("192.0.2.9"))
        issuer.later(minutes=1)

        assert [429, 200, 200] == [waits.status_code, elsewhere.status_code, (await ask(issuer)).status_code]
