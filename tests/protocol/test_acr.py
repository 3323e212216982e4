from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import acr
from mintmark.protocol.acr import LEVELS, ONE, RESISTANT, TWO, Level, Means, Needs, Proof
from tests.protocol.making import NOW, session

MINUTE = timedelta(minutes=1)
PASSWORD = Means("password", frozenset({"knowledge"}), begins=True)
TOTP = Means("totp", frozenset({"possession"}))
RECOVERY = Means("recovery_code", frozenset({"possession"}))
PASSKEY = Means("passkey", frozenset({"possession", "inherence"}), resists_phishing=True, begins=True)
TRUSTED = Means("trusted_browser", frozenset({"possession"}))
ALL = (PASSWORD, TOTP, RECOVERY, PASSKEY)
AMR = {"password": ("pwd",), "totp": ("otp",), "passkey": ("hwk", "user"), "trusted_browser": ()}
BY_NAME = {level.name: level for level in LEVELS}

means = st.sampled_from(ALL)
proofs = st.lists(
    st.builds(Proof, means, st.integers(0, 60).map(lambda age: NOW - age * MINUTE), st.just(("x",))), max_size=5
)
levels = st.builds(
    Level,
    st.just(""),
    kinds=st.integers(1, 3),
    resists_phishing=st.booleans(),
    begins=st.booleans(),
    each=st.frozensets(means.map(lambda one: one.factor), max_size=2),
    only=st.none() | st.frozensets(means.map(lambda one: one.factor), max_size=3),
    fresh=st.none() | st.integers(0, 60).map(lambda age: age * MINUTE),
)
wishes = st.builds(
    Needs,
    st.lists(levels, max_size=2).map(tuple),
    st.lists(levels, max_size=2).map(tuple),
    st.none() | st.integers(0, 60).map(lambda age: NOW - age * MINUTE),
)


def proof(means, age=timedelta(0)):
    return Proof(means, NOW - age, AMR.get(means.factor, ("x",)))


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ([PASSWORD], ONE),
        ([TOTP, RECOVERY], ONE),
        ([PASSWORD, TOTP], TWO),
        ([PASSWORD, TRUSTED], TWO),
        ([PASSKEY], RESISTANT),
        ([PASSWORD, PASSKEY], RESISTANT),
        ([], ONE),
    ],
)
def test_the_level_is_the_strongest_that_was_reached(shown, expected):
    assert expected == acr.highest(LEVELS, [proof(one) for one in shown], NOW)


def test_a_level_counts_what_it_names_and_what_is_fresh():
    level = Level("gold", only=frozenset({"totp"}), fresh=5 * MINUTE)

    assert level.reached([proof(TOTP, 5 * MINUTE)], NOW)
    assert not level.reached([proof(TOTP, 6 * MINUTE), proof(PASSWORD)], NOW)


def test_a_fresh_proof_of_a_weaker_factor_does_not_make_a_stronger_one_fresh():
    level = Level("gold", kinds=2, resists_phishing=True, fresh=5 * MINUTE)

    assert not level.reached([proof(PASSKEY, 6 * MINUTE), proof(PASSWORD), proof(TOTP)], NOW)


def test_of_several_levels_one_is_enough_and_of_what_everybody_asks_all_is_wanted():
    either = Needs(one_of=(BY_NAME[RESISTANT], BY_NAME[TWO]))
    both = Needs(every=(Level("", each=frozenset({"totp"})), BY_NAME[RESISTANT]))

    assert either.met([proof(PASSWORD), proof(TOTP)], NOW)
    assert not either.met([proof(PASSWORD)], NOW)
    assert not both.met([proof(PASSWORD), proof(TOTP)], NOW)
    assert both.met([proof(PASSKEY), proof(TOTP)], NOW)


@pytest.mark.parametrize(
    ("needs", "shown", "has", "expected"),
    [
        (Needs(every=(BY_NAME[ONE],)), [PASSWORD], ALL, ()),
        (Needs(every=(BY_NAME[TWO],)), [PASSWORD], ALL, ("totp", "recovery_code", "passkey")),
        (Needs(every=(BY_NAME[TWO],)), [PASSWORD], (PASSWORD,), None),
        (Needs(every=(BY_NAME[RESISTANT],)), [PASSWORD, TOTP], ALL, ("passkey",)),
        (Needs(every=(BY_NAME[RESISTANT],)), [PASSWORD], (PASSWORD, TOTP), None),
        (Needs(every=(Level("", begins=True),)), [TOTP], ALL, ("password", "passkey")),
        (Needs(one_of=(BY_NAME[RESISTANT], BY_NAME[TWO])), [PASSWORD], (PASSWORD, TOTP), ("totp",)),
        (Needs(every=(BY_NAME[TWO],)), [], (PASSWORD, TOTP), ("password", "totp")),
    ],
)
def test_only_what_is_missing_is_asked_for(needs, shown, has, expected):
    assert expected == acr.missing(needs, [proof(one) for one in shown], has, NOW)


def test_what_was_proved_too_long_ago_is_asked_for_again():
    needs = Needs(every=(BY_NAME[TWO],), not_before=NOW - 10 * MINUTE)
    old = [proof(PASSWORD, 11 * MINUTE), proof(TOTP, 5 * MINUTE)]

    assert ("password",) == acr.missing(needs, old, (PASSWORD, TOTP), NOW)


@given(wishes, proofs, st.lists(means, unique=True))
def test_nothing_is_asked_of_whom_nothing_is_missing(needs, shown, has):
    assert (() == acr.missing(needs, shown, has, NOW)) == needs.met(shown, NOW)


@given(wishes, proofs, st.lists(means, unique=True))
def test_it_is_hopeless_only_where_everything_that_the_person_has_would_not_be_enough(needs, shown, has):
    everything = [*shown, *(Proof(one, NOW, ("x",)) for one in has)]

    assert (acr.missing(needs, shown, has, NOW) is None) == (not needs.met(everything, NOW))


@given(wishes, proofs, st.lists(means, unique=True), st.randoms())
def test_whoever_proves_what_is_asked_arrives_without_proving_anything_twice(needs, shown, has, random):
    asked = acr.missing(needs, shown, has, NOW)
    done = []
    while asked:
        done.append(random.choice(asked))
        shown = acr.merged(shown, *(Proof(one, NOW, ("x",)) for one in has if one.factor == done[-1]))
        asked = acr.missing(needs, shown, has, NOW)

    assert len(done) == len(set(done)) <= len(has)


@given(wishes, proofs, proofs)
def test_more_proofs_never_make_less(needs, shown, more):
    assert not needs.met(shown, NOW) or needs.met([*shown, *more], NOW)


@given(levels, proofs)
def test_a_level_that_is_reached_stays_reached_by_the_latest_proof_of_each_factor(level, shown):
    assert level.reached(shown, NOW) == level.reached(acr.merged(shown), NOW)


@given(proofs)
def test_what_is_stored_is_read_again(shown):
    assert tuple(shown) == acr.read(acr.written(shown))


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ([PASSWORD], ("pwd",)),
        ([PASSWORD, TOTP], ("pwd", "otp", "mfa")),
        ([PASSWORD, TRUSTED], ("pwd",)),
        ([PASSKEY], ("hwk", "user", "mfa")),
    ],
)
def test_amr_says_what_was_shown(shown, expected):
    assert expected == acr.amr([proof(one) for one in shown])


def test_mfa_is_said_once():
    assert ("mfa",) == acr.amr([Proof(PASSKEY, NOW, ("mfa",))])


@pytest.mark.parametrize("second", [TRUSTED, TOTP])
def test_what_does_not_say_who_it_is_moves_no_auth_time(second):
    assert NOW - MINUTE == acr.authenticated_at([proof(PASSWORD, MINUTE), proof(second)])
    assert acr.authenticated_at([proof(second)]) is None


def test_a_session_from_before_there_were_several_factors_was_proved_by_the_password():
    old = session()

    assert (Proof(PASSWORD, old.authenticated_at, ("pwd",)),) == old.proofs
    assert () == session(proved=()).proofs
