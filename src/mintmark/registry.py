"""What an operator configured, kept in memory: clients, resources, policies, keys and secrets.

Every process reads the version row a few times a second. What it keeps is good for `LEASE` after such a reading, so
that a change made anywhere holds everywhere once the lease has run out.
"""

import asyncio
import hmac
import json
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import datetime
from functools import partial
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from mintmark.expressions import Language
from mintmark.keys.ring import Ring, SigningKey
from mintmark.keys.sealing import Sealer
from mintmark.protocol import claim_rule, claim_rule_record
from mintmark.protocol import limits as limits_
from mintmark.protocol.authorization import Standing
from mintmark.protocol.authorization_request import AuthorizationRequest
from mintmark.protocol.catalogue import Catalogue
from mintmark.protocol.claim_rule import ClaimRule
from mintmark.protocol.client import Client
from mintmark.protocol.external_factor import ExternalFactor
from mintmark.protocol.limits import Contradiction, Limits, Stated
from mintmark.protocol.memory import Memory
from mintmark.protocol.policy import Policy
from mintmark.protocol.webhook import Webhook
from mintmark.store import claim_rules, clients, configuration, external_factors, resources, secrets, signing_keys
from mintmark.store import webhooks as stored_webhooks
from mintmark.store.changes import Unavailable
from mintmark.store.executor import Executor
from mintmark.store.requests import KeptRequest

T = TypeVar("T")

LEASE = 1.0  # seconds
SETTLED = LEASE + 0.5  # seconds after which a change holds on every node: what was begun before it is done, too
TRIES = 3  # readings that took too long, or were overtaken by a change
TOO_SLOW = "the database answers too slowly to know what is current"
MOST_CLIENTS = 50_000  # kept in memory; beyond that the memory starts anew
MOST_LIMITS = 10_000
MOST_REMEMBERED = 10_000
MOST_REQUESTS = 1_000


class NoSecret(LookupError):
    """A secret that should have been made at the start is not there."""


class Understood(NamedTuple):
    """A request under way as it was read, and its row where it was written here."""

    request: AuthorizationRequest
    kept: KeptRequest | None


class Together:
    """What several want at the same time is read once: a reading each would make a slow database slower still."""

    def __init__(self) -> None:
        self._tasks: dict[str | None, asyncio.Task[Any]] = {}  # Any: what each gives, only its own asker knows

    async def do(self, key: str | None, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        task = self._tasks.get(key)
        if task is None:
            self._tasks[key] = task = asyncio.create_task(read())
            task.add_done_callback(partial(self._end, key))
        found: T = await asyncio.shield(task)  # who gives up gives up for themselves
        return found

    def _end(self, key: str | None, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(key, None)
        if not task.cancelled():
            task.exception()  # those who waited have heard it, if anybody still waits


class Registry:
    """One per process. Nothing in it is older than its lease."""

    def __init__(
        self, store: Executor, sealer: Sealer, issuer: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._sealer, self._issuer, self._monotonic = store, sealer, issuer, monotonic
        self._good_until = float("-inf")
        self._forgotten = 0  # how often
        self._together = Together()
        self._clients: Memory[str, Client] = Memory(MOST_CLIENTS)
        self._limits: Memory[tuple[object, ...], Limits] = Memory(MOST_LIMITS)
        self._policies: dict[tuple[str, str], Policy] = {}
        self._secrets: dict[str, dict[str, bytes]] = {}  # purpose -> id -> key, the newest last
        self._newest: dict[str, tuple[str, bytes]] = {}  # purpose -> id and key
        self._keyed: dict[str, hmac.HMAC] = {}
        self.remembered: Memory[tuple[object, ...], Any] = Memory(MOST_REMEMBERED)
        self.requests: Memory[str, Understood] = Memory(MOST_REQUESTS)  # under way, by id
        self.version = -1
        self.ended_before = 0  # ms: everything ever issued at or before is over
        self.catalogue = Catalogue(issuer, ())
        self.ring = Ring(())
        self.offers_password = False  # some enabled client has the password grant
        self.webhooks: tuple[Webhook, ...] = ()  # disabled ones too
        self.external_factors: Mapping[str, ExternalFactor] = MappingProxyType({})  # by name, in its order
        self.claim_rules: tuple[ClaimRule, ...] = ()  # in the order of their names
        self._understood: dict[str, ClaimRule] = {}  # by what is stored
        self._language: Language | None = None

    async def renew(self) -> None:
        """Reads the version, and everything anew where it changed. Raises Unavailable."""
        began, forgotten = self._monotonic(), self._forgotten
        version, self.ended_before = await configuration.find(self._store)
        if version != self.version:
            await self._load()
            self.version = version
        if forgotten == self._forgotten:
            self._good_until = began + LEASE

    async def current(self) -> "Registry":
        """Itself, no older than its lease. Raises Unavailable, also where the database is too slow to be sure."""
        for _ in range(TRIES):
            if self._monotonic() < self._good_until:
                return self
            await self._together.do(None, self.renew)
        if self._monotonic() >= self._good_until:
            raise Unavailable(TOO_SLOW)
        return self

    @property
    def age(self) -> float:
        """Seconds since the reading began of what is known here; infinite: nothing was read, or it was forgotten."""
        return self._monotonic() - self._good_until + LEASE

    def forget(self) -> None:
        """Something was changed here: read it anew before it is used."""
        self._good_until = float("-inf")
        self._forgotten += 1
        self._together = Together()  # what is being read now may be older than the change

    async def _load(self) -> None:
        found = await resources.all(self._store)
        policies = await resources.policies(self._store)
        keys = [self._open(key) for key in await signing_keys.all(self._store) if key.facts.removed_at is None]
        opened: dict[str, dict[str, bytes]] = {}
        for secret in await secrets.all(self._store):
            key = self._sealer.open(secret.value, bound_to=secrets.bound_to(secret.id))
            opened.setdefault(secret.purpose, {})[secret.id] = key
        offers_password = await clients.anyone_has(self._store, "password")
        webhooks = await stored_webhooks.all(self._store, self._sealer)
        rules = await claim_rules.all(self._store)
        external = await external_factors.all(self._store, self._sealer)
        self.catalogue = Catalogue(self._issuer, found)
        self._understand(rules.values())
        self.ring = Ring(keys)
        self.offers_password = offers_password
        self.webhooks = tuple(webhooks)
        self.external_factors = MappingProxyType(external)
        self._policies, self._secrets = policies, opened
        self._newest = {purpose: next(reversed(of.items())) for purpose, of in opened.items()}
        self._keyed = {}
        for memory in (self._clients, self._limits, self.remembered, self.requests):
            memory.clear()

    def _understand(self, documents: Iterable[str]) -> None:
        """A rule that is as it was is not read anew."""
        known = self._understood
        self._understood = {text: known.get(text) or self._rule(text) for text in documents}
        self.claim_rules = tuple(self._understood.values())

    def _rule(self, text: str) -> ClaimRule:
        if self._language is None:  # made with the first rule: its library is slow to read
            self._language = claim_rule.language()
        return claim_rule_record.stored(json.loads(text), self._language)

    def _open(self, key: signing_keys.StoredKey) -> SigningKey:
        private = self._sealer.open(key.private, bound_to=signing_keys.bound_to(key.facts.kid))
        return SigningKey.read(key.facts, private)

    async def client(self, client_id: str) -> Client | None:
        """The client, disabled or not, with its live secrets. Raises Unavailable."""
        if self._monotonic() >= self._good_until:
            await self.current()
        kept = self._clients.get(client_id)
        return kept if kept is not None else await self._find(client_id)

    def remembers(self, client_id: str) -> bool:
        """Whether there is, or was a moment ago, a client of that id. Nothing is read."""
        return self._clients.get(client_id) is not None

    async def _find(self, client_id: str) -> Client | None:
        for _ in range(TRIES):
            found, is_current = await self._together.do(client_id, partial(self._look_up, client_id))
            if is_current:
                return found
            await self.current()
        raise Unavailable(TOO_SLOW)

    async def _look_up(self, client_id: str) -> tuple[Client | None, bool]:
        """What was read is current while the lease runs in which the reading began: an end may have overtaken it."""
        began, version = self._monotonic(), self.version
        found = await clients.find(self._store, client_id)
        is_current = version == self.version and self._monotonic() < began + LEASE
        if is_current and found is not None:
            self._clients.keep(client_id, found)
        return found, is_current

    def limits(
        self, client: Client, audience: tuple[str, ...], groups: tuple[str, ...], now: datetime, *, offline: bool
    ) -> Limits:
        """The strictest of what was stated for server, resources, client and groups. Raises Contradiction."""
        key = (client.id, audience, groups, offline)
        kept = self._limits.get(key)
        if kept is not None and not kept.over(now):
            return kept
        found = limits_.effective(
            self.stated(client, audience, groups),
            now=now,
            offline=offline,
            confidential=not client.is_public,
            self_registered=client.self_registered,
        )
        return self._limits.keep(key, found)

    def past_not_after(self, client: Client, audience: tuple[str, ...], groups: tuple[str, ...], now: datetime) -> bool:
        """Whether a `not_after` is over, which ends live tokens too."""
        return any(limits.over(now) for limits in self._each(client, audience, groups, now, offline=False))

    def ends_with_session(self, standing: Standing, client: Client, now: datetime) -> bool:
        """Whether policy says so by now, though nothing did when the authorization began."""
        found, holder = standing.authorization, standing.holder
        if found.ends_with_session or found.session_id is None:
            return False  # it says so itself, or there is none
        groups = () if holder is None else holder.groups
        # offline: what is asked for is what somebody stated, and no default
        return any(one.ends_with_session for one in self._each(client, found.resources, groups, now, offline=True))

    def required_factors(
        self, client: Client, audience: tuple[str, ...], groups: tuple[str, ...], now: datetime
    ) -> tuple[str, ...]:
        """What every policy that speaks for it demands of the person's sign-in: words of `require_factors`."""
        each = self._each(client, audience, groups, now, offline=False)
        return tuple(dict.fromkeys(word for limits in each for word in limits.require_factors))

    def _each(
        self, client: Client, audience: tuple[str, ...], groups: tuple[str, ...], now: datetime, *, offline: bool
    ) -> list[Limits]:
        """What holds for something that lives; resources that contradict one another by now speak one by one."""
        try:
            return [self.limits(client, audience, groups, now, offline=offline)]
        except Contradiction:
            return [self.limits(client, (one,), groups, now, offline=offline) for one in audience]

    def stated(self, client: Client | None, audience: tuple[str, ...], groups: tuple[str, ...]) -> list[Stated]:
        """Every policy that speaks for a request."""
        known = self.catalogue.resources
        said = [Stated("resource", one, known[one].policy) for one in audience if one in known]
        if client is not None:
            said.append(Stated("client", client.id, client.policy))
        said += [
            Stated("group", name, self._policies[("group", name)])
            for name in groups
            if ("group", name) in self._policies
        ]
        if ("server", "") in self._policies:
            said.append(Stated("server", "", self._policies[("server", "")]))
        return said

    def session_limits(self, groups: tuple[str, ...], now: datetime) -> Limits:
        """What holds for a person's sessions, of whatever clients."""
        key = ("sessions", groups)
        kept = self._limits.get(key)
        if kept is not None and not kept.over(now):
            return kept
        found = limits_.effective(
            self.stated(None, (), groups), now=now, offline=False, confidential=True, self_registered=False
        )
        return self._limits.keep(key, found)

    def policies_algs(self) -> set[str]:
        """Every access token algorithm that some policy names."""
        policies = [*self._policies.values(), *(one.policy for one in self.catalogue.resources.values())]
        return {policy.access_token_alg for policy in policies if policy.access_token_alg is not None}

    def over(self, standing: Standing, client: Client, issued_ms: int, now: datetime) -> str | None:
        """Why something issued at that instant is over, with all that is known here; None: it stands."""
        if client.disabled_at is not None:
            return "client disabled"
        return standing.over(
            issued_ms,
            now,
            client_ended_before=client.ended_before,
            all_ended_before=self.ended_before,
            bound=self.ends_with_session(standing, client, now),
        )

    def secret(self, purpose: str) -> tuple[str, bytes]:
        """Id and key of the newest: the one that makes new things."""
        try:
            return self._newest[purpose]
        except KeyError as error:
            raise NoSecret(purpose) from error

    def older_secret(self, purpose: str, id: str) -> bytes | None:
        """The key by its id; None: it is gone, and what it made is over."""
        return self._secrets.get(purpose, {}).get(id)

    def mac(self, purpose: str, message: bytes) -> bytes:
        """Under the newest key. A keyed hash is copied: keying a new one costs as much again."""
        if purpose not in self._keyed:
            self._keyed[purpose] = hmac.new(self.secret(purpose)[1], digestmod=sha256)
        keyed = self._keyed[purpose].copy()
        keyed.update(message)
        return keyed.digest()

    def every_mac(self, purpose: str, message: bytes) -> list[bytes]:
        """Under each of the keys of the purpose: to find what one of them made, whichever it was."""
        return [hmac.digest(key, message, sha256) for key in self._secrets.get(purpose, {}).values()]

    def is_mac(self, purpose: str, message: bytes, given: bytes) -> bool:
        """Under any of the keys of the purpose, in constant time for each."""
        keys = self._secrets.get(purpose, {}).values()
        right = False
        for key in keys:
            right |= hmac.compare_digest(hmac.digest(key, message, sha256), given)
        return right
