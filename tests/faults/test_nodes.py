"""F-17 and F-18: many want the same thing at once, on three nodes of one PostgreSQL (and on the one of SQLite)."""

import asyncio
import itertools
import random
import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, select

from mintmark.app import open_server
from mintmark.commands import leases
from mintmark.protocol import code, ids
from mintmark.store import clients, codes, schema
from mintmark.store.changes import Update
from mintmark.store.executor import Read
from tests.faults import seeds
from tests.faults.harness import Stand, full, stored, tell
from tests.faults.talking import Caller, close_all
from tests.issuer import CHALLENGE, SECRET, VERIFIER, hidden

FIFTY = 50
TOKENS_OF = Read(
    select(schema.refresh_tokens.c.digest).where(schema.refresh_tokens.c.authorization_id == bindparam("id"))
)
CALLBACK = seeds.DOCUMENT["redirect_uris"][0]


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def place(request, fresh, tmp_path_factory):
    if request.param == "sqlite":
        return fresh.sqlite(tmp_path_factory.mktemp("nodes") / "mintmark.db")
    return fresh.postgresql(request.getfixturevalue("postgresql_server"))[1]


@pytest.fixture(scope="module")
async def made(place, tmp_path_factory):
    """Running nodes for all of this file; the wrong secrets of the last tests are many, and not what is tried."""
    found = await Stand.make(place, tmp_path_factory.mktemp("nodes"), chains=1, MINTMARK_THROTTLE_CLIENT_AUTH="off")
    await found.started(3 if place.dialect == "postgresql" else 1)
    yield found
    found.close()


@pytest.fixture
async def server(made):
    """Another process, as a command is one: to sow, and to change what is configured."""
    found = await open_server(made.settings)
    yield found
    await found.store.close()


@pytest.fixture
def callers(made):
    found = [Caller(node.port) for node, _ in zip(itertools.cycle(made.nodes), range(FIFTY), strict=False)]
    yield found
    close_all(found)


@pytest.mark.parametrize("count", [20, full(300)])
async def test_of_one_refresh_token_shown_by_fifty_on_all_nodes_comes_one_heir(made, server, callers, count):
    chains = await seeds.authorized(server, ["person-1"] * count)
    began = len(made.history.acts)
    for chain in chains:
        acts = await asyncio.gather(*[made.refresh(chain, caller, chain.token) for caller in callers])

        assert {(200, "done")} == {(act.status, act.outcome) for act in acts}
        assert 1 == len({act.got["refresh_token"] for act in acts})
        chain.token = acts[0].got["refresh_token"]
    rows = await stored(server.store)

    assert [2] * count == [sum(row.authorization_id == chain.id for row in rows.values()) for chain in chains]
    for chain in chains:
        assert "done" == (await made.refresh(chain, callers[0])).outcome
    tell(
        f"F-17 one refresh token by fifty, {len(made.nodes)} nodes, {server.store.dialect}",
        tokens=count,
        requests=len(made.history.acts) - began,
        forks=0,
    )


@pytest.mark.parametrize("count", [10, full(200)])
async def test_of_one_code_shown_by_fifty_on_all_nodes_comes_one_answer(made, server, callers, count):
    """And as somebody showed it twice, what came of it is over (RFC 6749 §4.1.2)."""
    answers = []
    for chain in await seeds.authorized(server, ["person-2"] * count):
        secret = await coded(server, chain)
        form = {
            "grant_type": "authorization_code",
            "code": secret,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        auth = (chain.client_id, SECRET)
        acts = await asyncio.gather(
            *[made.history.ask("redeem", chain.id, secret, caller, "/token", form, auth=auth) for caller in callers]
        )
        done = [act for act in acts if act.outcome == "done"]

        assert 1 >= len(done)
        assert {"invalid_grant"} == {act.got["error"] for act in acts if act not in done}
        for act in done:
            chain.token, chain.access_token = act.got["refresh_token"], act.got["access_token"]
            assert "refused" == (await made.refresh(chain, callers[0])).outcome
            assert not (await made.introspect(chain, callers[1])).got["active"]
        answers.append(len(done))

    assert sum(answers)
    tell(
        f"F-18 one code by fifty, {len(made.nodes)} nodes, {server.store.dialect}",
        codes=count,
        answered_once=answers.count(1),
        answered_never=answers.count(0),
        answered_twice=0,
    )


async def coded(server, chain):
    now = datetime.now(UTC)
    secret = ids.secret(code.PREFIX, random.randbytes(32))
    made = seeds.code(ids.digest(secret), chain, CALLBACK, CHALLENGE, now)
    await server.store.commit([codes.add(made)])
    return secret


@pytest.mark.parametrize("count", [200, full(1_000)])
async def test_after_the_end_of_a_session_was_acknowledged_no_token_is_born(made, server, callers, count):
    """The person ends a session at the account page of one node while its client refreshes at another."""
    chance = random.Random(count)
    people = [f"person-{n % seeds.PEOPLE}" for n in range(count)]
    seen = {"born": 0, "too late": 0}
    for first in range(0, count, 50):
        chains = await seeds.authorized(server, people[first : first + 50], ends_with_session=True)
        forms = await account_forms(made, callers[0])
        for number, chain in enumerate(chains):
            mine, other = callers[number % FIFTY], callers[(number + 1) % FIFTY]
            browser = int(chain.person_id.removeprefix("person-"))
            form = {**forms[browser], "end_session": chain.session_id}
            old = chain.token
            late = chance.choice((0, 0, chance.uniform(0, 0.004), -chance.uniform(0, 0.004)))
            refreshed, ended = await asyncio.gather(
                after(max(0, late), made.refresh(chain, mine)),
                after(max(0, -late), end(made, chain, other, form, made.seeds.browsers[browser], server)),
            )

            assert "refused" == (await made.refresh(chain, callers[(number + 2) % FIFTY], old)).outcome
            assert "refused" == (await made.refresh(chain, mine)).outcome
            if refreshed.outcome == "done":
                assert not (await made.introspect(chain, callers[(number + 1) % FIFTY])).got["active"]
            born = len(await tokens_of(server, chain))
            assert ended == born, f"{born - ended} tokens were born after the end was acknowledged"
            assert (refreshed.outcome == "done") == (2 == born)
            seen["born" if 2 == born else "too late"] += 1

    assert all(seen.values()), seen
    tell(
        f"F-17 the end of a session against a refresh, {len(made.nodes)} nodes, {server.store.dialect}",
        interleavings=count,
        refreshed_before=seen["born"],
        refused=seen["too late"],
        born_after_the_end=0,
    )


async def after(seconds, act):
    if seconds:
        await asyncio.sleep(seconds)
    return await act


async def end(made, chain, caller, form, cookie, server):
    """How many tokens there are when the end is acknowledged."""
    act = await made.history.ask("end", chain.id, chain.session_id, caller, "/account", form, Cookie=cookie)
    assert 303 == act.status, act
    return len(await tokens_of(server, chain))


async def tokens_of(server, chain):
    return await server.store.fetch(TOKENS_OF, id=chain.id)


async def account_forms(made, caller):
    found = []
    for cookie in made.seeds.browsers:
        page = (await caller.get("/account", Cookie=cookie)).body.decode()
        found.append({"csrf_token": hidden(page)["csrf_token"]})
    return found


@pytest.mark.parametrize("count", [200, full(1_000)])
async def test_an_end_in_the_store_holds_off_the_refreshes_of_every_node(made, server, callers, count):
    """Another process ends the authorization, as the operator's command does."""
    chance, born = random.Random(count), 0
    for chain in await seeds.authorized(server, ["person-3"] * count):
        over = Update(schema.authorizations, {"id": chain.id, "ended_at": None}, {"ended_at": 1, "end_reason": "over"})

        async def finish(over=over, chain=chain):
            await asyncio.sleep(chance.choice((0, chance.uniform(0, 0.004))))
            await server.store.commit([over])
            return len(await tokens_of(server, chain))

        caller = chance.choice(callers)
        refreshed, ended = await asyncio.gather(made.refresh(chain, caller), finish())

        assert ended == len(await tokens_of(server, chain))
        assert "refused" == (await made.refresh(chain, chance.choice(callers))).outcome
        born += refreshed.outcome == "done"

    assert 0 < born
    tell(
        f"F-17 an end in the store against a refresh, {len(made.nodes)} nodes, {server.store.dialect}",
        interleavings=count,
        refreshed_before=born,
        refused=count - born,
        born_after_the_end=0,
    )


async def ask(caller, secret=SECRET):
    return (await caller.post("/token", {"grant_type": "client_credentials"}, auth=("other", secret))).status


async def test_a_secret_that_one_process_adds_is_good_at_every_node_within_a_second(made, server, callers):
    secret = "another-secret-of-forty-three-characters-00"
    digest = server.registry.mac("client_secret", secret.encode())
    added = clients.add_secret("other-2", "other", "second", digest, len(secret), server.clock(), None)
    await server.store.commit(added)
    began = time.monotonic()
    seen = []
    for caller in callers[: len(made.nodes)]:
        while 200 != await ask(caller, secret):
            assert time.monotonic() - began < 5
            await asyncio.sleep(0.02)
        seen.append(time.monotonic() - began)

    assert max(seen) < 1.5, "a second, and what a busy machine adds"
    tell(f"F-17 a secret added beside {len(made.nodes)} nodes, {server.store.dialect}", seen_after=max(seen))


async def test_after_the_disabling_of_a_client_was_acknowledged_no_node_serves_it(made, server, callers):
    """Client credentials write nothing that could be guarded: the lease is what keeps the promise."""
    over: list[object] = []
    late = 0

    async def press(caller):
        nonlocal late
        while True:
            after_the_end = bool(over)
            status = await ask(caller)
            if after_the_end:
                late += status == 200
                return
            await asyncio.sleep(0.005)

    assert {200} == {await ask(caller) for caller in callers[:3]}
    pressing = [asyncio.create_task(press(caller)) for caller in callers[:12]]
    await server.store.commit(clients.disable("other", server.clock()))
    await leases.run_out()
    over.append(True)
    await asyncio.gather(*pressing)
    refused = {await ask(caller) for caller in callers}
    await server.store.commit(clients.enable("other", server.clock()))
    await leases.run_out()

    assert (0, {401}) == (late, refused)
    assert {200} == {await ask(caller) for caller in callers[:3]}
    tell(f"F-17 a client disabled beside {len(made.nodes)} nodes, {server.store.dialect}", tokens_after=late)
