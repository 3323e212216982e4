"""What an apply file would change: the state and the file in, differences and steps out. Nothing here waits."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mintmark import nearest
from mintmark.client_auth import METHODS
from mintmark.commands import plan_factors, plan_people, plan_policies, plan_rules, remembered
from mintmark.commands.apply_file import ApplyFile, Entry
from mintmark.commands.differences import Change, Difference, Member, members, merged, secret
from mintmark.commands.opening import Refused
from mintmark.commands.plan_factors import FactorStep
from mintmark.commands.plan_people import PersonStep
from mintmark.commands.plan_policies import GroupStep
from mintmark.commands.plan_rules import RuleStep
from mintmark.commands.planning import Dropped, Planning, State
from mintmark.commands.progress import QUIET, Progress
from mintmark.commands.remembered import Document, Drift, Key
from mintmark.grants import GRANTS
from mintmark.protocol import catalogue as catalogues
from mintmark.protocol import client as clients
from mintmark.protocol import client_metadata, resource_record
from mintmark.protocol import scope as scopes
from mintmark.protocol.catalogue import Catalogue, Resource
from mintmark.protocol.client import SECRET_METHODS, Client
from mintmark.protocol.client_metadata import MetadataRefused, Offered
from mintmark.protocol.person_record import RecordRefused
from mintmark.protocol.policy import Policy, PolicyRefused

SECRET_NAME = "apply"  # of the client's secrets the one that the file speaks of
LONGEST_SECRET = 1024
OFFERED = Offered(tuple(GRANTS), tuple(METHODS))
NOTHING = Dropped()
_OWN_MEMBERS = ("client_id", "client_secret", "policy", "disabled")


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
    disabled: bool | None = None  # None: as it is
    operates: bool = False  # enabled, and may use the admin API


@dataclass(frozen=True, slots=True, repr=False)  # asyncio writes down the outcome of what it runs, and this is long
class Plan:
    """What is to be written, and how it is told; both empty: nothing is to be done."""

    differences: tuple[Difference, ...] = ()
    resources: tuple[ResourceStep, ...] = ()
    dropped: Dropped = NOTHING
    clients: tuple[ClientStep, ...] = ()
    people: tuple[PersonStep, ...] = ()
    policy: Policy | None = None  # None: the server's stays
    groups: tuple[GroupStep, ...] = ()
    claim_rules: tuple[RuleStep, ...] = ()
    factors: tuple[FactorStep, ...] = ()
    keep: Mapping[Key, Document] = field(default_factory=dict)  # what is to be remembered
    forget: tuple[Key, ...] = ()
    drifted: tuple[Drift, ...] = ()

    @property
    def writes(self) -> bool:
        return bool(self.differences or self.keep or self.forget)


def make(file: ApplyFile, state: State, dropped: Dropped = NOTHING, progress: Progress = QUIET) -> Plan:
    """Raises Refused with everything that is wrong: nothing is applied then."""
    planning = Planning(state, _left(state.resources, dropped))
    planning.rules |= {name: one for name, one in state.claim_rules.items() if name not in dropped.claim_rules}
    planning.differences += _goes(dropped)
    resources = list(_resources(file.resources, planning))
    resources += _silenced(planning, {step.resource.id for step in resources})
    catalogue = Catalogue(state.issuer, [*planning.resources.values()])
    steps = list(_clients(file.clients, planning, catalogue))
    _check_references(file, planning, dropped)
    _check_left_scopes(planning, catalogue, {step.client_id for step in steps} | dropped.client_ids)
    people, differences, refusals = plan_people.make(
        progress.over(file.users), state.people, state.signing_in, state.right_passwords
    )
    policy = plan_policies.server(file.policy, planning)
    groups = list(plan_policies.groups(file.groups, planning))
    rules = list(plan_rules.make(file.claim_rules, planning, catalogue, _clients_left(file, planning, dropped)))
    factors = list(plan_factors.make(file.factors, planning, dropped))
    if planning.refusals or refusals:
        raise Refused(*planning.refusals, *refusals)
    return Plan(
        (*planning.differences, *differences),
        tuple(resources),
        dropped,
        tuple(steps),
        tuple(people),
        policy,
        tuple(groups),
        tuple(rules),
        tuple(factors),
        *_memory(planning, dropped),
    )


def _memory(planning: Planning, dropped: Dropped) -> tuple[Mapping[Key, Document], tuple[Key, ...], tuple[Drift, ...]]:
    """What is to be remembered, what to be forgotten, and what drifted. Nothing, where files are not remembered."""
    kept, stands = planning.state.kept, planning.stands
    if kept is None:
        return {}, (), ()
    keep = {key: one for key, one in stands.items() if key not in kept or kept[key].document != one}
    gone = {*_gone(dropped), *(key for key in planning.stood if key not in stands)}
    forget = tuple(key for key in kept if key in gone or (key[0] in dropped.kinds and key not in stands))
    return keep, forget, tuple(remembered.drifted(kept, planning.stood, dict.fromkeys([*planning.stood, *stands])))


def _gone(dropped: Dropped) -> Iterator[Key]:
    return ((one.kind, one.name) for one in _goes(dropped))


def _remember(planning: Planning, key: Key, stood: Document | None, stands: Document) -> None:
    if stood is not None:
        planning.stood[key] = stood
    planning.stands[key] = stands


def _goes(dropped: Dropped) -> Iterator[Difference]:
    yield from (Difference("resource", one.id, "delete") for one in dropped.resources)
    yield from (Difference("client", one.id, "delete") for one in dropped.clients)
    yield from (Difference("group", name, "delete") for name in dropped.groups)
    yield from (Difference("claim_rule", name, "delete") for name in dropped.claim_rules)
    yield from (Difference("factor", name, "delete") for name in dropped.factors)
    yield from (Difference("user", one.holder.username, "delete") for one in dropped.people)


def _left(known: Mapping[str, Resource], dropped: Dropped) -> dict[str, Resource]:
    """The resources that stay; no client that goes speaks for one of them any more."""
    gone = dropped.client_ids
    stay = [one for one in known.values() if one not in dropped.resources]
    servers = {one.id: tuple(name for name in one.resource_servers if name not in gone) for one in stay}
    return {one.id: replace(one, resource_servers=servers[one.id]) for one in stay}


def _silenced(planning: Planning, told: Collection[str]) -> Iterator[ResourceStep]:
    for uri, wanted in planning.resources.items():
        known = planning.state.resources.get(uri)
        if known is not None and known != wanted and uri not in told:
            found = members(resource_record.document(known), resource_record.document(wanted))
            planning.differences.append(Difference("resource", uri, "update", found))
            yield ResourceStep(wanted, is_new=False)


def _resources(entries: Sequence[Entry], planning: Planning) -> Iterator[ResourceStep]:
    seen: set[str] = set()
    for entry in entries:
        with planning.at(entry.path):
            uri = resource_record.check_id(entry.members.get("resource"), planning.state.issuer)
            left, known = planning.resources.get(uri), planning.state.resources.get(uri)
            known = None if left is None else known  # one that went comes anew
            before = {} if known is None else resource_record.document(known)
            stays = {} if left is None else resource_record.document(left)
            wanted = resource_record.read(merged(stays, entry.members), issuer=planning.state.issuer)
            _must_be_one(uri, seen, planning.resources)
            seen.add(uri)
            planning.resources[uri] = wanted
            _remember(
                planning,
                ("resource", uri),
                None if known is None else remembered.resource(known),
                remembered.resource(wanted),
            )
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


def _clients(entries: Sequence[Entry], planning: Planning, catalogue: Catalogue) -> Iterator[ClientStep]:
    seen: set[str] = set()
    for entry in entries:
        with planning.at(entry.path):
            client_id = client_metadata.check_id(entry.members.get("client_id"))
            if client_id in seen:
                raise MetadataRefused("client_id", "stands twice in the file")
            seen.add(client_id)
            yield from _client(client_id, entry, planning, catalogue)


def _client(id: str, entry: Entry, planning: Planning, catalogue: Catalogue) -> Iterator[ClientStep]:
    _check_names(entry.members)
    known = planning.state.clients.get(id)
    before = {} if known is None else {**known.document, "policy": known.policy.document()}
    apart = ("client_id", "client_secret", "disabled")
    stated = {name: value for name, value in entry.members.items() if name not in apart}
    whole = merged(before, stated)
    policy_document = whole.pop("policy", None)
    offered = replace(OFFERED, unsigned=planning.state.unsigned)
    document = client_metadata.read(id, whole, catalogue=catalogue, offered=offered, by_operator=True)
    method = str(document.get("token_endpoint_auth_method", "client_secret_basic"))
    policy = _policy(policy_document, method == "none")
    found = members(before, {**document, "policy": policy.document()})
    secret_step = _secret(entry.members, known, method, planning.state)
    disabled = _disabled(entry.members, known)
    stands = remembered.client_document(
        document,
        policy,
        disabled=(known is not None and known.disabled_at is not None) if disabled is None else disabled,
        secret=secret_step.left,
    )
    _remember(planning, ("client", id), None if known is None else remembered.client(known, SECRET_NAME), stands)
    if known is None or found or secret_step.changes or disabled is not None:
        told = (*found, *secret_step.told, *(() if disabled is None else (Member("disabled", not disabled, disabled),)))
        planning.differences.append(Difference("client", id, "create" if known is None else "update", told))
        text = clients.written(document)
        yield ClientStep(
            id,
            text,
            policy,
            known is None,
            bool(found),
            secret_step.make,
            secret_step.end,
            disabled,
            not stands["disabled"] and any(map(scopes.is_admin, str(document.get("scope", "")).split())),
        )


def _disabled(stated: Mapping[str, object], known: Client | None) -> bool | None:
    if "disabled" not in stated:
        return None
    wanted = False if stated["disabled"] is None else stated["disabled"]
    if not isinstance(wanted, bool):
        raise MetadataRefused("disabled", "must be true or false")
    return wanted if wanted != (known is not None and known.disabled_at is not None) else None


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
    left: str | None = None  # the id of the live one afterwards

    @property
    def changes(self) -> bool:
        return self.make is not None or self.end

    @property
    def told(self) -> tuple[Member, ...]:
        return (secret("client_secret", before=self.end, after=self.make is not None),) if self.changes else ()


def _secret(stated: Mapping[str, object], known: Client | None, method: str, state: State) -> _SecretStep:
    held = next((one for one in (known.secrets if known else ()) if one.name == SECRET_NAME), None)
    if "client_secret" not in stated:
        return _SecretStep(left=None if held is None else held.id)
    wanted = stated["client_secret"]
    if wanted is None:
        return _SecretStep(end=held is not None)
    if not isinstance(wanted, str) or not 0 < len(wanted) <= LONGEST_SECRET or not wanted.isprintable():
        raise MetadataRefused("client_secret", f"must be 1 to {LONGEST_SECRET} printable ASCII characters")
    if not wanted.isascii():
        raise MetadataRefused("client_secret", "must be printable ASCII (RFC 6749 §A.2)")
    if method not in SECRET_METHODS:
        raise MetadataRefused("client_secret", f"is not for a client whose token_endpoint_auth_method is {method}")
    lives = held is not None and (held.expires_at is None or state.now < held.expires_at)
    if held is not None and lives and state.is_secret(held, wanted):
        return _SecretStep(left=held.id)
    return _SecretStep(wanted, held is not None, remembered.NEW)


def _clients_left(file: ApplyFile, planning: Planning, dropped: Dropped) -> set[str]:
    """Those of which the file speaks that will be there."""
    made = {name for entry in file.clients if isinstance(name := entry.members.get("client_id"), str)}
    return {*planning.state.clients, *made} - dropped.client_ids


def _check_references(file: ApplyFile, planning: Planning, dropped: Dropped) -> None:
    gone, known = dropped.client_ids, _clients_left(file, planning, dropped)
    for entry in file.resources:
        servers = entry.members.get("resource_servers")
        for number, client_id in enumerate(servers if isinstance(servers, list) else ()):
            if isinstance(client_id, str) and client_id not in known:
                hint = nearest.hint(client_id, {*known, *planning.state.client_ids} - gone)
                planning.refusals.append(f"{entry.path}.resource_servers[{number}] {client_id!r} is no client{hint}")


def _check_left_scopes(planning: Planning, catalogue: Catalogue, told: set[str]) -> None:
    """A scope that no resource owns any more must not be left with a client: nobody could say what it means."""
    for client in planning.state.other_clients:
        lost = [word for word in client.scope or () if not catalogue.knows(word)]
        if lost and client.id not in told:
            planning.refusals.append(f"client {client.id!r} would be left with {lost[0]}, which no resource owns then")
