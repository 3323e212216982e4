"""Pairwise subjects: each sector knows a person by a name of its own (OIDC Core §8)."""

import re

import pytest

from mintmark import keyring, subjects
from mintmark.keys.sealing import Sealer
from mintmark.registry import Registry
from tests.issuer import ALICE, API, claims

SCOPE = "openid profile api:read"


@pytest.fixture
async def pairwise(issuer):
    """web and other are pairwise, each of the sector of its own host."""
    for name in ("web", "other"):
        await issuer.change_client(name, subject_type="pairwise")
    return issuer


async def userinfo(issuer, token):
    return (await issuer.http.get("/userinfo", headers={"authorization": f"Bearer {token}"})).json()


async def subject(issuer, client="web", **more):
    return claims((await issuer.tokens(client, scope="openid", **more))["id_token"])["sub"]


async def test_a_client_sees_one_name_of_a_person_at_every_door(pairwise):
    tokens = await pairwise.tokens(scope="openid profile offline_access")
    again = (await pairwise.refresh(tokens["refresh_token"])).json()
    await pairwise.set_policy({"access_token_format": "opaque"})
    opaque = (await pairwise.refresh(again["refresh_token"])).json()
    seen = {
        claims(tokens["id_token"])["sub"], claims(tokens["access_token"])["sub"], claims(again["id_token"])["sub"],
        (await userinfo(pairwise, tokens["access_token"]))["sub"],
        (await userinfo(pairwise, opaque["access_token"]))["sub"],
        (await pairwise.introspect(opaque["access_token"], "web"))["sub"],
        (await pairwise.introspect(opaque["refresh_token"], "web"))["sub"],
    }  # fmt: skip

    assert 1 == len(seen)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", seen.pop())


async def test_nothing_that_a_pairwise_client_gets_holds_the_id_or_the_username_where_it_did_not_ask(pairwise):
    tokens = await pairwise.tokens(scope="openid offline_access")
    told = [claims(tokens["id_token"]), claims(tokens["access_token"]), tokens]
    told += [await pairwise.introspect(tokens[name], "web") for name in ("access_token", "refresh_token")]
    told.append(await userinfo(pairwise, tokens["access_token"]))

    assert [] == [one for one in told if ALICE in str(one) or "alice" in str(one)]


async def test_clients_of_one_sector_know_a_person_by_the_same_name_and_others_do_not(pairwise):
    web, other = await subject(pairwise), await subject(pairwise, "other")
    group = {"subject_type": "pairwise", "sector_identifier_uri": "https://group.example/uris.json"}
    for name in ("web", "other"):
        await pairwise.change_client(name, **group)
    together = {await subject(pairwise), await subject(pairwise, "other")}
    await pairwise.add_person("bob")
    bob = await subject(pairwise, browser=pairwise.browser(), username="bob")

    assert 1 == len(together)
    assert 4 == len({web, other, bob, *together})
    assert ALICE == await subject(pairwise, "spa")


async def test_a_name_survives_a_restart_and_another_sealing_key(pairwise):
    server, web = pairwise.server, await pairwise.server.registry.client("web")
    before = subjects.of(server.registry, web, ALICE)
    new = Sealer((b"n" * 32, *server.settings.sealing_key_bytes))
    await server.store.commit(await keyring.resealed(server.store, new))
    await keyring.make_secrets(server.store, new, server.random, server.clock())
    restarted = Registry(server.store, Sealer((b"n" * 32,)), server.issuer)
    await restarted.renew()

    assert before == subjects.of(restarted, web, ALICE)


async def test_an_api_sees_a_person_as_it_knows_them_whichever_client_comes(pairwise):
    one = (await pairwise.tokens(scope=SCOPE, resource=API))["access_token"]
    two = (await pairwise.tokens("other", scope=SCOPE, resource=API))["access_token"]
    public = await pairwise.introspect(one), await pairwise.introspect(two)
    await pairwise.change_client("api-server", subject_type="pairwise")
    own = await pairwise.introspect(one), await pairwise.introspect(two)

    assert [(ALICE, "alice")] * 2 == [(told["sub"], told["username"]) for told in public]
    assert own[0]["sub"] == own[1]["sub"]
    assert not {own[0]["sub"]} & {ALICE, claims(one)["sub"], claims(two)["sub"]}
    assert "username" not in own[0]


async def test_a_token_of_a_client_for_itself_has_the_clients_name(pairwise):
    token = (await pairwise.token(grant_type="client_credentials", scope="api:read")).json()["access_token"]

    assert "web" == claims(token)["sub"] == (await pairwise.introspect(token))["sub"]


async def test_an_id_token_hint_by_the_sectors_name_means_its_person(pairwise):
    hint = (await pairwise.tokens(scope="openid"))["id_token"]
    same = await pairwise.authorize(scope="openid", prompt="none", id_token_hint=hint)
    await pairwise.add_person("bob")
    browser = pairwise.browser()
    await pairwise.authorize(browser=browser, username="bob", scope="openid")
    pairwise.later(seconds=1)
    other = await pairwise.authorize(browser=browser, scope="openid", prompt="none", id_token_hint=hint)

    assert "code" in same
    assert "login_required" == other["error"]


async def test_revoking_ending_and_disabling_reach_what_a_pairwise_client_got(pairwise):
    tokens = await pairwise.tokens(scope="openid offline_access")
    await pairwise.disable_person()

    assert {"active": False} == await pairwise.introspect(tokens["access_token"], "web")
    assert (
        401
        == (
            await pairwise.http.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})
        ).status_code
    )
    assert "invalid_grant" == (await pairwise.refresh(tokens["refresh_token"])).json()["error"]


async def test_the_audit_trail_and_the_admin_api_know_an_operator_of_a_pairwise_client_by_their_id(pairwise):
    await pairwise.add_person("olga", groups=("admins",))
    scope = "admin:read admin:write"
    await pairwise.change_client("other", scope=scope, subject_type="pairwise")
    token = (await pairwise.tokens("other", username="olga", scope=scope))["access_token"]
    made = await pairwise.http.post(
        "/admin/api/users", json={"username": "new"}, headers={"authorization": f"Bearer {token}"}
    )
    trail = await pairwise.http.get(
        "/admin/api/audit", params={"actor": "id-of-olga"}, headers={"authorization": f"Bearer {token}"}
    )

    assert 201 == made.status_code, made.text
    assert claims(token)["sub"] != "id-of-olga"
    assert ["configured"] == [one["event"] for one in trail.json()["items"]]


async def test_the_secret_of_pairwise_names_stays_the_one_that_was_made_first(issuer):
    before = issuer.server.registry.secret("pairwise")
    await keyring.make_secrets(issuer.server.store, issuer.server.sealer, issuer.server.random, issuer.server.clock())
    await issuer.server.registry.renew()

    assert before == issuer.server.registry.secret("pairwise")
