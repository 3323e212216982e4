"""Every member of a client by its name, and how a value of it is read (RFC 7591 §2; OIDC Registration §2; OIDC
RP-Initiated, Front-Channel and Back-Channel Logout; RFC 9101 §10.5; RFC 9701 §6).

All of them are kept and echoed. One that promises what no door here keeps is refused, so that nobody relies on it.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit

from mintmark import nearest
from mintmark.protocol import jose, public_jwk, return_address
from mintmark.protocol.authorization_request import RESPONSE_TYPES
from mintmark.protocol.sector import SUBJECT_TYPES

MOST_ADDRESSES = 50
LONGEST_TEXT = 1000  # characters
LONGEST_STATEMENT = 16_384
MOST_ITEMS = 100
MOST_KEYS = 50

_UNSPEAKABLE = re.compile(r"[\0-\x1f\x7f\ud800-\udfff]")
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")  # RFC 7515 §7.1


class MetadataRefused(ValueError):
    """`path` is the member, such as `redirect_uris[1]`; `message` goes on behind it."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path} {message}" if path else message)
        self.path = path
        self.message = message


Reader = Callable[[str, object], object]  # path, value; raises MetadataRefused
Form = Literal["text", "texts", "flag", "number", "object"]


@dataclass(frozen=True, slots=True)
class Member:
    """How it is read, and what an operator's schemas and command lines say of it."""

    read: Reader
    form: Form = "text"
    choices: Sequence[str] = ()  # (): any; those that other tables hold are not told here
    offered: bool = True  # False: it promises something that no door keeps


def text(path: str, value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT or _UNSPEAKABLE.search(value):
        raise MetadataRefused(path, f"must be text of 1 to {LONGEST_TEXT} characters, none of them a control character")
    return value


def flag(path: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise MetadataRefused(path, "must be true or false")
    return value


def web_address(path: str, value: object) -> str:
    """https, or http for what runs on this machine."""
    uri = text(path, value)
    refusal = return_address.refused_at_registration(uri.partition("#")[0], native=False)
    if refusal:
        raise MetadataRefused(path, refusal)
    return uri


def one_of(choices: Sequence[str]) -> Reader:
    def read(path: str, value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            hint = nearest.hint(value, choices) if isinstance(value, str) else ""
            raise MetadataRefused(path, f"must be {' or '.join(choices)}{hint}")
        return value

    return read


def list_of(reader: Reader, most: int = MOST_ITEMS) -> Reader:
    def read(path: str, value: object) -> list[object]:
        if not isinstance(value, list | tuple):
            raise MetadataRefused(path, "must be a list")
        if len(value) > most:
            raise MetadataRefused(path, f"must hold at most {most}")
        return list(dict.fromkeys(reader(f"{path}[{number}]", item) for number, item in enumerate(value)))

    return read


def _https(path: str, value: object) -> str:
    uri = web_address(path, value)
    if urlsplit(uri).scheme != "https" or "#" in uri:
        raise MetadataRefused(path, "must be an https address without a fragment")
    return uri


def _logout_address(path: str, value: object) -> str:
    uri = web_address(path, value)
    if "#" in uri:
        raise MetadataRefused(path, "must be an address without a fragment (OIDC Back-Channel Logout §2.2)")
    return uri


def _scope_text(path: str, value: object) -> str:
    if not isinstance(value, str):
        raise MetadataRefused(path, "must be text: scopes separated by spaces")
    return value


def _seconds(path: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 31:
        raise MetadataRefused(path, "must be a whole number of seconds, zero or more")
    return value


def _address(path: str, value: object) -> str:
    if not isinstance(value, str):
        raise MetadataRefused(path, "must be an address")
    return value  # it is looked at once the type of application is known


def _keys(path: str, value: object) -> object:
    keys = value.get("keys") if isinstance(value, Mapping) else None
    if not isinstance(keys, list) or len(keys) > MOST_KEYS or not all(map(_is_flat, keys)):
        raise MetadataRefused(path, "must be a JWK Set (RFC 7517 §5)")
    for number, key in enumerate(keys):
        refusal = public_jwk.refused(key)
        if refusal:
            raise MetadataRefused(f"{path}.keys[{number}]", refusal)
    if _UNSPEAKABLE.search(json.dumps(keys, ensure_ascii=False)):
        raise MetadataRefused(path, "holds a control character")
    return {"keys": keys}


def _is_flat(key: object) -> bool:
    """Texts, whole numbers and lists of them: no registered member of a public key is anything else (RFC 7517 §4)."""
    if not isinstance(key, Mapping):
        return False
    parts = (part for value in key.values() for part in (value if isinstance(value, list) else [value]))
    return all(isinstance(part, str) or (isinstance(part, int) and abs(part) < 1 << 53) for part in parts)


def _statement(path: str, value: object) -> str:
    """Signed by somebody else; it is kept as it came, for it must be echoed so (RFC 7591 §3.2.1)."""
    if not isinstance(value, str) or len(value) > LONGEST_STATEMENT or not _COMPACT.fullmatch(value):
        raise MetadataRefused(path, "must be a signed JWT")
    return value


def _off(path: str, value: object) -> bool:
    if flag(path, value):
        raise MetadataRefused(path, "is not offered here so far")
    return False


def _not_offered(path: str, value: object) -> object:
    raise MetadataRefused(path, "is not offered here so far")


def _one(*choices: str) -> Member:
    return Member(one_of(choices), choices=choices)


IN_LANGUAGES = ("client_name", "client_uri", "logo_uri", "tos_uri", "policy_uri")

_TEXT, _TEXTS, _FLAG = Member(text), Member(list_of(text), "texts"), Member(flag, "flag")
_PAGE, _HTTPS = Member(web_address), Member(_https)
_LOGOUT = Member(_logout_address)
_ADDRESSES = Member(list_of(_address, MOST_ADDRESSES), "texts")
_NOT, _OFF = Member(_not_offered, offered=False), Member(_off, "flag", offered=False)
_SIGNED, _ENCRYPTED, _CONTENT = _one(*jose.SIGNING), _one(*jose.KEY_ENCRYPTION), _one(*jose.CONTENT_ENCRYPTION)
_SIGNED_OR_NOT = _one(*jose.SIGNING, jose.UNSIGNED)

MEMBERS: Mapping[str, Member] = MappingProxyType(
    {
        "redirect_uris": _ADDRESSES,
        "post_logout_redirect_uris": _ADDRESSES,
        "grant_types": _TEXTS,  # `client_metadata` compares it with what the server has
        "response_types": Member(list_of(one_of(RESPONSE_TYPES)), "texts", RESPONSE_TYPES),
        "token_endpoint_auth_method": _TEXT,  # as grant_types
        "token_endpoint_auth_signing_alg": _SIGNED,
        "application_type": _one("web", "native"),
        "scope": Member(_scope_text),
        "client_name": _TEXT,
        "client_uri": _PAGE,
        "logo_uri": _PAGE,
        "tos_uri": _PAGE,
        "policy_uri": _PAGE,
        "contacts": _TEXTS,
        "jwks_uri": _HTTPS,
        "jwks": Member(_keys, "object"),
        "software_id": _TEXT,
        "software_version": _TEXT,
        "software_statement": Member(_statement),
        "subject_type": _one(*SUBJECT_TYPES),
        "sector_identifier_uri": _HTTPS,
        "initiate_login_uri": _HTTPS,
        "id_token_signed_response_alg": _SIGNED_OR_NOT,
        "id_token_encrypted_response_alg": _ENCRYPTED,
        "id_token_encrypted_response_enc": _CONTENT,
        "userinfo_signed_response_alg": _SIGNED,
        "userinfo_encrypted_response_alg": _ENCRYPTED,
        "userinfo_encrypted_response_enc": _CONTENT,
        "introspection_signed_response_alg": _SIGNED,
        "introspection_encrypted_response_alg": _ENCRYPTED,
        "introspection_encrypted_response_enc": _CONTENT,
        "request_object_signing_alg": _SIGNED_OR_NOT,
        "request_uris": Member(list_of(web_address), "texts"),
        "require_signed_request_object": _FLAG,
        "default_max_age": Member(_seconds, "number"),
        "require_auth_time": _FLAG,
        "default_acr_values": _TEXTS,
        "frontchannel_logout_uri": _LOGOUT,
        "frontchannel_logout_session_required": _FLAG,
        "backchannel_logout_uri": _LOGOUT,
        "backchannel_logout_session_required": _FLAG,
        "dpop_bound_access_tokens": _OFF,
        "require_pushed_authorization_requests": _OFF,
        "tls_client_certificate_bound_access_tokens": _OFF,
        "request_object_encryption_alg": _NOT,
        "request_object_encryption_enc": _NOT,
        "authorization_signed_response_alg": _NOT,
        "authorization_encrypted_response_alg": _NOT,
        "authorization_encrypted_response_enc": _NOT,
    }
)
