"""Key rotation: a key is published long before it signs, and stays as long as a token that it signed lives."""

import json

import httpx2
import jwt

from mintmark import upkeep
from tests.issuer import header


async def published(issuer, alg="ES256"):
    """The keys of an algorithm that verifiers find."""
    keys = (await issuer.http.get("/.well-known/jwks.json")).json()["keys"]
    return {key["kid"] for key in keys if key["alg"] == alg}


async def signed(issuer):
    """A new access token, and the key that signed it."""
    token = (await issuer.token(grant_type="client_credentials", scope="api:read")).json()["access_token"]
    return token, header(token)["kid"]


async def pass_by(issuer, **span):
    """Time, and the upkeep that follows it."""
    issuer.later(**span)
    await upkeep.turn_keys(issuer.server)
    await issuer.server.registry.renew()


async def test_a_new_key_is_announced_then_signs_and_the_old_one_leaves_last(issuer):
    _, old = await signed(issuer)
    await pass_by(issuer, days=88)
    announced = await published(issuer)
    _, still = await signed(issuer)
    await pass_by(issuer, days=2, minutes=-1)
    last, last_signer = await signed(issuer)
    await pass_by(issuer, minutes=2)
    _, new = await signed(issuer)

    assert 2 == len(announced)
    assert {old} == {still, last_signer}
    assert new in announced - {old}
    assert old in await published(issuer)
    assert (await issuer.introspect(last))["active"] is True

    await pass_by(issuer, days=7)

    assert {new} == await published(issuer)


async def test_what_verifiers_keep_changes_when_a_key_is_announced(issuer):
    before = await issuer.http.get("/.well-known/jwks.json")
    unchanged = await issuer.http.get("/.well-known/jwks.json", headers={"if-none-match": before.headers["etag"]})
    await pass_by(issuer, days=88)
    after = await issuer.http.get("/.well-known/jwks.json", headers={"if-none-match": before.headers["etag"]})

    assert (304, 200) == (unchanged.status_code, after.status_code)
    assert "max-age=3600" in before.headers["cache-control"]


async def test_after_an_emergency_no_token_of_the_old_key_is_good(demo):
    """By the command, beside the running server, which follows before the command answers."""
    async with httpx2.AsyncClient(auth=(demo.client_id, demo.client_secret)) as http:
        leaked = await demo_token(demo, http)
        told = json.loads(demo.command("keys", "rotate", "--alg", "ES256", "--emergency", "--json"))
        fresh = await demo_token(demo, http)
        over = (await http.post(f"{demo.url}/introspect", data={"token": leaked})).json()
        live = (await http.post(f"{demo.url}/introspect", data={"token": fresh})).json()
        keys = (await http.get(f"{demo.url}/.well-known/jwks.json")).json()["keys"]

    assert [jwt.get_unverified_header(leaked)["kid"]] == told["removed"]
    assert [jwt.get_unverified_header(fresh)["kid"]] == [key["kid"] for key in told["created"]]
    assert {"active": False} == over
    assert live["active"] is True
    assert not {key["kid"] for key in keys} & set(told["removed"])


async def demo_token(demo, http):
    form = {"grant_type": "client_credentials", "scope": "demo:read"}
    return (await http.post(f"{demo.url}/token", data=form)).json()["access_token"]
