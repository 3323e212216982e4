"""The revocation door (RFC 7009 §2): 200 for whatever is unknown or a stranger's, which changes nothing."""

from datetime import UTC, datetime

from mintmark import client_auth
from mintmark.endpoints import credentials
from mintmark.events import AuthorizationEnded, Event, TokenRevoked
from mintmark.keys import jwt
from mintmark.mint import OPAQUE
from mintmark.protocol import ids, refresh_token
from mintmark.protocol.client import Client
from mintmark.server import Server, decided
from mintmark.store import access_tokens, authorizations, refresh_tokens
from mintmark.store.changes import Change, Conflict
from mintmark.wire.answer import Answer, empty
from mintmark.wire.asked import Asked


async def revoke(server: Server, asked: Asked) -> Answer:
    now = server.clock()
    params = credentials.form(asked)
    client = await client_auth.authenticate(server, asked, params, now)
    token = params.require("token")

    async def attempt() -> None:
        changes, events = await _ends(server, client, token, now)
        if changes:
            try:
                await server.commit(changes, events, asked, now)
            except Conflict:
                if not await _is_over(server, client, token, now):
                    raise

    await decided(attempt)
    return empty()


async def _ends(server: Server, client: Client, token: str, now: datetime) -> tuple[list[Change], list[Event]]:
    """What ends with the token: the prefix tells its kind, whatever the hint says (RFC 7009 §2.1)."""
    if token.startswith(refresh_token.PREFIX):
        return await _authorization(server, client, token, now)
    if token.startswith(OPAQUE):
        return await _opaque(server, client, token, now)
    return await _jwt(server, client, token, now)


async def _authorization(server: Server, client: Client, token: str, now: datetime) -> tuple[list[Change], list[Event]]:
    """Any member of a chain, spent or not, ends the authorization and all its tokens (RFC 7009 §2.1)."""
    found = await refresh_tokens.find(server.store, refresh_token.digest(token))
    if found is None or found[1].authorization.client_id != client.id or found[1].authorization.ended_at is not None:
        return [], []
    authorization = found[1].authorization
    event = AuthorizationEnded(
        client_id=client.id,
        person_id=authorization.person_id,
        authorization_id=authorization.id,
        reason="refresh token revoked",
    )
    return [authorizations.end(authorization.id, "refresh token revoked", now)], [event]


async def _opaque(server: Server, client: Client, token: str, now: datetime) -> tuple[list[Change], list[Event]]:
    stored = await access_tokens.find(server.store, ids.digest(token))
    if stored is None or stored.claims["client_id"] != client.id or stored.is_over or now >= stored.expires_at:
        return [], []
    event = TokenRevoked(client_id=client.id, authorization_id=stored.claims.get("aid"), kind="opaque")
    return [access_tokens.end(stored.claims["jti"], now)], [event]


async def _jwt(server: Server, client: Client, token: str, now: datetime) -> tuple[list[Change], list[Event]]:
    ring = (await server.registry.current()).ring
    claims = jwt.verify(ring, token, typ={"at+jwt"}, issuer=server.issuer, now=now)
    if claims is None or claims.get("client_id") != client.id:
        return [], []
    ended, _ = await access_tokens.jwt_standing(server.store, claims["jti"], None)
    if ended:
        return [], []
    expires_at = datetime.fromtimestamp(claims["exp"], UTC)
    event = TokenRevoked(client_id=client.id, authorization_id=claims.get("aid"), kind="jwt")
    return [access_tokens.revoke_jwt(claims["jti"], expires_at)], [event]


async def _is_over(server: Server, client: Client, token: str, now: datetime) -> bool:
    """Somebody else ended it at the same time."""
    changes, _ = await _ends(server, client, token, now)
    return not changes
