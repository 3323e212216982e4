"""What operators see of people, clients, secrets, keys and limits: the same by the API and at the terminal."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from mintmark.keys import rotation
from mintmark.keys.rotation import KeyFacts
from mintmark.protocol import limits, person_record
from mintmark.protocol import scope as scopes
from mintmark.protocol.client import Client, Secret
from mintmark.protocol.invitation import Invitation
from mintmark.registry import Registry
from mintmark.store.initial_access_tokens import InitialAccessToken
from mintmark.store.people import Person

Document = dict[str, Any]  # Any: JSON


def when(moment: datetime | None) -> str | None:
    """RFC 3339, UTC."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def person(found: Person) -> Document:
    """Without the password, of which only this is told: whether there is one."""
    holder = found.holder
    return {
        "id": holder.id,
        **person_record.of(holder).document(),
        "disabled": holder.disabled_at is not None,
        "has_password": found.password_hash is not None,
        "created_at": when(found.created_at),
        "updated_at": when(found.updated_at),
    }


def client(found: Client) -> Document:
    """Every member, with the defaults of those that are always wanted."""
    return {
        "client_id": found.id,
        "client_name": found.name,
        "token_endpoint_auth_method": found.auth_method,
        "grant_types": list(found.grant_types),
        **found.document,
        "policy": found.policy.document(),
        "self_registered": found.self_registered,
        "disabled": found.disabled_at is not None,
    }


def secret(found: Secret) -> Document:
    """Without anything secret."""
    return {
        "name": found.name,
        "created_at": when(found.created_at),
        "expires_at": when(found.expires_at),
    }


def initial_access_token(found: InitialAccessToken) -> Document:
    """Without the token."""
    return {
        "id": found.id,
        "name": found.name,
        "uses_left": found.uses_left,
        "created_at": when(found.created_at),
        "expires_at": when(found.expires_at),
        "ended_at": when(found.ended_at),
    }


def invitation(one: Invitation) -> Document:
    """Without its link."""
    return {
        "id": one.id,
        "email": one.email,
        "groups": list(one.groups),
        "mailed": one.mailed,
        "created_at": when(one.created_at),
        "expires_at": when(one.expires_at),
        "used_at": when(one.spent_at),
    }


def effective(registry: Registry, found: Client, groups: tuple[str, ...], now: datetime) -> list[Document]:
    """What holds for its tokens, for each resource that it has a scope of; groups: of whom they are for."""
    catalogue = registry.catalogue
    owners = [owner for word in found.may_use for owner in catalogue.owners(word)]
    if scopes.OPENID in found.may_use:
        owners.append(catalogue.issuer)
    named = tuple(dict.fromkeys(owners))
    rows = limits.explain(
        registry.stated(found, named, groups),
        resources=named,
        now=now,
        offline=scopes.OFFLINE in found.may_use,
        confidential=not found.is_public,
        self_registered=found.self_registered,
    )
    return [row.document() for row in rows]


def keys(there: Sequence[KeyFacts], wanted: Collection[str], now: datetime) -> list[Document]:
    """Those whose kid is wanted, without their private halves. there: all, for what one does depends on the others."""
    return [_key(one, there, now) for one in there if one.kid in wanted]


def _key(key: KeyFacts, there: Sequence[KeyFacts], now: datetime) -> Document:
    return {
        "kid": key.kid,
        "alg": key.alg,
        "state": _state(key, there, now),
        "published_at": when(key.published_at),
        "signs_from": when(key.signs_from),
        "signs_until": when(key.signs_until),
        "leaves_at": when(key.leaves_at),
        "removed_at": when(key.removed_at),
    }


def _state(key: KeyFacts, there: Sequence[KeyFacts], now: datetime) -> str:
    if key.removed_at is not None:
        return "removed"
    if rotation.signing([one for one in there if one.alg == key.alg], now) == key:
        return "signing"
    return "announced" if key.signs_from > now else "retired"
