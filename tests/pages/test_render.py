import hashlib
import re

import jinja2
import pytest

from mintmark.pages.render import Pages
from tests.pages.elements import Elements, elements
from tests.pages.samples import CONSENT, HARBOUR, SAMPLES, SIGN_IN, pages, shown

HOSTILE = "\"><script>alert(1)</script><b onclick='x'>{{ 7*7 }}"


@pytest.mark.parametrize("name", SAMPLES)
def test_no_page_has_inline_style_or_script(name):
    page = elements(name)

    assert [] == page.of("style")
    assert all(script.get("src", "").startswith("/static/") for script in page.of("script"))
    assert [] == [key for _, attributes in page.all for key in attributes if key == "style" or key.startswith("on")]


@pytest.mark.parametrize("name", SAMPLES)
def test_every_page_loads_from_its_own_origin_only(name):
    page = elements(name)
    loaded = [link["href"] for link in page.of("link")] + [part["src"] for part in page.of("script", "img")]

    assert loaded
    assert all(url.startswith("/static/") for url in loaded)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_page_has_one_heading_and_no_id_twice(name):
    page = elements(name)

    assert 1 == len(page.of("h1"))
    assert len(page.ids()) == len(set(page.ids()))


@pytest.mark.parametrize("name", SAMPLES)
def test_every_form_posts_and_carries_the_csrf_token(name):
    page = elements(name)
    ours = [form for form in page.of("form") if "form-post" != form.get("id")]  # that one goes to an app

    assert all("post" == form["method"] for form in page.of("form"))
    assert len(ours) == len(page.named("csrf_token"))
    assert all("a-csrf-token" == field["value"] for field in page.named("csrf_token"))


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.startswith("sign-in")])
def test_the_sign_in_page_is_one_form_with_the_contracts_names(name):
    page = elements(name)

    assert ["sign-in"] == [form["id"] for form in page.of("form")]
    names = {field["name"] for field in page.of("input")}
    assert {"username", "password", "csrf_token", "request", "passkey"} == names
    assert "submit" == page.with_id("submit")["type"]
    ours = [
        button for button in page.of("button") if button.get("name") != "external"
    ]  # that one is the operator's own
    assert ["submit"] == [button["id"] for button in ours if button["type"] == "submit"]


@pytest.mark.parametrize("name", [name for name in SAMPLES if not name.startswith(("sign-in", "second-step"))])
def test_no_other_page_has_an_element_called_submit(name):
    assert "submit" not in elements(name).ids()


def test_the_sign_in_fields_help_password_managers():
    page = elements("sign-in")

    assert "username webauthn" == page.with_id("username")["autocomplete"]
    assert ("current-password", "password") == tuple(page.with_id("password")[key] for key in ("autocomplete", "type"))
    assert "hidden" in page.with_id("show-password")


def test_the_cursor_waits_where_the_person_types_next():
    assert "autofocus" in elements("sign-in").with_id("password")
    assert "autofocus" not in elements("sign-in").with_id("username")
    assert "autofocus" in elements("sign-in-alone").with_id("username")


def test_a_refused_sign_in_is_announced_and_tied_to_the_field():
    page = elements("sign-in-refused")

    assert "alert" == page.with_id("message")["role"]
    assert "message" == page.with_id("password")["aria-describedby"]
    assert "ada@example.org" == page.with_id("username")["value"]
    assert "value" not in page.with_id("password")


def test_without_a_mistake_nothing_is_announced():
    assert "alert" not in [attributes.get("role") for _, attributes in elements("sign-in").all]


def test_the_sign_in_page_shows_the_client_and_its_links():
    links = [link["href"] for link in elements("sign-in").of("a")]

    assert "Harbour Notes" in shown("sign-in")
    assert {"https://notes.harbour.example/privacy", "https://notes.harbour.example/terms"} <= set(links)


def test_a_second_sign_in_says_why():
    assert "Please confirm it" in shown("sign-in-again")


def test_the_consent_page_has_the_contracts_names():
    page = elements("consent")

    assert ["consent"] == [form["id"] for form in page.of("form")]
    assert [("allow", "allow"), ("deny", "deny")] == [
        (button["id"], button["value"]) for button in page.of("button") if button["name"] == "decision"
    ]
    assert ">Allow<" in shown("consent")
    assert ">Deny<" in shown("consent")


def test_every_scope_but_openid_has_a_checked_box():
    boxes = elements("consent").named("scope")

    assert ["api:write", "email", "offline_access", "profile"] == [box["value"] for box in boxes]
    assert all("checked" in box for box in boxes)
    assert "Know who you are" in shown("consent")


def test_the_consent_page_says_who_and_where_to():
    text = shown("consent")

    assert "Ada Lovelace" in text
    assert "notes.harbour.example" in text
    assert "runs on your own device" not in text
    assert "runs on your own device" in shown("consent-local")


def test_each_row_of_the_account_page_can_be_ended_by_itself():
    page = elements("account")

    assert ["s2", "s3"] == [button["value"] for button in page.named("end_session")]
    assert ["a1", "a2"] == [button["value"] for button in page.named("end_authorization")]
    assert {"/account"} == {form["action"] for form in page.of("form")}
    assert "/logout" in [link["href"] for link in page.of("a")]


def test_under_a_path_every_address_of_ours_has_it():
    page = Elements(shown("account", "/tenant"))

    assert {"/tenant/account"} == {form["action"] for form in page.of("form")}
    assert all(link["href"].startswith("/tenant/static/") for link in page.of("link"))
    assert "/tenant/logout" in [link["href"] for link in page.of("a")]


@pytest.mark.parametrize("name", ["sign-out", "sign-out-alone"])
def test_the_sign_out_page_has_its_button(name):
    page = elements(name)

    assert "submit" == page.with_id("sign-out")["type"]
    assert ("Harbour Notes" in shown(name)) == (name == "sign-out")


def test_the_signed_out_page_says_so():
    assert "signed-out" in elements("signed-out").ids()
    assert "sign-out" not in elements("signed-out").ids()


def test_the_error_page_shows_code_description_and_trace_id():
    text = shown("error")

    assert '<p id="error">invalid_request</p>' in text
    assert '<p id="error-description">The return address is not one that this app has registered.</p>' in text
    assert '<p id="trace" class="hint">Trace <strong>7f3c2a9d41b0</strong>' in text


def test_the_error_page_speaks_without_a_hint_or_a_trace_id():
    assert "our side" in shown("error-ours")
    assert 'id="trace"' not in shown("error-ours")


def test_a_hostile_client_name_stays_text():
    text = pages().page("consent.html", **{**CONSENT, "client": {**HARBOUR, "name": HOSTILE}}).decode()

    assert [] == Elements(text).of("script")
    assert [] == [attributes for _, attributes in Elements(text).all if "onclick" in attributes]
    assert "{{ 7*7 }}" in text


def test_hostile_words_in_attributes_stay_there():
    text = pages().page("sign_in.html", **{**SIGN_IN, "username": HOSTILE, "request": HOSTILE, "message": HOSTILE})

    assert HOSTILE == Elements(text.decode()).with_id("username")["value"]
    scripts = [script["src"] for script in Elements(text.decode()).of("script")]
    assert ["/static/mintmark", "/static/passkey"] == [source.partition(".")[0] for source in scripts]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", " https://x", "//x", None, ""])
def test_only_web_addresses_become_links(url):
    client = {**HARBOUR, "policy_url": url, "tos_url": url}
    text = pages().page("sign_in.html", **{**SIGN_IN, "client": client}).decode()

    assert "Privacy policy" not in text
    assert "Terms of service" not in text


def test_a_lone_surrogate_is_no_server_error():
    assert b'value="?"' in pages().page("sign_in.html", **{**SIGN_IN, "username": "\ud800"})


def test_a_context_that_lacks_a_name_is_refused():
    with pytest.raises(jinja2.UndefinedError):
        pages().page("sign_in.html", client=None)


def test_without_addresses_the_footer_has_no_links():
    text = Pages("Acme", "", None, None).page("signed_out.html").decode()

    assert ["/login"] == [link["href"] for link in Elements(text).of("a")]
    assert "Secured by Mintmark" in text


def test_the_stylesheet_stays_small_and_loads_nothing():
    sheet = next(file for name, file in pages().static.items() if name.endswith(".css"))

    assert len(sheet.body) < 8 * 1024
    assert b"url(" not in sheet.body
    assert b"@import" not in sheet.body


def test_a_static_file_is_named_after_its_content_and_kept_for_good():
    for name, file in pages().static.items():
        digest = hashlib.sha256(file.body).hexdigest()[:16]

        assert digest == name.split(".")[-2]
        assert f'"{digest}"' == file.etag
        assert "public, max-age=31536000, immutable" == dict(file.headers)["cache-control"]
    assert {"css", "js", "svg"} == {name.rpartition(".")[2] for name in pages().static}


def test_warming_up_leaves_no_template_uncompiled():
    made = pages()

    made.warm()

    assert b"signed-out" in made.page("signed_out.html")


def test_the_policy_allows_nothing_foreign():
    policy = pages().csp()

    assert "default-src 'none'; style-src 'self'; script-src 'self'; " in policy
    assert "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("target", "source"),
    [
        ("https://app.example", "https://app.example"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("com.example.app:", "com.example.app:"),
        ("http://[::1]:3000", "http:"),
    ],
)
def test_a_form_may_end_at_the_given_place(target, source):
    assert f"form-action 'self' {source};" in pages().csp([target, target])


@pytest.mark.parametrize(
    "target",
    ["", "*", "'unsafe-inline'", "https://a.example; script-src *", "https://*.example", "https://a b", "a:b", "//x"],
)
def test_nothing_else_gets_into_the_policy(target):
    with pytest.raises(ValueError):
        pages().csp([target])


def test_a_page_has_all_its_headers():
    headers = dict(pages().headers())

    assert "no-store" == headers["cache-control"]
    assert "no-referrer" == headers["referrer-policy"]
    assert "nosniff" == headers["x-content-type-options"]
    assert "DENY" == headers["x-frame-options"]
    assert "same-origin" == headers["cross-origin-resource-policy"]
    assert "camera=()" in headers["permissions-policy"]
    assert "publickey-credentials-get=(self)" in headers["permissions-policy"]
    assert pages().csp() == headers["content-security-policy"]


def test_a_pop_up_keeps_its_opener_unless_the_page_asks():
    assert "cross-origin-opener-policy" not in dict(pages().headers())
    assert "same-origin" == dict(pages().headers(coop=True))["cross-origin-opener-policy"]


def luminance(colour):
    channels = [int(part * 2 if len(part) == 1 else part, 16) / 255 for part in parts(colour)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def parts(colour):
    digits = colour.removeprefix("#")
    return list(digits) if len(digits) == 3 else re.findall("..", digits)


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        *[("ink", back, 7) for back in ("paper", "card", "well", "wash", "warn")],
        *[("soft", back, 4.5) for back in ("paper", "card")],
        *[("mint", back, 4.5) for back in ("paper", "card", "wash")],
        ("alarm", "card", 4.5),
        ("on-mint", "mint", 4.5),
        ("on-mint", "mint-up", 4.5),
        ("edge", "card", 3),  # the rim of a field (WCAG 2.2 §1.4.11)
        ("edge", "well", 3),
    ],
)
def test_every_pair_of_colours_has_contrast(theme, front, back, least):
    sheet = next(file.body.decode() for name, file in pages().static.items() if name.endswith(".css"))
    colours = dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{3,6})[;}]", sheet.split(":root{")[1 + theme]))

    assert contrast(colours[front], colours[back]) >= least
