import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import refresh_token
from mintmark.protocol.refresh_token import Expired, Fresh, HeirAgain, RefreshToken, Reused
from tests.protocol.making import NOW

GRACE = timedelta(seconds=30)
KEYS = st.binary(min_size=32, max_size=32)
SPANS = st.timedeltas(timedelta(days=-1), timedelta(days=1))


def token(**members):
    plain: dict[str, Any] = {
        "digest": b"",
        "id": "r",
        "created_at": NOW,
        "expires_at": NOW + timedelta(days=30),
        "spent_at": None,
        "heir_key_id": None,
        "heir_is_used": False,
    }
    return RefreshToken(**plain | members)


def spent(**members):
    return token(spent_at=NOW, heir_key_id="k", **members)


def use(found, after=timedelta(0), grace=GRACE):
    return refresh_token.use(found, NOW + after, grace)


def test_a_token_that_nobody_used_is_fresh_until_it_expires():
    assert Fresh() == use(token())
    assert Fresh() == use(token(), timedelta(days=30) - timedelta(microseconds=1))
    assert Expired() == use(token(), timedelta(days=30))


def test_within_the_grace_a_spent_token_gets_its_heir_again():
    assert HeirAgain("k") == use(spent())
    assert HeirAgain("k") == use(spent(), GRACE)
    assert HeirAgain("k") == use(spent(), timedelta(seconds=-2))  # the other node's clock is ahead
    assert HeirAgain("k") == use(spent(), grace=timedelta(0))


def test_within_the_grace_an_expired_predecessor_still_gets_its_heir():
    assert HeirAgain("k") == use(spent(expires_at=NOW), timedelta(seconds=1))


@pytest.mark.parametrize(
    ("found", "after"),
    [
        (spent(), GRACE + timedelta(microseconds=1)),
        (spent(heir_is_used=True), timedelta(0)),
        (token(spent_at=NOW), timedelta(0)),
        (spent(), timedelta(days=400)),
    ],
)
def test_later_or_after_its_heir_was_used_it_is_reuse(found, after):
    assert Reused() == use(found, after)


@given(st.booleans(), SPANS, SPANS.map(abs))
def test_what_was_reuse_is_reuse_ever_after(used, after, later):
    if Reused() == use(spent(heir_is_used=used), after):
        assert Reused() == use(spent(heir_is_used=used), after + later)


@given(KEYS, st.text("abc-_", min_size=1))
def test_the_heir_is_the_same_for_the_same_token(key, presented):
    heir = refresh_token.heir(key, presented)

    assert heir == refresh_token.heir(bytes(key), str(presented))
    assert re.fullmatch(r"mmr_[A-Za-z0-9_-]{43}", heir)
    assert heir != presented


@given(st.lists(st.tuples(KEYS, st.text("abc-_", min_size=1)), unique=True))
def test_no_two_tokens_and_no_two_keys_have_the_same_heir(pairs):
    assert len(pairs) == len({refresh_token.heir(key, presented) for key, presented in pairs})


@given(KEYS)
def test_a_chain_of_heirs_never_comes_back(key):
    chain = ["mmr_first"]
    for _ in range(20):
        chain.append(refresh_token.heir(key, chain[-1]))

    assert 21 == len(set(chain))
