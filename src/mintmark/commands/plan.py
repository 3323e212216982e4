"""What an apply file would change: the state and the file in, differences and steps out. Nothing here waits."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from mintmark import nearest
from mintmark.client_auth import METHODS
from mintmark.commands import plan_people
from mintmark.commands.apply_file import ApplyFile, Entry
from mintmark.commands.differences import Change, Difference, Member, members, merged, secret
from mintmark.commands.opening import Refused
from mintmark.commands.plan_people import PersonStep
from mintmark.grants import GRANTS
from mintmark.protocol import catalogue as catalogues
from mintmark.protocol import client as clients
from mintmark.protocol import client_metadata, resource_record
from mintmark.protocol.catalogue import Catalogue, Resource
from mintmark.protocol.client import Client, Secret
from mintmark.protocol.client_metadata import MetadataRefused, Offered
from mintmark.protocol.person_record import RecordRefused
from mintmark.protocol.policy import Policy, PolicyRefused
from mintmark.store.people import Person

SECRET_NAME = "apply"  # of the client's secrets the one that the file speaks of
LONGEST_SECRET = 1024
OFFERED = Offered(tuple(GRANTS), tuple(METHODS))
_OWN_MEMBERS = ("client_id", "client_secret", "policy")


@dataclass(frozen=True, slots=True)
class State:
    """What stands now, as far as the file could touch it."""

    issuer: str
    now: datetime
    resources: Mapping[str, Resource]
    server_policy: Policy | None  # None: never stated
    clients: Mapping[str, Client]  # those that the file names
    client_ids: Collection[str]  # some of those that there are, to guess from
    other_clients: Sequence[Client]  # where a resource loses scopes: everybody who might have them
    people: Mapping[str, Person]  # by their username's key
    signing_in: Mapping[str, Person]  # by whatever key they sign in with
    right_passwords: Collection[str]  # keys of people whose password is the one that the file would set again
    is_secret: Callable[[Secret, str], bool]


@dataclass(frozen=True, slots=True)
class ResourceStep:
    resource: Resource
    is_new: bool


@dataclass(frozen=True, slots=True)
class ClientStep:
    client_id: str
    document: str
    policy: Policy
    is_new: bool
    is_changed: bool
    secret: str | None = field(repr=False)  # None: none is to be made
    ends_secret: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written, and how it is told; both empty: nothing is to be done."""

    differences: tuple[Difference, ...] = ()
    resources: tuple[ResourceStep, ...] = ()
    dropped: tuple[str, ...] = ()  # resources that go
    clients: tuple[ClientStep, ...] = ()
    people: tuple[PersonStep, ...] = ()
    policy: Policy | None = None  # None: the server's stays


@dataclass(slots=True)
class _Planning:
    state: State
    resources: dict[str, Resource]
    differences: list[Difference] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    @contextmanager
    def at(self, path: str) -> Iterator[None]:
        """What is refused inside is told with its path, and the rest of the file is looked at all the same."""
        try:
            yield
        except (MetadataRefused, RecordRefused, PolicyRefused) as refusal:
            self.refusals.append(f"{path}.{refusal.path} {refusal.message}" if refusal.path else f"{path} {refusal}")


def make(file: ApplyFile, state: State, drop: Sequence[str] = ()) -> Plan:
    """drop: resources that are to go. Raises Refused with everything that is wrong: nothing is applied then."""
    planning = _Planning(state, {uri: one for uri, one in state.resources.items() if uri not in drop})
    planning.differences += [Difference("resource", uri, "delete") for uri in drop]
    resources = list(_resources(file.resources, planning))
    catalogue = Catalogue(state.issuer, [*planning.resources.values()])
    steps = list(_clients(file.clients, planning, catalogue))
    _check_references(file, planning)
    _check_left_scopes(planning, catalogue, {step.client_id for step in steps})
    people, differences, refusals = plan_people.make(file.users, state.people, state.signing_in, state.right_passwords)
    policy = _server_policy(file.policy, planning)
    if planning.refusals or refusals:
        raise Refused(*planning.refusals, *refusals)
    return Plan(
        (*planning.differences, *differences), tuple(resources), tuple(drop), tuple(steps), tuple(people), policy
    )


def _resources(entries: Sequence[Entry], planning: _Planning) -> Iterator[ResourceStep]:
    seen: set[str] = set()
    for entry in entries:
        with planning.at(entry.path):
            uri = resource_record.check_id(entry.members.get("resource"), planning.state.issuer)
            known = planning.resources.get(uri)
            before = {} if known is None else resource_record.document(known)
            wanted = resource_record.read(merged(before, entry.members), issuer=planning.state.issuer)
            _must_be_one(uri, seen, planning.resources)
            seen.add(uri)
            planning.resources[uri] = wanted
            found = members(before, resource_record.document(wanted))
            if known is None or found:
                change: Change = "create" if known is None else "update"
                planning.differences.append(Difference("resource", uri, change, found))
                yield ResourceStep(wanted, known is None)


def _must_be_one(uri: str, seen: set[str], known: Mapping[str, Resource]) -> None:
    """Requests name a resource in any spelling, so two spellings of one are the same resource."""
    if uri in seen:
        raise RecordRefused("resource", "stands twice in the file")
    for other in known:
        if other != uri and catalogues.fold(other) == catalogues.fold(uri):
            raise RecordRefused("resource", f"is {other} in another spelling")


def _clients(entries: Sequence[Entry], planning: _Planning, catalogue: Catalogue) -> Iterator[ClientStep]:
    seen: set[str] = set()
    for entry in entries:
        with planning.at(entry.path):
            client_id = client_metadata.check_id(entry.members.get("client_id"))
            if client_id in seen:
                raise MetadataRefused("client_id", "stands twice in the file")
            seen.add(client_id)
            yield from _client(client_id, entry, planning, catalogue)


def _client(id: str, entry: Entry, planning: _Planning, catalogue: Catalogue) -> Iterator[ClientStep]:
    _check_names(entry.members)
    known = planning.state.clients.get(id)
    before = {} if known is None else {**known.document, "policy": known.policy.document()}
    stated = {name: value for name, value in entry.members.items() if name not in ("client_id", "client_secret")}
    whole = merged(before, stated)
    policy_document = whole.pop("policy", None)
    document = client_metadata.read(id, whole, catalogue=catalogue, offered=OFFERED, by_operator=True)
    is_public = document.get("token_endpoint_auth_method") == "none"
    policy = _policy(policy_document, is_public)
    found = members(before, {**document, "policy": policy.document()})
    secret_step = _secret(entry.members, known, is_public, planning.state)
    if known is None or found or secret_step.changes:
        told = (*found, *secret_step.told)
        planning.differences.append(Difference("client", id, "create" if known is None else "update", told))
        text = clients.written(document)
        yield ClientStep(id, text, policy, known is None, bool(found), secret_step.make, secret_step.end)


def _check_names(stated: Mapping[str, object]) -> None:
    for name in stated:
        if name not in _OWN_MEMBERS and not client_metadata.knows(name):
            hint = nearest.hint(name, (*client_metadata.MEMBERS, *_OWN_MEMBERS))
            raise MetadataRefused(name, f"is no member of a client{hint}")


def _policy(document: object, is_public: bool) -> Policy:
    if document is None:
        return Policy()
    if not isinstance(document, Mapping):
        raise MetadataRefused("policy", "must be an object of policy members")
    try:
        return Policy.read(document, at="client", public=is_public)
    except PolicyRefused as refusal:
        raise MetadataRefused(f"policy.{refusal.path}", refusal.message) from None


@dataclass(frozen=True, slots=True)
class _SecretStep:
    make: str | None = field(default=None, repr=False)
    end: bool = False

    @property
    def changes(self) -> bool:
        return self.make is not None or self.end

    @property
    def told(self) -> tuple[Member, ...]:
        return (secret("client_secret", before=self.end, after=self.make is not None),) if self.changes else ()


def _secret(stated: Mapping[str, object], known: Client | None, is_public: bool, state: State) -> _SecretStep:
    if "client_secret" not in stated:
        return _SecretStep()
    held = next((one for one in (known.secrets if known else ()) if one.name == SECRET_NAME), None)
    wanted = stated["client_secret"]
    if wanted is None:
        return _SecretStep(end=held is not None)
    if not isinstance(wanted, str) or not 0 < len(wanted) <= LONGEST_SECRET or not wanted.isprintable():
        raise MetadataRefused("client_secret", f"must be 1 to {LONGEST_SECRET} printable ASCII characters")
    if not wanted.isascii():
        raise MetadataRefused("client_secret", "must be printable ASCII (RFC 6749 §A.2)")
    if is_public:
        raise MetadataRefused("client_secret", "is not for a public client: its token_endpoint_auth_method is none")
    lives = held is not None and (held.expires_at is None or state.now < held.expires_at)
    if held is not None and lives and state.is_secret(held, wanted):
        return _SecretStep()
    return _SecretStep(wanted, held is not None)


def _check_references(file: ApplyFile, planning: _Planning) -> None:
    made = {name for entry in file.clients if isinstance(name := entry.members.get("client_id"), str)}
    known = {*planning.state.clients, *made}
    for entry in file.resources:
        servers = entry.members.get("resource_servers")
        for number, client_id in enumerate(servers if isinstance(servers, list) else ()):
            if isinstance(client_id, str) and client_id not in known:
                hint = nearest.hint(client_id, {*known, *planning.state.client_ids})
                planning.refusals.append(f"{entry.path}.resource_servers[{number}] {client_id!r} is no client{hint}")


def _check_left_scopes(planning: _Planning, catalogue: Catalogue, told: set[str]) -> None:
    """A scope that no resource owns any more must not be left with a client: nobody could say what it means."""
    for client in planning.state.other_clients:
        lost = [word for word in client.scope or () if not catalogue.knows(word)]
        if lost and client.id not in told:
            planning.refusals.append(f"client {client.id!r} would be left with {lost[0]}, which no resource owns then")


def _server_policy(entry: Entry | None, planning: _Planning) -> Policy | None:
    if entry is None:
        return None
    known = planning.state.server_policy
    before = {} if known is None else known.document()
    with planning.at(entry.path):
        wanted = Policy.read({**before, **entry.members}, at="server")
        found = members(before, wanted.document())
        if found:
            planning.differences.append(Difference("policy", "server", "create" if known is None else "update", found))
            return wanted
    return None
