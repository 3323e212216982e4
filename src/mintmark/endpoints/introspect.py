"""The introspection door (RFC 7662 §2): exactly `{"active":false}` for whatever is none of the asker's business.

Who asks for a signed answer gets one (RFC 9701).
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from mintmark import client_auth, envelopes, subjects
from mintmark.endpoints import credentials, tokens_seen
from mintmark.endpoints.tokens_seen import LiveToken
from mintmark.events import TokenSpent
from mintmark.mint import seconds
from mintmark.protocol import refresh_token
from mintmark.protocol import scope as scopes
from mintmark.protocol.claims import OWNED
from mintmark.protocol.client import Client
from mintmark.server import Server, decided
from mintmark.store import access_tokens, refresh_tokens
from mintmark.store.changes import Conflict
from mintmark.store.times import ms
from mintmark.wire import accept
from mintmark.wire.answer import Answer, json_answer, token_answer
from mintmark.wire.asked import Asked

INACTIVE: Mapping[str, Any] = MappingProxyType({"active": False})
TYP = "token-introspection+jwt"  # RFC 9701 §5
SIGNED = f"application/{TYP}"


async def introspect(server: Server, asked: Asked) -> Answer:
    now = server.clock()
    params = credentials.form(asked)
    client = await client_auth.authenticate(server, asked, params, now)
    if client.is_public:
        raise client_auth.refused(asked, params, "public client", "a client with credentials", client.id)
    token = params.require("token")
    if not accept.prefers(asked.header(b"accept"), SIGNED, "application/json"):
        return json_answer(dict(await _introspect(server, asked, client, token, now)))
    alg = envelopes.signing_alg(client, "introspection") or "RS256"  # RFC 9701 §6
    # Before a one-use token is spent: a refusal spends nothing.
    envelope = await envelopes.of(server, client, "introspection", alg, now, typ=TYP)
    told = await _introspect(server, asked, client, token, now)
    claims = {"iss": server.issuer, "aud": client.id, "iat": seconds(now), "token_introspection": dict(told)}
    return token_answer(SIGNED, await envelope.close(claims))  # RFC 9701 §5


async def _introspect(server: Server, asked: Asked, client: Client, token: str, now: datetime) -> Mapping[str, Any]:
    if token.startswith(refresh_token.PREFIX):
        return await _refresh_token(server, client, token, now)
    found = await tokens_seen.find(server, token, now)
    if found is None:
        return INACTIVE
    part = _part(server, client, found)
    if part is None:
        return INACTIVE
    if found.one_use and _speaks_for(server, client, found) and not await spend(server, asked, found, now):
        return INACTIVE
    scope, audience = part
    return _told(server, client, found, scope, audience)


async def spend(server: Server, asked: Asked, found: LiveToken, now: datetime) -> bool:
    """The one use of a one-use token: of fifty at once, one is told that it is good."""

    async def attempt() -> bool:
        event = TokenSpent(client_id=found.client.id, authorization_id=found.claims.get("aid"))
        try:
            await server.commit([access_tokens.spend(found.claims["jti"], now)], [event], asked, now)
        except Conflict:
            return False
        return True

    return await decided(attempt)


def _part(server: Server, client: Client, found: LiveToken) -> tuple[list[str], list[str]] | None:
    """The asker's part of scope and audience; None: it has none."""
    catalogue = server.registry.catalogue
    mine = [one for one in found.audience if _is_for(server, client, one)]
    if mine:
        owned = catalogue.owned_by(mine)
        return [word for word in found.scope if word in owned], mine
    if found.audience == (catalogue.issuer,) and found.client.id == client.id:
        return list(found.scope), list(found.audience)
    return None


def _is_for(server: Server, client: Client, resource: str) -> bool:
    known = server.registry.catalogue.resources.get(resource)
    return known is not None and client.id in known.resource_servers


def _speaks_for(server: Server, client: Client, found: LiveToken) -> bool:
    return any(_is_for(server, client, one) for one in found.audience)


def _told(server: Server, client: Client, found: LiveToken, scope: list[str], audience: list[str]) -> dict[str, Any]:
    """The person as the asker knows them, whichever client the token was issued to (RFC 7662 §2.2, §5)."""
    claims = found.claims
    told: dict[str, Any] = {
        "active": True,
        "iss": claims["iss"],
        "sub": claims["sub"],
        "client_id": claims["client_id"],
        "aud": audience[0] if len(audience) == 1 else audience,
        "scope": scopes.write(scope),
        "token_type": "Bearer",
        "exp": claims["exp"],
        "iat": claims["iat"],
        "jti": claims["jti"],
    }
    told |= {name: claims[name] for name in ("auth_time", "acr") if name in claims}
    told |= {name: value for name, value in claims.items() if name not in OWNED}  # what an operator's rules made
    if found.standing is not None:
        told["sub"] = subjects.of(server.registry, client, found.standing.authorization.person_id)
        if found.standing.holder is not None and client.sector is None:  # a username is the same to everybody
            told["username"] = found.standing.holder.username
    return told


async def _refresh_token(server: Server, client: Client, token: str, now: datetime) -> Mapping[str, Any]:
    """Only the asker's own, while it is the live end of its chain. Asking is no use of it."""
    found = await refresh_tokens.find(server.store, refresh_token.digest(token))
    if found is None or found[1].authorization.client_id != client.id:
        return INACTIVE
    seen, standing = found
    registry = await server.registry.current()
    if seen.spent_at is not None or now >= seen.expires_at:
        return INACTIVE
    if registry.over(standing, client, ms(seen.created_at), now) is not None:
        return INACTIVE
    authorization = standing.authorization
    groups = () if standing.holder is None else standing.holder.groups
    audience = tuple(one for one in authorization.resources if one in registry.catalogue.resources)
    if registry.past_not_after(client, audience, groups, now):
        return INACTIVE
    return {
        "active": True,
        "iss": server.issuer,
        "sub": subjects.of(registry, client, authorization.person_id),
        "client_id": client.id,
        "scope": scopes.write(authorization.scope),
        "token_type": "refresh_token",
        "exp": seconds(seen.expires_at),
        "iat": seconds(seen.created_at),
    }
