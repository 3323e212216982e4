"""An ordinary client, its catalogue and its requests, as a test changes them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from mintmark.protocol import claims_request
from mintmark.protocol import client as clients
from mintmark.protocol.authorization import Authorization, Holder, SessionState, Standing
from mintmark.protocol.authorization_request import AuthorizationRequest
from mintmark.protocol.catalogue import Catalogue, Resource
from mintmark.protocol.params import Params
from mintmark.protocol.policy import Policy
from mintmark.protocol.return_address import ReturnAddress
from mintmark.protocol.session import ONE_FACTOR, Session

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ISSUER = "https://id.example"
API = "https://api.example"
FILES = "https://files.example/v1"
PLAIN = "https://plain.example"  # owns no scope
ADMIN = ISSUER + "/admin/api"
CALLBACK = "https://shop.example/cb"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
ASKED = {
    "response_type": "code",
    "client_id": "shop",
    "redirect_uri": CALLBACK,
    "scope": "openid",
    "state": "s t&a=te",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
DOCUMENT = {
    "redirect_uris": [CALLBACK],
    "grant_types": ["authorization_code", "refresh_token"],
    "scope": "openid profile offline_access api:read api:write files:read shared",
}


def resource(id, *scopes):
    return Resource(id, "", dict.fromkeys(scopes, ""), (), Policy())


CATALOGUE = Catalogue(
    ISSUER,
    [resource(API, "api:read", "api:write", "shared"), resource(FILES, "files:read", "shared"), resource(PLAIN)],
)


def client(client_id="shop", **members):
    """`members` None: left out."""
    document = {name: value for name, value in (DOCUMENT | members).items() if value is not None}
    return clients.read(client_id, document, policy=Policy(), self_registered=False)


def params(pairs: Any = (), **members):
    """A form; a member that is None is not sent, a list is sent several times."""
    merged = (dict(pairs) | members).items()
    return Params.read(urlencode({name: value for name, value in merged if value is not None}, doseq=True))


def asked(**members):
    return params(ASKED, **members)


def request(**members):
    """A checked authorization request."""
    plain: dict[str, Any] = {
        "client_id": "shop",
        "return_address": ReturnAddress.read(CALLBACK, [CALLBACK]),
        "response_type": "code",
        "response_mode": "query",
        "state": None,
        "scope": ("openid",),
        "resources": (),
        "audience": (ISSUER,),
        "nonce": None,
        "code_challenge": CHALLENGE,
        "prompt": frozenset(),
        "max_age": None,
        "login_hint": None,
        "id_token_hint": None,
        "claims": claims_request.NOTHING,
        "acr_values": (),
    }
    return AuthorizationRequest(**plain | members)


def session(**members):
    """Alice signed in an hour ago."""
    before = NOW - timedelta(hours=1)
    plain: dict[str, Any] = {
        "id": "sid",
        "person_id": "alice",
        "created_at": before,
        "authenticated_at": before,
        "last_used_at": before,
        "idle_expires_at": NOW + timedelta(hours=7),
        "expires_at": NOW + timedelta(hours=23),
        "ended_at": None,
        "acr": ONE_FACTOR,
        "amr": ("pwd",),
    }
    return Session(**plain | members)


def holder(**members):
    plain: dict[str, Any] = {
        "id": "alice",
        "username": "Alice",
        "email": None,
        "email_verified": False,
        "groups": (),
        "claims": "{}",
        "custom_claims": "{}",
        "disabled_at": None,
        "ended_before": 0,
        "sessions_ended_before": 0,
    }
    return Holder(**plain | members)


def authorization(**members):
    plain: dict[str, Any] = {
        "id": "a",
        "person_id": "alice",
        "client_id": "shop",
        "session_id": "sid",
        "scope": ("openid",),
        "resources": (ISSUER,),
        "ends_with_session": True,
        "authenticated_at": NOW,
        "acr": ONE_FACTOR,
        "amr": ("pwd",),
        "created_at": NOW,
        "expires_at": NOW + timedelta(days=90),
        "ended_at": None,
    }
    return Authorization(**plain | members)


LIVE = SessionState(created_at=NOW, expires_at=NOW + timedelta(hours=24), ended_at=None)


def standing(authorization=authorization(), holder=holder(), session=LIVE):  # noqa: B008  frozen values
    return Standing(authorization, holder, session)
