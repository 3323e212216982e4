"""Whatever is asked at once, what comes of it is what some order of the change sets would have made of it."""

import asyncio
import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from mintmark.store.changes import Conflict, Insert, Require, Run, Update
from mintmark.store.schema import throttles
from tests.store import rows
from tests.store.rows import throttle

ids = st.sampled_from("abc")
counts = st.integers(0, 2)
guards = st.one_of(st.builds(dict), st.builds(lambda n: {"failures": n}, counts))
changes = st.one_of(
    st.builds(lambda name, guard: Require(throttles, {"id": name, **guard}), ids, guards),
    st.builds(lambda name, guard, n: Update(throttles, {"id": name, **guard}, {"failures": n}), ids, guards, counts),
    st.builds(throttle, ids, counts),
)
# Guards speak of the rows as they stood before the set, so a set does not insert what it also relies on.
sets = st.lists(changes, min_size=1, max_size=3).filter(
    lambda one: (
        len({change.values["id"] if isinstance(change, Insert) else change.where["id"] for change in one}) == len(one)
    )
)


def applied(state, one):
    """The state afterwards; None: a guard fails."""
    after = dict(state)
    for change in one:
        if isinstance(change, Insert):
            if change.values["id"] in state:
                return None
            after[change.values["id"]] = change.values["failures"]
            continue
        name = change.where["id"]
        if name not in state or change.where.get("failures", state[name]) != state[name]:
            return None
        if isinstance(change, Update):
            after[name] = change.values["failures"]
    return after


def explains(order, state, asked, written):
    for number in order:
        after = applied(state, asked[number])
        if (after is not None) != written[number]:
            return None
        state = after or state
    return state


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(ids, counts), st.lists(sets, min_size=2, max_size=5))
async def test_what_comes_of_it_is_some_order_of_the_sets(store, state, asked):
    await store.commit([Run(delete(throttles), {}), *[throttle(name, n) for name, n in state.items()]])
    outcomes = await asyncio.gather(*[store.commit(one) for one in asked], return_exceptions=True)
    after = dict(await store.fetch(rows.COUNTED))

    assert {type(None), Conflict} >= {type(outcome) for outcome in outcomes}
    written = [outcome is None for outcome in outcomes]
    assert any(after == explains(order, state, asked, written) for order in itertools.permutations(range(len(asked))))
