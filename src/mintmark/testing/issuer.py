"""`mintmark`: what a test says to the server under test."""

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx2

import mintmark.testing.faults as faults
import mintmark.testing.flow as flow
from mintmark import keyring
from mintmark.commands import apply
from mintmark.commands.apply_file import ApplyFile, Entry
from mintmark.commands.opening import Opened
from mintmark.keys.rotation import Create, Remove, Retire, Step
from mintmark.store import clients, configuration, people, signing_keys, wipe
from mintmark.testing.clock import Clock
from mintmark.testing.faults import Fault
from mintmark.testing.inside import Inside, Transport
from mintmark.testing.made import Client, Resource, Tokens, User
from mintmark.testing.serving import Running

ACTOR = "a test"
MADE = datetime(2000, 1, 1, tzinfo=UTC)  # people and clients, so that the clock can be set to before the test
REDIRECT = "http://127.0.0.1/callback"  # of loopback addresses any port will do
IDENTITY = "openid profile email address phone groups offline_access"
GRANTS = ("authorization_code", "refresh_token", "client_credentials")
DOORS = ("/token", "/refresh")


class Mintmark:
    """Everything that is made here is gone when the test ends."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self._clients: dict[str, Client] = {}
        self._users: dict[str, User] = {}
        self._scopes: list[str] = []  # of the resources so far

    @property
    def issuer(self) -> str:
        return self.running.url

    @property
    def clock(self) -> Clock:
        return self.running.clock

    @property
    def asgi(self) -> Inside:
        """The server as an ASGI application, for any event loop."""
        return self.running.asgi

    @property
    def log(self) -> Sequence[Mapping[str, Any]]:
        """What the server logged so far; a refusal tells its check there. Any: whatever a line tells."""
        return self.running.lines.heard

    def transport(self) -> Transport:
        """For clients of httpx2, with `await` and without: no connection is made."""
        return self.running.transport()

    def http(self) -> httpx2.Client:
        """A browser, or an app, with cookies of its own; over the real port."""
        return httpx2.Client(base_url=self.issuer, trust_env=False)

    # ── who and what is there

    def user(self, username: str, *, password: str = "", groups: Sequence[str] = (), **claims: Any) -> User:
        """A person who can sign in; made, or changed where there is one. claims: `email=`, `name=`, `disabled=` …

        Raises commands.opening.Refused for what an apply file could not say either.
        """
        known = self._users.get(username)
        found = User(username, password or (known.password if known else secrets.token_urlsafe(12)), claims)
        stated = {"username": username, "password": found.password, **claims}
        if groups:
            stated["groups"] = list(groups)
        if known is not None and known.password != found.password:
            stated["reset_password"] = True
        self._apply(users=(Entry(f"user {username}", stated),))
        self._users[username] = found
        return found

    def resource(
        self, uri: str, *, scopes: Sequence[str] = (), name: str = "", policy: Mapping[str, Any] | None = None
    ) -> Resource:
        """An API, and a client that speaks for it at the introspection door."""
        speaker = self._credentials(re.sub(r"^\w+://|[^\w.-]+", "", uri) + "-api")
        stated: dict[str, Any] = {"resource": uri, "scopes": list(scopes), "resource_servers": [speaker[0]]}
        stated |= {key: value for key, value in (("name", name), ("policy", policy)) if value}
        client = {"client_id": speaker[0], "client_secret": speaker[1], "grant_types": []}
        self._apply(resources=(Entry(f"resource {uri}", stated),), clients=(Entry(f"client {speaker[0]}", client),))
        self._scopes += [one for one in scopes if one not in self._scopes]
        return Resource(uri, tuple(scopes), *speaker)

    def client(
        self,
        client_id: str,
        *,
        public: bool = False,
        redirect_uris: Sequence[str] = (REDIRECT,),
        grant_types: Sequence[str] = GRANTS,
        scope: str | None = None,
        **members: Any,
    ) -> Client:
        """An app; made, or changed where there is one. scope: None, whatever the resources so far own, and identity.

        members: those of an apply file, such as `policy={"access_token_lifetime": "5m"}`.
        """
        grants = [one for one in grant_types if not (public and one == "client_credentials")]
        words = " ".join((IDENTITY, *self._scopes)) if scope is None else scope
        stated: dict[str, Any] = {"client_id": client_id, "grant_types": grants, "scope": words, **members}
        if "authorization_code" in grants:
            stated["redirect_uris"] = list(redirect_uris)
        secret = None
        if public:
            stated["token_endpoint_auth_method"] = "none"
        else:
            secret = stated["client_secret"] = str(members.get("client_secret") or self._credentials(client_id)[1])
        self._apply(clients=(Entry(f"client {client_id}", stated),))
        first = redirect_uris[0] if "authorization_code" in grants and redirect_uris else None
        found = self._clients[client_id] = Client(client_id, secret, first, words, tuple(grants))
        return found

    def policy(self, **members: Any) -> None:
        """The server's, such as `policy(access_token_lifetime="5m")`."""
        self._apply(policy=Entry("policy", members))

    # ── tokens

    def token_for(
        self,
        user: User | str | None,
        client: Client | str,
        scope: str | None = None,
        *,
        resource: Resource | str | Sequence[str] = (),
    ) -> str:
        """An access token. user: None, for the client itself. Raises flow.Refused with the server's words."""
        return self.tokens_for(user, client, scope, resource=resource).access_token

    def tokens_for(
        self,
        user: User | str | None,
        client: Client | str,
        scope: str | None = None,
        *,
        resource: Resource | str | Sequence[str] = (),
    ) -> Tokens:
        """The whole answer: the person signs in on the page and allows what is asked; the client redeems the code."""
        app = self._clients[client] if isinstance(client, str) else client
        person = self._users[user] if isinstance(user, str) else user
        uris = _uris(resource)
        with httpx2.Client(base_url=self.issuer, transport=self.transport()) as http:
            if person is not None:
                return flow.by_code(http, self.issuer, person, app, scope or app.scope, uris)
            form: dict[str, Any] = {"grant_type": "client_credentials", "resource": uris}
            return flow.token(http, self.issuer, app, form | ({"scope": scope} if scope else {}))

    def introspect(self, token: str, resource: Resource) -> dict[str, Any]:
        """What the resource hears of the token. Any: JSON."""
        with httpx2.Client(base_url=self.issuer, transport=self.transport()) as http:
            found: dict[str, Any] = http.post("/introspect", data={"token": token}, auth=resource.auth).json()
            return found

    # ── faults

    def lost_answer(self, *paths: str, times: int | None = None) -> AbstractContextManager[Fault]:
        """The server does what it is asked, and the connection breaks before the answer: at the token door if no path
        is named, the first `times` times, or always."""
        return self._on(Fault(faults.lost, paths or DOORS, times))

    def slow_jwks(self, seconds: float) -> AbstractContextManager[Fault]:
        return self._on(Fault(faults.slow, (faults.JWKS,), seconds=seconds))

    def unavailable(self, *paths: str) -> AbstractContextManager[Fault]:
        """503 with Retry-After, at the paths, or everywhere."""
        return self._on(Fault(faults.unavailable, paths))

    @contextmanager
    def rotated_key(self, *, emergency: bool = False) -> Iterator[None]:
        """New keys sign from now on, and stay; old ones verify still, except in an emergency: then they are gone."""
        self.running.do(self._rotate(emergency=emergency))
        yield

    @contextmanager
    def revoked(self, token: str) -> Iterator[None]:
        """The token, of whichever client, is revoked, and stays so: an access token, or with a refresh token all that
        came of it."""
        with httpx2.Client(base_url=self.issuer, transport=self.transport()) as http:
            for client in self._clients.values():  # another's revocation changes nothing
                if client.client_secret is None:
                    http.post("/revoke", data={"token": token, "client_id": client.client_id})
                else:
                    http.post("/revoke", data={"token": token}, auth=client.auth)
        yield

    def disable(self, one: User | Client) -> None:
        """A person or an app that is let in no more: whatever they had is over."""
        now, opened = self.clock.now(), self._opened()

        async def work() -> None:
            if isinstance(one, Client):
                await opened.commit(clients.disable(one.client_id, now), ())
            else:
                found = await people.find_signing_in(opened.store, one.username)
                assert found is not None, one.username  # noqa: S101  it was made here
                await opened.commit([people.disable(found.holder.id, now)], ())
            opened.registry.forget()

        self.running.do(work())

    def clear(self) -> None:
        """Nobody and nothing, the right time, no faults."""
        self.running.faults.on.clear()
        self.clock.reset()
        self.running.lines.heard.clear()
        opened = self._opened()

        async def work() -> None:
            journal = self.running.server.journal
            journal.waiting.clear()
            await opened.store.commit(wipe.everything())
            opened.registry.forget()

        self.running.do(work())

    # ── below

    def _on(self, fault: Fault) -> AbstractContextManager[Fault]:
        return self.running.faults.switched_on(fault)

    def _credentials(self, client_id: str) -> tuple[str, str]:
        """The secret of before, where it has one."""
        known = self._clients.get(client_id)
        return client_id, (known.client_secret if known else None) or secrets.token_urlsafe(32)

    def _opened(self) -> Opened:
        server = self.running.server
        return Opened(server.settings, server.store, server.sealer, server.registry, self.clock.now(), ACTOR)

    def _apply(self, **sections: Any) -> None:  # Any: the members of ApplyFile
        server = self.running.server

        async def work() -> None:
            await server.registry.renew()
            opened = replace(self._opened(), now=MADE)
            await apply.carry_out(opened, ApplyFile(**sections), server.hashing)  # type: ignore[arg-type]  # made so
            server.registry.forget()

        self.running.do(work())

    async def _rotate(self, *, emergency: bool) -> None:
        opened = self._opened()
        there = await signing_keys.all(opened.store)
        schedule = keyring.schedule(opened.settings)
        published = [key.facts for key in there if key.facts.removed_at is None]
        algs = dict.fromkeys(key.alg for key in published)
        steps: list[Step] = [Create(alg, opened.now, opened.now) for alg in algs]
        for key in published:
            if emergency:
                steps.append(Remove(key.kid, opened.now))
            elif key.signs_until is None:
                steps.append(Retire(key.kid, opened.now, schedule.leaves_at(opened.now)))
        changes = keyring.changes_of(opened.sealer, there, steps)
        moved = configuration.changed()
        await opened.store.commit([*(one for one in changes if one != moved), moved])
        opened.registry.forget()


def _uris(resource: Resource | str | Sequence[str]) -> list[str]:
    if isinstance(resource, Resource):
        return [resource.uri]
    return [resource] if isinstance(resource, str) else list(resource)
