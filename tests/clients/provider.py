"""`provider`: a server on https at a loopback name, for programs that trust it, with a client for each."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests import serving
from tests.clients.client_key import ClientKey, make
from tests.clients.visiting import Visitor
from tests.serving import CODE, PASSWORD, SECRET, Certificate, Served

__all__ = ["client_key", "provider", "trusting", "visitor"]

NOTES = "https://notes.example"  # the API of examples/
SCOPE = "openid profile email offline_access api:read api:write demo:read demo:write"


def app(client_id: str, callback: str, **more: object) -> dict[str, object]:
    """Of loopback redirects any port will do, so that an app may take the one that is free."""
    found = {
        "client_id": client_id,
        "client_name": client_id.replace("-", " ").title(),
        "client_secret": SECRET,
        "redirect_uris": [f"http://127.0.0.1{callback}"],
        "post_logout_redirect_uris": [f"http://127.0.0.1{path}" for path in ("", "/", "/signed-out")],
        "grant_types": CODE,
        "scope": SCOPE,
        **more,
    }
    return {name: value for name, value in found.items() if value is not None}


def applied(key: ClientKey) -> Mapping[str, Any]:
    by_key = {"client_secret": None, "token_endpoint_auth_method": "private_key_jwt", "jwks": key.jwks}
    older = {"require_issuer_audience": False}  # its assertions are for the token door
    programs = [*CODE, "client_credentials"]
    return {
        **serving.APPLIED,
        "resources": [
            *serving.APPLIED["resources"],
            {"resource": NOTES, "name": "Notes", "scopes": ["demo:read", "demo:write"], "resource_servers": ["api"]},
        ],
        "clients": [
            {"client_id": "api", "client_secret": SECRET, "grant_types": []},
            app("web-app", "/callback", policy={"access_token_lifetime": "25s"}),  # it refreshes before each call
            app("express-openid-connect", "/callback"),
            app("auth-js", "/auth/callback/mintmark"),
            app("passport", "/callback", policy={"require_pkce": False}),
            app("mod-auth-openidc", "/secure/callback"),
            app("oauth2-proxy", "/oauth2/callback"),
            app("zitadel", "/callback"),
            app("nimbus", "/callback"),
            app("authlib", "/callback", grant_types=programs),
            app("authlib-by-key", "/callback", grant_types=programs, policy=older, **by_key),
            app("openid-client", "/callback", grant_types=programs),
            app("openid-client-by-key", "/callback", grant_types=programs, **by_key),
            app("nimbus-by-key", "/callback", grant_types=programs, **by_key),
        ],
    }


@pytest.fixture(scope="session")
def client_key(tmp_path_factory: pytest.TempPathFactory) -> ClientKey:
    return make(tmp_path_factory.mktemp("client-key"))


@pytest.fixture(scope="session")
def provider(
    tmp_path_factory: pytest.TempPathFactory, certificate: Certificate, client_key: ClientKey
) -> Iterator[Served]:
    folder, port = tmp_path_factory.mktemp("provider"), serving.free_port()
    settings = {
        "MINTMARK_OUTBOUND_ALLOW": "127.0.0.0/8",
        "MINTMARK_OUTBOUND_CA": str(certificate.certificate),
    }
    url = f"https://localhost:{port}"
    with serving.over_tls(folder, certificate, applied(client_key), url, port, **settings) as server:
        yield server


@pytest.fixture(scope="session")
def trusting(certificate: Certificate) -> dict[str, str]:
    """An environment in which OpenSSL, Python, Go and Node believe the tests' certificate."""
    trusted = str(certificate.certificate)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MINTMARK_", "DEMO_"))}
    return kept | {"SSL_CERT_FILE": trusted, "NODE_EXTRA_CA_CERTS": trusted, "REQUESTS_CA_BUNDLE": trusted}


@pytest.fixture
def visitor(provider: Served, person: str) -> Iterator[Visitor]:
    """Somebody who has never been there."""
    with Visitor(provider.url, person, PASSWORD) as found:
        yield found
