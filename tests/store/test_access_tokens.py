"""Access tokens as introspection asks for them: many at the same time, each for its own."""

import asyncio
from datetime import UTC, datetime

import asyncpg

from mintmark.store import access_tokens, postgresql_reads, sql
from mintmark.store.postgresql_batch import DIALECT
from tests.store import rows

END = datetime(2030, 1, 1, tzinfo=UTC)


async def test_jwts_that_are_asked_for_at_once_are_told_apart(store):
    changes = [rows.person(), rows.authorization("a"), rows.authorization("b", ended_at=5)]
    await store.commit([*changes, access_tokens.revoke_jwt("revoked", END)])
    asked = [("j", "a"), ("j", None), ("j", "b"), ("revoked", "a"), ("k", "unknown"), ("j", "a")]
    found = await asyncio.gather(*[access_tokens.jwt_standing(store, *one) for one in asked])
    of = [standing and standing.authorization for _, standing in found]

    assert [one == ("revoked", "a") for one in asked] == [revoked for revoked, _ in found]
    assert ["a", None, "b", "a", None, "a"] == [one and one.id for one in of]
    assert [False, False, True, False, False, False] == [bool(one and one.ended_at) for one in of]


async def test_opaque_tokens_that_are_asked_for_at_once_are_told_apart(store):
    def token(name):
        claims = {"jti": name, "client_id": "c", "name": name}
        return access_tokens.add(
            claims, digest=name.encode(), person_id=None, authorization_id=None, one_use=False, place=None, now=END,
            expires_at=END,
        )  # fmt: skip

    await store.commit([token("a"), token("b")])
    found = await asyncio.gather(*[access_tokens.find(store, name) for name in (b"a", b"b", b"c", b"a")])

    assert ["a", "b", None, "a"] == [one and one.claims["name"] for one in found]


async def test_postgresql_reads_no_table_through_for_those_who_ask_at_once(postgresql_database):
    read = access_tokens._JWT
    many = postgresql_reads.for_each(read.statement, ("jti", *read.beside))
    text = sql.statement(many, DIALECT).sql
    connection = await asyncpg.connect(postgresql_database.url)
    try:
        await connection.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE asked AS {text}")
        plan = "\n".join([row[0] for row in await connection.fetch("EXPLAIN EXECUTE asked (ARRAY['a'], ARRAY['b'])")])
    finally:
        await connection.close()

    assert "Seq Scan" not in plan, plan
    assert 5 == plan.count("Index Cond"), plan
