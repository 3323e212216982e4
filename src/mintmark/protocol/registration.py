"""How a client registers itself: what is made of what it says, and what it is answered (RFC 7591 §2, §3; RFC 7592 §2).

What it says that nobody here knows or has is passed over where the rest makes sense without it; the answer tells what
it got. What would promise it something that it does not get is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from urllib.parse import urlsplit

from mintmark.protocol import client_metadata, jose
from mintmark.protocol import scope as scopes
from mintmark.protocol.authorization_request import RESPONSE_TYPES
from mintmark.protocol.catalogue import Catalogue
from mintmark.protocol.client import SECRET_METHODS
from mintmark.protocol.client_metadata import FOR_ITSELF, MEMBERS, MetadataRefused, Offered
from mintmark.protocol.errors import InvalidClientMetadata, InvalidRedirectUri, InvalidRequest, OAuthError
from mintmark.protocol.return_address import is_loopback

PREFIX = "mmg_"  # of registration access tokens
PREFIX_INITIAL = "mmi_"  # of initial access tokens
OURS = ("registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at")

# OpenID Connect RP Metadata Choices 1.0 §2: what a client can do, and the member that says which of it is done.
CHOICES: Mapping[str, str] = MappingProxyType(
    {
        "subject_types_supported": "subject_type",
        "id_token_signing_alg_values_supported": "id_token_signed_response_alg",
        "id_token_encryption_alg_values_supported": "id_token_encrypted_response_alg",
        "id_token_encryption_enc_values_supported": "id_token_encrypted_response_enc",
        "userinfo_signing_alg_values_supported": "userinfo_signed_response_alg",
        "userinfo_encryption_alg_values_supported": "userinfo_encrypted_response_alg",
        "userinfo_encryption_enc_values_supported": "userinfo_encrypted_response_enc",
        "introspection_signing_alg_values_supported": "introspection_signed_response_alg",
        "introspection_encryption_alg_values_supported": "introspection_encrypted_response_alg",
        "introspection_encryption_enc_values_supported": "introspection_encrypted_response_enc",
        "request_object_signing_alg_values_supported": "request_object_signing_alg",
        "token_endpoint_auth_methods_supported": "token_endpoint_auth_method",
        "token_endpoint_auth_signing_alg_values_supported": "token_endpoint_auth_signing_alg",
    }
)
# A client that can do none of ours cannot be served at all; of the others, none is done.
_NEEDED = frozenset({"subject_type", "id_token_signed_response_alg", "token_endpoint_auth_method"})

# The defaults of the specifications, told to whoever left them out (RFC 7591 §2; OIDC Registration §2).
DEFAULTS: Mapping[str, object] = MappingProxyType(
    {
        "application_type": "web",
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "subject_type": "public",
        "id_token_signed_response_alg": "RS256",
        "require_auth_time": False,
    }
)


@dataclass(frozen=True, slots=True)
class Registered:
    """What a client is told of its registration, beside its metadata."""

    client_id: str
    issued_at: datetime
    access_token: str
    uri: str
    secret: str | None = None  # None: it has none, or was told before


def read(
    client_id: str,
    sent: Mapping[str, object],
    *,
    catalogue: Catalogue,
    offered: Offered,
    default_scope: Sequence[str],
) -> dict[str, object]:
    """The members as they are stored, each default among them. default_scope: of a client that names none.

    Raises InvalidRedirectUri or InvalidClientMetadata.
    """
    stated = {name: value for name, value in sent.items() if value is not None and value != ""}
    for choice, name in CHOICES.items():
        _choose(stated, choice, name, offered)
    _drop_unknown(stated, offered)
    stated.setdefault("application_type", "native" if _looks_native(stated) else "web")
    _scope(stated, catalogue)
    try:
        found = client_metadata.read(client_id, stated, catalogue=catalogue, offered=offered, by_operator=False)
        _check(found)
    except MetadataRefused as refusal:
        raise refused(refusal) from None
    found.setdefault("scope", scopes.write(word for word in default_scope if catalogue.knows(word)))
    for what in client_metadata.ENCRYPTED:
        if f"{what}_encrypted_response_alg" in found:
            found.setdefault(f"{what}_encrypted_response_enc", jose.DEFAULT_CONTENT_ENCRYPTION)
    return {**DEFAULTS, **found}


def refused(refusal: MetadataRefused) -> OAuthError:
    """By the codes of RFC 7591 §3.2.2."""
    kind = InvalidRedirectUri if refusal.path.partition("[")[0] == "redirect_uris" else InvalidClientMetadata
    return kind(
        str(refusal), check="client metadata", expected="members as docs/registration.md has them", got=refusal.path
    )


def _choose(stated: dict[str, object], choice: str, name: str, offered: Offered) -> None:
    """The first that we have too, in the client's order; what it says of itself singly comes first."""
    listed = stated.pop(choice, None)
    ours = _ours(name, offered)
    if not isinstance(listed, list) or stated.get(name) in ours:
        return
    if name.endswith("_encrypted_response_alg") and not ("jwks" in stated or "jwks_uri" in stated):
        return
    if name.endswith("_encrypted_response_enc") and name.removesuffix("enc") + "alg" not in stated:
        return
    both = [one for one in listed if one in ours]
    if both:
        stated[name] = both[0]
    elif name in _NEEDED and name not in stated:
        raise InvalidClientMetadata(
            f"{choice} holds none of {' '.join(ours)}", check="client metadata", expected=" ".join(ours), got=choice
        )


def _ours(name: str, offered: Offered) -> Sequence[str]:
    if name == "token_endpoint_auth_method":
        return offered.auth_methods
    choices = MEMBERS[name].choices
    unsigned = name == "id_token_signed_response_alg" and not offered.unsigned
    return [one for one in choices if not (unsigned and one == jose.UNSIGNED)]


def _drop_unknown(stated: dict[str, object], offered: Offered) -> None:
    """Grants and response types of other servers: an app names all that it can do. What is left must make sense."""
    known = {"grant_types": (*offered.grant_types, *FOR_ITSELF), "response_types": RESPONSE_TYPES}
    for name, ours in known.items():
        listed = stated.get(name)
        if isinstance(listed, list) and (kept := [one for one in listed if one in ours]):
            stated[name] = kept


def _looks_native(stated: Mapping[str, object]) -> bool:
    """Nobody said which it is, and it returns to where only apps on a device are."""
    uris = stated.get("redirect_uris")
    return isinstance(uris, list) and any(isinstance(uri, str) and not uri.startswith("https://") for uri in uris)


def _scope(stated: dict[str, object], catalogue: Catalogue) -> None:
    """Scopes that nobody owns are passed over, as at /authorize; administrators' are refused where they are read."""
    sent = stated.get("scope")
    if isinstance(sent, str) and not sent.strip(" "):
        del stated["scope"]
    elif isinstance(sent, str) and (kept := [word for word in sent.split(" ") if catalogue.knows(word)]):
        stated["scope"] = " ".join(kept)


def _check(found: Mapping[str, object]) -> None:
    """What only a stranger is held to."""
    uris = [str(uri) for uri in _list(found.get("redirect_uris"))]
    if "authorization_code" not in _list(found.get("grant_types", ["authorization_code"])):
        raise MetadataRefused(
            "grant_types", "must hold authorization_code: apps that register themselves act for people"
        )
    if "code" not in _list(found.get("response_types", ["code"])):
        raise MetadataRefused("response_types", "must hold code, which authorization_code goes with (RFC 7591 §2.1)")
    if found["application_type"] == "web":
        for number, uri in enumerate(uris):
            if not uri.startswith("https://"):
                raise MetadataRefused(f"redirect_uris[{number}]", "must be https, or application_type be native")
    logout = found.get("frontchannel_logout_uri")
    if logout is not None and _origin(str(logout)) not in map(_origin, uris):
        raise MetadataRefused("frontchannel_logout_uri", "must be on the host of a redirect URI (Front-Channel §2)")


def _origin(uri: str) -> tuple[str, str | None, int | None]:
    """The port of a loopback address is free."""
    parts = urlsplit(uri)
    return parts.scheme, parts.hostname, None if is_loopback(uri) else parts.port


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def check_update(client_id: str, sent: Mapping[str, object]) -> dict[str, object]:
    """What is left of an update's members: it names its client, and nothing that is ours (RFC 7592 §2.2)."""
    if sent.get("client_id") != client_id:
        raise InvalidRequest(
            "client_id must be in the body, and be that of this registration", check="registration client_id"
        )
    for name in OURS:
        if name in sent:
            raise InvalidRequest(f"{name} must not be sent (RFC 7592 §2.2)", check="registration member", got=name)
    return {name: value for name, value in sent.items() if name not in ("client_id", "client_secret")}


def check_sector(found: Mapping[str, object], listed: object) -> None:
    """What stands at sector_identifier_uri holds every redirect URI (OIDC Core §8.1, OIDC Registration §5)."""
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise InvalidClientMetadata(
            "sector_identifier_uri must lead to a JSON list of redirect URIs", check="sector document"
        )
    missing = [uri for uri in _list(found.get("redirect_uris")) if uri not in listed]
    if missing:
        raise InvalidClientMetadata(
            "sector_identifier_uri leads to a list that lacks a redirect URI of this client",
            check="sector document",
            expected="every redirect URI",
            got=missing[0],
        )


def needs_secret(found: Mapping[str, object]) -> bool:
    return found.get("token_endpoint_auth_method", "client_secret_basic") in SECRET_METHODS


def answer(told: Registered, found: Mapping[str, object]) -> dict[str, object]:
    """RFC 7591 §3.2.1, RFC 7592 §3. No member is null."""
    secret = {} if told.secret is None else {"client_secret": told.secret, "client_secret_expires_at": 0}
    return {
        "client_id": told.client_id,
        "client_id_issued_at": int(told.issued_at.timestamp()),
        **secret,
        "registration_access_token": told.access_token,
        "registration_client_uri": told.uri,
        **found,
    }
