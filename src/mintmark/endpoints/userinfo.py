"""UserInfo (OIDC Core §5.3): what the scopes of a token tell of its person."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mintmark import disclosure, envelopes, refused
from mintmark.endpoints import bearer, introspect, tokens_seen
from mintmark.protocol import acr_levels, claims_request
from mintmark.protocol import scope as scopes
from mintmark.protocol.authorization import Standing
from mintmark.protocol.claim_rule import Asking
from mintmark.protocol.client import Client
from mintmark.protocol.errors import (
    InsufficientScope,
    InsufficientUserAuthentication,
    InvalidToken,
    NoCredentials,
    OAuthError,
)
from mintmark.server import Server
from mintmark.store import people
from mintmark.wire import refusals
from mintmark.wire.answer import JWT, Answer, json_answer, token_answer
from mintmark.wire.asked import Asked


async def userinfo(server: Server, asked: Asked) -> Answer:
    try:
        return await _userinfo(server, asked)
    except OAuthError as error:
        refused.tell(server, asked, error, server.clock())
        return refusals.as_bearer(error, asked.request_id, named=not isinstance(error, NoCredentials))


async def _userinfo(server: Server, asked: Asked) -> Answer:
    now = server.clock()
    token = bearer.read(asked)
    found = await tokens_seen.find(server, token, now)
    if found is None or server.issuer not in found.audience:
        raise tokens_seen.not_good(server, token, found, now, server.issuer)
    if found.standing is None or found.standing.holder is None or scopes.OPENID not in found.scope:
        raise InsufficientScope(
            "the token was issued without openid",
            scopes.OPENID,
            check="openid",
            got=" ".join(found.scope),
            client_id=found.client.id,
        )
    _must_be_proved(server, found.client, found.audience, found.standing, now)
    person = await people.find(server.store, found.standing.holder.id)
    if person is None:
        raise InvalidToken(
            "the access token is not one that is good here", check="token's person", got=found.claims["sub"]
        )
    # Before a one-use token is spent: a refusal spends nothing.
    alg = envelopes.signing_alg(found.client, "userinfo")
    wanted = alg is not None or envelopes.is_encrypted(found.client, "userinfo")
    envelope = await envelopes.of(server, found.client, "userinfo", alg, now) if wanted else None
    if found.one_use and not await introspect.spend(server, asked, found, now):
        raise InvalidToken("the access token was used before", check="one use", expected="its first use")
    updated_at = int(person.updated_at.timestamp())
    request = claims_request.stored(found.standing.authorization.claims)
    disclosed = disclosure.told(person.holder, found.scope, updated_at, request.userinfo, request.locales)
    asking = Asking(found.client, person.holder, found.scope, found.audience)
    ruled = disclosure.ruled(server, "userinfo", asking, now)
    told = {"sub": found.claims["sub"], **disclosed, **ruled}
    if envelope is None:
        return json_answer(told)
    return token_answer(JWT, await envelope.close(told if alg is None else _addressed(server, found.client, told)))


def _must_be_proved(
    server: Server, client: Client, audience: tuple[str, ...], standing: Standing, now: datetime
) -> None:
    """What policy demands of the sign-in by now, which may be more than when it was (RFC 9470 §3)."""
    groups = () if standing.holder is None else standing.holder.groups
    words, authorization = server.registry.required_factors(client, audience, groups, now), standing.authorization
    age = now - authorization.authenticated_at
    unmet = acr_levels.unmet(words, authorization.acr, authorization.amr, server.levels, age)
    if not unmet:
        return
    levels = acr_levels.serving(words, server.levels)
    spans = [level.fresh for level in levels if level.fresh is not None]
    raise InsufficientUserAuthentication(
        "the person has to prove more, or again, for this",
        " ".join(level.name for level in levels),
        int(min(spans).total_seconds()) if spans else None,
        check="token's authentication",
        got=authorization.acr,
        client_id=client.id,
    )


def _addressed(server: Server, client: Client, told: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is signed says by whom, and for whom (OIDC Core §5.3.2)."""
    return {**told, "iss": server.issuer, "aud": client.id}
