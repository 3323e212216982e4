"""Passkeys in a real browser with an authenticator of its own: made, used with and without autofill, lost."""

import itertools
import json

import pytest
from playwright.sync_api import expect

from tests.journeys.browsing import launch
from tests.serving import PASSWORD, Served, demo_environment, environment, free_port, running

NAMES = [f"person-{number}" for number in range(8)]
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


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A demo of these tests alone, since whoever has a passkey signs in differently; with people of its own."""
    folder, port = tmp_path_factory.mktemp("passkeys"), free_port()
    with running(Served(f"http://localhost:{port}", port, folder, environment()), "--demo"):
        issuer = demo_environment(folder)["DEMO_ISSUER"]
        key = (folder / "var" / "sealing.key").read_text().strip()
        found = Served(issuer, port, folder, environment(MINTMARK_ISSUER=issuer, MINTMARK_SEALING_KEYS=key))
        users = [{"username": name, "password": PASSWORD, "name": name.title()} for name in NAMES]
        (folder / "people.json").write_text(json.dumps({"users": users}))
        found.command("apply", "people.json")
        yield found


@pytest.fixture(scope="module")
def browser(playwright):
    found = launch(playwright)
    yield found
    found.close()


@pytest.fixture(scope="module")
def names():
    return itertools.chain(NAMES)


class Somebody:
    """At a browser of their own, with authenticators that the browser knows."""

    def __init__(self, browser, place, name, *, autofill=False):
        self.place, self.name = place, name
        self.context = browser.new_context()
        self.page = self.context.new_page()
        if not autofill:
            self.page.add_init_script(NO_AUTOFILL)
        self.complaints: list[str] = []
        self.page.on("console", lambda told: self.complaints.append(told.text) if told.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.cdp = self.context.new_cdp_session(self.page)
        self.cdp.send("WebAuthn.enable", {"enableUI": False})

    def plug_in(self, options=INTERNAL):
        return self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def lose(self, device):
        self.cdp.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": device})

    def credentials(self, device):
        return self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]

    def go(self, path):
        self.page.goto(self.place.url + path, wait_until="load")

    def at(self, path):
        self.page.wait_for_url(f"{self.place.url}{path}")

    def by_password(self):
        self.go("/login")
        self.page.fill("#username", self.name)
        self.page.fill("#password", PASSWORD)
        self.page.click("#submit")

    def sign_out(self):
        self.context.clear_cookies()

    def add_passkey(self):
        self.go("/account/passkeys")
        self.page.click("#add-passkey")
        self.page.wait_for_selector("ul.rows")


@pytest.fixture
def somebody(browser, place, names):
    made = []

    def make(**more):
        made.append(Somebody(browser, place, next(names), **more))
        return made[-1]

    yield make
    for one in made:
        one.context.close()
        assert [] == one.complaints


def test_a_passkey_is_made_and_the_button_signs_in_with_it(somebody):
    person = somebody()
    device = person.plug_in()
    person.by_password()
    person.at("/account")
    person.add_passkey()
    shown = person.page.inner_text("ul.rows")
    person.sign_out()
    person.go("/login")
    person.page.click("#use-passkey")
    person.at("/account")

    assert "synchronised" in shown
    assert ["localhost"] == [one["rpId"] for one in person.credentials(device)]
    assert person.credentials(device)[0]["isResidentCredential"]


def test_the_browser_offers_a_passkey_in_the_field_of_the_name(somebody):
    """Nothing is pressed: the answer of the field's own list signs in."""
    person = somebody(autofill=True)
    person.plug_in()
    person.by_password()
    person.at("/account")
    person.add_passkey()
    person.sign_out()
    person.go("/login")
    person.at("/account")


def test_a_plain_security_key_comes_after_the_password(somebody):
    person = somebody()
    device = person.plug_in(PLAIN_KEY)
    person.by_password()
    person.at("/account")
    person.add_passkey()
    shown = person.page.inner_text("ul.rows")
    person.sign_out()
    person.by_password()
    person.page.click("#submit")
    person.at("/account")

    assert "second step only" in shown
    assert 1 < person.credentials(device)[0]["signCount"]


def test_whoever_loses_their_device_comes_back_with_a_recovery_code(somebody):
    person = somebody()
    device = person.plug_in()
    person.by_password()
    person.at("/account")
    person.go("/account/recovery-codes")
    person.page.click("form#renew button")
    code = person.page.locator("#codes code").first.inner_text()
    person.add_passkey()
    person.sign_out()
    person.lose(device)
    person.by_password()
    person.page.click("#others >> text=recovery code")
    person.page.fill("#code", code)
    person.page.click("#submit")
    person.at("/account")
    person.go("/account/passkeys")
    person.page.click("text=Remove")
    person.page.click("form#remove button")
    person.at("/account/passkeys")
    person.plug_in()
    person.add_passkey()
    person.sign_out()
    person.go("/login")
    person.page.click("#use-passkey")
    person.at("/account")


def test_a_device_that_has_a_passkey_makes_no_second_one(somebody):
    person = somebody()
    person.plug_in()
    person.by_password()
    person.at("/account")
    person.add_passkey()
    person.page.click("#prove a")
    person.page.click("#use-passkey")
    person.at("/account/passkeys")
    person.page.click("#add-passkey")

    expect(person.page.locator("#passkey-known")).to_be_visible()


def test_a_removed_passkey_is_told_to_its_provider(somebody):
    person = somebody()
    device = person.plug_in()
    person.by_password()
    person.at("/account")
    person.add_passkey()
    person.page.click("#prove a")
    person.page.click("#use-passkey")
    person.at("/account/passkeys")
    person.page.click("text=Remove")
    person.page.click("form#remove button")
    person.at("/account/passkeys")
    person.page.wait_for_function("typeof PublicKeyCredential.signalAllAcceptedCredentials === 'function'")
    for _ in range(50):
        if not person.credentials(device):
            break
        person.page.wait_for_timeout(100)

    assert [] == person.credentials(device)


def test_without_script_there_is_no_button_and_the_password_works(browser, place, names):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{place.url}/login")

    expect(page.locator("#use-passkey")).to_be_hidden()
    page.fill("#username", next(names))
    page.fill("#password", PASSWORD)
    page.click("#submit")
    page.goto(f"{place.url}/account/passkeys")
    expect(page.locator("#add-passkey")).to_be_hidden()
    expect(page.locator("#passkey-missing")).to_be_visible()
    context.close()
