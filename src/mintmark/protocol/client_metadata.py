"""A client's members as they are registered (RFC 7591 §2; OIDC Registration §2; OIDC RP-Initiated Logout §3.1).

All of them are kept and echoed. A member that promises what no door here keeps is refused, so that nobody relies on it.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

from mintmark import nearest
from mintmark.protocol import policy, return_address
from mintmark.protocol import scope as scopes
from mintmark.protocol.authorization_request import RESPONSE_TYPES
from mintmark.protocol.catalogue import Catalogue
from mintmark.protocol.errors import InvalidScope

FOR_ITSELF = ("client_credentials", "password")  # they prove the client and nothing else
MOST_ADDRESSES = 50
LONGEST_ID = 255
LONGEST_TEXT = 1000  # characters
MOST_ITEMS = 100
LONGEST_DOCUMENT = 65_536  # characters

_ID = re.compile(r"[!-~](?:[ -~]*[!-~])?")  # VSCHAR (RFC 6749 §A.1), without spaces that nobody sees
_UNSPEAKABLE = re.compile(r"[\0-\x1f\x7f\ud800-\udfff]")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")  # BCP 47


class MetadataRefused(ValueError):
    """`path` is the member, such as `redirect_uris[1]`; `message` goes on behind it."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path} {message}" if path else message)
        self.path = path
        self.message = message


Reader = Callable[[str, object], object]  # path, value; raises MetadataRefused


def check_id(client_id: object) -> str:
    if not isinstance(client_id, str) or len(client_id) > LONGEST_ID or not _ID.fullmatch(client_id):
        raise MetadataRefused("client_id", f"must be 1 to {LONGEST_ID} printable ASCII characters (RFC 6749 §A.1)")
    return client_id


@dataclass(frozen=True, slots=True)
class Offered:
    """What this server has: the names in its tables of grants and of ways to prove a client."""

    grant_types: Sequence[str]
    auth_methods: Sequence[str]


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
    if "scope" in stated:
        stated["scope"] = _scope(str(stated["scope"]), catalogue, by_operator)
    if "jwks" in stated and "jwks_uri" in stated:
        raise MetadataRefused("jwks", "cannot stand beside jwks_uri (RFC 7591 §2)")
    if len(json.dumps(stated)) > LONGEST_DOCUMENT:
        raise MetadataRefused("", f"the members are longer than {LONGEST_DOCUMENT} characters together")
    return stated


def knows(name: str) -> bool:
    """Whether it is the name of a member, perhaps in some language."""
    return _reader(name) is not None


def is_offered(name: str) -> bool:
    """Whether it promises something that a door keeps."""
    return MEMBERS[name] not in (_off, _not_offered)


def _is_stated(name: object, value: object, by_operator: bool) -> bool:
    if _reader(name) is None:
        if by_operator:
            raise MetadataRefused(str(name), f"is no member of a client{nearest.hint(str(name), MEMBERS)}")
        return False
    return value is not None


def _reader(name: object) -> Reader | None:
    """Names for people may carry a language (RFC 7591 §2.2): `client_name#de`."""
    plain, tagged, language = str(name).partition("#")
    if tagged and (plain not in IN_LANGUAGES or not _LANGUAGE.fullmatch(language)):
        return None
    return MEMBERS.get(plain)


def _member(name: str, value: object) -> object:
    reader = _reader(name)
    assert reader is not None  # noqa: S101  `_is_stated` looked
    return reader(name, value)


def _check_offered(stated: Mapping[str, object], offered: Offered) -> None:
    for number, grant_type in enumerate(_list(stated.get("grant_types"))):
        _one_of(offered.grant_types)(f"grant_types[{number}]", grant_type)
    if "token_endpoint_auth_method" in stated:
        _one_of(offered.auth_methods)("token_endpoint_auth_method", stated["token_endpoint_auth_method"])


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


def _list(value: object) -> list[str]:
    return value if isinstance(value, list) else []


# ── the forms


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


def _https(path: str, value: object) -> str:
    uri = web_address(path, value)
    if urlsplit(uri).scheme != "https" or "#" in uri:
        raise MetadataRefused(path, "must be an https address without a fragment")
    return uri


def _scope_text(path: str, value: object) -> str:
    if not isinstance(value, str):
        raise MetadataRefused(path, "must be text: scopes separated by spaces")
    return value


def _seconds(path: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 31:
        raise MetadataRefused(path, "must be a whole number of seconds, zero or more")
    return value


def _list_of(reader: Reader, most: int = MOST_ITEMS) -> Reader:
    def read(path: str, value: object) -> list[object]:
        if not isinstance(value, list | tuple):
            raise MetadataRefused(path, "must be a list")
        if len(value) > most:
            raise MetadataRefused(path, f"must hold at most {most}")
        return list(dict.fromkeys(reader(f"{path}[{number}]", item) for number, item in enumerate(value)))

    return read


def _one_of(choices: Sequence[str]) -> Reader:
    def read(path: str, value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            hint = nearest.hint(value, choices) if isinstance(value, str) else ""
            raise MetadataRefused(path, f"must be {' or '.join(choices)}{hint}")
        return value

    return read


def _address(path: str, value: object) -> str:
    if not isinstance(value, str):
        raise MetadataRefused(path, "must be an address")
    return value  # `_check_addresses` looks at it, once the type of application is known


def _keys(path: str, value: object) -> object:
    keys = value.get("keys") if isinstance(value, Mapping) else None
    if not isinstance(keys, list) or not all(isinstance(key, Mapping) for key in keys):
        raise MetadataRefused(path, "must be a JWK Set (RFC 7517 §5)")
    if any("d" in key or "k" in key for key in keys):
        raise MetadataRefused(path, "must hold public keys only")
    if _UNSPEAKABLE.search(json.dumps(value, ensure_ascii=False)):
        raise MetadataRefused(path, "holds a control character")
    return value


def _off(path: str, value: object) -> bool:
    if flag(path, value):
        raise MetadataRefused(path, "is not offered here so far")
    return False


def _not_offered(path: str, value: object) -> object:
    raise MetadataRefused(path, "is not offered here so far")


IN_LANGUAGES = ("client_name", "client_uri", "logo_uri", "tos_uri", "policy_uri")

MEMBERS: Mapping[str, Reader] = MappingProxyType(
    {
        "redirect_uris": _list_of(_address, MOST_ADDRESSES),
        "post_logout_redirect_uris": _list_of(_address, MOST_ADDRESSES),
        "grant_types": _list_of(text),  # `_check_offered` looks at it
        "response_types": _list_of(_one_of(RESPONSE_TYPES)),
        "token_endpoint_auth_method": text,  # as above
        "application_type": _one_of(("web", "native")),
        "scope": _scope_text,
        "client_name": text,
        "client_uri": web_address,
        "logo_uri": web_address,
        "tos_uri": web_address,
        "policy_uri": web_address,
        "contacts": _list_of(text),
        "jwks_uri": _https,
        "jwks": _keys,
        "software_id": text,
        "software_version": text,
        "subject_type": _one_of(("public",)),
        "sector_identifier_uri": _https,
        "initiate_login_uri": _https,
        "id_token_signed_response_alg": _one_of(policy.ALGS),
        "default_max_age": _seconds,
        "require_auth_time": flag,
        "default_acr_values": _list_of(text),
        "frontchannel_logout_uri": web_address,
        "frontchannel_logout_session_required": flag,
        "backchannel_logout_uri": web_address,
        "backchannel_logout_session_required": flag,
        "request_uris": _list_of(web_address),
        "token_endpoint_auth_signing_alg": text,
        "dpop_bound_access_tokens": _off,
        "require_pushed_authorization_requests": _off,
        "require_signed_request_object": _off,
        "tls_client_certificate_bound_access_tokens": _off,
        "software_statement": _not_offered,
        "id_token_encrypted_response_alg": _not_offered,
        "id_token_encrypted_response_enc": _not_offered,
        "userinfo_signed_response_alg": _not_offered,
        "userinfo_encrypted_response_alg": _not_offered,
        "userinfo_encrypted_response_enc": _not_offered,
        "request_object_signing_alg": _not_offered,
        "request_object_encryption_alg": _not_offered,
        "request_object_encryption_enc": _not_offered,
        "introspection_signed_response_alg": _not_offered,
        "authorization_signed_response_alg": _not_offered,
    }
)
