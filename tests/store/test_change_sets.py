import asyncio
from typing import Any

import pytest
from sqlalchemy import BindParameter, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from mintmark.store.changes import Conflict, Insert, Require, Run, Update, Values
from mintmark.store.executor import Read
from mintmark.store.schema import authorizations, client_secrets, codes, consents, people, throttles
from tests.store import rows
from tests.store.rows import counted, stands, throttle


async def test_what_was_committed_is_read_at_once(store):
    await store.commit([throttle("a", 3)])

    assert [("a", 3, 1, 2, 3)] == await store.fetch(rows.THROTTLE, id="a")
    assert [] == await store.fetch(rows.THROTTLE, id="b")


async def test_no_change_is_no_statement(store):
    before = store.statements
    await store.commit([])

    assert before == store.statements


async def test_bytes_null_and_large_numbers_come_back_as_they_went(store):
    await store.commit([rows.code(b"\x00\xff", spent_at=2**62), rows.code(b"", spent_at=None)])

    assert [(b"\x00\xff", 2**62)] == await store.fetch(rows.CODE, digest=b"\x00\xff")
    assert [(b"", None)] == await store.fetch(rows.CODE, digest=b"")


ODD = [
    "", " ", "null", "[]", '{"a": [1, "b"]}', "\"quoted\" 'twice' \\ \\u0041", "tab\tline\nreturn\rbell\x07delete\x7f",
    "Ünï\u0301 \u2028\u2029\ufeff\ufffd", "😀👩‍👩‍👧", "العربية", "x" * 5_000,
]  # fmt: skip


@pytest.mark.parametrize("text", ODD)
async def test_a_row_of_many_columns_comes_back_as_it_went(store, text):
    when = {"created_at": 2**62, "expires_at": -1, "ended_at": None}
    await store.commit([rows.authorization("a", scope=text, resources=text, acr=text, claims=text, **when)])
    (row,) = await store.fetch(rows.AUTHORIZATION, id="a")
    found = dict(zip([column.name for column in authorizations.columns], row, strict=True))

    assert "a" == found["id"]
    assert [text] * 4 == [found[name] for name in ("scope", "resources", "acr", "claims")]
    assert when == {name: found[name] for name in when}
    assert None is found["session_id"]
    assert 0 == found["ends_with_session"]
    assert [] == await store.fetch(rows.AUTHORIZATION, id="b")


async def test_a_guard_that_fails_writes_nothing(store):
    await store.commit([throttle("a", 1)])
    with pytest.raises(Conflict):
        await store.commit([counted("a", 2, 3), throttle("b")])

    assert [("a", 1)] == await store.fetch(rows.COUNTED)


async def test_a_second_guard_that_fails_leaves_the_first_row_untouched(store):
    await store.commit([throttle("a", 1), rows.code(b"d", spent_at=4)])
    with pytest.raises(Conflict):
        await store.commit([counted("a", 1, 2), rows.spent(b"d")])
    with pytest.raises(Conflict):
        await store.commit([throttle("b"), rows.spent(b"d")])

    assert [("a", 1)] == await store.fetch(rows.COUNTED)
    assert [(b"d", 4)] == await store.fetch(rows.CODE, digest=b"d")


async def test_a_required_row_must_stand_as_it_was_read(store):
    await store.commit([throttle("a", 1)])
    await store.commit([stands("a", 1), rows.code(b"1")])
    for failures, name in [(2, "a"), (1, "b")]:
        with pytest.raises(Conflict):
            await store.commit([stands(name, failures), rows.code(b"2")])

    assert [(b"1", None)] == await store.fetch(rows.CODE, digest=b"1")
    assert [] == await store.fetch(rows.CODE, digest=b"2")


async def test_a_guard_of_none_is_is_null(store):
    await store.commit([rows.code(b"open"), rows.code(b"spent", spent_at=1)])
    await store.commit([Require(codes, {"digest": b"open", "spent_at": None}), throttle("a")])
    with pytest.raises(Conflict):
        await store.commit([Require(codes, {"digest": b"spent", "spent_at": None}), throttle("b")])
    with pytest.raises(Conflict):
        await store.commit([Update(codes, {"digest": b"open", "spent_at": 1}, {"spent_at": 2})])

    assert [("a", 0)] == await store.fetch(rows.COUNTED)


async def test_a_value_may_become_null(store):
    await store.commit([rows.code(b"d", spent_at=1)])
    await store.commit([Update(codes, {"digest": b"d"}, {"spent_at": None, "nonce": "n"})])

    assert [(b"d", None)] == await store.fetch(rows.CODE, digest=b"d")


async def test_a_row_that_is_there_already_fails_the_set(store):
    await store.commit([throttle("a", 1)])
    with pytest.raises(Conflict):
        await store.commit([throttle("b"), throttle("a", 2)])

    assert [("a", 1)] == await store.fetch(rows.COUNTED)


async def test_a_unique_column_stands_behind_the_guards(store):
    await store.commit([rows.person("p")])
    with pytest.raises(Conflict):
        await store.commit([rows.throttle("a"), Insert(people, {**rows.person("q").values, "username_key": "p"})])

    assert [] == await store.fetch(rows.COUNTED)


async def test_a_row_whose_parent_is_gone_fails_the_set(store):
    secret: Values = {"id": "s", "client_id": "gone", "name": "n", "digest": b"", "length": 1, "created_at": 1}
    with pytest.raises(Conflict):
        await store.commit([throttle("a"), Insert(client_secrets, secret)])
    await store.commit([rows.client("gone"), Insert(client_secrets, secret)])

    assert [] == await store.fetch(rows.COUNTED)


async def test_one_failing_set_does_not_take_the_others_with_it(store):
    await store.commit([throttle("old", 1)])
    sets = [[rows.event(f"e {n}"), throttle("old" if n % 3 == 0 else f"new {n}", n)] for n in range(9)]
    outcomes = await asyncio.gather(*[store.commit(one) for one in sets], return_exceptions=True)

    assert [n % 3 == 0 for n in range(9)] == [isinstance(outcome, Conflict) for outcome in outcomes]
    assert 7 == len(await store.fetch(rows.COUNTED))
    assert 6 == len(await store.fetch(rows.EVENTS))


async def test_a_row_is_named_by_a_unique_column_too(store):
    await store.commit([rows.person("p")])
    await store.commit([Update(people, {"username_key": "p", "disabled_at": None}, {"disabled_at": 4})])
    with pytest.raises(Conflict):
        await store.commit([Update(people, {"username_key": "p", "disabled_at": None}, {"disabled_at": 5})])

    assert [(4,)] == await store.fetch(Read(select(people.c.disabled_at)))


async def test_a_change_that_names_no_single_row_is_refused(store):
    for change in (Update(throttles, {"failures": 1}, {"failures": 2}), Require(consents, {"person_id": "p"})):
        with pytest.raises(ValueError, match="must name its row"):
            await store.commit([change])


async def test_an_insert_of_an_unknown_column_is_refused(store):
    with pytest.raises(ValueError, match="no column nonsense"):
        await store.commit([throttle("a", nonsense=1)])


async def test_a_key_of_two_columns_names_a_row(store):
    await store.commit([rows.consent("a", "x"), rows.consent("b", "x")])
    key = {"person_id": "p", "client_id": "a"}
    await asyncio.gather(
        store.commit([Update(consents, {**key, "scope": "x"}, {"scope": "y"}), throttle("1")]),
        store.commit([Update(consents, {**key, "client_id": "b", "scope": "x"}, {"scope": "z"}), throttle("2")]),
    )
    with pytest.raises(Conflict):
        await store.commit([Require(consents, {**key, "scope": "x"}), throttle("3")])

    assert [("a", "y"), ("b", "z")] == await store.fetch(rows.CONSENTS)


async def test_two_updates_of_one_row_in_a_set_follow_one_another(store):
    await store.commit([throttle("a", 1)])
    await store.commit(
        [Update(throttles, {"id": "a"}, {"failures": 2}), Update(throttles, {"id": "a"}, {"first_at": 9})]
    )

    assert [("a", 2, 9, 2, 3)] == await store.fetch(rows.THROTTLE, id="a")


async def test_a_table_may_be_relied_on_and_updated_in_one_set(store):
    await store.commit([throttle("a", 1), throttle("b", 1)])
    crossed = [[stands("a", 1), counted("b", 1, 2)], [stands("b", 1), counted("a", 1, 2)]]
    outcomes = await asyncio.gather(*[store.commit(one) for one in crossed], return_exceptions=True)

    assert 1 == sum(isinstance(outcome, Conflict) for outcome in outcomes)


async def test_any_statement_may_be_part_of_a_set(store):
    await store.commit([throttle("a", 1), throttle("b", 1), throttle("c", 5)])
    add = update(throttles).where(throttles.c.failures == bindparam("n")).values(failures=throttles.c.failures + 1)
    await store.commit([stands("c", 5), Run(add, {"n": 1}, rows=2), rows.code(b"d")])

    assert [("a", 2), ("b", 2), ("c", 5)] == await store.fetch(rows.COUNTED)
    assert [(b"d", None)] == await store.fetch(rows.CODE, digest=b"d")


async def test_a_statement_that_touches_another_number_of_rows_fails_the_set(store):
    await store.commit([throttle("a", 1), throttle("b", 1)])
    remove = delete(throttles).where(throttles.c.failures == bindparam("n"))
    with pytest.raises(Conflict):
        await store.commit([rows.code(b"d"), Run(remove, {"n": 1}, rows=1)])
    with pytest.raises(Conflict):
        await store.commit([counted("a", 5, 6), Run(remove, {"n": 1})])

    assert [("a", 1), ("b", 1)] == await store.fetch(rows.COUNTED)
    assert [] == await store.fetch(rows.CODE, digest=b"d")


async def test_an_upsert_is_written_once_for_both_databases(store):
    row: dict[str, BindParameter[Any]] = {column.name: bindparam(column.name) for column in throttles.columns}
    upsert = insert(throttles).values(row)
    upsert = upsert.on_conflict_do_update(
        index_elements=[throttles.c.id], set_={"failures": throttles.c.failures + upsert.excluded.failures}
    )
    values = throttle("a", 1).values
    await asyncio.gather(*[store.commit([Run(upsert, values)]) for _ in range(5)])

    assert [("a", 5)] == await store.fetch(rows.COUNTED)


async def test_constants_stand_in_a_read(store):
    await store.commit([throttle(name, n) for n, name in enumerate("abcdef")])
    read = Read(select(throttles.c.id).where(throttles.c.id.in_(["b", "d", "f"])).order_by(throttles.c.id).limit(2))

    assert [("b",), ("d",)] == await store.fetch(read)


async def test_text_that_no_row_can_hold_is_found_nowhere(store):
    for text in ("\ud800", "a\x00b"):
        assert [] == await store.fetch(rows.THROTTLE, id=text)
        assert [] == await store.fetch(rows.TOKENS, authorization_id=text)


async def test_one_requests_impossible_text_is_not_the_others_fault(store):
    await store.commit([rows.refresh_token("t", "a")])
    asked = ["a", "\ud800", "b", "x\x00", "a"]
    found = await asyncio.gather(*[store.fetch(rows.TOKENS, authorization_id=name) for name in asked])

    assert [("a", b"t", None)] == found[0] == found[4]
    assert [[], [], []] == found[1:4]


async def test_impossible_text_is_written_nowhere_and_fails_only_its_own_set(store):
    outcomes = await asyncio.gather(
        *[store.commit([throttle(text)]) for text in ("a", "\ud800", "b")], return_exceptions=True
    )

    assert [True, False, True] == [outcome is None for outcome in outcomes]
    assert [("a", 0), ("b", 0)] == await store.fetch(rows.COUNTED)


async def test_whoever_stops_waiting_stops_nobody_else(store):
    tasks = [asyncio.ensure_future(store.commit([throttle(f"{n:02}")])) for n in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await store.commit([throttle("last")])

    assert {f"{n:02}" for n in range(1, 20, 2)} | {"last"} <= {name for name, _ in await store.fetch(rows.COUNTED)}
