"""A grant becomes tokens: claims, lifetimes, signatures (RFC 9068 §2, OIDC Core §2, RFC 6749 §5.1)."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from mintmark import disclosure, envelopes, keyring, subjects
from mintmark.keys import jwt
from mintmark.protocol import claims_request, ids, jose
from mintmark.protocol import scope as scopes
from mintmark.protocol.claim_rule import Asking
from mintmark.protocol.errors import AccessDenied, InvalidGrant, OAuthError, UnauthorizedClient
from mintmark.protocol.grant import Grant
from mintmark.registry import Registry
from mintmark.server import Server
from mintmark.store import access_tokens
from mintmark.store.changes import Change
from mintmark.store.times import EPOCH

OPAQUE = "mma_"
SECOND = timedelta(seconds=1)


class Minted(NamedTuple):
    """What goes into the answer, and what must be written before it may leave."""

    answer: dict[str, Any]
    changes: list[Change]


async def issue(server: Server, grant: Grant, now: datetime) -> Minted:
    """The token answer of a grant. Raises where nothing may be issued any more."""
    expires_at = _expires_at(grant, now)
    jti = ids.uuid7(now, server.random(10))
    claims = access_claims(server.issuer, server.registry, grant, jti, now, expires_at)
    claims = _ruled(server, grant, "access_token", now) | claims
    access_token, changes = await _access_token(server, grant, claims, now, expires_at)
    answer: dict[str, Any] = {
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": (expires_at - now) // SECOND,
        "scope": scopes.write(grant.scope),
    }
    if grant.refresh_token is not None:
        answer["refresh_token"] = grant.refresh_token
    if grant.id_token:
        answer["id_token"] = await _id_token(server, grant, now, access_token)
    return Minted(answer, changes)


def over(grant: Grant) -> OAuthError:
    """What is said when `not_after` is past: nothing is issued."""
    if grant.standing is None:
        return UnauthorizedClient("this client gets no tokens any more", check="not_after")
    return InvalidGrant("nothing is issued any more", check="not_after", expected="a not_after that lies ahead")


def denied() -> OAuthError:
    return AccessDenied("nothing is issued any more", check="not_after", expected="a not_after that lies ahead")


def _expires_at(grant: Grant, now: datetime) -> datetime:
    """Never later than `not_after`, the authorization's end, and the session's where the token ends with it."""
    if grant.limits.over(now):
        raise over(grant)
    ends = [now + grant.limits.access_token_lifetime]
    if grant.limits.not_after is not None:
        ends.append(grant.limits.not_after)
    if grant.standing is not None:
        authorization, session = grant.standing.authorization, grant.standing.session
        ends.append(authorization.expires_at)
        if session is not None and (authorization.ends_with_session or grant.limits.ends_with_session):
            ends.append(session.expires_at)
    end = min(ends)
    if end - now < SECOND:
        raise over(grant)
    return end


def access_claims(
    issuer: str, registry: Registry, grant: Grant, jti: str, now: datetime, expires_at: datetime
) -> dict[str, Any]:
    """What an access token says by itself (RFC 9068 §2.2); `aid` is the authorization that ends the token."""
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": grant.client.id,
        "aud": grant.audience[0] if len(grant.audience) == 1 else list(grant.audience),
        "client_id": grant.client.id,
        "scope": scopes.write(grant.scope),
        "iat": seconds(now),
        "exp": seconds(expires_at),
        "jti": jti,
    }
    if grant.standing is None:
        return claims
    authorization, holder = grant.standing.authorization, grant.standing.holder
    claims["sub"] = subjects.of(registry, grant.client, authorization.person_id)
    claims["auth_time"] = seconds(authorization.authenticated_at)
    claims["acr"] = authorization.acr
    claims["aid"] = authorization.id
    if "groups" in grant.scope and holder is not None:
        claims["groups"] = list(holder.groups)
    return claims


async def _access_token(
    server: Server, grant: Grant, claims: dict[str, Any], now: datetime, expires_at: datetime
) -> tuple[str, list[Change]]:
    limits = grant.limits
    if limits.access_token_format == "jwt":
        ring = await keyring.with_key(server, limits.access_token_alg, now)
        token = jwt.sign(ring.signer(limits.access_token_alg, now), "at+jwt", claims)
        if limits.max_active_tokens is None:
            return token, []
        digest = None
    else:
        token = ids.secret(OPAQUE, server.random(32))
        digest = ids.digest(token)
    place, changes = await _place(server, grant, limits.max_active_tokens, now)
    row = access_tokens.add(
        claims,
        digest=digest,
        person_id=None if grant.standing is None else grant.standing.authorization.person_id,
        authorization_id=claims.get("aid"),
        one_use=limits.one_use,
        place=place,
        now=now,
        expires_at=expires_at,
    )
    return token, [*changes, row]


async def _place(
    server: Server, grant: Grant, most: int | None, now: datetime
) -> tuple[tuple[str, int] | None, list[Change]]:
    """A place among the counted tokens of this person and client: a free one, or the oldest's, which ends.

    In one process they take turns. A unique constraint stands behind it: of two that want the same place, one decides
    again.
    """
    if most is None:
        return None, []
    holder = holder_of(grant)
    taken = await access_tokens.slots(server.store, holder)
    live = [slot for slot in taken if slot.expires_at > now]
    ended = [slot for slot in taken if slot.expires_at <= now] + live[: max(0, len(live) - most + 1)]
    kept = {slot.number for slot in taken} - {slot.number for slot in ended}
    number = next(number for number in range(len(kept) + 1) if number not in kept)
    return (holder, number), [access_tokens.free(slot, now) for slot in ended]


def holder_of(grant: Grant) -> str:
    """For whom tokens are counted: a person and client, or a client by itself."""
    person = "" if grant.standing is None else grant.standing.authorization.person_id
    return f"{grant.client.id}\n{person}"


async def _id_token(server: Server, grant: Grant, now: datetime, access_token: str) -> str:
    """OIDC Core §3.1.3.6, in the form that the client registered."""
    alg, claims = grant.client.id_token_alg, id_claims(server.issuer, server.registry, grant, now)
    if alg != jose.UNSIGNED:  # which has no hash of its own
        claims["at_hash"] = jwt.at_hash(alg, access_token)
    return await (await envelopes.of(server, grant.client, "id_token", alg, now)).close(
        _ruled(server, grant, "id_token", now) | claims
    )


def id_claims(issuer: str, registry: Registry, grant: Grant, now: datetime) -> dict[str, Any]:
    """What an ID token says by itself (OIDC Core §2); of a refresh without `nonce` (§12.2)."""
    standing = grant.standing
    if standing is None:
        raise ValueError("an ID token speaks of a person")
    authorization = standing.authorization
    lifetime = grant.limits.id_token_lifetime
    end = now + lifetime if grant.limits.not_after is None else min(now + lifetime, grant.limits.not_after)
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": subjects.of(registry, grant.client, authorization.person_id),
        "aud": grant.client.id,
        "exp": seconds(end),
        "iat": seconds(now),
        "auth_time": seconds(authorization.authenticated_at),
        "acr": authorization.acr,
        "amr": list(authorization.amr),
    }
    if grant.nonce is not None:
        claims["nonce"] = grant.nonce
    if authorization.session_id is not None:
        claims["sid"] = authorization.session_id
    if "groups" in authorization.scope and standing.holder is not None:
        claims["groups"] = list(standing.holder.groups)
    if authorization.claims is not None and standing.holder is not None:
        request = claims_request.stored(authorization.claims)
        claims = disclosure.told(standing.holder, (), None, request.id_token, request.locales) | claims
    return claims


def _ruled(server: Server, grant: Grant, place: str, now: datetime) -> dict[str, Any]:
    """What an operator's rules add."""
    if not server.registry.claim_rules:
        return {}
    standing = grant.standing
    scope = grant.scope if standing is None or place != "id_token" else standing.authorization.scope
    holder = None if standing is None else standing.holder
    return disclosure.ruled(server, place, Asking(grant.client, holder, scope, grant.audience), now)


def seconds(instant: datetime) -> int:
    """NumericDate (RFC 7519 §2)."""
    return (instant - EPOCH) // SECOND
