"""The password grant, for the confidential clients that an operator gave it to (RFC 6749 §4.3, RFC 9700 §2.4).

No browser, so no session and no ID token; what has, or needs, a second factor is refused.
"""

from mintmark.events import PasswordGrantUsed
from mintmark.grants.earning import Earned, TokenRequest, must_be_admin
from mintmark.protocol import ids, refresh_token
from mintmark.protocol import scope as scopes
from mintmark.protocol.authorization import Authorization, Standing
from mintmark.protocol.catalogue import Asked
from mintmark.protocol.errors import InvalidGrant, InvalidScope, UnauthorizedClient
from mintmark.protocol.grant import Grant
from mintmark.protocol.limits import Limits
from mintmark.protocol.session import ONE_FACTOR
from mintmark.server import Server
from mintmark.store import authorizations, clients, people, refresh_tokens
from mintmark.store.changes import Change
from mintmark.store.people import Person
from mintmark.store.times import ms


async def earn(server: Server, request: TokenRequest) -> Earned:
    client, now = request.client, request.now
    if client.is_public or client.self_registered:
        raise UnauthorizedClient(
            "only a confidential client may have this grant",
            check="password grant",
            expected="a confidential client",
            got=client.id,
        )
    catalogue, resources = server.registry.catalogue, request.resources(server)
    words = request.scope()
    asked = catalogue.ask(
        catalogue.default(client, resources) if words is None else words, resources, client, strict=True
    )
    if not asked.scope:
        raise InvalidScope("this client has no such scope", check="scope", expected=scopes.write(client.may_use))
    # The groups' networks are asked once it is known whose groups those are.
    request.must_come_from_there(server.registry.limits(client, asked.audience, (), now, offline=False))
    person = await request.prove(request.params.require("username"), request.params.require("password"))
    if person.holder.delete_after is not None:
        raise InvalidGrant(
            "the person has to sign in at a page", check="person leaves", expected="a person whose account stays"
        )
    limits = server.registry.limits(
        client, asked.audience, person.holder.groups, now, offline=scopes.OFFLINE in asked.scope
    )
    if limits.over(now):
        raise InvalidGrant(
            "nothing is issued any more",
            check="not_after",
            expected="a not_after that lies ahead",
            got=limits.not_after,
        )
    standing = Standing(_authorization(server, request, person, asked, limits), person.holder, None)
    must_be_admin(standing, asked.scope)
    secret, added = _refresh_token(server, request, standing.authorization, limits)
    grant = Grant(
        client=client,
        limits=limits,
        scope=asked.scope,
        audience=asked.audience,
        standing=standing,
        refresh_token=secret,
        id_token=False,
    )
    used = PasswordGrantUsed(
        client_id=client.id,
        person_id=person.holder.id,
        authorization_id=standing.authorization.id,
        scope=scopes.write(asked.scope),
    )
    # The password may be another one by now, and a second factor may be there.
    relied = [clients.stands(client), people.unchanged(person)]
    return Earned(grant, ms(now), [*relied, authorizations.add(standing.authorization), *added], [used])


def _authorization(
    server: Server, request: TokenRequest, person: Person, asked: Asked, limits: Limits
) -> Authorization:
    now = request.now
    refreshes = "refresh_token" in request.client.grant_types
    lifetime = limits.refresh_token_lifetime if refreshes else limits.access_token_lifetime
    return Authorization(
        id=ids.uuid7(now, server.random(10)),
        person_id=person.holder.id,
        client_id=request.client.id,
        session_id=None,
        scope=asked.scope,
        resources=asked.audience,
        ends_with_session=False,
        authenticated_at=now,
        acr=ONE_FACTOR,
        amr=("pwd",),
        created_at=now,
        expires_at=now + lifetime if limits.not_after is None else min(now + lifetime, limits.not_after),
        ended_at=None,
    )


def _refresh_token(
    server: Server, request: TokenRequest, authorization: Authorization, limits: Limits
) -> tuple[str | None, list[Change]]:
    if "refresh_token" not in request.client.grant_types:
        return None, []
    secret = refresh_token.make(authorization.id, ms(request.now), server.random(32))
    expires_at = min(request.now + limits.refresh_token_idle, authorization.expires_at)
    return secret, [refresh_tokens.add(refresh_token.digest(secret), authorization.id, request.now, expires_at)]
