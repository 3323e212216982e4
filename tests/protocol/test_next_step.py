from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import claims_request
from mintmark.protocol.acr import LEVELS, RESISTANT, TWO, Level, Means, Proof
from mintmark.protocol.errors import OAuthError
from mintmark.protocol.next_step import (
    Approve,
    AskConsent,
    Decision,
    Facts,
    ProveMore,
    SignIn,
    allowed,
    next_step,
    told,
)
from mintmark.protocol.session import ONE_FACTOR
from tests.protocol.making import NOW, request, session

SCOPE = ("openid", "email", "api:read")
HOUR = timedelta(hours=1)
PASSWORD = Means("password", frozenset({"knowledge"}), begins=True)
TOTP = Means("totp", frozenset({"possession"}))
PASSKEY = Means("passkey", frozenset({"possession", "inherence"}), resists_phishing=True, begins=True)
SECOND = Level("", kinds=2)
BOTH = session(authenticated_at=NOW, proved=(Proof(PASSWORD, NOW, ("pwd",)), Proof(TOTP, NOW, ("otp",))))
FRESH = {"authenticated_at": NOW, "person_id": "alice"}


def facts(**members):
    plain: dict[str, Any] = {
        "session": session(),
        "began_at": NOW,
        "decision": None,
        "remembered": ("openid",),
        "consent_is_remembered": True,
        "consent_is_required": True,
        "hinted": None,
        "is_wanted": True,
        "levels": LEVELS,
        "demanded": None,
    }
    return Facts(**plain | members)


def step(asked=None, now=NOW, **members):
    return next_step(asked or request(), facts(**members), now)


def refusal(asked=None, now=NOW, **members):
    with pytest.raises(OAuthError) as refused:
        step(asked, now, **members)
    return refused.value.code


def test_who_is_signed_in_and_allowed_it_before_is_asked_nothing():
    assert Approve(session(), ("openid",)) == step()


# ---- signing in


def test_who_is_not_signed_in_signs_in():
    assert SignIn("no session", again=False) == step(session=None)


@pytest.mark.parametrize(
    ("asked", "members", "expected"),
    [
        ({"prompt": frozenset({"login"})}, {}, SignIn("prompt=login", again=True)),
        ({"prompt": frozenset({"select_account"})}, {}, SignIn("prompt=select_account", again=False)),
        ({"prompt": frozenset({"create"})}, {}, SignIn("prompt=create", again=False)),
        ({"prompt": frozenset({"create", "login"})}, {}, SignIn("prompt=create", again=False)),
        ({"max_age": timedelta(minutes=59)}, {}, SignIn("max_age", again=True)),
        ({"max_age": timedelta(0)}, {}, SignIn("max_age", again=True)),
        ({}, {"hinted": "bob"}, SignIn("id_token_hint", again=False)),
    ],
)
def test_who_is_signed_in_signs_in_again_when_the_request_says_so_and_then_no_more(asked, members, expected):
    assert expected == step(request(**asked), **members)

    fresh = session(**FRESH | {"person_id": members.get("hinted", "alice")})
    assert Approve(fresh, ("openid",)) == step(request(**asked), session=fresh, **members)


def test_max_age_zero_asks_even_who_signed_in_this_instant_for_another_request():
    just_now = session(authenticated_at=NOW)

    assert SignIn("max_age", again=True) == step(
        request(max_age=timedelta(0)), session=just_now, began_at=NOW + timedelta(milliseconds=1)
    )


@pytest.mark.parametrize("age", [HOUR, 2 * HOUR])
def test_a_sign_in_that_is_young_enough_is_enough(age):
    assert Approve(session(), ("openid",)) == step(request(max_age=age))


def test_the_hinted_person_is_asked_nothing():
    assert Approve(session(), ("openid",)) == step(hinted="alice")


def test_when_another_than_the_hinted_person_signs_in_the_client_hears_it():
    assert "login_required" == refusal(session=session(**FRESH), hinted="bob")


# ---- single claims


def wants(text):
    return request(claims=claims_request.read(text))


def test_whom_the_claims_name_signs_in_or_the_client_hears_it():
    assert SignIn("claims", again=False) == step(is_wanted=False)
    assert "login_required" == refusal(session=session(**FRESH), is_wanted=False)


ESSENTIAL = '{"id_token": {"acr": {"essential": true, "values": ["%s", "urn:other"]}}}'


def test_an_essential_authentication_that_nobody_can_give_is_refused_before_anybody_is_asked():
    assert "unmet_authentication_requirements" == refusal(wants(ESSENTIAL % "urn:more"), session=None)
    assert "unmet_authentication_requirements" == refusal(wants(ESSENTIAL % "urn:more"))


def test_an_essential_authentication_that_was_given_is_enough_and_another_is_asked_for_once():
    wish = wants(ESSENTIAL % ONE_FACTOR)

    assert Approve(session(), ("openid",)) == step(wish)
    assert ProveMore("essential acr") == step(wants(ESSENTIAL % TWO))
    assert ProveMore("essential acr") == step(wants(ESSENTIAL % TWO), session=session(**FRESH))
    assert Approve(BOTH, ("openid",)) == step(wants(ESSENTIAL % TWO), session=BOTH)
    assert ProveMore("essential acr") == step(wants(ESSENTIAL % TWO), has=(PASSWORD, TOTP))
    assert "unmet_authentication_requirements" == refusal(wants(ESSENTIAL % TWO), has=(PASSWORD,))
    assert "login_required" == refusal(replace(wants(ESSENTIAL % TWO), prompt=frozenset({"none"})))


def test_what_the_client_would_like_is_asked_for_where_the_person_has_it_and_refuses_nobody():
    wish = request(acr_values=("urn:unknown", TWO))

    assert ProveMore("acr_values") == step(wish)
    assert ProveMore("acr_values") == step(wish, has=(PASSWORD, TOTP))
    assert Approve(session(), ("openid",)) == step(wish, has=(PASSWORD,))
    assert Approve(BOTH, ("openid",)) == step(wish, session=BOTH)
    assert Approve(session(), ("openid",)) == step(replace(wish, prompt=frozenset({"none"})))
    assert Approve(session(), ("openid",)) == step(request(acr_values=("urn:unknown",)))


def test_what_a_policy_demands_is_asked_for_and_is_no_refusal_of_the_clients_making():
    assert ProveMore("require_factors") == step(demanded=SECOND)
    assert ProveMore("require_factors") == step(demanded=SECOND, has=(PASSWORD,))
    assert Approve(BOTH, ("openid",)) == step(demanded=SECOND, session=BOTH)
    assert "login_required" == refusal(request(prompt=frozenset({"none"})), demanded=SECOND)


def test_a_level_with_max_age_is_made_of_fresh_proofs_alone():
    """GHSA-hp74-gm6m-2qm5: a fresh proof of a weaker factor makes an old sign-in no fresh one."""
    wish = replace(wants(ESSENTIAL % TWO), max_age=HOUR)
    old = replace(BOTH, proved=(Proof(PASSWORD, NOW, ("pwd",)), Proof(TOTP, NOW - 2 * HOUR, ("otp",))))

    assert ProveMore("essential acr") == step(wish, session=replace(old, authenticated_at=NOW - HOUR))
    assert Approve(BOTH, ("openid",)) == step(wish, session=BOTH)


def test_prompt_login_wants_all_of_the_level_anew():
    wish = replace(wants(ESSENTIAL % TWO), prompt=frozenset({"login"}))
    half = replace(BOTH, proved=(Proof(PASSWORD, NOW, ("pwd",)), Proof(TOTP, NOW - HOUR, ("otp",))))

    assert ProveMore("essential acr") == step(wish, session=half)
    assert Approve(BOTH, ("openid",)) == step(wish, session=BOTH)


def test_the_client_is_told_the_level_that_it_asked_for_where_it_was_reached():
    proofs = (Proof(PASSKEY, NOW, ("hwk",)),)

    assert RESISTANT == told(request(), LEVELS, proofs, NOW)
    assert ONE_FACTOR == told(wants(ESSENTIAL % ONE_FACTOR), LEVELS, proofs, NOW)
    assert TWO == told(request(acr_values=(TWO, RESISTANT)), LEVELS, proofs, NOW)
    assert ONE_FACTOR == told(request(acr_values=(TWO,)), LEVELS, session().proofs, NOW)


def test_the_scopes_that_own_single_claims_are_asked_for_and_not_granted():
    wish = wants('{"userinfo": {"email": null, "name": null}}')

    assert AskConsent(("openid", "email", "profile")) == step(wish)
    assert Approve(session(), ("openid",), ("email",)) == step(wish, decision=Decision("alice", ("openid", "email")))
    assert ("openid", "email") == step(wish, decision=Decision("alice", ("openid", "email"))).allowed
    assert "access_denied" == refusal(wish, decision=Decision("alice", ("email",)))
    assert Approve(session(), ("openid",), ("email", "profile")) == step(
        wish, remembered=("openid", "email", "profile")
    )
    assert ("openid", "profile") == allowed(wish, ["profile", "address"])


# ---- consent


def test_what_was_not_allowed_before_is_asked():
    assert AskConsent(SCOPE) == step(request(scope=SCOPE))
    assert AskConsent(("openid",)) == step(remembered=())
    assert AskConsent(("openid",)) == step(request(prompt=frozenset({"consent"})))


def test_a_client_that_could_be_impersonated_is_asked_about_each_time():
    assert AskConsent(("openid",)) == step(consent_is_remembered=False)
    assert AskConsent(("openid",)) == step(consent_is_remembered=False, consent_is_required=False)


def test_a_first_party_client_is_asked_about_only_on_its_own_wish():
    assert Approve(session(), SCOPE) == step(request(scope=SCOPE), consent_is_required=False, remembered=())
    assert AskConsent(SCOPE) == step(
        request(scope=SCOPE, prompt=frozenset({"consent"})), consent_is_required=False, remembered=()
    )


def test_what_the_person_answered_holds():
    wish = request(scope=SCOPE, prompt=frozenset({"consent"}))

    assert Approve(session(), ("openid", "email")) == step(wish, decision=Decision("alice", ("openid", "email")))
    assert "access_denied" == refusal(wish, decision=Decision("alice", None))
    assert AskConsent(SCOPE) == step(wish, decision=Decision("bob", SCOPE))
    assert AskConsent(SCOPE) == step(wish, decision=Decision("bob", None))


def test_an_answer_grants_nothing_that_is_not_asked_for_any_more():
    decision = Decision("alice", ("openid", "email", "admin:write"))

    assert Approve(session(), ("openid", "email")) == step(request(scope=SCOPE), decision=decision)
    assert "access_denied" == refusal(request(scope=("phone",)), decision=decision)


def test_boxes_that_were_left_checked_are_granted_and_openid_has_none():
    asked = request(scope=SCOPE)

    assert ("openid", "email") == allowed(asked, {"email", "admin:write"})
    assert ("openid",) == allowed(asked, ())
    assert ("api:read",) == allowed(request(scope=("email", "api:read")), ["api:read"])
    assert None is allowed(request(scope=("email", "api:read")), ["openid"])


# ---- without a page


@pytest.mark.parametrize(
    ("asked", "members", "error"),
    [
        ({}, {"session": None}, "login_required"),
        ({"max_age": timedelta(minutes=1)}, {}, "login_required"),
        ({"max_age": timedelta(0)}, {}, "login_required"),
        ({}, {"hinted": "bob"}, "login_required"),
        ({"scope": SCOPE}, {}, "consent_required"),
        ({}, {"consent_is_remembered": False}, "consent_required"),
    ],
)
def test_a_silent_request_hears_what_would_have_to_be_asked(asked, members, error):
    assert error == refusal(request(prompt=frozenset({"none"}), **asked), **members)


def test_a_choice_of_account_has_a_code_of_its_own():
    assert "account_selection_required" == refusal(request(prompt=frozenset({"none", "select_account"})))


def test_a_silent_request_of_somebody_who_allowed_it_is_granted():
    assert Approve(session(), ("openid",)) == step(request(prompt=frozenset({"none"})), hinted="alice")


PEOPLE = st.sampled_from(["alice", "bob"])
MOMENTS = st.integers(-3, 0).map(lambda hours: NOW + hours * HOUR)
WORDS = st.lists(st.sampled_from(["openid", "email", "api:read", "admin:write"]), unique=True).map(tuple)
REQUESTS = st.builds(
    lambda scope, prompt, age: request(scope=scope, prompt=prompt, max_age=age),
    WORDS.filter(bool),
    st.just(frozenset({"none"})) | st.frozensets(st.sampled_from(["login", "consent", "select_account"])),
    st.none() | st.sampled_from([timedelta(0), HOUR, 2 * HOUR]),
)
FACTS = st.builds(
    Facts,
    session=st.none() | st.builds(lambda who, when: session(person_id=who, authenticated_at=when), PEOPLE, MOMENTS),
    began_at=MOMENTS,
    decision=st.none() | st.builds(Decision, PEOPLE, st.none() | WORDS),
    remembered=WORDS,
    consent_is_remembered=st.booleans(),
    consent_is_required=st.booleans(),
    hinted=st.none() | PEOPLE,
    levels=st.just(LEVELS),
    demanded=st.none() | st.just(SECOND),
    has=st.none() | st.just((PASSWORD, TOTP)),
)


@given(REQUESTS, FACTS)
def test_no_silent_request_ever_comes_to_a_page(asked, found):
    try:
        came_to = next_step(asked, found, NOW)
    except OAuthError:
        return

    assert "none" not in asked.prompt or isinstance(came_to, Approve)


@given(REQUESTS, FACTS)
def test_nothing_is_approved_but_for_who_is_signed_in_as_asked_and_no_more_than_was_asked_and_allowed(asked, found):
    try:
        came_to = next_step(asked, found, NOW)
    except OAuthError:
        return
    if not isinstance(came_to, Approve):
        return

    who, proven_now = came_to.session, came_to.session.authenticated_at >= found.began_at
    decided = found.decision is not None and found.decision.person_id == who.person_id
    assert found.session == who
    assert came_to.scope
    assert set(came_to.scope) <= set(asked.scope)
    assert found.hinted in (None, who.person_id)
    assert proven_now or not {"login", "select_account"} & asked.prompt
    assert found.demanded is None or found.demanded.reached(who.proofs, NOW)
    assert proven_now or asked.max_age is None or NOW - who.authenticated_at <= asked.max_age
    assert decided or "consent" not in asked.prompt
    assert decided or found.consent_is_remembered
    assert decided or not found.consent_is_required or set(asked.scope) <= set(found.remembered)


@given(REQUESTS, FACTS)
def test_every_page_brings_the_request_nearer_to_its_end(asked, found):
    """Whoever signs in now, and then answers, is asked nothing else."""
    try:
        if isinstance(came_to := next_step(asked, found, NOW), SignIn | ProveMore):
            found = facts(session=BOTH, began_at=NOW, remembered=found.remembered, hinted=found.hinted)
            came_to = next_step(asked, found, NOW)
        if isinstance(came_to, AskConsent):
            assert found.session is not None
            answer = Decision(found.session.person_id, came_to.scope)
            came_to = next_step(asked, facts(session=found.session, began_at=found.began_at, decision=answer), NOW)
    except OAuthError:
        return

    assert isinstance(came_to, Approve)
