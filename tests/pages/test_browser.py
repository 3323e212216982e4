import socketserver
import threading
from http.server import BaseHTTPRequestHandler

import pytest
from playwright.sync_api import expect

from tests.pages.browser import ORIGIN
from tests.pages.samples import pages
from tests.pages.visiting import *  # noqa: F403


def test_from_right_to_left_a_page_fits(visit):
    page = visit("consent", "arabic")

    assert 320 == page.evaluate("document.documentElement.scrollWidth")
    assert page.locator("#allow").bounding_box()["x"] < page.locator("#deny").bounding_box()["x"]


def test_a_very_long_name_fits(visit):
    page = visit("account", "narrow")
    page.evaluate(
        "document.querySelectorAll('bdi, b').forEach((name) => { name.textContent = 'Donaudampf'.repeat(12) })"
    )

    assert 320 == page.evaluate("document.documentElement.scrollWidth")


def test_after_a_mistake_the_fields_are_where_they_were(visit):
    before, after = visit("sign-in"), visit("sign-in-refused")

    for field in ("#username", "#password"):
        assert before.locator(field).bounding_box() == after.locator(field).bounding_box()
    expect(after.locator("#password")).to_be_focused()


def test_the_password_can_be_shown_and_is_hidden_again_when_sent(visit):
    page = visit("sign-in")
    page.fill("#password", "correct horse")
    page.click("#show-password")

    assert "text" == page.locator("#password").get_attribute("type")
    assert "Hide password" == page.locator("#show-password").get_attribute("aria-label")

    page.evaluate("document.querySelector('form').addEventListener('submit', (event) => event.preventDefault())")
    page.click("#submit")

    assert "password" == page.locator("#password").get_attribute("type")
    assert [] == visit.said


def test_whoever_chooses_a_password_sees_how_good_it_is_and_may_look_at_it(visit):
    page = visit("join")
    page.fill("#password", "short")

    expect(page.locator("#strength")).to_have_text("Too short (5/15)")

    page.fill("#password", "a" * 20)

    expect(page.locator("#strength")).to_have_text("Long enough, but it repeats itself")

    page.fill("#password", "four words of mine")
    page.click("#show-password")

    expect(page.locator("#strength")).to_have_text("Good: long enough")
    assert "text" == page.locator("#password").get_attribute("type")
    assert [] == visit.said


@pytest.mark.parametrize("name", ["sign-in", "sign-in-alone", "account-password", "new-password", "join"])
def test_a_password_may_be_pasted(visit, name):
    """A keeper of passwords does nothing else (NIST SP 800-63B-4 §3.1.1.2)."""
    page = visit(name)
    kept = "vier Wörter, die keiner errät"
    page.evaluate("document.body.append(document.createElement('textarea'))")
    page.fill("textarea", kept)
    page.press("textarea", "Control+a")
    page.press("textarea", "Control+c")
    fields = page.locator("input[type=password]")
    for number in range(fields.count()):
        fields.nth(number).press("Control+v")

    assert [kept] * fields.count() == [field.input_value() for field in fields.all()]
    assert [] == visit.said


MOVES = """() => [...document.querySelectorAll("*")].map((one) => getComputedStyle(one))
    .filter((style) => style.transitionDuration !== "0s" || style.animationName !== "none").length"""


@pytest.mark.parametrize("name", ["sign-in", "consent", "account", "account-passkeys", "authenticators"])
def test_nothing_moves_for_whoever_asks_for_less_motion(visit, name):
    page = visit(name)

    assert 0 < page.evaluate(MOVES)  # a button's colour changes under the finger
    assert 0 == page.evaluate("document.getAnimations().length")

    page.emulate_media(reduced_motion="reduce")

    assert 0 == page.evaluate(MOVES)


def test_buttons_stand_apart(visit):
    page = visit("sign-in-every-way")
    first, second = page.locator("#submit").bounding_box(), page.locator("#use-passkey").bounding_box()

    assert second["y"] - (first["y"] + first["height"]) >= 8


def test_a_sheet_of_codes_fits_a_phone_with_each_code_on_one_line(visit):
    page = visit("recovery-sheet", "narrow")
    heights = page.evaluate("[...document.querySelectorAll('#codes code')].map((one) => one.getClientRects().length)")

    assert [1] * 10 == heights


def test_enter_in_the_password_signs_in(visit):
    page = visit("sign-in")
    page.fill("#password", "correct horse")
    with page.expect_request(f"{ORIGIN}/login") as sent:
        page.press("#password", "Enter")

    assert "csrf_token=a-csrf-token&request=a-request&username=ada%40example.org&password=correct+horse&passkey=" == (
        sent.value.post_data
    )


def test_enter_on_the_consent_page_allows(visit):
    page = visit("consent")
    page.uncheck("input[value=email]")
    with page.expect_request(f"{ORIGIN}/consent") as sent:
        page.press("input[value=email]", "Enter")

    assert "scope=api%3Awrite&scope=offline_access&scope=profile&decision=allow" in sent.value.post_data


def test_the_small_buttons_are_large_enough_for_a_finger(visit):
    page = visit("account", "narrow")
    box = page.locator("[name=end_session]").first.bounding_box()

    # Six pixels above the drawn edge still press it.
    assert "end_session" == page.evaluate(
        "([x, y]) => document.elementFromPoint(x, y).name", [box["x"] + box["width"] / 2, box["y"] - 6]
    )
    assert box["height"] + 12 >= 48


class App(socketserver.ThreadingTCPServer):
    """A server whose page posts to itself, and which sends that on to `target`."""

    daemon_threads = True
    form_action: tuple[str, ...] = ()
    target = ""

    def at(self, place):
        return place.format(port=self.server_address[1])


class Door(BaseHTTPRequestHandler):
    server: App

    def do_GET(self):
        form = b'<!doctype html><title>x</title><form method="post" action="/send"><button id="go">Go</button></form>'
        self.answer(200, pages().headers(self.server.form_action), form)

    def do_POST(self):
        self.answer(303, [("location", self.server.target)], b"")

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def app():
    with App(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


ENDS = [
    ("http://localhost:{port}", "http://localhost:{port}/callback"),
    ("http://[::1]:{port}", "http://[::1]:{port}/callback"),
    ("com.example.app:", "com.example.app:/callback"),
]


@pytest.mark.parametrize(("place", "target"), ENDS)
def test_a_form_may_end_where_its_page_allows(chromium, app, place, target):
    app.form_action, app.target = (app.at(place),), app.at(target)
    page = chromium.new_page()
    page.goto(app.at("http://127.0.0.1:{port}/"))

    with page.expect_request(app.target):
        page.click("#go")

    page.close()


@pytest.mark.parametrize(("place", "target"), ENDS)
def test_a_form_ends_nowhere_else(chromium, app, place, target):
    app.target = app.at(target)
    page = chromium.new_page()
    page.goto(app.at("http://127.0.0.1:{port}/"))

    with page.expect_console_message(lambda message: "form-action 'self'" in message.text):
        page.click("#go")

    page.close()
