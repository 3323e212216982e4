"""What an apply remembers of each thing that it named, and what was changed by hand since.

People are not remembered: they change their own records, and a second copy of them would outlive their erasure.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from mintmark.commands import differences
from mintmark.commands.differences import HIDDEN, Change, Kind, Member
from mintmark.protocol import claim_rule_record, external_factor, resource_record
from mintmark.protocol.catalogue import Resource
from mintmark.protocol.claim_rule import ClaimRule
from mintmark.protocol.client import Client
from mintmark.protocol.external_factor import ExternalFactor
from mintmark.protocol.policy import Policy
from mintmark.store.applied import Applied

Key = tuple[str, str]  # kind and name
Document = dict[str, Any]  # Any: JSON
SECRET = "client_secret"
NEW = "new"  # the place of a secret's id that is not made yet


@dataclass(frozen=True, slots=True)
class Drift:
    """`change` is what the hand did: delete, or update."""

    kind: Kind
    name: str
    change: Change
    since: datetime
    members: tuple[Member, ...] = ()

    def document(self) -> dict[str, object]:
        listed = [{"member": one.name, "before": one.before, "after": one.after} for one in self.members]
        since = self.since.isoformat().replace("+00:00", "Z")
        return {"kind": self.kind, "name": self.name, "change": self.change, "since": since, "members": listed}

    @property
    def told(self) -> str:
        verb = "deleted" if self.change == "delete" else "changed"
        return f"{verb} by hand since {self.since.isoformat(timespec='seconds').replace('+00:00', 'Z')}"

    def lines(self) -> Iterator[str]:
        yield f"! {self.kind} {self.name}: {self.told}"
        yield from (f"  {one.text}" for one in self.members)


def resource(one: Resource) -> Document:
    return resource_record.document(one)


def client(one: Client, secret_name: str) -> Document:
    """Of a secret its row's id: whoever replaces it makes another row."""
    held = next((secret.id for secret in one.secrets if secret.name == secret_name), None)
    return client_document(one.document, one.policy, disabled=one.disabled_at is not None, secret=held)


def client_document(members: Mapping[str, Any], policy: Policy, *, disabled: bool, secret: str | None) -> Document:
    return {**members, "policy": policy.document(), "disabled": disabled, SECRET: secret}


def policy(one: Policy) -> Document:
    return {"policy": one.document()}


def claim_rule(one: ClaimRule) -> Document:
    return claim_rule_record.document(one)


def factor(one: ExternalFactor) -> Document:
    """Without its secret, which files alone set."""
    return external_factor.document(one)


def written(document: Mapping[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def drifted(kept: Mapping[Key, Applied], stands: Mapping[Key, Document], keys: Iterable[Key]) -> Iterator[Drift]:
    """For each of the keys that is remembered. What is not in `stands` was deleted."""
    for key in keys:
        before, now = kept.get(key), stands.get(key)
        if before is None:
            continue
        kind, name = key
        if now is None:
            yield Drift(kind, name, "delete", before.applied_at)  # type: ignore[arg-type]  # what was kept is a Kind
            continue
        found = tuple(map(_without_secret, differences.members(before.document, now)))
        if found:
            yield Drift(kind, name, "update", before.applied_at, found)  # type: ignore[arg-type]  # as above


def _without_secret(member: Member) -> Member:
    if member.name != SECRET:
        return member
    return replace(
        member,
        before=None if member.before is None else HIDDEN,
        after=None if member.after is None else HIDDEN,
    )
