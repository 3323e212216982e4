"""WebAuthn challenges (WebAuthn Level 3 §13.4.3)."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol.challenge import LASTS, Challenge
from tests.issuer import NOON

NONCE, SEAL, BROWSER = b"n" * 16, b"s" * 32, b"b" * 32
KINDS = st.sampled_from(["register", "sign in", "prove"])
PEOPLE = st.one_of(st.none(), st.text(min_size=1, max_size=40))


def made(kind="sign in", browser=BROWSER, person=None, now=NOON):
    return Challenge.made(kind, browser, person, nonce=NONCE, now=now)


@given(KINDS, st.binary(min_size=32, max_size=32), PEOPLE)
def test_what_was_written_is_read_as_it_was_made(kind, browser, person):
    challenge = made(kind, browser, person)

    assert (challenge, SEAL) == Challenge.read(challenge.written(SEAL), kind, browser, person)


@given(st.binary(max_size=100))
def test_bytes_of_another_length_are_no_challenge_and_none_breaks_anything(given):
    found = Challenge.read(given, "prove", BROWSER, "alice")

    assert (56 == len(given)) == (found is not None)
    assert found is None or found[0].bound()


@given(KINDS, KINDS, st.sampled_from([b"a" * 32, b"b" * 32]), PEOPLE, PEOPLE)
def test_no_two_purposes_browsers_or_people_are_bound_alike(one, other, browser, person, another):
    differs = (one, BROWSER, person) != (other, browser, another)

    assert differs == (made(one, BROWSER, person).bound() != made(other, browser, another).bound())


def test_it_is_good_for_five_minutes():
    challenge = made()

    assert not challenge.is_over(NOON + LASTS - timedelta(milliseconds=1))
    assert challenge.is_over(NOON + LASTS)
    assert timedelta(minutes=5) == LASTS
