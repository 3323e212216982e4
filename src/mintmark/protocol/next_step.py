"""What an authorization request needs next: pure, so that every step can return to /authorize (OIDC Core §3.1.2.3)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mintmark.protocol import acr
from mintmark.protocol import scope as scopes
from mintmark.protocol.acr import Level, Means, Needs, Proof
from mintmark.protocol.authorization_request import CREATE, AuthorizationRequest
from mintmark.protocol.errors import (
    AccessDenied,
    AccountSelectionRequired,
    ConsentRequired,
    LoginRequired,
    OAuthError,
    UnmetAuthenticationRequirements,
)
from mintmark.protocol.session import Session


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person answered on the consent page of this very request."""

    person_id: str
    scope: tuple[str, ...] | None  # None: denied


@dataclass(frozen=True, slots=True)
class Terms:
    """What a request is held to, beside what it says itself."""

    began_at: datetime  # when it first came
    levels: Sequence[Level]  # that this server knows
    demanded: Level | None = None  # by policy


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
    is_wanted: bool  # False: `sub` in claims names others than who is signed in
    levels: Sequence[Level]  # that this server knows
    demanded: Level | None  # by policy
    has: Sequence[Means] | None = None  # what the person can prove; None: nobody has looked

    @property
    def terms(self) -> Terms:
        return Terms(self.began_at, self.levels, self.demanded)


@dataclass(frozen=True, slots=True)
class SignIn:
    why: str
    again: bool  # somebody is signed in, and must prove it anew


@dataclass(frozen=True, slots=True)
class ProveMore:
    """Who is signed in has not proved enough for this. Where nobody has looked what they could: look, and ask again."""

    why: str


@dataclass(frozen=True, slots=True)
class AskConsent:
    scope: tuple[str, ...]  # and whatever owns the single claims that are asked for


@dataclass(frozen=True, slots=True)
class Approve:
    session: Session
    scope: tuple[str, ...]
    more: tuple[str, ...] = ()  # scopes that are not granted, but claims of which are told as they were asked for

    @property
    def allowed(self) -> tuple[str, ...]:
        return (*self.scope, *self.more)


Step = SignIn | ProveMore | AskConsent | Approve


def next_step(request: AuthorizationRequest, facts: Facts, now: datetime) -> Step:
    """Raises the refusal that the person's answer, or `prompt=none`, makes due."""
    silent = "none" in request.prompt
    required = request.claims.must_be_proved_by
    if required and not _known(required, facts.levels):
        raise _unmet(required, "")  # whoever signed in, and however: there is no need to trouble them
    sign_in = _sign_in(request, facts, now)
    if sign_in is not None:
        if silent:
            raise _cannot_ask(sign_in)
        return sign_in
    session = facts.session
    assert session is not None  # noqa: S101  _sign_in answers None only with one
    if (named := _names_another(facts, session)) is not None:
        raise LoginRequired(
            f"another person than {named} names signed in",
            check="id_token_hint",
            expected="the person of the hint, or of sub in claims",
            got=session.person_id,
        )
    more = _more(request, facts, session, now)
    if more is not None:
        return more
    decision = facts.decision
    if decision is not None and decision.person_id == session.person_id:
        granted = _approved(request, session, decision.scope or ())
        if not granted.scope:
            raise AccessDenied("the person refused", check="consent")
        return granted
    if not _must_ask(request, facts):
        return _approved(request, session, request.to_allow)
    if silent:
        raise ConsentRequired(
            "the person has not allowed this yet",
            check="silent consent",
            expected="a consent that covers the scope",
            got=scopes.write(request.to_allow),
        )
    return AskConsent(request.to_allow)


def _approved(request: AuthorizationRequest, session: Session, allowed: tuple[str, ...]) -> Approve:
    """Never more than is asked now: the client's scope may have shrunk meanwhile."""
    more = [word for word in scopes.within(allowed, request.to_allow) if word not in request.scope]
    return Approve(session, scopes.within(allowed, request.scope), tuple(more))


def _sign_in(request: AuthorizationRequest, facts: Facts, now: datetime) -> SignIn | None:
    session = facts.session
    if session is None:
        return SignIn("no session", again=False)
    if session.authenticated_at >= facts.began_at:
        return None  # they proved themselves for this request
    if CREATE in request.prompt:
        return SignIn("prompt=create", again=False)
    if "login" in request.prompt:
        return SignIn("prompt=login", again=True)
    if "select_account" in request.prompt:
        return SignIn("prompt=select_account", again=False)
    if request.max_age is not None and now - session.authenticated_at > request.max_age:
        return SignIn("max_age", again=True)
    if request.max_age is not None and not request.max_age:
        return SignIn("max_age", again=True)
    if (named := _names_another(facts, session)) is not None:
        return SignIn(named, again=False)
    return None


def needs(request: AuthorizationRequest, terms: Terms, now: datetime) -> Needs:
    """What the request demands of a sign-in. How old a proof may be counts for all that the level is made of."""
    demanded = () if terms.demanded is None else (terms.demanded,)
    essential = _known(request.claims.must_be_proved_by, terms.levels)
    earliest = [terms.began_at] if "login" in request.prompt else []
    if request.max_age is not None:
        earliest.append(min(terms.began_at, now - request.max_age))
    return Needs(demanded, essential, max(earliest, default=None))


def wished(request: AuthorizationRequest, terms: Terms, now: datetime) -> Needs:
    """The same with what the client would like best (`acr_values`), which refuses nobody."""
    demanded = needs(request, terms, now)
    return demanded if demanded.one_of else replace(demanded, one_of=_known(request.acr_values, terms.levels))


def told(request: AuthorizationRequest, levels: Sequence[Level], proofs: Sequence[Proof], now: datetime) -> str:
    """The `acr` that the client is told: of those that it names one that was reached, otherwise the strongest."""
    named = _known((*request.claims.must_be_proved_by, *request.acr_values), levels)
    return next((level.name for level in named if level.reached(proofs, now)), acr.highest(levels, proofs, now))


def _known(names: Iterable[str], levels: Sequence[Level]) -> tuple[Level, ...]:
    return tuple(level for name in names for level in levels if level.name == name)


def _more(request: AuthorizationRequest, facts: Facts, session: Session, now: datetime) -> ProveMore | None:
    """None: what was proved is enough, or as near to what the client would like as this person can come."""
    demanded, silent = needs(request, facts.terms, now), "none" in request.prompt
    if not demanded.met(session.proofs, now):
        if silent:
            raise _cannot_ask(SignIn("acr", again=True))
        is_essential = bool(demanded.one_of) and not replace(demanded, every=()).met(session.proofs, now)
        if is_essential and facts.has is not None and acr.missing(demanded, session.proofs, facts.has, now) is None:
            raise _unmet(request.claims.must_be_proved_by, session.acr)
        return ProveMore("essential acr" if is_essential else "require_factors")
    best = wished(request, facts.terms, now)
    if silent or best.met(session.proofs, now):
        return None
    if facts.has is not None and acr.missing(best, session.proofs, facts.has, now) is None:
        return None
    return ProveMore("acr_values")


def _names_another(facts: Facts, session: Session) -> str | None:
    """Which parameter names another person than the one who is signed in."""
    if facts.hinted is not None and facts.hinted != session.person_id:
        return "id_token_hint"
    return None if facts.is_wanted else "claims"


def _unmet(required: tuple[str, ...], got: str) -> OAuthError:
    return UnmetAuthenticationRequirements(
        "the person cannot be authenticated as acr in claims demands",
        check="essential acr",
        expected=scopes.write(required),
        got=got,
    )


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
    return facts.consent_is_required and not set(request.to_allow) <= set(facts.remembered)


def allowed(request: AuthorizationRequest, checked: Collection[str]) -> tuple[str, ...] | None:
    """What is granted of a consent form: the boxes left checked, and `openid`, which has none. None: nothing left."""
    kept = tuple(word for word in request.to_allow if word in checked or word == scopes.OPENID)
    return kept or None
