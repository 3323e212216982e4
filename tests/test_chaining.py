"""The audit trail is sealed, on both databases: what a sealer does, alone and beside another, and what is retired."""

import asyncio
import json
import os
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, insert, select, update

from mintmark import chaining, keyring
from mintmark.commands import audit_export, audit_verify
from mintmark.commands.opening import Opened
from mintmark.events import Configured, SignInFailed
from mintmark.keys import rotation
from mintmark.protocol import audit_chain, ids
from mintmark.store import audit, audit_personal, audit_seals, listed_audit, schema, signing_keys
from mintmark.store.changes import Conflict, Run
from mintmark.store.executor import Read
from mintmark.store.listed_audit import Wanted
from mintmark.store.times import ms
from tests.databases import *  # noqa: F403
from tests.issuer import *  # noqa: F403

ROWS = Read(select(schema.audit.c.id, schema.audit.c.seal, schema.audit.c.address).order_by(schema.audit.c.id))
SIDES = Read(select(schema.audit_personal.c.person_id, schema.audit_personal.c.address))
SALTS = Read(select(schema.person_salts.c.person_id))
SEALED = Read(select(func.count()).select_from(schema.audit_seals))


@pytest.fixture(autouse=True)
def alone(request):
    """The upkeep would seal what a test is about to seal; one test waits for it."""
    if request.function is not test_the_upkeep_seals:
        request.getfixturevalue("without_upkeep")


async def happen(issuer, count=1, person="p", address="192.0.2.1", ago=timedelta(0), **more):
    """Rows as the doors write them; answers their ids."""
    now = issuer.server.clock() - ago
    made = [ids.uuid7(now, os.urandom(10)) for _ in range(count)]
    event = SignInFailed(person_id=person, why="wrong password", **more)
    await issuer.server.store.commit([audit.add(id, event, now, request_id="r", address=address) for id in made])
    return made


async def verified(issuer):
    return (await audit_verify.database(issuer.server.store, None, {})).document()


async def faults(issuer):
    return [(one["row"] or one["seal"], one["what"]) for one in (await verified(issuer))["faults"]]


async def run(issuer, statement):
    await issuer.server.store.commit([Run(statement, {})])


async def test_rows_are_sealed_in_their_order_and_the_chain_is_whole(issuer):
    made = sorted(await happen(issuer, 3))
    sealed = await chaining.Chain().seal_audit(issuer.server)
    [seal] = await audit_seals.following(issuer.server.store, 0, 10)
    report = await verified(issuer)

    assert 3 == sealed
    assert made == [id for id, _ in json.loads(seal.rows)]
    assert [(id, 1, None) for id in made] == await issuer.server.store.fetch(ROWS)
    assert (True, 1, 3, 0) == (report["whole"], report["seals"], report["rows"], report["unsealed"])
    assert {"number": 1, "sealed_at": "2026-11-25T12:00:00.000Z", "head": seal.head.hex()} == report["last"]


async def test_nothing_new_makes_no_seal(issuer):
    chain = chaining.Chain()
    await happen(issuer)
    await chain.seal_audit(issuer.server)

    assert 0 == await chain.seal_audit(issuer.server)
    assert [(1,)] == await issuer.server.store.fetch(SEALED)


async def test_a_row_that_commits_late_goes_into_the_next_seal(issuer):
    chain = chaining.Chain()
    await happen(issuer)
    await chain.seal_audit(issuer.server)
    [late] = await happen(issuer, ago=timedelta(minutes=4))
    await chain.seal_audit(issuer.server)
    seals = await audit_seals.following(issuer.server.store, 0, 10)

    assert [1, 2] == [seal.number for seal in seals]
    assert late == json.loads(seals[1].rows)[0][0]
    assert (await verified(issuer))["whole"]


async def test_a_row_older_than_anybody_looks_is_found_by_the_sweep(issuer):
    chain = chaining.Chain()
    await happen(issuer)
    await chain.seal_audit(issuer.server)
    await happen(issuer, ago=timedelta(hours=3))
    at_once = await chain.seal_audit(issuer.server)
    issuer.later(minutes=10)
    swept = await chain.seal_audit(issuer.server)
    report = await verified(issuer)

    assert (0, 1) == (at_once, swept)
    assert (True, 1) == (report["whole"], report["late"])


async def test_a_new_process_looks_at_everything(issuer):
    await happen(issuer)
    await chaining.Chain().seal_audit(issuer.server)
    await happen(issuer, ago=timedelta(days=3))
    issuer.later(seconds=4)

    assert 1 == await chaining.Chain().seal_audit(issuer.server)


async def test_many_rows_are_several_seals(issuer, monkeypatch):
    monkeypatch.setattr(chaining, "BATCH", 10)
    await happen(issuer, 25)
    sealed = await chaining.Chain().seal_audit(issuer.server)
    report = await verified(issuer)

    assert (25, 3, True) == (sealed, report["seals"], report["whole"])


async def test_two_sealers_at_once_chain_each_row_once(issuer, monkeypatch):
    monkeypatch.setattr(chaining, "BATCH", 5)
    await happen(issuer, 40)
    chains = [chaining.Chain() for _ in range(4)]
    for _ in range(20):
        await asyncio.gather(*(chain.seal_audit(issuer.server) for chain in chains))
        issuer.later(seconds=4)
    report = await verified(issuer)

    assert (True, 40, 0) == (report["whole"], report["rows"], report["unsealed"])


async def test_who_did_not_make_the_last_seal_stands_by(issuer):
    first, second = chaining.Chain(), chaining.Chain()
    await happen(issuer)
    await first.seal_audit(issuer.server)
    await happen(issuer)
    stood_by = await second.seal_audit(issuer.server)
    issuer.later(seconds=3)  # and the first has not sealed it
    took_over = await second.seal_audit(issuer.server)
    await happen(issuer)

    assert (0, 1) == (stood_by, took_over)
    assert (0, 1) == (await first.seal_audit(issuer.server), await second.seal_audit(issuer.server))


async def test_the_second_of_two_seals_of_one_number_writes_nothing(issuer):
    await happen(issuer, 2)
    store, now = issuer.server.store, issuer.server.clock()
    rows = await audit_seals.unsealed(store, 0, 10)
    last = await audit_seals.last(store)
    await chaining._seal(issuer.server, last, rows[:1], now)
    with pytest.raises(Conflict):
        await chaining._seal(issuer.server, last, rows[1:], now)

    assert [1] == [seal.number for seal in await audit_seals.following(store, 0, 10)]
    assert (await verified(issuer))["unsealed"] == 1


async def test_personal_fields_stand_beside_the_row_and_lists_show_them(issuer):
    await happen(issuer, person="alice")
    await happen(issuer, person=None, address="192.0.2.2")
    await happen(issuer, person=None, address=None)
    await chaining.seal_audit(issuer.server)
    await happen(issuer, person="alice", address="192.0.2.2")  # this one is not sealed yet
    store = issuer.server.store
    shown = [entry.address for entry in await listed_audit.page(store, Wanted(), limit=10)]

    assert {("alice", "192.0.2.1"), (None, "192.0.2.2")} == set(await store.fetch(SIDES))
    assert [("alice",)] == await store.fetch(SALTS)
    assert sorted(["192.0.2.1", "192.0.2.2", "192.0.2.2", "None"]) == sorted(map(str, shown))
    assert 2 == len(await listed_audit.page(store, Wanted(address="192.0.2.2"), limit=10))
    assert 1 == len(await listed_audit.page(store, Wanted(address="192.0.2.2", person_id="alice"), limit=10))
    assert 1 == len(await listed_audit.page(store, Wanted(address="192.0.2.2"), limit=1))


@pytest.mark.parametrize("oldest_first", [False, True])
async def test_a_filter_that_leaves_much_out_finds_all_the_same_in_steps(issuer, monkeypatch, oldest_first):
    monkeypatch.setattr(listed_audit, "STEP", 2)
    for ago in range(9):
        await happen(issuer, person="q" if ago % 4 else "p", client_id="web", ago=timedelta(seconds=ago))
    store = issuer.server.store

    async def pages(limit, **filters):
        found, after = [], None
        while page := await listed_audit.page(
            store, Wanted(**filters), limit=limit, after=after, oldest_first=oldest_first
        ):
            found += [entry.id for entry in page]
            after = page[-1].id
        return found

    everything = await pages(50)
    mine = [entry.id for entry in await listed_audit.page(store, Wanted(person_id="p"), limit=9)]

    assert sorted(everything, reverse=not oldest_first) == everything
    for limit in (1, 2, 9):
        both = await pages(limit, client_id="web", person_id="p")
        refused = await pages(limit, client_id="web", event="sign_in_failed", outcome="refused")

        assert sorted(mine, reverse=not oldest_first) == both
        assert everything == refused
        assert [] == await pages(limit, client_id="web", outcome="done") == await pages(limit, outcome="done")


async def test_an_operators_address_is_the_operators(issuer):
    event = Configured(kind="user", subject="alice", change="update", person_id="alice", actor="olga")
    store, now = issuer.server.store, issuer.server.clock()
    id = ids.uuid7(now, os.urandom(10))
    await store.commit([audit.add(id, event, now, request_id=None, address="192.0.2.9")])
    await chaining.seal_audit(issuer.server)
    await store.commit(audit_personal.erase("alice"))

    assert [("olga", "192.0.2.9")] == await store.fetch(SIDES)

    await store.commit(audit_personal.erase("olga"))

    assert [] == await store.fetch(SIDES)


async def test_who_is_erased_leaves_a_chain_that_is_whole(issuer):
    await happen(issuer, 2, person="alice")
    await happen(issuer, person="bob")
    await chaining.seal_audit(issuer.server)
    await happen(issuer, person="alice")
    store = issuer.server.store
    await store.commit(audit_personal.erase("alice"))
    await chaining.seal_audit(issuer.server)
    report = await verified(issuer)

    assert [("bob", "192.0.2.1")] == await store.fetch(SIDES)
    assert [("bob",)] == await store.fetch(SALTS)
    assert (True, 2, 4) == (report["whole"], report["erased"], report["rows"])
    assert {None} == {entry.address for entry in await listed_audit.page(store, Wanted(person_id="alice"), limit=10)}


async def test_an_erasure_between_reading_and_sealing_is_not_undone(issuer):
    await happen(issuer, person="alice")
    store, now = issuer.server.store, issuer.server.clock()
    rows = await audit_seals.unsealed(store, 0, 10)
    await store.commit(audit_personal.erase("alice"))
    with pytest.raises(Conflict):
        await chaining._seal(issuer.server, await audit_seals.last(store), rows, now)
    await chaining.seal_audit(issuer.server)

    assert [] == await store.fetch(SIDES)
    assert (await verified(issuer))["whole"]


async def test_an_erasure_and_a_seal_at_once_leave_nothing_personal(issuer):
    """Whichever comes first, on PostgreSQL at the same time in two transactions."""
    store = issuer.server.store
    for _ in range(10):
        await happen(issuer, 20, person="alice")
        await asyncio.gather(
            chaining.seal_audit(issuer.server), store.commit(audit_personal.erase("alice")), return_exceptions=True
        )
        await chaining.seal_audit(issuer.server)

    assert [] == await store.fetch(SIDES)
    assert (await verified(issuer))["whole"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (update(schema.audit).values(outcome="done"), "it was changed"),
        (update(schema.audit).values(detail="{}"), "it was changed"),
        (update(schema.audit).values(count=schema.audit.c.count + 1), "it was changed"),
        (update(schema.audit).values(personal=b"x" * 32), "it was changed"),
        (update(schema.audit).values(seal=2), "it was moved: it is marked with seal 2"),
        (update(schema.audit).values(seal=None), "it was moved: it is marked with no seal"),
        (update(schema.audit).values(address="192.0.2.7"), "it was changed: an address was written into it"),
        (delete(schema.audit), "it was deleted"),
    ],
)
async def test_a_row_that_was_touched_is_named(issuer, change, what):
    made = sorted(await happen(issuer, 3))
    await chaining.seal_audit(issuer.server)
    await happen(issuer)
    await chaining.seal_audit(issuer.server)
    await run(issuer, change.where(schema.audit.c.id == made[1]))
    report = await verified(issuer)
    [fault] = report["faults"]
    event = None if what == "it was deleted" else "sign_in_failed"

    assert {"what": what, "seal": 1, "row": made[1], "at": "2026-11-25T12:00:00.000Z", "event": event} == fault
    assert not report["whole"]


async def test_two_rows_that_changed_places_are_named(issuer):
    first, second = sorted([*await happen(issuer, person="a"), *await happen(issuer, person="b")])
    await chaining.seal_audit(issuer.server)
    for id, other in ((first, "x"), (second, first), ("x", second)):
        await run(issuer, update(schema.audit).where(schema.audit.c.id == id).values(id=other))

    assert [(first, "it was changed"), (second, "it was changed")] == await faults(issuer)


async def test_a_row_that_was_slipped_in_is_named(issuer):
    await happen(issuer, 2)
    await chaining.seal_audit(issuer.server)
    [new] = await happen(issuer)
    await run(issuer, update(schema.audit).where(schema.audit.c.id == new).values(seal=1))
    [(row, what)] = await faults(issuer)

    assert new == row
    assert what.startswith("it was inserted: seal 1")


async def test_a_side_row_that_was_touched_is_named(issuer):
    [id] = await happen(issuer)
    await chaining.seal_audit(issuer.server)
    await run(issuer, update(schema.audit_personal).values(address="192.0.2.99"))

    assert [(id, "its personal fields were changed")] == await faults(issuer)


async def three_seals(issuer):
    for _ in range(3):
        await happen(issuer, 2)
        await chaining.seal_audit(issuer.server)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (update(schema.audit_seals).values(head=b"x" * 32), "do not make its head"),
        (update(schema.audit_seals).values(rows="[]"), "do not make its head"),
        (update(schema.audit_seals).values(rows="no list"), "cannot be read"),
        (update(schema.audit_seals).values(signature=None), "it is forged"),
        (update(schema.audit_seals).values(sealed_at=1), "it is forged: its signature is over something else"),
        (delete(schema.audit_seals), "it is missing"),
    ],
)
async def test_a_seal_that_was_touched_is_named(issuer, change, what):
    await three_seals(issuer)
    await run(issuer, change.where(schema.audit_seals.c.number == 2))
    found = await faults(issuer)

    assert any(2 == about and what in said for about, said in found), found
    assert 3 not in [about for about, _ in found]


async def test_seals_that_changed_places_are_named(issuer):
    await three_seals(issuer)
    for number, other in ((1, 9), (2, 1), (9, 2)):
        await run(issuer, update(schema.audit_seals).where(schema.audit_seals.c.number == number).values(number=other))
    found = await faults(issuer)

    assert {1, 2} <= {about for about, _ in found}


async def test_a_list_in_another_order_names_row_and_seal(issuer):
    first, second = sorted(await happen(issuer, 2))
    await chaining.seal_audit(issuer.server)
    [seal] = await audit_seals.following(issuer.server.store, 0, 1)
    await run(issuer, update(schema.audit_seals).values(rows=json.dumps(json.loads(seal.rows)[::-1])))
    found = await faults(issuer)

    assert (first, f"it was reordered in the list of its seal: it stands behind {second}") in found
    assert 1 in [about for about, _ in found]


async def test_a_chain_made_anew_by_somebody_without_the_key_is_forged(issuer):
    """Row, list and head fit together; the signature does not."""
    await happen(issuer)
    await chaining.seal_audit(issuer.server)
    await run(issuer, update(schema.audit).values(detail="{}"))
    store = issuer.server.store
    columns = [schema.audit.c[name] for name in audit_chain.CHAINED]
    [(*chained, personal)] = await store.fetch(Read(select(*columns, schema.audit.c.personal)))
    rows = audit_chain.listed([(chained[0], audit_chain.row_digest(chained, personal.hex()))])
    head = audit_chain.head_of(audit_chain.FIRST, 1, rows)
    await run(issuer, update(schema.audit_seals).values(rows=rows, head=head))

    assert [(1, "it is forged: its signature is over something else")] == await faults(issuer)


async def test_a_head_that_was_written_down_is_missed(issuer):
    await three_seals(issuer)
    last = (await verified(issuer))["last"]
    await run(issuer, delete(schema.audit_seals).where(schema.audit_seals.c.number == 3))
    await run(issuer, delete(schema.audit).where(schema.audit.c.seal == 3))
    unaware = await verified(issuer)
    report = await audit_verify.database(issuer.server.store, None, {3: last["head"], 1: "0" * 64})

    assert unaware["whole"]
    assert [(1, "it is another one than that whose head is known"), (3, "it is missing, and its head is known")] == [
        (fault.seal, fault.what) for fault in report.faults.values()
    ]


async def rotate(issuer):
    """In an emergency: the old key is removed at once, its private half destroyed."""
    server, now = issuer.server, issuer.server.clock()
    there = await signing_keys.all(server.store)
    steps = rotation.rotate_emergency([key.facts for key in there], now, "ES256")
    await keyring.carry_out(server.store, server.sealer, there, steps)
    server.registry.forget()


async def test_the_chain_is_whole_across_a_rotation(issuer):
    await happen(issuer)
    await chaining.seal_audit(issuer.server)
    await rotate(issuer)
    await happen(issuer)
    await chaining.seal_audit(issuer.server)
    report = await verified(issuer)

    assert (True, 2) == (report["whole"], report["seals"])


@pytest.fixture
async def retaining(database):
    from tests.issuer import start

    async for one in start(database, MINTMARK_AUDIT_RETENTION="30d"):
        yield one


async def test_old_rows_are_retired_by_whole_seals_and_the_chain_stays_whole(retaining):
    issuer, server = retaining, retaining.server
    await happen(issuer, 3, person="alice")
    await chaining.seal_audit(server)
    issuer.later(days=20)
    [kept] = await happen(issuer)
    await chaining.seal_audit(server)
    issuer.later(days=11)
    retired = await chaining.retire_audit(server)
    await chaining.seal_audit(server)
    report = await verified(issuer)

    assert 3 == retired
    assert 0 == await chaining.retire_audit(server)
    assert kept == (await server.store.fetch(ROWS))[0][0]
    assert [("p", "192.0.2.1")] == await server.store.fetch(SIDES)
    assert (True, 3, 1, 3) == tuple(report[name] for name in ("whole", "seals", "retired_through", "retired"))

    issuer.later(days=40)  # what told of it is retired too, by a later one
    await chaining.retire_audit(server)
    report = await verified(issuer)

    assert (True, 3) == (report["whole"], report["retired_through"])


def lines_of(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


async def test_an_export_after_a_retirement_proves_that_it_was_one(retaining, tmp_path):
    issuer, server, file = retaining, retaining.server, tmp_path / "trail.jsonl"
    await happen(issuer, 3)
    await chaining.seal_audit(server)
    issuer.later(days=31)
    await chaining.retire_audit(server)
    await chaining.seal_audit(server)
    opened = Opened(issuer.settings, server.store, server.sealer, server.registry, server.clock(), "a test")
    await audit_export.jsonl(opened, Wanted(), file)
    whole = audit_verify.export(file, None, {}).document()
    header, *others = lines_of(file)

    assert (True, 1, 3, 1) == tuple(whole[name] for name in ("whole", "retired_through", "retired", "rows"))

    for proof, what in ((None, "it was deleted"), ("a.b.c", "its proof that rows were retired is forged")):
        header["mintmark_audit"]["retired"] = proof
        file.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in (header, *others)))
        found = audit_verify.export(file, None, {}).document()

        assert not found["whole"]
        assert what in [fault.what for fault in audit_verify.export(file, None, {}).faults.values()]


async def test_a_retirement_that_broke_off_is_whole_and_goes_on(retaining):
    issuer, server = retaining, retaining.server
    made = await happen(issuer, 3)
    await chaining.seal_audit(server)
    issuer.later(days=31)
    await chaining.retire_audit(server)
    columns = {"at": ms(server.clock() - timedelta(days=31)), "event": "e", "outcome": "done", "count": 1}
    left = insert(schema.audit).values(id=made[0], detail="{}", seal=1, **columns)
    await run(issuer, left)  # stands for a row that was not deleted yet, though another one

    assert [(made[0], "it was changed")] == await faults(issuer)
    assert 1 == await chaining.retire_audit(server)
    assert (await verified(issuer))["whole"]


async def test_rows_are_missed_where_nobody_has_signed_that_they_may_be_gone(issuer):
    made = await happen(issuer, 2)
    await chaining.seal_audit(issuer.server)
    await run(issuer, delete(schema.audit))
    forged = {
        "event": "audit_retired",
        "outcome": "done",
        "count": 1,
        "at": 1,
        "id": ids.uuid7(issuer.moment[0], b"0" * 10),
    }
    detail = json.dumps({"through": 1, "before": "2030-01-01", "proof": "a.b.c"})
    await run(issuer, insert(schema.audit).values(detail=detail, **forged))
    await chaining.seal_audit(issuer.server)

    assert sorted((id, "it was deleted") for id in made) == sorted(await faults(issuer))


async def test_nothing_is_retired_where_nobody_said_so(issuer):
    await happen(issuer)
    await chaining.seal_audit(issuer.server)
    issuer.later(days=3000)

    assert 0 == await chaining.retire_audit(issuer.server)


async def test_the_upkeep_seals(issuer):
    await happen(issuer)
    for _ in range(100):
        if await issuer.server.store.fetch(SEALED) == [(1,)]:
            break
        await asyncio.sleep(0.05)

    assert (await verified(issuer))["whole"]
