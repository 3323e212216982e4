"""Authlib, as a client of a running server: its httpx client, and its integration into a Starlette application."""

import httpx2
import pytest
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.integrations.starlette_client import OAuth
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.serving import answered

CALLBACK = "http://127.0.0.1:3456/callback"
SCOPE = "openid profile email offline_access demo:read"


@pytest.fixture
async def metadata(demo):
    async with httpx2.AsyncClient() as http:
        return (await http.get(f"{demo.url}/.well-known/openid-configuration")).json()


@pytest.fixture(params=["client_secret_basic", "client_secret_post"])
async def client(request, demo, metadata):
    made = AsyncOAuth2Client(
        demo.client_id,
        demo.client_secret,
        token_endpoint_auth_method=request.param,
        scope=SCOPE,
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
        token_endpoint=metadata["token_endpoint"],
    )
    async with made:
        yield made


@pytest.fixture
async def browser():
    async with httpx2.AsyncClient() as http:
        yield http


async def signed_in(demo, metadata, client, browser):
    verifier = generate_token(48)
    address, _ = client.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier, nonce="n", prompt="consent"
    )
    came_back = await demo.sign_in(browser, address)
    return await client.fetch_token(authorization_response=came_back, code_verifier=verifier)


async def test_a_code_becomes_tokens_that_userinfo_takes(demo, metadata, client, browser):
    token = await signed_in(demo, metadata, client, browser)
    person = (await client.get(metadata["userinfo_endpoint"])).json()

    assert "Bearer" == token["token_type"]
    assert set(SCOPE.split()) == set(token["scope"].split())
    assert {"sub", "name", "email", "email_verified"} <= set(person)


async def test_a_refresh_rotates_the_token(demo, metadata, client, browser):
    first = dict(await signed_in(demo, metadata, client, browser))
    second = await client.refresh_token()

    assert first["refresh_token"] != second["refresh_token"]
    assert first["access_token"] != second["access_token"]
    assert 200 == (await client.get(metadata["userinfo_endpoint"])).status_code


async def test_what_is_revoked_is_inactive_at_once(demo, metadata, client, browser):
    token = await signed_in(demo, metadata, client, browser)
    live = (await client.introspect_token(metadata["introspection_endpoint"], token=token["access_token"])).json()
    revoked = await client.revoke_token(metadata["revocation_endpoint"], token=token["refresh_token"])
    over = (await client.introspect_token(metadata["introspection_endpoint"], token=token["access_token"])).json()

    assert live["active"] is True
    assert demo.client_id == live["client_id"]
    assert 200 == revoked.status_code
    assert {"active": False} == over
    with pytest.raises(OAuthError, match="invalid_grant"):
        await client.refresh_token()


async def test_a_client_gets_a_token_for_itself(demo, metadata, client):
    token = await client.fetch_token(grant_type="client_credentials", scope="demo:read demo:write")
    told = (await client.introspect_token(metadata["introspection_endpoint"], token=token["access_token"])).json()

    assert "demo:read demo:write" == token["scope"]
    assert "refresh_token" not in token
    assert (True, demo.resource) == (told["active"], told["aud"])


async def test_a_token_for_a_password(demo, metadata, client):
    token = await client.fetch_token(username=demo.username, password=demo.password, scope="openid profile")
    person = (await client.get(metadata["userinfo_endpoint"])).json()

    assert "openid profile" == token["scope"]
    assert "name" in person


async def test_a_public_client_needs_no_secret(demo, metadata, browser):
    made = AsyncOAuth2Client(
        demo.spa_client_id,
        token_endpoint_auth_method="none",
        scope=SCOPE,
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
        token_endpoint=metadata["token_endpoint"],
    )
    async with made as client:
        token = await signed_in(demo, metadata, client, browser)
        refreshed = await client.refresh_token()

    assert token["refresh_token"] != refreshed["refresh_token"]


def relying_party(demo):
    """A web application with Authlib's Starlette integration: /login goes out, /callback comes back."""
    oauth = OAuth()
    oauth.register(
        "mintmark",
        server_metadata_url=f"{demo.url}/.well-known/openid-configuration",
        client_id=demo.client_id,
        client_secret=demo.client_secret,
        client_kwargs={"scope": SCOPE, "code_challenge_method": "S256"},
    )
    session: dict[str, object] = {}  # one visitor: what a session middleware would keep for each

    async def login(request):
        return await oauth.mintmark.authorize_redirect(request, "http://127.0.0.1/callback")

    async def callback(request):
        token = await oauth.mintmark.authorize_access_token(request)  # checks state, nonce, iss, aud, exp, at_hash
        person = await oauth.mintmark.userinfo(token=token)
        return JSONResponse({"claims": token["userinfo"], "userinfo": person})

    application = Starlette(routes=[Route("/login", login), Route("/callback", callback)])

    async def with_session(scope, receive, send):
        scope["session"] = session
        await application(scope, receive, send)

    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=with_session), base_url="http://127.0.0.1")


async def test_a_starlette_application_signs_its_people_in(demo, browser):
    async with relying_party(demo) as app:
        out = await app.get("/login")
        came_back = await demo.sign_in(browser, out.headers["location"])
        found = (await app.get(came_back)).json()

    assert demo.url == found["claims"]["iss"]
    assert demo.client_id == found["claims"]["aud"]
    assert found["claims"]["sub"] == found["userinfo"]["sub"]
    assert {"auth_time", "sid", "acr", "amr", "at_hash", "nonce"} <= set(found["claims"])


async def test_a_starlette_application_hears_of_a_refusal(demo, browser):
    async with relying_party(demo) as app:
        out = await app.get("/login")
        came_back = await demo.sign_in(browser, f"{out.headers['location']}&prompt=consent", decision="deny")
        with pytest.raises(OAuthError, match="access_denied"):
            await app.get(came_back)

    assert demo.url == answered(came_back)["iss"]
