"""/authorize → sign in → consent → code → token: in a real browser, with a real server and a real app."""

from playwright.sync_api import expect

from tests.journeys.browsing import refused, request, tokens
from tests.serving import ID, SCOPE, SECRET, answered


def test_a_person_signs_in_and_allows_and_the_app_gets_tokens(visit, served, person):
    somebody = visit(person)
    page = somebody.page
    somebody.go(request())

    expect(page).to_have_title("Sign in · Acme")
    expect(page.locator("#sign-in")).to_be_visible()
    expect(page.get_by_text("Harbour Notes")).to_be_visible()

    somebody.sign_in()

    expect(page).to_have_title("Let Harbour Notes in? · Acme")
    expect(page.get_by_text("app.example")).to_be_visible()

    page.click("#allow")
    got = tokens(served, somebody.back_at_the_app())

    assert {"state": "the-state", "iss": f"https://{ID}"}.items() <= answered(page.url).items()
    assert set(SCOPE.split()) == set(got["scope"].split())
    assert {"access_token", "id_token", "refresh_token"} <= set(got)


def test_what_is_unchecked_is_not_granted(visit, served, person):
    somebody = visit(person)
    somebody.go(request())
    somebody.sign_in()
    for word in ("email", "api:write"):
        somebody.page.uncheck(f'input[name="scope"][value="{word}"]')
    somebody.page.click("#allow")
    got = tokens(served, somebody.back_at_the_app())

    assert {"openid", "profile", "offline_access", "api:read"} == set(got["scope"].split())


def test_whoever_refuses_goes_back_with_a_refusal(visit, person):
    somebody = visit(person)
    somebody.go(request())
    somebody.sign_in()
    somebody.page.click("#deny")
    told = answered(somebody.back_at_the_app())

    assert ("access_denied", "the-state", f"https://{ID}") == (told["error"], told["state"], told["iss"])
    assert "code" not in told


def test_a_wrong_password_is_announced_and_the_field_keeps_the_focus(visit, person):
    somebody = visit(person)
    page = somebody.page
    somebody.go(request())
    place = page.locator("#password").bounding_box()
    somebody.sign_in(password="not it")

    expect(page.get_by_role("alert")).to_have_text("That name or password is not right.")
    expect(page.locator("#password")).to_be_focused()
    expect(page.locator("#password")).to_have_value("")
    expect(page.locator("#password")).to_have_attribute("aria-describedby", "message")
    expect(page.locator("#username")).to_have_value(person)
    assert place == page.locator("#password").bounding_box()

    somebody.sign_in()

    expect(page.locator("#consent")).to_be_visible()


def test_a_consent_is_remembered(visit, served, person):
    somebody = visit(person)
    somebody.let_in(request())
    somebody.go(request(state="again"))

    assert "again" == answered(somebody.back_at_the_app())["state"]


def test_a_consent_is_remembered_by_a_new_sign_in_too(visit, served, person):
    """The form of the sign-in page then ends at the app: its policy has to let it."""
    visit(person).let_in(request())
    elsewhere = visit(person)
    elsewhere.go(request(state="elsewhere"))
    elsewhere.sign_in()

    assert "elsewhere" == answered(elsewhere.back_at_the_app())["state"]


def test_more_than_was_remembered_is_asked_for(visit, person):
    somebody = visit(person)
    somebody.let_in(request(scope="openid profile"))
    somebody.go(request(scope="openid profile email"))

    expect(somebody.page.locator('input[name="scope"][value="email"]')).to_be_checked()


def test_an_unknown_app_is_a_page_and_no_redirect(visit, app):
    somebody = visit()
    somebody.go(request("nobody"))

    expect(somebody.page.locator("#error")).to_have_text("invalid_client")
    assert "/authorize" == somebody.path()


def test_an_address_that_is_not_registered_is_a_page_and_no_redirect(visit, evil):
    somebody = visit()
    somebody.go(request(redirect_uri="https://evil.example/callback"))

    expect(somebody.page.locator("#error")).to_have_text("invalid_request")
    assert "/authorize" == somebody.path()
    assert [] == evil.asked


def test_back_and_reload_do_not_break_a_sign_in_under_way(visit, served, person):
    somebody = visit(person)
    page = somebody.page
    somebody.go(request())
    page.reload()
    somebody.sign_in()

    expect(page.locator("#consent")).to_be_visible()

    page.reload()

    expect(page.locator("#consent")).to_be_visible()

    page.go_back()

    expect(page.locator("#sign-in")).to_be_visible()

    somebody.sign_in()

    expect(page.locator("#consent")).to_be_visible()

    page.reload()
    page.click("#allow")

    assert tokens(served, somebody.back_at_the_app())["refresh_token"]


def test_reload_after_a_mistake_does_not_break_a_sign_in(visit, person):
    somebody = visit(person)
    somebody.go(request())
    somebody.sign_in(password="not it")
    somebody.page.reload()
    somebody.sign_in()

    expect(somebody.page.locator("#consent")).to_be_visible()


def test_forward_after_back_is_the_consent_page_again(visit, served, person):
    somebody = visit(person)
    page = somebody.page
    somebody.go(request())
    somebody.sign_in()
    page.wait_for_selector("#consent")
    page.go_back()
    page.go_forward()
    page.click("#allow")

    assert tokens(served, somebody.back_at_the_app())["access_token"]


def test_back_from_the_app_says_that_the_sign_in_is_finished(visit, person):
    somebody = visit(person)
    somebody.let_in(request())
    somebody.page.go_back()

    expect(somebody.page.locator("#error-description")).to_have_text("This sign-in is finished. Go back to the app.")


def test_two_tabs_may_sign_in_side_by_side(visit, served, person):
    somebody = visit(person)
    first, second = somebody.page, somebody.context.new_page()
    first.goto(request(state="first"))
    second.goto(request(state="second"))
    somebody.sign_in(first)
    first.wait_for_selector("#consent")
    somebody.sign_in(second)
    second.click("#allow")
    first.click("#allow")

    assert "second" == answered(somebody.back_at_the_app(second))["state"]
    assert "first" == answered(somebody.back_at_the_app(first))["state"]
    assert tokens(served, first.url)["access_token"] != tokens(served, second.url)["access_token"]


def test_a_code_is_good_once(visit, served, person):
    somebody = visit(person)
    got = tokens(served, somebody.let_in(request()))
    with served.http() as http:
        again = http.post(
            "/token",
            data={"grant_type": "authorization_code", "code": answered(somebody.page.url)["code"]},
            auth=("notes", SECRET),
        )

    assert "invalid_grant" == again.json()["error"]
    assert "" == refused(served, got["refresh_token"])  # it came without the verifier: whoever sent it knew nothing
