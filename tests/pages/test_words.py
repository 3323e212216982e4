from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark import devices
from mintmark.pages import words

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def test_every_oidc_scope_has_words_of_its_own():
    rows = [words.scope(name) for name in ("profile", "email", "address", "phone", "offline_access", "groups")]

    assert all(row.title != row.name and row.detail for row in rows)
    assert len(rows) == len({row.title for row in rows})


def test_openid_has_no_name_and_so_no_box():
    row = words.scope("openid")

    assert ("", "Know who you are") == (row.name, row.title)


def test_a_resource_scope_speaks_in_the_operators_words_with_its_technical_name_behind():
    row = words.scope("api:read", description="Read your notes", resource="Example API")

    assert words.Row("api:read", "Read your notes", "Example API · api:read") == row


def test_a_resource_scope_without_description_is_its_own_title():
    assert words.Row("api:read", "api:read", "Example API") == words.scope("api:read", resource="Example API")
    assert words.Row("api:read", "api:read", "") == words.scope("api:read")


def test_staying_signed_in_says_when_it_ends():
    assert "Ends after 30 days without use" == words.scope("offline_access", idle=timedelta(days=30)).detail
    assert "Until you end it in your account" == words.scope("offline_access").detail


def test_the_email_row_shows_the_address():
    assert "ada@example.org" == words.scope("email", email="ada@example.org").detail


BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)"
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {BLINK} Chrome/142.0.0.0 Safari/537.36", "Chrome on Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0) {BLINK} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0", "Edge on Windows"),
        (f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {APPLE} Version/18.6 Safari/604.1", "Safari on iOS"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE} Version/18.6 Safari/605.1.15", "Safari on macOS"),
        (
            f"Mozilla/5.0 (Linux; Android 15) {BLINK} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
            "Samsung Internet on Android",
        ),
        ("Wget/1.21 (Linux)", "A program on Linux"),
        ("curl/8.17.0", "An unknown browser"),
        ("", "An unknown browser"),
        (None, "An unknown browser"),
    ],
)
def test_a_device_is_named_by_its_browser_and_system(user_agent, name):
    assert name == devices.name(user_agent)


@given(st.text())
def test_a_device_name_never_repeats_what_was_sent(text):
    name = devices.name(f"<script>{text}")

    assert "<" not in name
    assert name.replace(" ", "").isalpha()


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(minutes=-5), "now"),
        (timedelta(seconds=59), "now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=23), "23 hours ago"),
        (timedelta(days=1), "yesterday"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(days=12), "12 days ago"),
        (timedelta(days=100), "3 months ago"),
        (timedelta(days=800), "2 years ago"),
    ],
)
def test_a_time_is_said_as_a_person_would(passed, said):
    assert said == words.ago(NOW - passed, NOW)


def test_limits_set_in_days_are_said_in_days():
    assert "90 days" == words.span(timedelta(days=90))
    assert "8 hours" == words.span(timedelta(hours=8))
    assert "30 seconds" == words.span(timedelta(seconds=30))


def test_an_unknown_code_is_the_apps_to_mend():
    assert words.problem("invalid_request") == words.problem("anything_else")
    assert "our side" in words.problem("server_error").title


@pytest.mark.parametrize(
    ("name", "letter"), [("Harbour", "H"), ("  «ünder»", "Ü"), ("", "·"), ("!!", "·"), ("ßa", "S")]
)
def test_a_tile_bears_the_first_letter(name, letter):
    assert letter == words.initial(name)
