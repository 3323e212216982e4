"""A resource as an operator writes it down: its identifier, and the scopes that it owns (RFC 8707 §2)."""

import re
from collections.abc import Mapping, Sequence

from mintmark import nearest
from mintmark.protocol import catalogue, client_metadata
from mintmark.protocol import scope as scopes
from mintmark.protocol.catalogue import Resource
from mintmark.protocol.client_metadata import MetadataRefused
from mintmark.protocol.person_record import RecordRefused
from mintmark.protocol.policy import Policy, PolicyRefused

MEMBERS = ("resource", "name", "scopes", "resource_servers", "policy")
LONGEST_ID = 1000
LONGEST_SCOPE = 255
MOST = 1000  # scopes, and resource servers

_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")  # scope-token (RFC 6749 §3.3)


def read(document: Mapping[str, object], *, issuer: str) -> Resource:
    """A member that is null has its default. Raises RecordRefused."""
    for name in document:
        if name not in MEMBERS:
            raise RecordRefused(str(name), f"is no member of a resource{nearest.hint(str(name), MEMBERS)}")
    return Resource(
        id=check_id(document.get("resource"), issuer),
        name=_name(document.get("name")),
        scopes=_scopes(document.get("scopes")),
        resource_servers=tuple(_servers(document.get("resource_servers"))),
        policy=_policy(document.get("policy")),
    )


def document(resource: Resource) -> dict[str, object]:
    """What `read` understands again."""
    described = any(resource.scopes.values())
    return {
        "resource": resource.id,
        "name": resource.name,
        "scopes": dict(resource.scopes) if described else list(resource.scopes),
        "resource_servers": list(resource.resource_servers),
        "policy": resource.policy.document(),
    }


def check_id(uri: object, issuer: str) -> str:
    if not isinstance(uri, str) or len(uri) > LONGEST_ID or not catalogue.is_absolute(uri):
        raise RecordRefused("resource", "must be an absolute URI without a fragment, such as https://api.example")
    if catalogue.fold(uri) in (catalogue.fold(issuer), catalogue.fold(f"{issuer}/admin/api")):
        raise RecordRefused("resource", "is this server itself, which needs no registration")
    return uri


def _name(name: object) -> str:
    try:
        return "" if name in (None, "") else client_metadata.text("name", name)
    except MetadataRefused as refusal:
        raise RecordRefused(refusal.path, refusal.message) from None


def _scopes(value: object) -> dict[str, str]:
    """A list of names, or an object of names and what each lets its holder do, in words."""
    match value:
        case None:
            return {}
        case Mapping():
            pairs: Sequence[tuple[object, object]] = [*value.items()]
        case list() | tuple():
            pairs = [(name, "") for name in value]
        case _:
            raise RecordRefused("scopes", "must be a list of names, or an object of names and descriptions")
    if len(pairs) > MOST:
        raise RecordRefused("scopes", f"must hold at most {MOST}")
    return dict(_scope(number, name, words) for number, (name, words) in enumerate(pairs))


def _scope(number: int, name: object, words: object) -> tuple[str, str]:
    path = f"scopes[{number}]"
    if not isinstance(name, str) or len(name) > LONGEST_SCOPE or not _SCOPE.fullmatch(name):
        raise RecordRefused(path, "must be one word of printable ASCII, without quotes and backslashes (RFC 6749 §3.3)")
    if name in scopes.IDENTITY or scopes.is_admin(name):
        raise RecordRefused(path, f"{name} belongs to this server itself")
    if not isinstance(words, str) or len(words) > client_metadata.LONGEST_TEXT:
        raise RecordRefused(path, f"must be described in at most {client_metadata.LONGEST_TEXT} characters")
    return name, words


def _servers(value: object) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list | tuple) or len(value) > MOST:
        raise RecordRefused("resource_servers", f"must be a list of at most {MOST} clients")
    found = []
    for number, client_id in enumerate(value):
        try:
            found.append(client_metadata.check_id(client_id))
        except MetadataRefused as refusal:
            raise RecordRefused(f"resource_servers[{number}]", refusal.message) from None
    return list(dict.fromkeys(found))


def _policy(value: object) -> Policy:
    if value is None:
        return Policy()
    if not isinstance(value, Mapping):
        raise RecordRefused("policy", "must be an object of policy members")
    try:
        return Policy.read(value, at="resource")
    except PolicyRefused as refusal:
        raise RecordRefused(f"policy.{refusal.path}", refusal.message) from None
