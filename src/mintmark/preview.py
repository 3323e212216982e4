"""What a client's tokens would say of a person, and which rule says what. Nothing is signed, kept or spent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mintmark import disclosure, mint
from mintmark.protocol import claim_rule
from mintmark.protocol import scope as scopes
from mintmark.protocol.authorization import Authorization, Standing
from mintmark.protocol.claim_rule import Asking
from mintmark.protocol.client import Client
from mintmark.protocol.grant import Grant
from mintmark.protocol.session import ONE_FACTOR
from mintmark.registry import Registry
from mintmark.store.people import Person

Document = dict[str, Any]  # Any: JSON

MADE_THEN = "…"  # stands for what is made when a token is


def of(
    issuer: str, registry: Registry, client: Client, person: Person, words: str | None, resources: Sequence[str],
    now: datetime,
) -> Document:  # fmt: skip
    """As if the person had signed in just now, by one factor, and allowed all that is asked for.

    words: the scope of the request; None: what the client gets without one. Raises OAuthError, as /authorize does.
    """
    catalogue = registry.catalogue
    named = catalogue.find(resources)
    asked = catalogue.default(client, named) if words is None else scopes.parse(words)
    scope, audience = catalogue.ask(asked, named, client, strict=True)
    offline = scopes.OFFLINE in scope
    limits = registry.limits(client, audience, person.holder.groups, now, offline=offline)
    if limits.over(now):
        raise mint.denied()
    authorization = _authorization(client, person, scope, audience, now)
    standing = Standing(authorization, person.holder, None)
    grant = Grant(client, limits, scope, audience, standing, None, scopes.OPENID in scope)
    until = now + limits.access_token_lifetime
    access = mint.access_claims(issuer, registry, grant, MADE_THEN, now, min(until, limits.not_after or until))
    found = {"access_token": access}
    if grant.id_token:
        found["id_token"] = mint.id_claims(issuer, registry, grant, now)
        if issuer in audience:
            told = disclosure.told(person.holder, scope, int(person.updated_at.timestamp()))
            found["userinfo"] = {"sub": access["sub"], **told}
    asking, failed = Asking(client, person.holder, scope, audience), list[Document]()
    parts = {place: _part(registry, place, found.get(place), asking, failed) for place in claim_rule.PLACES}
    return {
        "client_id": client.id, "user_id": person.holder.id, "username": person.holder.username,
        "scope": scopes.write(scope), "resources": list(audience), "access_token_format": limits.access_token_format,
        **parts, "failed": failed,
    }  # fmt: skip


def _part(
    registry: Registry, place: str, claims: Document | None, asking: Asking, failed: list[Document]
) -> Document | None:
    """The claims there, and the rule of each that a rule gave; None: there is no such token then."""
    if claims is None:
        return None
    made = claim_rule.make(registry.claim_rules, place, asking)
    failed += [{"rule": rule, "place": place, "why": why} for rule, why in made.failed]
    own = claims if place != "userinfo" else {}  # what an ID token or an access token says by itself, no rule replaces
    return {"claims": {**claims, **made.claims, **own}, "rules": made.by}


def _authorization(
    client: Client, person: Person, scope: tuple[str, ...], audience: tuple[str, ...], now: datetime
) -> Authorization:
    return Authorization(
        id=MADE_THEN,
        person_id=person.holder.id,
        client_id=client.id,
        session_id=MADE_THEN,
        scope=scope,
        resources=audience,
        ends_with_session=False,
        authenticated_at=now,
        acr=ONE_FACTOR,
        amr=("pwd",),
        created_at=now,
        expires_at=now,
        ended_at=None,
    )
