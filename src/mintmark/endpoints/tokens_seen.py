"""What an access token, a JWT or an opaque one, says now: the liveness that introspection, UserInfo and the admin API
share."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from mintmark.keys import jwt
from mintmark.mint import OPAQUE, seconds
from mintmark.protocol import ids
from mintmark.protocol.authorization import Standing
from mintmark.protocol.client import Client
from mintmark.protocol.errors import InvalidToken
from mintmark.server import Server
from mintmark.store import access_tokens
from mintmark.store.access_tokens import StoredToken

NOT_GOOD = "the access token is not one that is good here"


class LiveToken(NamedTuple):
    """An access token that is good at this moment. A one-use token must be spent before anybody is told so."""

    claims: Mapping[str, Any]
    client: Client
    standing: Standing | None  # None: the client acts for itself
    one_use: bool
    opaque: bool

    @property
    def scope(self) -> tuple[str, ...]:
        return tuple(str(self.claims["scope"]).split())

    @property
    def audience(self) -> tuple[str, ...]:
        audience = self.claims["aud"]
        return (audience,) if isinstance(audience, str) else tuple(audience)


async def find(server: Server, token: str, now: datetime) -> LiveToken | None:
    """None for whatever is unknown, expired, spent, revoked, or hangs on something that is over. One statement."""
    registry = await server.registry.current()
    if token.startswith(OPAQUE):
        stored = await access_tokens.find(server.store, ids.digest(token))
        if stored is None or stored.is_over or now >= stored.expires_at:
            return None
        return await _live(server, stored.claims, stored.standing, stored, now)
    claims = jwt.verify(registry.ring, token, typ={"at+jwt"}, issuer=server.issuer, now=now)
    if claims is None or not _is_whole(claims):
        return None
    ended, standing = await access_tokens.jwt_standing(server.store, claims["jti"], claims.get("aid"))
    return None if ended else await _live(server, claims, standing, None, now)


def not_good(server: Server, token: str, found: LiveToken | None, now: datetime, audience: str) -> InvalidToken:
    """The same words for whatever is wrong; for operators, what can be told without asking the store again."""
    if found is not None:
        claims: Mapping[str, Any] | None = found.claims
        why = ("access token audience", audience, " ".join(found.audience))
    else:
        ring = server.registry.ring
        claims = jwt.verify(ring, token, typ={"at+jwt"}, issuer=server.issuer, now=now, check_exp=False)
        why = _why_not(token, claims, now)
    check, expected, got = why
    error = InvalidToken(NOT_GOOD, check=check, expected=expected, got=got)
    error.client_id = None if claims is None else claims.get("client_id")
    return error


def _why_not(token: str, claims: Mapping[str, Any] | None, now: datetime) -> tuple[str, str, str]:
    """claims None: the signature, or what is signed, is none of ours, as it is of an opaque token."""
    if token.startswith(OPAQUE):
        return "access token", "one that is known, unused and not over", token
    if claims is None:
        return "access token form", "a JWT of typ at+jwt that this server signed", token
    if seconds(now) >= int(claims["exp"]):
        return "access token expiry", "shown before it expires", f"expired {seconds(now) - int(claims['exp'])} s ago"
    return "access token", "one that is not revoked and not over", token


def _is_whole(claims: Mapping[str, Any]) -> bool:
    """We signed it, so it is; a key that somebody stole could have signed less."""
    for name in ("jti", "client_id", "scope", "sub"):
        if not isinstance(claims.get(name), str):
            return False
    aid = claims.get("aid")
    return isinstance(claims.get("aud"), str | list) and (aid is None or isinstance(aid, str))


async def _live(
    server: Server, claims: Mapping[str, Any], standing: Standing | None, stored: StoredToken | None, now: datetime
) -> LiveToken | None:
    client = await server.registry.client(claims["client_id"])
    if client is None or (standing is None and claims.get("aid") is not None):
        return None
    found = LiveToken(claims, client, standing, stored is not None and stored.one_use, stored is not None)
    return found if _stands(server, found, now) else None


def _stands(server: Server, found: LiveToken, now: datetime) -> bool:
    try:
        issued_ms = ids.issued_at_ms(found.claims["jti"])
    except ValueError:
        return False
    registry, client, standing = server.registry, found.client, found.standing
    if standing is None:
        if client.disabled_at is not None or issued_ms <= max(client.ended_before, registry.ended_before):
            return False
    elif registry.over(standing, client, issued_ms, now) is not None:
        return False
    return not _past_not_after(server, found, now)


def _past_not_after(server: Server, found: LiveToken, now: datetime) -> bool:
    """A `not_after` in the past ends live tokens too; a resource that was taken out of the catalogue does as well."""
    registry, standing = server.registry, found.standing
    known = tuple(one for one in found.audience if one in registry.catalogue.resources)
    if not known:
        return True
    groups = () if standing is None or standing.holder is None else standing.holder.groups
    return registry.past_not_after(found.client, known, groups, now) or seconds(now) >= int(found.claims["exp"])
