"""How the doors are asked for something that they refuse: `own(scope="x")(issuer)` sends it."""

from __future__ import annotations

from contextlib import contextmanager

from tests.admin import operating
from tests.issuer import PASSWORD, boxes, hidden

CANARY = "canary-" + "c" * 40  # stands where a secret would
FORM = {"content-type": "application/x-www-form-urlencoded"}
OWN = {"grant_type": "client_credentials"}
ROBOT = {"grant_types": ["client_credentials"]}


def authorize(**changed):
    async def ask(issuer):
        return await issuer.http.get("/authorize", params=issuer.request(**changed))

    return ask


def own(**form):
    async def ask(issuer):
        return await issuer.token(**{**OWN, **form})

    return ask


def posted(door="/token", headers=None, **form):
    async def ask(issuer):
        return await issuer.http.post(door, data=form, headers=headers)

    return ask


def got(path, **headers):
    async def ask(issuer):
        return await issuer.http.get(path, headers=headers)

    return ask


def redeemed(client="web", **changed):
    async def ask(issuer):
        return await issuer.redeem(await issuer.code(), client, **changed)

    return ask


def refreshed(client="web", **form):
    async def ask(issuer):
        return await issuer.refresh((await issuer.tokens())["refresh_token"], client, **form)

    return ask


def operated(path, **query):
    async def ask(issuer):
        return await (await operating.operator(issuer)).get(path, **query)

    return ask


def changed(method, path, body=None, **headers):
    """By an operator; headers: with underscores."""

    async def ask(issuer):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await (await operating.operator(issuer)).send(method, path, body, **named)

    return ask


def sent(content, **headers):
    """A body that no library writes."""

    async def ask(issuer):
        authorization = f"Bearer {await operating.token(issuer)}"
        named = {"authorization": authorization, "content-type": "application/json", **headers}
        return await issuer.http.post("/admin/api/users", content=content, headers=named)

    return ask


def registering(body=b"{}", **headers):
    """A client that registers itself; headers: with underscores."""

    async def ask(issuer):
        named = {
            "content-type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return await issuer.http.post("/register", content=body, headers=named)

    return ask


async def refused(issuer, browser, answer, *, username="alice", decision="allow"):
    """Through sign-in and consent until something is refused."""
    for _ in range(12):
        if "x-trace-id" in answer.headers:
            return answer
        if answer.is_redirect:
            answer = await browser.get(answer.headers["location"])
        elif 'id="sign-in"' in answer.text:
            form = {**hidden(answer.text), "username": username, "password": PASSWORD}
            answer = await browser.post("/login", data=form)
        else:
            form = {**hidden(answer.text), "scope": boxes(answer.text)}
            answer = await browser.post("/consent", data=form if decision is None else {**form, "decision": decision})
    raise AssertionError("nothing is refused")


async def begun(issuer, browser=None, **changed):
    """A sign-in under way: where it goes on, and its id."""
    answer = await (browser or issuer.http).get("/authorize", params=issuer.request(**changed))
    return answer.headers["location"].partition("?request=")[2]


def elsewhere(issuer):
    """A browser at an address that nobody came from yet: what others did there is not held against it."""
    return issuer.browser(f"198.51.100.{len(issuer.others)}")


async def somebody(issuer):
    """A person of whom nothing was asked yet, and their browser."""
    name = f"person-{await issuer.count('people')}"
    await issuer.add_person(name)
    return name, elsewhere(issuer)


@contextmanager
def set_to(issuer, **changed):
    """What the operator has set, for a while."""
    kept = issuer.server.settings
    object.__setattr__(issuer.server, "settings", kept.model_copy(update=changed))
    try:
        yield
    finally:
        object.__setattr__(issuer.server, "settings", kept)
