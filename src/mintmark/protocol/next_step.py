"""What an authorization request needs next: pure, so that every step can return to /authorize (OIDC Core §3.1.2.3)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from mintmark.protocol import scope as scopes
from mintmark.protocol.authorization_request import AuthorizationRequest
from mintmark.protocol.errors import (
    AccessDenied,
    AccountSelectionRequired,
    ConsentRequired,
    LoginRequired,
    OAuthError,
)
from mintmark.protocol.session import Session


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person answered on the consent page of this very request."""

    person_id: str
    scope: tuple[str, ...] | None  # None: denied


@dataclass(frozen=True, slots=True)
class Facts:
    """What the door read before it asked."""

    session: Session | None  # live; None: nobody is signed in here
    began_at: datetime  # when this request first came
    decision: Decision | None
    remembered: Collection[str]  # scopes that this person allowed this client before
    consent_is_remembered: bool  # False: a client that could be impersonated is asked about each time (RFC 8252 §8.6)
    consent_is_required: bool  # by policy; False: a first-party client
    hinted: str | None  # the person whom id_token_hint names


@dataclass(frozen=True, slots=True)
class SignIn:
    why: str
    again: bool  # somebody is signed in, and must prove it anew


@dataclass(frozen=True, slots=True)
class AskConsent:
    scope: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Approve:
    session: Session
    scope: tuple[str, ...]


Step = SignIn | AskConsent | Approve


def next_step(request: AuthorizationRequest, facts: Facts, now: datetime) -> Step:
    """Raises the refusal that the person's answer, or `prompt=none`, makes due."""
    silent = "none" in request.prompt
    sign_in = _sign_in(request, facts, now)
    if sign_in is not None:
        if silent:
            raise _cannot_ask(sign_in)
        return sign_in
    session = facts.session
    assert session is not None  # noqa: S101  _sign_in answers None only with one
    if facts.hinted is not None and facts.hinted != session.person_id:
        raise LoginRequired(
            "another person than id_token_hint names signed in",
            check="id_token_hint",
            expected="the person of the hint",
            got=session.person_id,
        )
    decision = facts.decision
    if decision is not None and decision.person_id == session.person_id:
        granted = None if decision.scope is None else scopes.within(decision.scope, request.scope)
        if not granted:
            raise AccessDenied("the person refused", check="consent")
        return Approve(session, granted)  # never more than is asked now: the client's scope may have shrunk meanwhile
    if not _must_ask(request, facts):
        return Approve(session, request.scope)
    if silent:
        raise ConsentRequired(
            "the person has not allowed this yet",
            check="silent consent",
            expected="a consent that covers the scope",
            got=scopes.write(request.scope),
        )
    return AskConsent(request.scope)


def _sign_in(request: AuthorizationRequest, facts: Facts, now: datetime) -> SignIn | None:
    session = facts.session
    if session is None:
        return SignIn("no session", again=False)
    if session.authenticated_at >= facts.began_at:
        return None  # they proved themselves for this request
    if "login" in request.prompt:
        return SignIn("prompt=login", again=True)
    if "select_account" in request.prompt:
        return SignIn("prompt=select_account", again=False)
    if request.max_age is not None and now - session.authenticated_at > request.max_age:
        return SignIn("max_age", again=True)
    if request.max_age is not None and not request.max_age:
        return SignIn("max_age", again=True)
    if facts.hinted is not None and facts.hinted != session.person_id:
        return SignIn("id_token_hint", again=False)
    return None


def _cannot_ask(step: SignIn) -> OAuthError:
    if step.why == "prompt=select_account":
        return AccountSelectionRequired("the person would have to choose an account", check="silent account choice")
    return LoginRequired(
        "the person would have to sign in", check="silent sign-in", expected="nobody to ask", got=step.why
    )


def _must_ask(request: AuthorizationRequest, facts: Facts) -> bool:
    if "consent" in request.prompt:
        return True
    if not facts.consent_is_remembered:
        return True
    return facts.consent_is_required and not set(request.scope) <= set(facts.remembered)


def allowed(request: AuthorizationRequest, checked: Collection[str]) -> tuple[str, ...] | None:
    """What is granted of a consent form: the boxes left checked, and `openid`, which has none. None: nothing left."""
    kept = tuple(word for word in request.scope if word in checked or word == scopes.OPENID)
    return kept or None
