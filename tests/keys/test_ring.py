import dataclasses
import json
from datetime import timedelta

import pytest

from mintmark.keys import algorithms
from mintmark.keys.ring import NoSigningKey, Ring, SigningKey
from mintmark.keys.rotation import KeyFacts

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def pair(now):
    """A signing key and its announced successor."""
    old, new = algorithms.generate("ES256"), algorithms.generate("ES256")
    first = KeyFacts(algorithms.kid("ES256", old), "ES256", now - 9 * HOUR, now - 9 * HOUR, now + HOUR, now + 2 * HOUR)
    second = KeyFacts(algorithms.kid("ES256", new), "ES256", now, now + HOUR)
    return SigningKey.of(first, old), SigningKey.of(second, new)


def test_the_clock_says_which_key_signs(pair, now):
    ring = Ring(pair)

    assert pair[0] == ring.signer("ES256", now)
    assert pair[0] == ring.signer("ES256", now + HOUR - timedelta(milliseconds=1))
    assert pair[1] == ring.signer("ES256", now + HOUR)
    assert pair[1] == ring.signer("ES256", now + 99 * HOUR)


def test_a_node_whose_clock_is_behind_signs_with_the_first_key(pair, now):
    assert pair[0] == Ring(pair[:1]).signer("ES256", now - 10 * HOUR)


def test_an_algorithm_without_keys_is_said_to_have_none(pair, now):
    with pytest.raises(NoSigningKey, match="PS256"):
        Ring(pair).signer("PS256", now)
    with pytest.raises(NoSigningKey):
        Ring([]).signer("ES256", now)


def test_the_jwks_publishes_every_key_once_and_nothing_private(ring):
    published = json.loads(ring.jwks_body)["keys"]

    assert list(algorithms.ALGORITHMS) == [jwk["alg"] for jwk in published] == list(ring.algs)
    assert len(published) == len({jwk["kid"] for jwk in published})
    assert not any({"d", "p", "q", "k"} & jwk.keys() for jwk in published)


def test_two_nodes_agree_on_the_jwks_and_its_etag(pair):
    here, there = Ring(pair), Ring(pair[::-1])

    assert (here.jwks_body, here.etag) == (there.jwks_body, there.etag)
    assert here.etag != Ring(pair[:1]).etag
    assert here.etag[0] == here.etag[-1] == '"'


def test_a_removed_key_is_gone_whatever_the_clock_says(pair, now):
    removed = dataclasses.replace(pair[0], removed_at=now + HOUR)
    ring = Ring([removed, pair[1]])

    assert None is ring.find(removed.kid)
    assert pair[1] == ring.find(pair[1].kid)
    assert removed.kid.encode() not in ring.jwks_body
    assert pair[1] == ring.signer("ES256", now)


def test_a_key_comes_back_from_its_row_and_another_rows_key_is_refused(pair):
    facts = KeyFacts(pair[0].kid, "ES256", pair[0].published_at, pair[0].signs_from)
    again = SigningKey.read(facts, algorithms.to_der(pair[0].private))

    assert pair[0].public_jwk == again.public_jwk
    with pytest.raises(ValueError, match="is another one"):
        SigningKey.read(facts, algorithms.to_der(pair[1].private))


def test_a_key_shows_nothing_private(pair):
    assert "private" not in repr(pair[0])
