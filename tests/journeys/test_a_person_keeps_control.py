"""A person keeps control: by an app, by mail, in the middle of an app's request, in a browser that they trust.

On both databases, with letters that a mail server took.
"""

import json

from playwright.sync_api import expect

from tests.issuer import claims
from tests.mailbox import code, link

NEW = "harbour lanterns never whistle"
ONE, TWO = "urn:mintmark:acr:1", "urn:mintmark:acr:2"


def signed_in(somebody, name=""):
    person = somebody(name)
    person.by_password()
    person.at("/account")
    return person


def address(person):
    return f"{person.name}@example.org"


def test_an_app_signs_in_after_the_password_and_a_printed_code_once_it_is_gone(somebody):
    person = signed_in(somebody)
    app = person.add_app()
    person.sign_out()
    person.by_password()
    person.type_code(app.code())
    person.at("/account")
    person.sign_out()
    person.by_password()
    person.page.click("#others >> text=recovery code")
    person.type_code(app.recovery_codes[0])
    person.at("/account")

    assert 10 == len(set(app.recovery_codes))


def test_a_letter_leads_to_a_new_password_and_the_second_factor_is_asked_for_all_the_same(somebody, place):
    here = signed_in(somebody)
    app = here.add_app()
    there = somebody(here.name)
    there.go("/login")
    there.page.click("text=Forgot your password?")
    there.page.fill("#username", here.name)
    there.page.click("#send")
    there.page.wait_for_selector("#done")
    there.page.goto(link(place.mailbox.letter(address(here), "Choose a new password")))

    expect(there.page).to_have_url(f"{place.url}/link")  # without what is secret in it

    there.page.fill("#password", NEW)

    expect(there.page.locator("#strength")).to_have_text("Very good: long")

    there.page.click("#save")
    there.page.wait_for_selector("#done")

    assert not there.is_in(), "the link signed somebody in"
    assert not here.is_in(), "the session of before goes on"

    there.by_password()

    expect(there.page.get_by_role("alert")).to_be_visible()

    there.by_password(NEW)

    expect(there.page.locator("#code")).to_be_visible()
    assert not there.is_in(), "the new password alone signed somebody in"

    there.by_password(NEW)
    there.type_code(app.code())
    there.at("/account")
    here.page.goto(link(place.mailbox.letter(address(here), "Your password was changed")))
    here.page.click("#follow")
    here.page.wait_for_selector("#done")

    assert not there.is_in(), "the link of the notice ended nothing"


def test_an_app_that_wants_more_has_the_code_alone_asked_for(somebody, place):
    person = somebody()
    person.go(place.request())
    person.sign_in()
    person.page.wait_for_url(f"{place.callback}?*")
    before = claims(place.tokens(person.page.url)["id_token"])
    app = person.add_app()
    person.go(place.request(acr_values=TWO))

    expect(person.page.locator("#code")).to_be_visible()
    expect(person.page.locator("#password")).to_have_count(0)

    person.type_code(app.code())
    person.page.wait_for_url(f"{place.callback}?*")
    after = claims(place.tokens(person.page.url)["id_token"])

    assert (ONE, ["pwd"]) == (before["acr"], before["amr"])
    assert (TWO, {"pwd", "otp", "mfa"}) == (after["acr"], set(after["amr"]))
    assert before["sid"] == after["sid"]


def test_a_session_that_is_ended_on_the_account_page_is_over_in_the_other_browser_at_once(somebody):
    there = signed_in(somebody)
    here = signed_in(somebody, there.name)
    here.go("/account/sessions")
    here.page.click("button[name=end_session]")
    here.page.wait_for_selector("#done")

    assert not there.is_in()
    assert here.is_in()


def test_a_code_by_mail_signs_in_the_browser_that_asked_for_it_and_no_other(somebody, place):
    person = somebody()
    person.go("/login")
    person.page.click("#by-code")
    person.page.fill("#username", person.name)
    person.page.click("#go")
    person.page.wait_for_selector("#show-code")
    came = place.mailbox.letter(address(person), "Your sign-in code is")
    other = somebody(person.name)
    other.page.goto(person.page.url)
    other.type_code(code(came), "#go")

    expect(other.page.get_by_role("alert")).to_be_visible()
    assert not other.is_in()

    person.type_code(code(came), "#go")
    person.at("/account")


def test_an_app_sends_somebody_to_make_an_account_and_has_them_back(somebody, place):
    newcomer = somebody("newcomer")
    newcomer.go(place.request(prompt="create"))
    newcomer.page.fill("#email", address(newcomer))
    newcomer.page.click("#send")
    newcomer.page.wait_for_selector("#done")
    newcomer.page.goto(link(place.mailbox.letter(address(newcomer), "Go on with your account")))
    newcomer.page.fill("#username", newcomer.name)
    newcomer.page.fill("#password", NEW)
    newcomer.page.click("#save")
    newcomer.page.wait_for_url(f"{place.callback}?*")
    known = json.loads(place.command("users", "show", newcomer.name, "--json"))

    assert known["id"] == claims(place.tokens(newcomer.page.url)["id_token"])["sub"]
    assert (address(newcomer), True) == (known["email"], known["email_verified"])


def test_who_asked_to_be_deleted_and_then_stays_is_back_at_the_app(somebody, place):
    person = signed_in(somebody)
    person.go("/account/delete")
    person.page.check("#sure")
    person.page.click("#leave-now")
    person.page.wait_for_selector("#gone")
    person.go(place.request())
    person.sign_in()
    person.page.click("#keep button")
    person.page.wait_for_url(f"{place.callback}?*")

    assert place.tokens(person.page.url)["access_token"]


def test_an_invitation_of_the_command_line_makes_an_operator_once(somebody, place):
    invitation = place.command("users", "invite", "--admin", "--show").strip()
    newcomer = somebody("harbour-master")
    newcomer.page.goto(invitation)
    newcomer.page.fill("#username", newcomer.name)
    newcomer.page.fill("#password", NEW)
    newcomer.page.click("#save")
    newcomer.at("/account**")
    newcomer.sign_out()
    newcomer.by_password(NEW)
    newcomer.at("/account")
    late = somebody()
    late.page.goto(invitation)

    expect(late.page.locator("#error")).to_be_visible()
    assert ["admins"] == json.loads(place.command("users", "show", newcomer.name, "--json"))["groups"]


def test_a_browser_that_is_trusted_is_asked_for_the_password_alone(somebody):
    person = signed_in(somebody)
    app = person.add_app()
    person.leave()
    person.by_password()
    person.page.check("input[name=trust]")
    person.type_code(app.code())
    person.at("/account")
    person.leave()
    person.by_password()
    person.at("/account")
    elsewhere = somebody(person.name)
    elsewhere.by_password()

    expect(elsewhere.page.locator("#code")).to_be_visible()
    assert not elsewhere.is_in()
