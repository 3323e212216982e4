"""The resources that tokens are for, who owns which scope, and what audience a request gets (RFC 8707)."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mintmark.protocol import scope as scopes
from mintmark.protocol.client import Client
from mintmark.protocol.errors import InvalidScope, InvalidTarget
from mintmark.protocol.memory import Memory
from mintmark.protocol.policy import Policy

# Scheme, authority and the rest, in printable ASCII, without a fragment (RFC 3986 §3). urlsplit would take spaces and
# line ends away before anybody looks.
_ABSOLUTE = re.compile(r"""([A-Za-z][A-Za-z0-9+.\-]*):(//[!-"$-.0->@-~]*)?([!-"$-~]*)""")


MOST_ASKED = 10_000  # remembered at a time


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource server's identifier, as it stands in `aud`, and the scopes that it owns."""

    id: str
    name: str
    scopes: Mapping[str, str]  # scope -> what it lets do, in words ("" where nobody said)
    resource_servers: tuple[str, ...]  # the clients that speak for it
    policy: Policy


class Asked(NamedTuple):
    """What a request may get: scopes, and the resources that the token is for."""

    scope: tuple[str, ...]
    audience: tuple[str, ...]


class Catalogue:
    """Every registered resource, the issuer itself and its admin API."""

    def __init__(self, issuer: str, resources: Sequence[Resource]) -> None:
        self.issuer = issuer
        self.admin_api = issuer + "/admin/api"
        own = (
            Resource(issuer, "", {}, (), Policy()),
            Resource(self.admin_api, "Admin API", scopes.ADMIN, (), Policy()),
        )
        self.resources = {resource.id: resource for resource in (*resources, *own)}
        self._by_folded = {fold(resource): resource for resource in self.resources}
        # A client asks for the same every time: the answer is found once.
        self._asked: Memory[tuple[object, ...], Asked] = Memory(MOST_ASKED)
        self._owners: dict[str, tuple[str, ...]] = {}
        for resource in self.resources.values():
            for word in resource.scopes:
                self._owners[word] = (*self._owners.get(word, ()), resource.id)

    def owners(self, word: str) -> tuple[str, ...]:
        return self._owners.get(word, ())

    def places(self, words: Sequence[str], audience: Collection[str]) -> dict[str, tuple[str, ...]]:
        """For each scope the resources that it is asked for at; those that tell of the person are the issuer's own."""
        return {
            word: (self.issuer,)
            if word in scopes.IDENTITY
            else tuple(one for one in self.owners(word) if one in audience)
            for word in words
        }

    def knows(self, word: str) -> bool:
        return word in self._owners or word in scopes.IDENTITY

    def find(self, sent: Sequence[str]) -> tuple[str, ...]:
        """The configured spelling of each `resource` sent; `invalid_target` for what is not ours (RFC 8707 §2)."""
        return tuple(dict.fromkeys(self._require(uri) for uri in sent))

    def _require(self, sent: str) -> str:
        if sent in self.resources:
            return sent
        known = self._by_folded.get(fold(sent)) if is_absolute(sent) else None
        if known is None:
            raise InvalidTarget("resource is not one that is registered here", check="resource", got=sent)
        return known

    def owned_by(self, resources: Collection[str]) -> frozenset[str]:
        return frozenset(word for resource in resources for word in self.resources[resource].scopes)

    def ask(self, words: Sequence[str], resources: Sequence[str], client: Client, *, strict: bool) -> Asked:
        """Scopes and audience of a request by this client.

        `resources` empty: those that own the scopes. strict: a scope that the client cannot have is refused, else
        dropped (RFC 6749 §3.3 leaves the choice).
        """
        key = (tuple(words), tuple(resources), client.may_use, strict)
        found = self._asked.get(key)
        return found or self._asked.keep(key, self._ask(words, resources, client, strict=strict))

    def _ask(self, words: Sequence[str], resources: Sequence[str], client: Client, *, strict: bool) -> Asked:
        allowed = self._reach(client, resources)
        self._keep_admin_apart(scopes.within(words, client.may_use), resources)
        granted = scopes.within(words, allowed)
        if strict and len(granted) != len(words):
            raise InvalidScope(
                "scope holds something that this client, or this resource, does not have",
                check="scope",
                expected=scopes.write(sorted(allowed)),
                got=scopes.write(words),
            )
        return Asked(granted, self.audience(granted, resources))

    def default(self, client: Client, resources: Sequence[str]) -> tuple[str, ...]:
        """No `scope` at authorize: all that the client has of the resources, without the far-reaching ones.

        A resource without scopes of its own gets `openid`: there is nothing else to name.
        """
        allowed = self._reach(client, resources)
        if resources and self.issuer not in resources:
            allowed &= self.owned_by(resources) or {scopes.OPENID}
        words = scopes.within(client.may_use, allowed)
        return tuple(word for word in words if word != scopes.OFFLINE and not scopes.is_admin(word))

    def _reach(self, client: Client, resources: Sequence[str]) -> frozenset[str]:
        mine = frozenset(word for word in client.may_use if self.knows(word))
        if not resources:
            return mine
        for resource in resources:
            owned = self.resources[resource].scopes
            if owned and mine.isdisjoint(owned):
                raise InvalidTarget(
                    "this client has no scope of that resource",
                    check="resource of client",
                    expected="one of " + scopes.write(sorted(owned)),
                    got=resource,
                )
        return mine & (self.owned_by(resources) | frozenset(scopes.IDENTITY))

    def audience(self, granted: Sequence[str], resources: Sequence[str]) -> tuple[str, ...]:
        """With `resource` exactly those; else the owners of the scopes, and the issuer where `openid` is among them."""
        chosen = tuple(resources) or self._owning(granted)
        self._keep_admin_apart(granted, chosen)
        return chosen

    def _keep_admin_apart(self, words: Sequence[str], resources: Sequence[str]) -> None:
        """Admin scopes stand alone, and with the admin API alone; `resources` empty: not settled yet."""
        admin = self.admin_api in resources or any(map(scopes.is_admin, words))
        if admin and not all(map(scopes.is_admin, words)):
            raise InvalidTarget(
                "admin scopes stand with no other scope",
                check="admin audience",
                expected="admin:… alone",
                got=scopes.write(words),
            )
        if admin and resources and tuple(resources) != (self.admin_api,):
            raise InvalidTarget(
                "a token for the admin API is for nothing else",
                check="admin audience",
                expected=self.admin_api,
                got=" ".join(resources),
            )

    def _owning(self, granted: Sequence[str]) -> tuple[str, ...]:
        owners: dict[str, None] = {}
        for word in granted:
            found = self._owners.get(word, ())
            if len(found) > 1:
                raise InvalidTarget(
                    f"{word} belongs to several resources: send resource",
                    check="scope of several resources",
                    expected=" or ".join(found),
                    got=word,
                )
            owners.update(dict.fromkeys(found))
        if scopes.OPENID in granted or not owners:
            owners[self.issuer] = None
        return tuple(owners)

    def narrow(
        self,
        scope: Sequence[str],
        granted: Sequence[str],
        resources: Sequence[str],
        *,
        whole: Sequence[str] | None = None,
    ) -> Asked:
        """What of a grant a request at the token door gets: `resource` within what was granted (RFC 8707 §2.2).

        `whole` is all the scope of the grant: who asks for that gets every resource that `resource` once named.
        """
        if not set(resources) <= set(granted):
            raise InvalidTarget(
                "resource is not within what was granted",
                check="granted resource",
                expected=" ".join(granted),
                got=" ".join(resources),
            )
        chosen = tuple(resources) or self._of(scope, granted, everything=whole is not None and set(whole) <= set(scope))
        kept = scopes.within(scope, self.owned_by(chosen) | frozenset(scopes.IDENTITY))
        if not kept and scope:
            raise InvalidScope(
                "nothing of the scope belongs to that resource",
                check="resource and scope",
                expected=scopes.write(sorted(self.owned_by(chosen))),
                got=scopes.write(scope),
            )
        return Asked(kept, chosen)

    def _of(self, scope: Sequence[str], granted: Sequence[str], *, everything: bool) -> tuple[str, ...]:
        """The granted resources that own one of the scopes; all of them where none does: `resource` named them."""
        living = tuple(resource for resource in granted if resource in self.resources)
        if not living:
            raise InvalidTarget(
                "no resource of this grant is registered any more", check="resources of grant", got=" ".join(granted)
            )
        return living if everything else tuple(one for one in living if self._is_for(one, scope)) or living

    def _is_for(self, resource: str, scope: Sequence[str]) -> bool:
        owned = self.resources[resource].scopes
        if resource == self.issuer:
            return scopes.OPENID in scope
        return not owned or not set(owned).isdisjoint(scope)


def is_absolute(uri: str) -> bool:
    """An absolute URI without fragment (RFC 8707 §2)."""
    parts = _ABSOLUTE.fullmatch(uri)
    return parts is not None and parts[2] != "//" and bool(parts[2] or parts[3])


def fold(uri: str) -> str:
    """For comparing: scheme and host in lower case, an empty path's slash left out (MCP's canonical URI)."""
    parts = _ABSOLUTE.fullmatch(uri)
    if parts is None:
        return uri
    scheme, authority, rest = parts.groups()
    if authority is None:
        return f"{scheme.lower()}:{rest}"
    person, at, host = authority.rpartition("@")
    return f"{scheme.lower()}:{person}{at}{host.lower()}" + ("" if rest == "/" else rest)
