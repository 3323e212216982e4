"""What every grant is given, and what it gives back."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from mintmark.events import Event
from mintmark.protocol import scope as scopes
from mintmark.protocol.authorization import Standing
from mintmark.protocol.client import Client
from mintmark.protocol.errors import InvalidGrant, InvalidScope
from mintmark.protocol.grant import Grant
from mintmark.protocol.limits import Limits
from mintmark.protocol.params import Params
from mintmark.server import Server
from mintmark.store import authorizations, clients
from mintmark.store.changes import Change
from mintmark.store.people import Person

ADMINS = "admins"  # the group whose people may have the admin API's scopes


class TokenRequest(NamedTuple):
    """A request of a proved client."""

    params: Params
    client: Client
    now: datetime
    prove: Callable[[str, str], Awaitable[Person]]  # username and password: raises what the sign-in page would say
    must_come_from_there: Callable[[Limits], None]  # raises where the client may not come from this address

    def resources(self, server: Server) -> tuple[str, ...]:
        return server.registry.catalogue.find(self.params.all("resource"))

    def scope(self) -> tuple[str, ...] | None:
        """None: not sent."""
        sent = self.params.get("scope")
        return None if sent is None else scopes.parse(sent)


class Earned(NamedTuple):
    """A grant, with what must be written before its tokens may leave."""

    grant: Grant
    issued_ms: int  # when that was issued which the client showed
    changes: Sequence[Change] = ()
    facts: Sequence[Event] = ()  # written with the changes
    observed: Event | None = None  # told only


def limits_of(server: Server, request: TokenRequest, standing: Standing, audience: tuple[str, ...]) -> Limits:
    """What holds for tokens of this authorization and audience."""
    holder = standing.holder
    return server.registry.limits(
        request.client,
        audience,
        () if holder is None else holder.groups,
        request.now,
        offline=scopes.OFFLINE in standing.authorization.scope,
    )


def must_stand(server: Server, request: TokenRequest, standing: Standing, issued_ms: int) -> None:
    """Person, client, authorization, session and watermarks: refused as one."""
    why = server.registry.over(standing, request.client, issued_ms, request.now)
    if why is not None:
        raise InvalidGrant("what it came of is over", check="standing", expected="everything it hangs on", got=why)


def must_be_admin(standing: Standing, scope: Sequence[str]) -> None:
    """The admin API's scopes go to people only while they are in the group."""
    if not any(map(scopes.is_admin, scope)):
        return
    if standing.holder is None or ADMINS not in standing.holder.groups:
        raise InvalidScope(
            "this person may not have the admin API's scopes", check="admins", expected=f"the group {ADMINS}"
        )


def guards(client: Client, standing: Standing) -> list[Change]:
    """What the decision relied on, held until the commit: no token after an end that was acknowledged."""
    return [clients.stands(client), *authorizations.guards(standing)]
