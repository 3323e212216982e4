"""client_credentials: the clock is read once, the scope stays within the client's own, and nothing is written."""

from tests.issuer import API, claims

CODE = {"grant_type": "client_credentials", "scope": "api:read"}


async def test_a_client_gets_a_token_for_itself_that_is_live_at_its_resource(issuer):
    got = (await issuer.token(**CODE)).json()
    told = await issuer.introspect(got["access_token"])

    assert {"access_token", "token_type", "expires_in", "scope"} == set(got)
    assert ("web", "web", API) == (told["sub"], told["client_id"], told["aud"])
    assert (issuer.moment[0].timestamp(), 600) == (told["iat"], told["exp"] - told["iat"])


async def test_more_than_its_own_scope_it_does_not_get(issuer):
    assert "invalid_scope" == (await issuer.token(**{**CODE, "scope": "admin:write"})).json()["error"]


async def test_a_warm_token_costs_no_statement_and_one_signature(cost, issuer):
    await issuer.token(**CODE)
    with cost(issuer) as spent:
        got = await issuer.token(**CODE)

    assert claims(got.json()["access_token"])["client_id"] == "web"
    assert (0, 1) == (spent.statements, spent.signatures)


async def test_asking_whether_a_token_lives_costs_one_statement(cost, issuer):
    got = (await issuer.token(**CODE)).json()
    await issuer.introspect(got["access_token"])
    with cost(issuer) as spent:
        told = await issuer.introspect(got["access_token"])

    assert told["active"] is True
    assert (1, 0) == (spent.statements, spent.signatures)


async def test_what_everybody_may_read_costs_nothing(cost, issuer):
    with cost(issuer) as spent:
        for path in ("/.well-known/jwks.json", "/.well-known/openid-configuration"):
            assert 200 == (await issuer.http.get(path)).status_code

    assert (0, 0) == (spent.statements, spent.signatures)
