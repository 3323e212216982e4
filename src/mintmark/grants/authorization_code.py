"""The authorization code grant (RFC 6749 §4.1.3, RFC 7636 §4.6, OIDC Core §3.1.3)."""

from mintmark.events import AuthorizationEnded, CodeRedeemed, CodeReplayed
from mintmark.grants.earning import Earned, TokenRequest, guards, limits_of, must_be_admin, must_stand
from mintmark.protocol import code as code_
from mintmark.protocol import ids, refresh_token
from mintmark.protocol import scope as scopes
from mintmark.protocol.authorization import Standing
from mintmark.protocol.code import Code
from mintmark.protocol.errors import InvalidGrant
from mintmark.protocol.grant import Grant
from mintmark.server import Server
from mintmark.store import authorizations, codes, refresh_tokens
from mintmark.store.changes import Change
from mintmark.store.times import ms


async def earn(server: Server, request: TokenRequest) -> Earned:
    found = await codes.find(server.store, ids.digest(request.params.require("code")))
    if found is None:
        raise InvalidGrant("the code is unknown or has expired", check="code", expected="a code of this server")
    code, standing = found
    code_.check(code, request.params, request.client.id, request.now)
    authorization = standing.authorization
    asked = server.registry.catalogue.narrow(
        authorization.scope, authorization.resources, request.resources(server), whole=authorization.scope
    )
    limits = limits_of(server, request, standing, asked.audience)
    request.must_come_from_there(limits)
    if code.spent_at is not None:
        raise _replayed(request, standing)
    must_stand(server, request, standing, ms(code.created_at))
    must_be_admin(standing, asked.scope)
    secret, changes = _refresh_token(server, request, code, standing)
    grant = Grant(
        client=request.client,
        limits=limits,
        scope=asked.scope,
        audience=asked.audience,
        standing=standing,
        refresh_token=secret,
        id_token=scopes.OPENID in authorization.scope,
        nonce=code.nonce,
    )
    redeemed = CodeRedeemed(
        client_id=request.client.id,
        person_id=authorization.person_id,
        authorization_id=authorization.id,
        scope=scopes.write(asked.scope),
    )
    spent = codes.spend(code.digest, request.now)
    return Earned(grant, ms(code.created_at), [spent, *guards(request.client, standing), *changes], [redeemed])


def _refresh_token(
    server: Server, request: TokenRequest, code: Code, standing: Standing
) -> tuple[str | None, list[Change]]:
    """Whenever the client has the grant; `offline_access` only decides whether it survives sign-out."""
    if "refresh_token" not in request.client.grant_types:
        return None, []
    authorization, now = standing.authorization, request.now
    limits = limits_of(server, request, standing, authorization.resources)
    secret = refresh_token.make(authorization.id, ms(now), server.random(32))
    expires_at = min(now + limits.refresh_token_idle, authorization.expires_at)
    return secret, [refresh_tokens.add(refresh_token.digest(secret), authorization.id, now, expires_at)]


def _replayed(request: TokenRequest, standing: Standing) -> InvalidGrant:
    """Whoever replays it holds the verifier too: everything that came of the code ends (RFC 6749 §4.1.2)."""
    authorization = standing.authorization
    description, expected = "the code was used before", "the first use"
    if authorization.ended_at is not None:
        return InvalidGrant(description, check="code replay", expected=expected, got=authorization.id)
    who = {"client_id": authorization.client_id, "person_id": authorization.person_id}
    return InvalidGrant(
        description,
        check="code replay",
        expected=expected,
        got=authorization.id,
        remember=(
            authorizations.end(authorization.id, "code replayed", request.now),
            CodeReplayed(**who, authorization_id=authorization.id),
            AuthorizationEnded(**who, authorization_id=authorization.id, reason="code replayed"),
        ),
    )
