"""What a person allowed a client, resource by resource: they are asked only for what is new (OIDC Core §3.1.2.4)."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from mintmark.protocol import scope as scopes
from mintmark.protocol.client import Client

Allowed = Mapping[str, tuple[str, ...]]  # resource -> the scopes allowed there; the issuer has those of the person
Asked = Mapping[str, tuple[str, ...]]  # scope -> the resources of the request that it is asked for at

NOTHING: Allowed = {}


def of_before(issuer: str, scope: Collection[str], resources: Collection[str]) -> dict[str, tuple[str, ...]]:
    """A consent that was kept when scopes and resources were two lists: each scope, at each of the resources."""
    words = tuple(scope)
    found = dict.fromkeys(resources, words)
    return found | {issuer: tuple(word for word in words if issuer in found or word in scopes.IDENTITY)}


def covered(allowed: Allowed, asked: Asked) -> tuple[str, ...]:
    """The scopes that were allowed wherever they are asked for: one resource's scope says nothing of another's."""
    return tuple(
        word for word, places in asked.items() if places and all(word in allowed.get(place, ()) for place in places)
    )


def after(allowed: Allowed, asked: Asked, granted: Collection[str]) -> dict[str, tuple[str, ...]]:
    """What stands once the person has answered. What they declined is not allowed any more; the rest stays."""
    left = {place: dict.fromkeys(words) for place, words in allowed.items()}
    for word, places in asked.items():
        for place in places:
            words = left.setdefault(place, {})
            if word in granted:
                words[word] = None
            else:
                words.pop(word, None)
    return {place: tuple(words) for place, words in left.items() if words}


def is_required(client: Client, *, by_policy: bool) -> bool:
    """A client that registered itself asks, whatever is stated for everybody: nobody has vouched for it (RFC 7591 §5).

    by_policy: what `require_consent` comes to; an operator who states it for that very client does vouch.
    """
    return by_policy or (client.self_registered and client.policy.require_consent is not False)


class Group(NamedTuple):
    """Lines of a page that belong together."""

    before: bool  # they were allowed before
    places: tuple[str, ...]
    scopes: tuple[str, ...]


def groups(asked: Asked, given: Collection[str]) -> Sequence[Group]:
    """Resource by resource, what is new first; a scope of several resources stands with all of them, once."""
    found: dict[tuple[bool, tuple[str, ...]], list[str]] = {}
    for word, places in asked.items():
        found.setdefault((word in given, places), []).append(word)
    listed = [Group(before, places, tuple(words)) for (before, places), words in found.items()]
    return sorted(listed, key=lambda group: group.before)
