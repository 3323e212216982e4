"""Fields say what they are, to people who hear a page and to keepers of passwords; a mistake leads to where it is."""

import pytest

from tests.pages.elements import elements
from tests.pages.samples import SAMPLES, shown

MISTAKEN = [name for name in SAMPLES if 'id="message"' in shown(name)]
# By the name that a field is sent under (WCAG 2.2 §1.3.5; HTML, "Autofill").
FILLED = {
    "password": {"current-password"},
    "new_password": {"new-password"},
    "username": {"username", "username webauthn"},
    "email": {"email"},
    "code": {"one-time-code", "off"},  # off: of a printed recovery code nothing is to be kept
}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_field_has_a_label(name):
    page = elements(name)
    named = {label.get("for") for label in page.of("label")}

    assert [] == [field for field in page.fields() if field.get("id") not in named and field not in page.labelled]


@pytest.mark.parametrize("name", SAMPLES)
def test_whatever_is_told_of_an_element_is_on_the_page(name):
    page = elements(name)
    told = ("aria-describedby", "aria-labelledby", "aria-controls")
    ids = {id for _, attributes in page.all for key in told for id in (attributes.get(key) or "").split()}

    assert ids <= set(page.ids())


@pytest.mark.parametrize("name", SAMPLES)
def test_the_cursor_begins_in_one_place_at_most(name):
    assert 1 >= sum("autofocus" in attributes for _, attributes in elements(name).all)


@pytest.mark.parametrize("name", MISTAKEN)
def test_after_a_mistake_the_cursor_waits_where_it_is_mended(name):
    """In the field that the message is tied to; where no field is to blame, at the message itself."""
    (found,) = (attributes for _, attributes in elements(name).all if "autofocus" in attributes)

    if found.get("id") == "message":
        assert "-1" == found["tabindex"]
    else:
        assert "true" == found.get("aria-invalid")
        assert "message" in (found.get("aria-describedby") or "").split()


@pytest.mark.parametrize("name", SAMPLES)
def test_password_keepers_know_every_field(name):
    for field in elements(name).fields():
        if field.get("name") in FILLED:
            assert field.get("autocomplete") in FILLED[field["name"]]


def test_passkeys_are_offered_in_the_name_of_the_sign_in_page_alone():
    found = [name for name in SAMPLES if 'autocomplete="username webauthn"' in shown(name)]

    assert {"sign_in.html"} == {SAMPLES[name][0] for name in found}


@pytest.mark.parametrize("name", ["second-step-app", "second-step-mail-sent", "code-sent", "authenticators"])
def test_a_phone_offers_the_code_that_came(name):
    (code,) = elements(name).named("code")

    assert "one-time-code" == code["autocomplete"]


def test_enter_after_a_code_shows_it_and_asks_for_no_other():
    """Enter presses the first submit button of a form."""
    first = next(one for one in elements("second-step-mail-sent").of("button") if one.get("type") == "submit")

    assert "submit" == first["id"]
    assert "formaction" not in first


@pytest.mark.parametrize("name", ["join", "new-password", "account-password"])
def test_whoever_chooses_a_password_hears_how_good_it_is_in_their_language(name):
    page = elements(name)
    strength = page.with_id("strength")

    assert all(strength[f"data-{word}"] for word in ("short", "same", "good", "best"))
    assert "status" == strength["role"]
    assert {"rule", "strength"} <= set((page.with_id("password")["aria-describedby"] or "").split())
    assert 2 == len(page.of("script"))
