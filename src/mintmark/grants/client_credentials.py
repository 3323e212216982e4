"""The client credentials grant: the client acts for itself (RFC 6749 §4.4). Nothing is written."""

from mintmark.events import TokenIssued
from mintmark.grants.earning import Earned, TokenRequest
from mintmark.protocol import scope as scopes
from mintmark.protocol.client import Client
from mintmark.protocol.errors import InvalidScope, UnauthorizedClient
from mintmark.protocol.grant import Grant
from mintmark.server import Server


async def earn(server: Server, request: TokenRequest) -> Earned:
    """A client asks for the same again and again, and nothing of the answer depends on more than this key."""
    params = request.params
    key = (request.client.id, params.get("scope"), params.all("resource"))
    remembered = server.registry.remembered
    kept: Earned | None = remembered.get(key)
    if kept is None or kept.grant.limits.over(request.now):
        remembered.keep(key, kept := _earn(server, request))
    return kept


def _earn(server: Server, request: TokenRequest) -> Earned:
    client = request.client
    if client.is_public:
        raise UnauthorizedClient(
            "a public client cannot act for itself (RFC 6749 §4.4)",
            check="public client",
            expected="a client with credentials",
            got=client.id,
        )
    catalogue = server.registry.catalogue
    resources = request.resources(server)
    words = request.scope()
    if words is None:
        words = _default(client, frozenset(catalogue.owned_by(resources)) if resources else None)
    if any(word in scopes.IDENTITY for word in words):
        raise InvalidScope(
            "OpenID scopes speak of a person, and here is none",
            check="identity scope",
            expected="scopes of resources",
            got=scopes.write(words),
        )
    asked = catalogue.ask(words, resources, client, strict=True)
    if not asked.scope:
        raise InvalidScope(
            "this client has no scope for itself",
            check="scope",
            expected=scopes.write(client.may_use),
            got=scopes.write(words),
        )
    limits = server.registry.limits(client, asked.audience, (), request.now, offline=False)
    grant = Grant(
        client=client,
        limits=limits,
        scope=asked.scope,
        audience=asked.audience,
        standing=None,
        refresh_token=None,
        id_token=False,
    )
    issued = TokenIssued(client_id=client.id, grant_type="client_credentials", scope=scopes.write(asked.scope))
    return Earned(grant, 0, observed=issued)


def _default(client: Client, owned: frozenset[str] | None) -> tuple[str, ...]:
    """All of its scopes that speak of no person, without the admin API's where it has others too."""
    mine = tuple(word for word in client.may_use if word not in scopes.IDENTITY)
    if owned is not None:
        return tuple(word for word in mine if word in owned)
    return tuple(word for word in mine if not scopes.is_admin(word)) or mine
