"""Statements of each step from the app's request to the code, counted (design: the hot path)."""

from tests.issuer import PASSWORD, hidden

# Reads, and change sets: each of these is one statement on PostgreSQL, and one for each of its parts on SQLite.
STEPS = {
    "GET /authorize": {"postgresql": 1, "sqlite": 1},  # the request is kept
    "GET /login": {"postgresql": 0, "sqlite": 0},  # the request is known, for a second
    "POST /login": {"postgresql": 5, "sqlite": 10},  # request, person, counts; counted; signed in
    "GET /authorize, signed in": {"postgresql": 2, "sqlite": 6},  # all that is known of who arrives; the code
}


async def test_each_step_of_a_sign_in_costs_few_statements(cost, issuer):
    await signed_in(issuer, issuer.browser())  # both counts are there, and what this client may have is remembered
    browser = issuer.browser()
    spent = {}

    async def step(name, ask):
        with cost(issuer) as of:
            answer = await ask()
        spent[name] = of.statements
        return answer

    begun = await step("GET /authorize", lambda: browser.get("/authorize", params=issuer.request()))
    page = await step("GET /login", lambda: browser.get(begun.headers["location"]))
    form = {**hidden(page.text), "username": "alice", "password": PASSWORD}
    back = await step("POST /login", lambda: browser.post("/login", data=form))
    answer = await step("GET /authorize, signed in", lambda: browser.get(back.headers["location"]))

    assert "code=" in answer.headers["location"]
    assert {name: most[issuer.server.store.dialect] for name, most in STEPS.items()} == spent


async def signed_in(issuer, browser):
    """By the app, and with everything allowed to it."""
    begun = await browser.get("/authorize", params=issuer.request())
    page = await browser.get(begun.headers["location"])
    answer = await browser.post("/login", data={**hidden(page.text), "username": "alice", "password": PASSWORD})
    consent = await browser.get((await browser.get(answer.headers["location"])).headers["location"])
    form = {**hidden(consent.text), "decision": "allow", "scope": issuer.request()["scope"].split()}
    assert (
        "code="
        in (await browser.get((await browser.post("/consent", data=form)).headers["location"])).headers["location"]
    )
