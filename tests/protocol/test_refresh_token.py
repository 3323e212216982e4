import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import ids, refresh_token
from mintmark.protocol.refresh_token import Expired, Fresh, HeirAgain, RefreshToken, Reused
from tests.protocol.making import NOW

GRACE = timedelta(seconds=30)
KEYS = st.binary(min_size=32, max_size=32)
SPANS = st.timedeltas(timedelta(days=-1), timedelta(days=1))


def token(**members):
    plain: dict[str, Any] = {
        "digest": b"",
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
    assert HeirAgain("k", NOW) == use(spent())
    assert HeirAgain("k", NOW) == use(spent(), GRACE)
    assert HeirAgain("k", NOW) == use(spent(), timedelta(seconds=-2))  # the other node's clock is ahead
    assert HeirAgain("k", NOW) == use(spent(), grace=timedelta(0))


def test_within_the_grace_an_expired_predecessor_still_gets_its_heir():
    assert HeirAgain("k", NOW) == use(spent(expires_at=NOW), timedelta(seconds=1))


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


TIMES = st.integers(0, 2**48 - 1)
IDS = st.uuids().map(str)
TOKENS = st.builds(refresh_token.make, IDS, TIMES, KEYS)


def after(key, presented, spent_ms):
    return refresh_token.heir(key, presented, refresh_token.digest(presented), spent_ms)


@given(KEYS, TOKENS, TIMES)
def test_the_heir_is_the_same_for_the_same_token_spent_at_the_same_time(key, presented, spent_ms):
    heir = after(key, presented, spent_ms)

    assert heir == after(bytes(key), str(presented), spent_ms)
    assert re.fullmatch(r"mmr_[A-Za-z0-9_-]{72}", heir.text)
    assert heir.text != presented
    assert heir.digest == refresh_token.digest(heir.text)
    assert heir.digest[:16] == refresh_token.digest(presented)[:16]


@given(st.lists(st.tuples(KEYS, TOKENS), unique=True))
def test_no_two_tokens_and_no_two_keys_have_the_same_heir(pairs):
    assert len(pairs) == len({after(key, presented, 1).text for key, presented in pairs})


@given(KEYS, TOKENS)
def test_a_chain_of_heirs_never_comes_back(key, first):
    chain = [first]
    for _ in range(20):
        chain.append(after(key, chain[-1], 1).text)

    assert 21 == len(set(chain))


@given(IDS, st.lists(st.tuples(TIMES, KEYS), min_size=2))
def test_the_rows_of_an_authorization_lie_side_by_side_in_the_order_of_time(id, made):
    digests = [refresh_token.digest(refresh_token.make(id, ms, secret)) for ms, secret in sorted(made)]

    assert {bytes.fromhex(id.replace("-", ""))} == {digest[:16] for digest in digests}
    assert [digest[16:22] for digest in digests] == sorted(digest[16:22] for digest in digests)


@given(st.text())
def test_what_is_no_token_has_a_digest_all_the_same(text):
    assert refresh_token.digest(text).endswith(ids.digest(text))


def test_one_letter_more_or_less_is_another_row():
    token = refresh_token.make("01a2132d-56e8-7475-a9d8-6c9b8a462b2c", 1, bytes(32))

    assert 4 == len({refresh_token.digest(one) for one in (token, token[:-1], token + "A", "x" + token[1:])})
    assert refresh_token.shown(refresh_token.digest(token)) != refresh_token.shown(refresh_token.digest(token + "A"))
