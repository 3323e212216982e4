"""Somebody at a browser of their own, with authenticators that the browser knows (WebAuthn's virtual ones, by CDP)."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage

from tests.endpoints.enrolling import code_at, seed_on
from tests.serving import PASSWORD, Served

PATIENCE = 20_000  # milliseconds, on a machine that has other things to do
INTERNAL = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
    "defaultBackupEligibility": True,
    "defaultBackupState": True,
}
PLAIN_KEY = {
    "protocol": "u2f",
    "transport": "usb",
    "automaticPresenceSimulation": True,
}
NO_AUTOFILL = "PublicKeyCredential.isConditionalMediationAvailable = async () => false;"


class Somebody:
    """At a browser of their own, with authenticators that the browser knows."""

    def __init__(self, browser: Browser, place: Served, name: str, *, autofill: bool = False) -> None:
        self.place, self.name = place, name
        self.context = browser.new_context()
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        if not autofill:
            self.page.add_init_script(NO_AUTOFILL)
        self.complaints: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.cdp = self.context.new_cdp_session(self.page)
        self.cdp.send("WebAuthn.enable", {"enableUI": False})

    def _heard(self, told: ConsoleMessage) -> None:
        """That an answer was a 400 is no complaint."""
        if told.type == "error" and "Failed to load resource" not in told.text:
            self.complaints.append(told.text)

    def plug_in(self, options: Mapping[str, object] = INTERNAL) -> str:
        made = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": dict(options)})
        return str(made["authenticatorId"])

    def lose(self, device: str) -> None:
        self.cdp.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": device})

    def credentials(self, device: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": device})[
            "credentials"
        ]
        return found

    def go(self, path: str) -> None:
        self.page.goto(self.place.url + path, wait_until="load")

    def at(self, path: str) -> None:
        self.page.wait_for_url(f"{self.place.url}{path}")

    def is_in(self) -> bool:
        """Whether the account opens, without a step in between."""
        self.go("/account")
        return self.page.url == f"{self.place.url}/account"

    def sign_in(self, password: str = PASSWORD) -> None:
        """On the page that is there."""
        self.page.fill("#username", self.name)
        self.page.fill("#password", password)
        self.page.click("#submit")

    def by_password(self, password: str = PASSWORD) -> None:
        self.go("/login")
        self.sign_in(password)

    def sign_out(self) -> None:
        """As if it were another browser: nothing is left of it."""
        self.context.clear_cookies()

    def leave(self) -> None:
        """By the button, in a browser that stays theirs."""
        self.go("/logout")
        self.page.click("#sign-out")
        self.page.wait_for_selector("#signed-out")

    def add_passkey(self) -> None:
        self.go("/account/passkeys")
        self.page.click("#add-passkey")
        self.page.wait_for_selector("ul.rows")

    def add_app(self) -> "App":
        """Signed in: an authenticator app, whose first code is spent, and the recovery codes that came with it."""
        self.go("/account/totp")
        self.page.fill("#name", "My phone")
        self.page.click("#begin button")
        self.page.wait_for_selector("#confirm button")  # a click waits for no page, and content() takes what is there
        app = App(seed_on(self.page.content()), int(time.time()) // 30)
        self.type_code(app.code(), "#confirm button")
        self.page.wait_for_selector("#kept")
        app.recovery_codes = self.page.locator("#codes code").all_inner_texts()
        return app

    def type_code(self, code: str, button: str = "#submit") -> None:
        self.page.fill("#code", code)
        self.page.click(button)


@dataclass
class App:
    """On a phone whose clock goes before by one step with each code: of one step one is good, so nobody waits."""

    seed: bytes
    step: int
    recovery_codes: list[str] = field(default_factory=list)

    def code(self) -> str:
        """Two at most: a third would be of a clock that nobody believes."""
        self.step += 1
        return code_at(self.seed, self.step - 1)
