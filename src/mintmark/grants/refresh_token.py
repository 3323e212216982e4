"""The refresh token grant: rotation that survives a lost answer (RFC 6749 §6, RFC 9700 §4.14.2).

In this order: standing, scope and resource, from where it comes, and only then reuse and freshness. A refused request
spends nothing.
"""

from collections.abc import Sequence
from datetime import datetime

from mintmark.events import AuthorizationEnded, Event, Refreshed, RefreshRepeated, RefreshTokenReused
from mintmark.grants.earning import Earned, TokenRequest, guards, limits_of, must_be_admin, must_stand
from mintmark.protocol import refresh_token
from mintmark.protocol import scope as scopes
from mintmark.protocol.authorization import Standing
from mintmark.protocol.catalogue import Asked
from mintmark.protocol.errors import InvalidGrant, InvalidScope
from mintmark.protocol.grant import Grant
from mintmark.protocol.limits import Limits
from mintmark.protocol.refresh_token import Expired, Fresh, HeirAgain, RefreshToken, Reused
from mintmark.server import Server
from mintmark.store import authorizations, refresh_tokens
from mintmark.store.changes import Change
from mintmark.store.times import ms


async def earn(server: Server, request: TokenRequest) -> Earned:
    presented = request.params.require("refresh_token")
    found = await refresh_tokens.find(server.store, refresh_token.digest(presented))
    if found is None:
        raise _unknown("refresh token", "a refresh token of this server", presented)
    token, standing = found
    if standing.authorization.client_id != request.client.id:
        raise _unknown("refresh token client", standing.authorization.client_id, request.client.id)
    must_stand(server, request, standing, ms(token.created_at))
    asked = _asked(server, request, standing)
    limits = limits_of(server, request, standing, asked.audience)
    request.must_come_from_there(limits)
    handed_out, changes, told = _use(server, request, presented, token, standing, limits)
    grant = Grant(
        client=request.client,
        limits=limits,
        scope=asked.scope,
        audience=asked.audience,
        standing=standing,
        refresh_token=handed_out,
        id_token=scopes.OPENID in standing.authorization.scope and scopes.OPENID in asked.scope,
    )
    fact: Event = Refreshed(
        client_id=request.client.id,
        person_id=standing.authorization.person_id,
        authorization_id=standing.authorization.id,
        scope=scopes.write(asked.scope),
    )
    changes = [*changes, *guards(request.client, standing)]
    if told is not None:
        return Earned(grant, ms(token.created_at), changes, observed=told)
    return Earned(grant, ms(token.created_at), changes, facts=[fact])


def _unknown(check: str, expected: str, got: str) -> InvalidGrant:
    """The same words for a token that is another client's."""
    return InvalidGrant("the refresh token is unknown", check=check, expected=expected, got=got)


def _asked(server: Server, request: TokenRequest, standing: Standing) -> Asked:
    """Within what was granted, and within what the client still has (RFC 6749 §6)."""
    params, authorization = request.params, standing.authorization
    sent = (params.get("scope"), params.all("resource"))
    key = (request.client.id, authorization.scope, authorization.resources, *sent)
    remembered = server.registry.remembered
    asked: Asked | None = remembered.get(key)
    if asked is None:
        remembered.keep(key, asked := _narrowed(server, request, standing))
    must_be_admin(standing, asked.scope)
    return asked


def _narrowed(server: Server, request: TokenRequest, standing: Standing) -> Asked:
    granted = standing.authorization.scope
    known = [word for word in request.client.may_use if server.registry.catalogue.knows(word)]
    allowed = scopes.within(granted, known)
    words = request.scope()
    if words is not None and not set(words) <= set(allowed):
        raise InvalidScope(
            "scope is wider than what was granted",
            check="refresh scope",
            expected=scopes.write(allowed),
            got=scopes.write(words),
        )
    narrowed = scopes.within(allowed, words) if words is not None else allowed
    asked = server.registry.catalogue.narrow(
        narrowed, standing.authorization.resources, request.resources(server), whole=standing.authorization.scope
    )
    if not asked.scope or not asked.audience:
        raise InvalidScope(
            "nothing of what was granted is left", check="nothing left of grant", expected=scopes.write(granted)
        )
    return asked


def _use(
    server: Server, request: TokenRequest, presented: str, token: RefreshToken, standing: Standing, limits: Limits
) -> tuple[str, Sequence[Change], Event | None]:
    """The token to hand out, what that writes, and what is only told."""
    now = request.now
    expires_at = min(now + limits.refresh_token_idle, standing.authorization.expires_at)
    match refresh_token.use(token, now, server.settings.refresh_grace):
        case Fresh() if limits.rotation == "keep":
            return presented, [refresh_tokens.prolong(token.digest, expires_at)], None
        case Fresh():
            key_id, key = server.registry.secret("heir")
            heir = refresh_token.heir(key, presented, token.digest, ms(now))
            spent = refresh_tokens.spend(token.digest, heir.digest, key_id, now)
            return heir.text, [spent, refresh_tokens.add(heir.digest, standing.authorization.id, now, expires_at)], None
        case HeirAgain(key_id, spent_at):
            return _again(server, presented, token.digest, key_id, spent_at, standing)
        case Reused():
            raise _reused(request, standing)
        case Expired():
            raise InvalidGrant(
                "the refresh token has expired",
                check="refresh token expiry",
                expected=f"used before {token.expires_at:%Y-%m-%dT%H:%M:%SZ}",
                got=f"{now:%Y-%m-%dT%H:%M:%SZ}",
            )


def _again(
    server: Server, presented: str, its_digest: bytes, key_id: str, spent_at: datetime, standing: Standing
) -> tuple[str, Sequence[Change], Event | None]:
    key = server.registry.older_secret("heir", key_id)
    if key is None:
        raise InvalidGrant("the refresh token was used before", check="heir key", expected=f"the key {key_id}")
    heir = refresh_token.heir(key, presented, its_digest, ms(spent_at))
    told = RefreshRepeated(
        client_id=standing.authorization.client_id,
        person_id=standing.authorization.person_id,
        authorization_id=standing.authorization.id,
    )
    return heir.text, [refresh_tokens.heir_is_unused(heir.digest)], told


def _reused(request: TokenRequest, standing: Standing) -> InvalidGrant:
    """Two parties hold it, and nobody knows which is honest: the whole authorization ends."""
    authorization = standing.authorization
    who = {"client_id": authorization.client_id, "person_id": authorization.person_id}
    return InvalidGrant(
        "the refresh token was used before",
        check="refresh token reuse",
        expected="its first use, or its repetition within the grace",
        got=authorization.id,
        remember=(
            authorizations.end(authorization.id, "refresh token reused", request.now),
            RefreshTokenReused(**who, authorization_id=authorization.id),
            AuthorizationEnded(**who, authorization_id=authorization.id, reason="refresh token reused"),
        ),
    )
