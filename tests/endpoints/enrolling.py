"""An authenticator app of the tests', which knows RFC 6238 by itself, and the way to add it."""

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime

from tests.issuer import PASSWORD, hidden

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def code_at(seed: bytes, step: int) -> str:
    """RFC 4226 §5.3."""
    digest = hmac.digest(seed, step.to_bytes(8), hashlib.sha1)
    offset = digest[-1] & 15
    return f"{(int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF) % 10**6:06}"


def step_of(issuer) -> int:
    return int((issuer.moment[0] - EPOCH).total_seconds()) // 30


def code(issuer, seed: bytes, ahead: int = 0) -> str:
    """What the app shows now; ahead: so many steps later."""
    return code_at(seed, step_of(issuer) + ahead)


def seed_on(page: str) -> bytes:
    return base64.b32decode(re.findall(r'id="key" dir="ltr">([A-Z2-7 ]+)<', page)[0].replace(" ", ""))


def codes_on(page: str) -> list[str]:
    return re.findall(r"<li><code>([0-9A-Z-]+)</code>", page)


async def begun(issuer, browser=None, name="Phone"):
    """A seed that waits for its first code, and its form."""
    browser = browser or issuer.http
    page = await browser.get("/account/totp")
    await browser.post("/account/totp", data={**hidden(page.text), "action": "begin", "name": name})
    page = await browser.get("/account/totp")
    return seed_on(page.text), form(page.text)


def form(page: str, id: str = "confirm") -> dict[str, str]:
    return hidden(page[page.index(f'<form id="{id}"') :].partition("</form>")[0])


async def enrolled(issuer, browser=None, name="Phone", username="alice"):
    """Signed in, an app added: its seed, and the recovery codes that were shown with it. The code is spent."""
    browser = browser or issuer.http
    await issuer.sign_in(browser, username)
    seed, fields = await begun(issuer, browser, name)
    answer = await browser.post("/account/totp", data={**fields, "action": "confirm", "code": code(issuer, seed)})
    assert answer.status_code in (200, 303), answer.text
    issuer.later(seconds=30)
    return seed, codes_on(answer.text)


async def second_step(issuer, browser, username="alice"):
    """The password is proved in a browser: the form of the second step."""
    answer = await issuer.sign_in(browser, username, PASSWORD)
    assert answer.is_redirect, answer.text
    assert "step=" in answer.headers["location"], answer.headers["location"]
    page = await browser.get(answer.headers["location"])
    return form(page.text, "sign-in")


async def signed_in(browser) -> bool:
    return 200 == (await browser.get("/account")).status_code


async def proved_here(issuer, seed):
    """The app, in the browser that added it: the account asks for it before the next change."""
    page = await issuer.http.get("/login?fresh=1")
    if page.is_redirect:
        return
    answer = await issuer.http.post("/login", data={**form(page.text, "sign-in"), "code": code(issuer, seed)})
    assert answer.is_redirect, answer.text
    if "step=" in answer.headers["location"] or "fresh=" in answer.headers["location"]:
        page = await issuer.http.get(answer.headers["location"])
        fields = {**form(page.text, "sign-in"), "username": "alice", "password": PASSWORD}
        await issuer.http.post("/login", data=fields)
    issuer.later(seconds=30)
