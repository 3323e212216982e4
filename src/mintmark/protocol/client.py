"""A client: an application that was registered here (RFC 6749 §2, RFC 7591 §2)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mintmark.protocol import scope as scopes
from mintmark.protocol import sector as sectors
from mintmark.protocol.errors import UnauthorizedClient
from mintmark.protocol.policy import Policy

SECRET_METHODS = ("client_secret_basic", "client_secret_post")


@dataclass(frozen=True, slots=True)
class Secret:
    """One of the live secrets of a client, by its digest."""

    id: str
    name: str
    digest: bytes
    created_at: datetime
    expires_at: datetime | None  # None: no end


@dataclass(frozen=True, slots=True)
class Client:
    id: str
    name: str
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    grant_types: tuple[str, ...]
    response_types: tuple[str, ...]
    auth_method: str  # token_endpoint_auth_method; "none": a public client
    scope: tuple[str, ...] | None  # None: the OIDC scopes
    id_token_alg: str
    default_max_age: int | None  # seconds
    default_acr_values: tuple[str, ...]
    client_uri: str | None
    policy_uri: str | None
    tos_uri: str | None
    logo_uri: str | None
    sector: str | None  # of a client with pairwise subjects (OIDC Core §8.1); None: public ones
    policy: Policy
    self_registered: bool
    secrets: tuple[Secret, ...]
    disabled_at: datetime | None
    ended_before: int  # ms: what was issued to it at or before this instant is over
    document: Mapping[str, object]  # every member as it was registered

    @property
    def requires_signed_requests(self) -> bool:
        """RFC 9101 §10.5."""
        return self.document.get("require_signed_request_object") is True

    @property
    def request_object_alg(self) -> str | None:
        """None: any that is not `none` (OIDC Registration §2)."""
        return _text(self.document, "request_object_signing_alg")

    @property
    def request_uris(self) -> tuple[str, ...]:
        """Where it keeps its request objects."""
        return _texts(self.document, "request_uris")

    @property
    def is_public(self) -> bool:
        return self.auth_method == "none"

    @property
    def has_secrets(self) -> bool:
        """Whether it proves itself by a secret."""
        return self.auth_method in SECRET_METHODS

    @property
    def may_use(self) -> tuple[str, ...]:
        """The scopes that it may ask for."""
        return scopes.IDENTITY if self.scope is None else self.scope

    def must_allow(self, grant_type: str) -> None:
        if grant_type not in self.grant_types:
            raise UnauthorizedClient(
                f"this client is not registered for grant_type {grant_type}",
                check="client grant_type",
                expected=" ".join(self.grant_types),
                got=grant_type,
            )


def read(
    client_id: str,
    document: Mapping[str, object],
    *,
    policy: Policy,
    self_registered: bool,
    secrets: tuple[Secret, ...] = (),
    disabled_at: datetime | None = None,
    ended_before: int = 0,
) -> Client:
    """The client of a stored document, which was checked when it was stored; the defaults are those of RFC 7591 §2."""
    scope = document.get("scope")
    return Client(
        id=client_id,
        name=_text(document, "client_name") or client_id,
        redirect_uris=_texts(document, "redirect_uris"),
        post_logout_redirect_uris=_texts(document, "post_logout_redirect_uris"),
        grant_types=_texts(document, "grant_types", ("authorization_code",)),
        response_types=_texts(document, "response_types", ("code",)),
        auth_method=_text(document, "token_endpoint_auth_method") or "client_secret_basic",
        scope=None if scope is None else tuple(dict.fromkeys(str(scope).split())),
        id_token_alg=_text(document, "id_token_signed_response_alg") or "RS256",
        default_max_age=_number(document, "default_max_age"),
        default_acr_values=_texts(document, "default_acr_values"),
        client_uri=_text(document, "client_uri"),
        policy_uri=_text(document, "policy_uri"),
        tos_uri=_text(document, "tos_uri"),
        logo_uri=_text(document, "logo_uri"),
        sector=_sector(client_id, document),
        policy=policy,
        self_registered=self_registered,
        secrets=secrets,
        disabled_at=disabled_at,
        ended_before=ended_before,
        document=document,
    )


def written(document: Mapping[str, object]) -> str:
    """The document as it is stored: members in order of name, so that equal documents are equal text."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _sector(client_id: str, document: Mapping[str, object]) -> str | None:
    if document.get("subject_type") != "pairwise":
        return None
    return sectors.of(client_id, _texts(document, "redirect_uris"), _text(document, "sector_identifier_uri"))


def _text(document: Mapping[str, object], name: str) -> str | None:
    value = document.get(name)
    return value if isinstance(value, str) else None


def _number(document: Mapping[str, object], name: str) -> int | None:
    value = document.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _texts(document: Mapping[str, object], name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    value = document.get(name)
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else default
