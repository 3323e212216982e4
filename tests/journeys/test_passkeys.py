"""Passkeys in a real browser with an authenticator of its own: made, used with and without autofill, lost.

On both databases.
"""

from playwright.sync_api import expect

from tests.journeys.somebody import PLAIN_KEY
from tests.serving import PASSWORD


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
