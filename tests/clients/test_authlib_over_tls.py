"""Authlib's httpx client with a client secret and with a key of its own, against a server on https."""

import httpx2
import pytest
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.integrations.starlette_client import OAuth
from authlib.oauth2.rfc7523 import PrivateKeyJWT

from tests.serving import PASSWORD, SECRET, sign_in

CALLBACK = "http://127.0.0.1:3456/callback"
SCOPE = "openid profile email offline_access api:read"


@pytest.fixture
async def metadata(provider):
    async with httpx2.AsyncClient(verify=False) as http:
        return (await http.get(f"{provider.url}/.well-known/openid-configuration")).json()


@pytest.fixture(params=["client_secret_basic", "private_key_jwt"])
async def client(request, metadata, client_key):
    by_key = request.param == "private_key_jwt"
    made = AsyncOAuth2Client(
        "authlib-by-key" if by_key else "authlib",
        client_key.pem.read_text() if by_key else SECRET,
        token_endpoint_auth_method=request.param,
        revocation_endpoint_auth_method=request.param,  # it would be Basic wherever there is a secret
        scope=SCOPE,
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
        token_endpoint=metadata["token_endpoint"],
        verify=False,
    )
    if by_key:  # its audience is this door, wherever the assertion is shown
        made.register_client_auth_method(PrivateKeyJWT(metadata["token_endpoint"]))
    async with made:
        yield made


async def signed_in(provider, metadata, client, person):
    verifier = generate_token(48)
    address, _ = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, nonce="n")
    async with httpx2.AsyncClient(verify=False) as browser:
        came_back = await sign_in(browser, provider.url, address, person, PASSWORD)
    return dict(await client.fetch_token(authorization_response=came_back, code_verifier=verifier))


async def test_a_code_becomes_tokens_which_refresh_and_are_revoked(provider, metadata, client, person):
    first = await signed_in(provider, metadata, client, person)
    told = (await client.get(metadata["userinfo_endpoint"])).json()
    second = dict(await client.refresh_token())
    live = (await client.introspect_token(metadata["introspection_endpoint"], token=second["refresh_token"])).json()
    revoked = await client.revoke_token(metadata["revocation_endpoint"], token=second["refresh_token"])
    over = (await client.introspect_token(metadata["introspection_endpoint"], token=second["refresh_token"])).json()

    assert f"{person}@example.org" == told["email"]
    assert first["refresh_token"] != second["refresh_token"]
    assert (True, 200, {"active": False}) == (live["active"], revoked.status_code, over)
    with pytest.raises(OAuthError, match="invalid_grant"):
        await client.refresh_token()


async def test_a_client_gets_a_token_for_itself(metadata, client):
    token = await client.fetch_token(grant_type="client_credentials", scope="api:read")

    assert "api:read" == token["scope"]


async def test_its_integration_knows_where_to_sign_out(provider, metadata, client, person):
    token = await signed_in(provider, metadata, client, person)
    oauth = OAuth()
    found = oauth.register(
        "mintmark",
        server_metadata_url=f"{provider.url}/.well-known/openid-configuration",
        client_id=client.client_id,
        client_kwargs={"verify": False},
    )
    asked = {"id_token_hint": token["id_token"], "post_logout_redirect_uri": "http://127.0.0.1:3456/signed-out"}
    told = await found.create_logout_url(**asked, state="the-state")
    async with httpx2.AsyncClient(verify=False) as browser:
        answer = await browser.get(told["url"])

    assert 303 == answer.status_code
    assert "http://127.0.0.1:3456/signed-out?state=the-state" == answer.headers["location"]
