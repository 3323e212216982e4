"""Links on both databases: good once, however many try at once, and for the account as it was."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from mintmark import links
from mintmark.links import LinkOver
from mintmark.protocol import ids
from mintmark.store import accounts, schema
from mintmark.store import links as stored
from mintmark.store.changes import Conflict
from mintmark.store.executor import Read
from tests.databases import *  # noqa: F403
from tests.issuer import *  # noqa: F403
from tests.issuer import ALICE

HOUR = timedelta(hours=1)


async def make(issuer, kind="reset", person=ALICE, lifetime=HOUR, **more):
    made = await links.make(issuer.server, kind, person, lifetime, issuer.server.clock(), **more)
    assert made is not None
    await issuer.server.store.commit([made.change])
    return made.secret


async def open_(issuer, secret, kind="reset"):
    return await links.open(issuer.server, secret, (kind,), issuer.server.clock())


async def test_a_link_opens_as_often_as_somebody_looks_and_is_spent_once(issuer):
    secret = await make(issuer)
    await open_(issuer, secret)
    found = await open_(issuer, secret)
    await issuer.server.store.commit(links.spend(found, issuer.server.clock()))

    with pytest.raises(LinkOver) as over:
        await open_(issuer, secret)
    assert "link spent" == over.value.check


async def test_of_fifty_at_once_one_spends_it(issuer):
    secret = await make(issuer)
    now = issuer.server.clock()
    opened = [await open_(issuer, secret) for _ in range(50)]
    outcomes = await asyncio.gather(
        *(issuer.server.store.commit(links.spend(one, now)) for one in opened), return_exceptions=True
    )

    assert 1 == outcomes.count(None)
    assert 49 == sum(isinstance(one, Conflict) for one in outcomes)


async def test_of_a_link_nothing_is_kept_that_opens_it(issuer):
    secret = await make(issuer)
    [row] = await issuer.server.store.fetch(Read(select(schema.links)))

    assert secret not in str(row)
    assert len(secret) == len("mml_") + 43


async def test_a_change_of_the_account_between_looking_and_spending_writes_nothing(issuer):
    secret = await make(issuer)
    store, now = issuer.server.store, issuer.server.clock()
    found = await open_(issuer, secret)
    await store.commit(accounts.set_password(await issuer.person(), "another hash", now))

    with pytest.raises(Conflict):
        await issuer.server.store.commit(links.spend(found, now))
    with pytest.raises(LinkOver):
        await open_(issuer, secret)


@pytest.mark.parametrize("secret", ["", "mml_", "mml_" + "x" * 43, "mml_" + "x" * 5000, "\0", "mml_\ud800"])
async def test_what_was_never_made_opens_nothing(issuer, secret):
    await make(issuer)

    with pytest.raises(LinkOver) as over:
        await open_(issuer, secret)
    assert "link unknown" == over.value.check


async def test_a_link_is_over_when_its_time_is(issuer):
    secret = await make(issuer)
    issuer.later(hours=1)

    with pytest.raises(LinkOver):
        await open_(issuer, secret)


async def test_of_whoever_is_disabled_no_link_is_good(issuer):
    secrets = {kind: await make(issuer, kind) for kind in ("verify", "reset", "sign_in", "end_sessions")}
    await issuer.disable_person()

    for kind, secret in secrets.items():
        with pytest.raises(LinkOver):
            await open_(issuer, secret, kind)


async def test_nobody_gets_a_link_for_a_person_who_is_not_there(issuer):
    assert await links.make(issuer.server, "reset", "nobody", HOUR, issuer.server.clock()) is None


async def test_an_invitation_is_bound_to_nobody(issuer):
    secret = await make(issuer, "invite", None, email="new@example.org", detail={"groups": ["staff"]})
    found = await open_(issuer, secret, "invite")

    assert ("new@example.org", {"groups": ["staff"]}) == (found.link.email, found.link.detail)
    await issuer.server.store.commit(links.spend(found, issuer.server.clock()))


async def test_every_link_of_a_kind_can_be_ended(issuer):
    reset, verify = await make(issuer), await make(issuer, "verify")
    await issuer.server.store.commit([stored.end_all(ALICE, "reset", issuer.server.clock())])

    with pytest.raises(LinkOver):
        await open_(issuer, reset)
    await open_(issuer, verify, "verify")


async def test_tries_at_a_code_are_counted_before_it_is_looked_at(issuer):
    secret = await make(issuer, "sign_in")
    for _ in range(5):
        found = await stored.find(issuer.server.store, ids.digest(secret))
        assert found is not None
        await issuer.server.store.commit([stored.count_try(found)])

    with pytest.raises(LinkOver) as over:
        await open_(issuer, secret, "sign_in")
    assert "link tries" == over.value.check


async def test_the_address_of_a_link_is_the_issuers_own(issuer):
    assert "https://id.example/link?token=mml_x" == links.url(issuer.server, "mml_x")
