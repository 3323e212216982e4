"""Whatever is done to a chain is found, and told of the row or the seal it was done to."""

import hmac
from dataclasses import replace
from hashlib import sha256

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import audit_chain, ids
from mintmark.protocol.audit_chain import Check, Row, Seal, Side
from mintmark.protocol.ids import EPOCH

words = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def a_row(number, address="192.0.2.1", salt=b"s" * 16, **changed):
    id = ids.uuid7(EPOCH, number.to_bytes(10))
    chained = {**dict.fromkeys(audit_chain.CHAINED), "id": id, "at": number, "event": f"event {number}", **changed}
    personal = None if address is None else audit_chain.personal_digest(salt, address)
    side = None if address is None else Side(address, salt)
    return Row(tuple(chained.values()), personal, None, None, side)


def digest_of(row):
    return audit_chain.row_digest(row.chained, None if row.personal is None else row.personal.hex())


def chained(groups):
    """Seals over the rows, and the rows with their marks. A signature is the text of its claims."""
    head, found = audit_chain.FIRST, []
    for number, rows in enumerate(groups, 1):
        marked = [replace(row, seal=number) for row in rows]
        listed = audit_chain.listed([(row.id, digest_of(row)) for row in marked])
        previous, head = head, audit_chain.head_of(head, number, listed)
        seal = Seal(number, 1_000, listed, head, None, previous)
        found.append((replace(seal, signature=signature(seal)), marked))
    return found


def signature(seal):
    return repr(seal.claims())


def signed(text, typ):
    found = eval(text) if text.startswith("{") else None
    return found if typ == audit_chain.SEAL else None


def checked(chain, rest=(), **more):
    check = Check(signed, **more)
    faults = [fault for seal, rows in chain for fault in check.seal(seal, rows)]
    faults += [fault for row in rest for fault in check.rest(row)]
    return check, [*faults, *check.end()]


@given(st.binary(min_size=16, max_size=16), words)
def test_the_digest_of_personal_fields_is_an_hmac(salt, address):
    message = b"{}" if address is None else orjson.dumps({"address": address})

    assert hmac.digest(salt, message, sha256) == audit_chain.personal_digest(salt, address)


@given(st.lists(words | st.integers(-(2**63), 2**63 - 1), min_size=2, max_size=12), st.data())
def test_two_rows_have_one_digest_only_where_they_are_equal(values, data):
    place = data.draw(st.integers(0, len(values) - 1))
    other = [*values]
    other[place] = data.draw(words | st.integers(-(2**63), 2**63 - 1))

    assert (values == other) == (audit_chain.row_digest(values, None) == audit_chain.row_digest(other, None))
    assert audit_chain.row_digest(values, None) != audit_chain.row_digest(values, "")


groups = st.lists(st.integers(0, 4), min_size=1, max_size=5).map(
    lambda sizes: [[a_row(10 * place + n) for n in range(size)] for place, size in enumerate(sizes)]
)


@given(groups)
def test_a_chain_that_nobody_touched_is_whole(made):
    check, faults = checked(chained(made))

    assert [] == faults
    assert (len(made), sum(map(len, made))) == (check.seals, check.rows)
    assert chained(made)[-1][0].head == check.head


@given(groups.filter(any), st.data())
def test_any_one_change_to_a_row_names_it(made, data):
    chain = chained(made)
    place = data.draw(st.sampled_from([n for n, (_, rows) in enumerate(chain) if rows]))
    seal, rows = chain[place]
    number = data.draw(st.integers(0, len(rows) - 1))
    row = rows[number]
    column = data.draw(st.integers(0, len(row.chained) - 1))
    other = data.draw((words | st.integers(0, 9)).filter(lambda value: value != row.chained[column]))
    kinds = {
        "chained": replace(row, chained=[*row.chained[:column], other, *row.chained[column + 1 :]]),
        "personal": replace(row, personal=data.draw(st.none() | st.binary(min_size=32, max_size=32))),
        "seal": replace(row, seal=data.draw(st.none() | st.integers(100, 200))),
        "address": replace(row, address="192.0.2.1"),
        "side": replace(row, side=Side(data.draw(words), b"t" * 16)),
        "deleted": None,
    }
    changed = kinds[data.draw(st.sampled_from(sorted(kinds)))]
    chain[place] = (seal, [one for one in [*rows[:number], changed, *rows[number + 1 :]] if one is not None])
    _, faults = checked(chain)

    assert row.id in {fault.row for fault in faults}
    assert {place + 1} == {fault.seal for fault in faults}


@given(groups, st.data())
def test_any_one_change_to_a_seal_names_it(made, data):
    chain = chained(made)
    place = data.draw(st.integers(0, len(chain) - 1))
    seal, rows = chain[place]
    other = {
        "rows": data.draw(st.sampled_from(["[]", "", "{}", "[[1,2]]", "[3]", '[["a","b"]]'])),
        "head": b"h" * 32,
        "signature": data.draw(st.sampled_from([None, "x", "{}"])),
        "sealed_at": 999,
    }
    name = data.draw(st.sampled_from(sorted(other)))
    changed = replace(seal, **{name: other[name]})
    chain[place] = (changed, rows)
    _, faults = checked(chain)

    assert (place + 1 in {fault.seal for fault in faults}) == (changed != seal)


@given(groups.filter(lambda made: len(made) > 1), st.data())
def test_a_seal_that_is_missing_is_named(made, data):
    chain = chained(made)
    place = data.draw(st.integers(0, len(chain) - 2))
    del chain[place]
    _, faults = checked(chain)

    assert ("it is missing", place + 1) in {(fault.what, fault.seal) for fault in faults}


@given(groups.filter(lambda made: len(made) > 1))
def test_seals_in_another_order_are_named(made):
    chain = chained(made)
    _, faults = checked([chain[1], chain[0], *chain[2:]])

    assert {1} <= {fault.seal for fault in faults}


def test_rows_in_another_order_than_in_their_seal_are_named():
    [(seal, rows)] = chained([[a_row(1), a_row(2), a_row(3)]])
    _, faults = checked([(seal, [rows[0], rows[2], rows[1]])])

    assert [(rows[1].id, 2, "event 2")] == [(fault.row, fault.at, fault.event) for fault in faults]
    assert "reordered" in faults[0].what


def test_a_list_whose_ids_do_not_ascend_names_the_row():
    [(_, rows)] = chained([[a_row(1), a_row(2)]])
    chain = chained([rows[::-1]])
    _, faults = checked(chain)

    assert [rows[0].id] == [fault.row for fault in faults]


def test_a_row_that_stands_twice_or_in_no_list_was_inserted():
    [(seal, rows)] = chained([[a_row(1)]])
    other = replace(a_row(2), seal=1)
    _, faults = checked([(seal, [*rows, *rows, other])])

    assert [rows[0].id, other.id] == [fault.row for fault in faults]
    assert all("inserted" in fault.what for fault in faults)


def test_what_no_seal_lists_waits_or_has_no_business_there():
    waiting = replace(a_row(1, address=None), address="192.0.2.1")
    marked = replace(a_row(2), seal=7)
    half = a_row(3)
    without_side = replace(a_row(4), side=None)
    odd = replace(a_row(5, at="soon", event=None), seal=7)
    check, faults = checked([], [waiting, marked, half, without_side, odd])

    assert 1 == check.unsealed
    assert [marked.id, half.id, without_side.id, odd.id] == [fault.row for fault in faults]
    assert [(2, "event 2"), (None, None)] == [(faults[n].at, faults[n].event) for n in (0, 3)]


def test_what_was_erased_or_retired_or_late_is_counted_and_no_fault():
    (first, _), (second, rows) = chained([[a_row(1)], [a_row(2), a_row(3, at=-audit_chain.LATE)]])
    check, faults = checked([(first, []), (second, [replace(rows[0], side=None), rows[1]])], retired=1)

    assert [] == faults
    assert (1, 1, 1) == (check.gone, check.erased, check.late)


def test_of_a_part_neither_rows_nor_seals_are_missed_and_what_is_there_must_fit():
    chain = chained([[a_row(1)], [a_row(2), a_row(3)], [a_row(4)]])
    (first, rows), (_, _), (third, others) = chain
    part = [(first, rows), (third, others)]
    _, whole = checked(part, is_part=True)
    _, broken = checked([(first, []), (replace(third, previous=b"x" * 32), others)], is_part=True)
    _, unknown = checked([(replace(third, previous=None), others)], is_part=True)

    assert ([], [3], []) == (whole, [fault.seal for fault in broken], unknown)


def test_heads_that_are_known_must_come_by():
    chain = chained([[a_row(1)], [a_row(2)]])
    _, right = checked(chain, heads={1: chain[0][0].head.hex(), 2: chain[1][0].head.hex()})
    _, wrong = checked(chain, heads={1: "0" * 64, 3: "0" * 64})

    assert [] == right
    assert [1, 3] == [fault.seal for fault in wrong]


def test_many_missing_seals_are_told_by_the_first_of_them():
    chain = chained([[a_row(n)] for n in range(60)])
    _, faults = checked([chain[0], chain[-1]])

    assert 20 == len([fault for fault in faults if fault.what == "it is missing"])


def test_a_deleted_row_whose_id_tells_no_time_is_named_without_it():
    [(seal, rows)] = chained([[a_row(1, id="odd")]])
    _, [fault] = checked([(seal, [])])

    assert (rows[0].id, None, "it was deleted") == (fault.row, fault.at, fault.what)


@pytest.mark.parametrize(
    ("actor", "person", "whose"), [(None, None, None), (None, "p", "p"), ("a", "p", "a"), ("a", None, "a")]
)
def test_personal_fields_are_of_whoever_acted(actor, person, whose):
    assert whose == audit_chain.owner(actor, person)
