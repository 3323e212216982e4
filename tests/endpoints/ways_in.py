"""Every way to be signed in, as far as its last form: for tests that try the same attack on each of them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import httpx2
from sqlalchemy import select

from mintmark import outbox
from mintmark.store import schema
from mintmark.store.executor import Read
from tests.authenticator import BE, BS, UP, UV, Authenticator
from tests.endpoints.enrolling import code, enrolled, second_step
from tests.endpoints.test_email_code import ask
from tests.endpoints.test_external_factor import declared
from tests.endpoints.test_passkeys import ORIGIN, add, asked
from tests.endpoints.test_sign_up import invited
from tests.issuer import PASSWORD, hidden
from tests.mailbox import code as code_of
from tests.mailbox import link

COOKIE = "__Host-mintmark"
GOOD = "harbour lanterns never whistle"
SETTINGS = {"MINTMARK_EMAIL_CODE": "on", "MINTMARK_SIGN_UP": "open", "MINTMARK_OUTBOUND_ALLOW": "127.0.0.0/8"}


@dataclass
class Scene:
    """issuer.http is the browser in which Alice set up what she has; `browser` the one that comes to sign in."""

    issuer: Any
    mailbox: Any
    receiver: Any
    browser: httpx2.AsyncClient
    kept: dict[str, Any] = field(default_factory=dict)


@dataclass
class Last:
    """The last form of a way: whoever posts it is signed in."""

    door: str
    form: dict[str, str]

    async def post(self, browser: httpx2.AsyncClient, **headers: str) -> httpx2.Response:
        return await browser.post(self.door, data=self.form, headers=headers)

    def without(self, *names: str) -> "Last":
        return Last(self.door, {name: value for name, value in self.form.items() if name not in names})


ISSUER = "https://id.example"
JOINED = f"{ISSUER}/account/passkeys?done=joined"  # whoever is new may leave the password behind at once


@dataclass(frozen=True)
class Way:
    """set_up: what was there before anybody came. walk: from the first page to the last form."""

    walk: Callable[[Scene], Awaitable[Last]]
    set_up: Callable[[Scene], Awaitable[None]]
    once: bool = True  # the form is good for one session
    here: bool = True  # and in this browser alone
    level: int = 1  # what the session is worth: so many factors
    leads: str = f"{ISSUER}/account"
    helps: tuple[str, ...] = ("request", "factor")  # fields that may be left out


async def nothing(scene: Scene) -> None:
    return


async def by_password(scene: Scene) -> Last:
    page = await scene.browser.get("/login")
    return Last("/login", {**hidden(page.text), "username": "alice", "password": PASSWORD})


async def with_passkey(scene: Scene) -> None:
    await scene.issuer.sign_in()
    scene.kept["device"] = Authenticator(ORIGIN, flags=UP | UV | BE | BS)
    assert 303 == (await add(scene.issuer.http, scene.kept["device"])).status_code


async def by_passkey(scene: Scene) -> Last:
    page, options = await asked(scene.browser)
    return Last("/login", {**hidden(page.text), "passkey": scene.kept["device"].get(options)})


async def with_app(scene: Scene) -> None:
    scene.kept["seed"], scene.kept["codes"] = await enrolled(scene.issuer)


async def by_totp(scene: Scene) -> Last:
    fields = await second_step(scene.issuer, scene.browser)
    return Last("/login", {**fields, "code": code(scene.issuer, scene.kept["seed"])})


async def by_recovery_code(scene: Scene) -> Last:
    return Last("/login", {**await second_step(scene.issuer, scene.browser), "code": scene.kept["codes"][0]})


async def with_trust(scene: Scene) -> None:
    """The browser was trusted, and its session is over."""
    await with_app(scene)
    last = await by_totp(scene)
    last.form["trust"] = "1"
    assert 303 == (await last.post(scene.browser)).status_code
    scene.issuer.later(seconds=30)
    await scene.browser.post("/logout", data=hidden((await scene.browser.get("/logout")).text))


async def by_email_code(scene: Scene) -> Last:
    page = await ask(scene.browser)
    await outbox.deliver_all(scene.issuer.server)
    return Last("/code", {**hidden(page.text), "code": code_of(scene.mailbox.came[-1])})


async def with_service(scene: Scene) -> None:
    await declared(scene.issuer, scene.receiver, use=["first"])


async def by_service(scene: Scene) -> Last:
    page = await scene.browser.get("/login")
    return Last("/login", {**hidden(page.text), "username": "alice", "external": "ring"})


async def by_sign_up(scene: Scene) -> Last:
    page = await scene.browser.get("/sign-up")
    await scene.browser.post("/sign-up", data={**hidden(page.text), "email": "new@example.org"})
    await outbox.deliver_all(scene.issuer.server)
    return await _joining(scene, link(scene.mailbox.came[-1]))


async def by_invitation(scene: Scene) -> Last:
    return await _joining(scene, await invited(scene.issuer))


async def _joining(scene: Scene, address: str) -> Last:
    assert 303 == (await scene.browser.get(address)).status_code
    page = await scene.browser.get("/link")
    return Last("/link", {**hidden(page.text), "username": "newcomer", "new_password": GOOD})


WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "password": Way(by_password, nothing, once=False, here=False),
        "passkey": Way(by_passkey, with_passkey, level=2),
        "totp": Way(by_totp, with_app, level=2),
        "recovery_code": Way(by_recovery_code, with_app, level=2),
        "trusted_browser": Way(by_password, with_trust, once=False, level=2),
        "email_code": Way(by_email_code, nothing),
        "external": Way(by_service, with_service, once=False, here=False),
        "sign_up": Way(by_sign_up, nothing, helps=("username", "name", "email"), leads=JOINED),
        "invitation": Way(by_invitation, nothing, leads=JOINED),
    }
)


async def sessions(issuer: Any) -> dict[str, tuple[str, int]]:
    """Every session that has not ended: whose, and how many factors it is worth."""
    table = schema.sessions
    live = select(table.c.id, table.c.person_id, table.c.acr).where(table.c.ended_at.is_(None))
    rows = await issuer.server.store.fetch(Read(live))
    return {row[0]: (row[1], 1 if row[2].endswith(":1") else 2) for row in rows}


async def is_signed_in(browser: httpx2.AsyncClient) -> bool:
    return 200 == (await browser.get("/account")).status_code
