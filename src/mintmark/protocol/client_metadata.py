"""A client's members as they are registered, held against one another and against what the server has.

How each is read by itself is in `client_members` (RFC 7591 §2; OIDC Registration §2).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mintmark import nearest
from mintmark.protocol import jose, return_address, sector
from mintmark.protocol import scope as scopes
from mintmark.protocol.catalogue import Catalogue
from mintmark.protocol.client_members import (
    IN_LANGUAGES,
    LONGEST_TEXT,
    MEMBERS,
    Member,
    MetadataRefused,
    one_of,
    text,
)
from mintmark.protocol.errors import InvalidScope

__all__ = ["IN_LANGUAGES", "LONGEST_TEXT", "MEMBERS", "Member", "MetadataRefused", "text"]

FOR_ITSELF = ("client_credentials", "password")  # they prove the client and nothing else
BY_KEY = ("private_key_jwt",)  # ways to prove a client with a key of its own
LONGEST_ID = 255
LONGEST_DOCUMENT = 65_536  # characters
ENCRYPTED = ("id_token", "userinfo", "introspection")  # what may be encrypted for a client

_ID = re.compile(r"[!-~](?:[ -~]*[!-~])?")  # VSCHAR (RFC 6749 §A.1), without spaces that nobody sees
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")  # BCP 47


def check_id(client_id: object) -> str:
    if not isinstance(client_id, str) or len(client_id) > LONGEST_ID or not _ID.fullmatch(client_id):
        raise MetadataRefused("client_id", f"must be 1 to {LONGEST_ID} printable ASCII characters (RFC 6749 §A.1)")
    return client_id


@dataclass(frozen=True, slots=True)
class Offered:
    """What this server has: the names in its tables of grants and of ways to prove a client."""

    grant_types: Sequence[str]
    auth_methods: Sequence[str]
    unsigned: bool = False  # whether an ID token may be unsigned for whoever asks for that


def read(
    client_id: str, document: Mapping[str, object], *, catalogue: Catalogue, offered: Offered, by_operator: bool
) -> dict[str, object]:
    """The members as they are stored. A null one is left out: its default holds, and is not written down.

    An unknown member is refused to an operator and passed over for anybody else (RFC 7591 §2). Raises MetadataRefused.
    """
    check_id(client_id)
    stated = {name: _member(name, value) for name, value in document.items() if _is_stated(name, value, by_operator)}
    _check_offered(stated, offered)
    _check_grants(stated, by_operator)
    _check_addresses(stated)
    _check_sector(client_id, stated)
    if "scope" in stated:
        stated["scope"] = _scope(str(stated["scope"]), catalogue, by_operator)
    _check_keys(stated)
    if len(json.dumps(stated)) > LONGEST_DOCUMENT:
        raise MetadataRefused("", f"the members are longer than {LONGEST_DOCUMENT} characters together")
    return stated


def knows(name: str) -> bool:
    """Whether it is the name of a member, perhaps in some language."""
    return _find(name) is not None


def is_offered(name: str) -> bool:
    """Whether it promises something that a door keeps."""
    return MEMBERS[name].offered


def _is_stated(name: object, value: object, by_operator: bool) -> bool:
    if _find(name) is None:
        if by_operator:
            raise MetadataRefused(str(name), f"is no member of a client{nearest.hint(str(name), MEMBERS)}")
        return False
    return value is not None


def _find(name: object) -> Member | None:
    """Names for people may carry a language (RFC 7591 §2.2): `client_name#de`."""
    plain, tagged, language = str(name).partition("#")
    if tagged and (plain not in IN_LANGUAGES or not _LANGUAGE.fullmatch(language)):
        return None
    return MEMBERS.get(plain)


def _member(name: str, value: object) -> object:
    member = _find(name)
    assert member is not None  # noqa: S101  `_is_stated` looked
    return member.read(name, value)


def _check_offered(stated: Mapping[str, object], offered: Offered) -> None:
    for number, grant_type in enumerate(_list(stated.get("grant_types"))):
        one_of(offered.grant_types)(f"grant_types[{number}]", grant_type)
    if "token_endpoint_auth_method" in stated:
        one_of(offered.auth_methods)("token_endpoint_auth_method", stated["token_endpoint_auth_method"])
    if stated.get("id_token_signed_response_alg") == jose.UNSIGNED and not offered.unsigned:
        raise MetadataRefused("id_token_signed_response_alg", "may be none only where the settings allow it")


def _check_grants(stated: Mapping[str, object], by_operator: bool) -> None:
    grant_types = _list(stated.get("grant_types", ["authorization_code"]))
    public = stated.get("token_endpoint_auth_method") == "none"
    for number, grant_type in enumerate(grant_types):
        if grant_type in FOR_ITSELF and public:
            raise MetadataRefused(f"grant_types[{number}]", f"{grant_type} is not for a client without credentials")
        if grant_type in FOR_ITSELF and not by_operator:
            raise MetadataRefused(f"grant_types[{number}]", f"{grant_type} is given by an operator only")
    if "authorization_code" in grant_types and not stated.get("redirect_uris"):
        raise MetadataRefused("redirect_uris", "must hold the address that authorization_code answers to")


def _check_addresses(stated: Mapping[str, object]) -> None:
    native = stated.get("application_type") == "native"
    for name in ("redirect_uris", "post_logout_redirect_uris"):
        for number, uri in enumerate(_list(stated.get(name, []))):
            refusal = return_address.refused_at_registration(uri, native=native)
            if refusal:
                raise MetadataRefused(f"{name}[{number}]", refusal)


def _scope(text: str, catalogue: Catalogue, by_operator: bool) -> str:
    try:
        words = scopes.parse(text)
    except InvalidScope as refusal:
        raise MetadataRefused("scope", f"is refused: {refusal.description}") from None
    for word in words:
        if not catalogue.knows(word):
            known = [*scopes.IDENTITY, *(name for one in catalogue.resources.values() for name in one.scopes)]
            raise MetadataRefused("scope", f"{word!r} belongs to no resource{nearest.hint(word, known)}")
        if scopes.is_admin(word) and not by_operator:
            raise MetadataRefused("scope", f"{word} is given by an operator only")
    return scopes.write(words)


def _check_keys(stated: Mapping[str, object]) -> None:
    """Whoever signs, or has something encrypted for it, has said with which keys."""
    if "jwks" in stated and "jwks_uri" in stated:
        raise MetadataRefused("jwks", "cannot stand beside jwks_uri (RFC 7591 §2)")
    wanting = [f"{what}_encrypted_response_alg" for what in ENCRYPTED if f"{what}_encrypted_response_alg" in stated]
    if stated.get("token_endpoint_auth_method") in BY_KEY:
        wanting.append("token_endpoint_auth_method")
    if wanting and "jwks" not in stated and "jwks_uri" not in stated:
        raise MetadataRefused(wanting[0], "needs the client's keys: jwks or jwks_uri")
    for what in ENCRYPTED:
        if f"{what}_encrypted_response_enc" in stated and f"{what}_encrypted_response_alg" not in stated:
            raise MetadataRefused(f"{what}_encrypted_response_enc", f"needs {what}_encrypted_response_alg beside it")


def _check_sector(client_id: str, stated: Mapping[str, object]) -> None:
    """Which of its hosts would the pairwise subjects be for? (OIDC Core §8.1)"""
    if stated.get("subject_type") != "pairwise" or "sector_identifier_uri" in stated:
        return
    try:
        sector.of(client_id, _list(stated.get("redirect_uris", [])), None)
    except sector.NoSector as refusal:
        message = f"must say whose sector a pairwise client is of: {refusal} (OIDC Core §8.1)"
        raise MetadataRefused("sector_identifier_uri", message) from None


def _list(value: object) -> list[str]:
    return value if isinstance(value, list) else []
