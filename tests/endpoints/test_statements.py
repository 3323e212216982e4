"""How many SQL statements each journey costs, once everything is warm (house, "The hot path")."""

import pytest

from tests.issuer import API, SECRET

TRIES = 4  # upkeep reads the version now and then: of several tries the cheapest is the journey's own


async def cheapest(issuer, journey, prepare=None):
    costs = []
    for _ in range(TRIES):
        argument = await prepare() if prepare is not None else None
        await issuer.server.registry.renew()
        before = issuer.server.store.statements
        answer = await (journey(argument) if prepare is not None else journey())
        costs.append(issuer.server.store.statements - before)
        assert 200 == answer.status_code
    return min(costs)


async def ask(issuer, token):
    return await issuer.http.post("/introspect", data={"token": token}, auth=("api-server", SECRET))


async def test_client_credentials_cost_none(issuer):
    await issuer.set_policy({"access_token_lifetime": "5m"})

    assert 0 == await cheapest(issuer, lambda: issuer.token(grant_type="client_credentials", scope="api:read"))


@pytest.mark.parametrize("changed", [{}, {"scope": "openid api:read"}])
async def test_a_refresh_is_one_read_and_one_change_set(issuer, changed):
    found = {"token": (await issuer.tokens(**changed))["refresh_token"]}

    async def refresh():
        answer = await issuer.refresh(found["token"])
        found["token"] = answer.json()["refresh_token"]
        return answer

    assert (2 if "postgresql" == issuer.server.store.dialect else 5) >= await cheapest(issuer, refresh)


async def test_a_code_is_one_read_and_one_change_set(issuer):
    await issuer.tokens()

    assert (2 if "postgresql" == issuer.server.store.dialect else 7) >= await cheapest(
        issuer, issuer.redeem, issuer.code
    )


async def test_introspection_is_one_read_for_a_jwt_and_for_an_opaque_token(issuer):
    jwt = (await issuer.tokens())["access_token"]
    await issuer.set_policy({"access_token_format": "opaque"}, at="resource", name=API)
    opaque = (await issuer.tokens())["access_token"]
    for token in (jwt, opaque):
        assert 1 == await cheapest(issuer, lambda token=token: ask(issuer, token))


async def test_jwks_and_metadata_cost_none(issuer):
    for path in ("/.well-known/jwks.json", "/.well-known/openid-configuration"):
        assert 0 == await cheapest(issuer, lambda path=path: issuer.http.get(path))


async def test_nothing_is_looked_up_for_a_browser_in_which_nobody_signed_in(issuer):
    await issuer.http.get("/login")

    assert 0 == await cheapest(issuer, lambda: issuer.http.get("/login"))


async def test_a_refused_client_costs_none_once_it_is_known(sqlite_issuer):
    server = sqlite_issuer.server
    costs = []
    for _ in range(TRIES):
        await server.registry.renew()
        before = server.store.statements
        await sqlite_issuer.http.post("/token", data={"grant_type": "client_credentials"}, auth=("web", "wrong"))
        costs.append(server.store.statements - before)

    assert 0 == min(costs)
