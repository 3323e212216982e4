"""Claims by an operator's rules, where clients and APIs see them."""

import json

import pytest

from mintmark.keys.sealing import Sealer
from mintmark.protocol import claim_rule, claim_rule_record
from mintmark.registry import LEASE, Registry
from mintmark.store import claim_rules, people
from tests.issuer import ALICE, API, claims

ROLES = {
    "name": "roles", "claim": "app_roles", "expression": "user.groups.map(g, 'r:' + g)",
    "places": ["id_token", "userinfo", "access_token"],
}  # fmt: skip


@pytest.fixture
def add(issuer):
    async def add(*rules):
        for rule in rules:
            found = claim_rule_record.read(rule, claim_rule.language())
            document = claim_rule_record.document(found)
            await issuer.server.store.commit(claim_rules.add(found.name, document, issuer.server.clock()))
        await issuer.server.registry.renew()

    return add


async def userinfo(issuer, tokens):
    answer = await issuer.http.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})
    assert 200 == answer.status_code
    return answer.json()


async def test_a_rules_claim_stands_in_each_of_its_places(issuer, add):
    await add(ROLES)
    tokens = await issuer.tokens(scope="openid offline_access")
    refreshed = (await issuer.refresh(tokens["refresh_token"])).json()

    for answer in (tokens, refreshed):
        assert ["r:staff"] == claims(answer["id_token"])["app_roles"] == claims(answer["access_token"])["app_roles"]
        assert ["r:staff"] == (await userinfo(issuer, answer))["app_roles"]


async def test_a_rule_for_one_place_is_told_nowhere_else(issuer, add):
    await add(ROLES | {"places": ["access_token"]})
    tokens = await issuer.tokens(scope="openid")

    assert "app_roles" in claims(tokens["access_token"])
    assert "app_roles" not in {**claims(tokens["id_token"]), **(await userinfo(issuer, tokens))}


async def test_rules_are_for_their_scopes_resources_and_clients(issuer, add):
    await add(
        ROLES | {"name": "a", "claim": "with_profile", "scopes": ["profile"]},
        ROLES | {"name": "b", "claim": "at_api", "resources": [API]},
        ROLES | {"name": "c", "claim": "for_other", "clients": ["other"]},
    )
    plain = claims((await issuer.tokens(scope="openid"))["access_token"])
    there = claims((await issuer.tokens(scope="openid api:read profile"))["access_token"])
    other = claims((await issuer.tokens("other", scope="openid"))["access_token"])
    names = {"with_profile", "at_api", "for_other"}

    assert set() == names & plain.keys()
    assert {"with_profile", "at_api"} == names & there.keys()
    assert {"for_other"} == names & other.keys()


async def test_an_api_that_introspects_is_told_what_a_jwt_would_say(issuer, add):
    await add(ROLES)
    jwt = (await issuer.tokens(scope="api:read"))["access_token"]
    await issuer.set_policy({"access_token_format": "opaque"})
    opaque = (await issuer.tokens(scope="api:read"))["access_token"]

    assert ["r:staff"] == (await issuer.introspect(jwt))["app_roles"] == (await issuer.introspect(opaque))["app_roles"]


async def test_a_client_for_itself_gets_claims_of_itself_alone(issuer, add):
    await add(ROLES, {**ROLES, "name": "who", "claim": "app", "expression": "client.client_name"})
    token = (await issuer.token(grant_type="client_credentials", scope="api:read")).json()["access_token"]

    assert "Harbour Notes" == claims(token)["app"]
    assert "app_roles" not in claims(token)


async def test_a_rule_that_fails_leaves_its_claim_out_and_is_remembered_without_what_it_saw(issuer, add):
    await add(ROLES, {**ROLES, "name": "broken", "claim": "broken", "expression": "int(user.claims.department)"})
    tokens = await issuer.tokens(scope="openid")

    assert "broken" not in {**claims(tokens["id_token"]), **claims(tokens["access_token"])}
    assert ["r:staff"] == claims(tokens["id_token"])["app_roles"]
    told = [line for line in issuer.lines if line["event"] == "claim_rule_failed"]
    assert {("broken", "id_token"), ("broken", "access_token")} == {(line["rule"], line["place"]) for line in told}
    assert "R&D" not in str(told)


async def test_a_rule_in_the_database_that_no_version_understands_is_no_fault_of_anybodys_request(issuer):
    document = {**ROLES, "expression": "what.is.this(", "scopes": [], "resources": [], "clients": []}
    await issuer.server.store.commit(claim_rules.add("odd", document | {"name": "odd"}, issuer.server.clock()))
    await issuer.server.registry.renew()
    tokens = await issuer.tokens(scope="openid")

    assert "app_roles" not in claims(tokens["id_token"])
    assert "claim_rule_failed" in {line["event"] for line in issuer.lines}


async def test_an_access_token_stays_of_a_size_that_headers_carry(issuer, add):
    await add(*(
        {**ROLES, "name": f"r{n}", "claim": f"c{n}", "expression": "user.claims.long", "places": ["access_token"]}
        for n in range(20)
    ))  # fmt: skip
    record = people.Record("alice", "alice", None, None, "{}", json.dumps({"long": "x" * 900}), ("staff",))
    await issuer.server.store.commit([people.change(ALICE, record, issuer.server.clock())])
    token = (await issuer.tokens(scope="openid"))["access_token"]

    assert {"c0", "c1"} == {name for name in claims(token) if name.startswith("c") and name != "client_id"}
    assert len(token) < 6000


async def test_two_processes_see_a_changed_rule_within_a_second(issuer, add):
    seconds = [100.0]
    other = Registry(issuer.server.store, Sealer(issuer.settings.sealing_key_bytes), issuer.url, lambda: seconds[0])
    await other.renew()
    await add(ROLES)
    before = (await other.current()).claim_rules
    seconds[0] += LEASE
    after = (await other.current()).claim_rules
    kept = after[0]
    await issuer.server.store.commit(claim_rules.add("z", ROLES | {"name": "z"}, issuer.server.clock()))
    seconds[0] += LEASE

    assert ((), ["roles"]) == (before, [one.name for one in after])
    assert kept is (await other.current()).claim_rules[0], "a rule that is as it was is not read anew"


async def test_metadata_tells_the_claims_that_rules_make(issuer, add):
    before = (await issuer.http.get("/.well-known/openid-configuration")).json()["claims_supported"]
    await add(ROLES, ROLES | {"name": "api", "claim": "for_apis", "places": ["access_token"]})
    after = (await issuer.http.get("/.well-known/openid-configuration")).json()["claims_supported"]

    assert [*before, "app_roles"] == after
