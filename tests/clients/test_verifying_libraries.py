"""Libraries that verify our tokens from what is published alone: PyJWT with its PyJWKClient, and joserfc."""

import asyncio
import base64
import hashlib

import httpx2
import jwt
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwk
from joserfc import jwt as joserfc_jwt

CALLBACK = "http://localhost:3456/callback"
NONCE = "a-nonce-that-comes-back"


@pytest.fixture
async def tokens(demo):
    client = AsyncOAuth2Client(
        demo.client_id,
        demo.client_secret,
        scope="openid profile demo:read",
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
        token_endpoint=f"{demo.url}/token",
    )
    async with client, httpx2.AsyncClient() as browser:
        address, _ = client.create_authorization_url(f"{demo.url}/authorize", code_verifier="v" * 64, nonce=NONCE)
        came_back = await demo.sign_in(browser, address)
        return await client.fetch_token(authorization_response=came_back, code_verifier="v" * 64)


@pytest.fixture
async def published(demo):
    async with httpx2.AsyncClient() as http:
        metadata = (await http.get(f"{demo.url}/.well-known/oauth-authorization-server")).json()
        return metadata | {"keys": (await http.get(metadata["jwks_uri"])).json()}


async def with_pyjwt(published, token, alg, audience):
    """In a thread of its own: PyJWKClient fetches with urllib."""
    keys = jwt.PyJWKClient(published["jwks_uri"])
    key = await asyncio.to_thread(keys.get_signing_key_from_jwt, token)
    return jwt.decode_complete(
        token,
        key,
        algorithms=[alg],
        audience=audience,
        issuer=published["issuer"],
        options={"require": ["exp", "iat", "sub"]},
    )


def with_joserfc(published, token, alg, audience):
    found = joserfc_jwt.decode(token, jwk.KeySet.import_key_set(published["keys"]), algorithms=[alg])
    joserfc_jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": published["issuer"]},
        aud={"essential": True, "value": audience},
        exp={"essential": True},
        sub={"essential": True},
    ).validate(found.claims)
    return found


async def test_pyjwt_verifies_an_access_token(demo, tokens, published):
    found = await with_pyjwt(published, tokens["access_token"], "ES256", demo.resource)

    assert "at+jwt" == found["header"]["typ"]
    assert demo.client_id == found["payload"]["client_id"]
    assert "demo:read" in found["payload"]["scope"].split()
    assert {"jti", "iat", "auth_time", "acr"} <= set(found["payload"])


async def test_pyjwt_verifies_an_id_token(demo, tokens, published):
    found = await with_pyjwt(published, tokens["id_token"], "RS256", demo.client_id)

    assert NONCE == found["payload"]["nonce"]
    assert at_hash(tokens["access_token"]) == found["payload"]["at_hash"]


async def test_pyjwt_refuses_another_audience(tokens, published):
    with pytest.raises(jwt.InvalidAudienceError):
        await with_pyjwt(published, tokens["access_token"], "ES256", "https://api.example")


async def test_joserfc_verifies_an_access_token(demo, tokens, published):
    found = with_joserfc(published, tokens["access_token"], "ES256", demo.resource)

    assert "at+jwt" == found.header["typ"]
    assert demo.client_id == found.claims["client_id"]


async def test_joserfc_verifies_an_id_token(demo, tokens, published):
    found = with_joserfc(published, tokens["id_token"], "RS256", demo.client_id)

    assert NONCE == found.claims["nonce"]
    assert at_hash(tokens["access_token"]) == found.claims["at_hash"]


def at_hash(access_token):
    """OIDC Core §3.1.3.6, for an algorithm with SHA-256."""
    half = hashlib.sha256(access_token.encode("ascii")).digest()[:16]
    return base64.urlsafe_b64encode(half).rstrip(b"=").decode()
