"""What the parts of a plan share: the state in, what is found so far, and each refusal with its path."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from mintmark.commands.differences import Difference
from mintmark.commands.remembered import Document, Key
from mintmark.protocol.catalogue import Resource
from mintmark.protocol.claim_rule import ClaimRule
from mintmark.protocol.client import Client, Secret
from mintmark.protocol.client_metadata import MetadataRefused
from mintmark.protocol.external_factor import ExternalFactor
from mintmark.protocol.person_record import RecordRefused
from mintmark.protocol.policy import Policy, PolicyRefused
from mintmark.store.applied import Applied
from mintmark.store.people import Person


@dataclass(frozen=True, slots=True)
class Dropped:
    """What goes although the file does not speak of it: that is why."""

    resources: Sequence[Resource] = ()
    clients: Sequence[Client] = ()
    groups: Sequence[str] = ()
    claim_rules: Sequence[str] = ()
    factors: Sequence[str] = ()
    people: Sequence[Person] = ()
    kinds: frozenset[str] = frozenset()  # of which all goes that the file does not name

    @property
    def client_ids(self) -> frozenset[str]:
        return frozenset(one.id for one in self.clients)


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
    group_policies: Mapping[str, Policy] = field(default_factory=dict)
    unsigned: bool = False  # whether the settings allow ID tokens that nobody signed
    claim_rules: Mapping[str, ClaimRule] = field(default_factory=dict)  # by name
    factors: Mapping[str, ExternalFactor] = field(default_factory=dict)  # by name
    kept: Mapping[Key, Applied] | None = None  # what earlier files left; None: this one is not remembered either


@dataclass(slots=True)
class Planning:
    state: State
    resources: dict[str, Resource]  # as they will be
    differences: list[Difference] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    stood: dict[Key, Document] = field(default_factory=dict)  # what the file names, as it is
    stands: dict[Key, Document] = field(default_factory=dict)  # and as it will be
    rules: dict[str, ClaimRule] = field(default_factory=dict)  # as they will be

    @contextmanager
    def at(self, path: str) -> Iterator[None]:
        """What is refused inside is told with its path, and the rest of the file is looked at all the same."""
        try:
            yield
        except (MetadataRefused, RecordRefused, PolicyRefused) as refusal:
            self.refusals.append(f"{path}.{refusal.path} {refusal.message}" if refusal.path else f"{path} {refusal}")
