from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import ids, link
from mintmark.protocol.link import Account, Link

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ACCOUNT = Account("hash", "a@example.org", "a@example.org", None, 0, ("key",))
KINDS = ("verify", "reset", "sign_in", "invite", "end_sessions")


def made(kind="reset", account=ACCOUNT, **changed):
    state = None if account is None else link.state(kind, account)
    found = Link(b"d", kind, None if account is None else "p", None, {}, state, 0, NOW, NOW + timedelta(hours=1), None)
    return replace(found, **changed)


def over(found, kinds=("reset",), account=ACCOUNT, now=NOW, ended=0):
    return link.over(found, kinds, account, now, ended)


def test_a_link_is_good_for_what_it_was_made_for_alone():
    for kind in KINDS:
        assert [one for one in KINDS if over(made(kind), (one,)) is None] == [kind]


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (None, "link unknown"),
        (made(spent_at=NOW), "link spent"),
        (made(tries=link.MOST_TRIES), "link tries"),
        (made(expires_at=NOW), "link expired"),
        (made(kind="invite"), "link kind"),
    ],
)
def test_why_it_is_over_has_a_name(found, why):
    assert why == over(found)
    assert why in link.CHECKS


def test_what_was_made_before_everything_was_ended_is_over():
    assert "link epoch" == over(made(), ended=ids.ms(NOW))
    assert over(made(), ended=ids.ms(NOW) - 1) is None


@pytest.mark.parametrize(
    "changed",
    [{"password_hash": "other"}, {"email": "b@example.org"}, {"email_key": None}, {"disabled_at": 1},
     {"ended_before": 5}, {"factors": ()}],
)  # fmt: skip
def test_a_change_of_the_account_ends_a_link_that_gives_the_account(changed):
    for kind in ("reset", "sign_in"):
        assert "link account" == over(made(kind), (kind,), ACCOUNT._replace(**changed))


def test_whose_address_changes_loses_the_link_that_verifies_and_who_changes_a_password_does_not():
    assert over(made("verify"), ("verify",), ACCOUNT._replace(password_hash="other", ended_before=5)) is None
    assert "link account" == over(made("verify"), ("verify",), ACCOUNT._replace(email="b@example.org"))
    assert "link account" == over(made("verify"), ("verify",), ACCOUNT._replace(email_key=None))


def test_a_link_that_ends_sessions_outlives_whatever_a_thief_changes():
    taken = Account("thief's", "thief@example.org", "thief@example.org", None, 7, ())

    assert over(made("end_sessions"), ("end_sessions",), taken) is None


def test_a_link_of_a_person_who_is_gone_is_over():
    assert "link account" == over(made(), account=None)


def test_a_link_bound_to_nobody_is_good_and_one_that_lost_its_binding_is_not():
    assert over(made("invite", None), ("invite",), None) is None
    assert "link account" == over(made("invite", None, person_id="p"), ("invite",), ACCOUNT)


@given(st.sampled_from(KINDS), st.sampled_from(KINDS))
def test_states_of_two_kinds_are_never_the_same(one, other):
    assert (one == other) == (link.state(one, ACCOUNT) == link.state(other, ACCOUNT))
