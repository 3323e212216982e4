"""Every page of a running server in light and dark: without findings of axe, with the headers that it promises."""

import pytest
from playwright.sync_api import expect

from tests.journeys.browsing import request
from tests.pages.browser import violations
from tests.serving import APP, ID


def stations(somebody):
    """The pages as a person comes through them, each by its name."""
    page = somebody.page
    somebody.go(request())
    yield "sign in", 200
    somebody.sign_in(password="not it")
    page.wait_for_selector("[role=alert]")
    yield "sign in again", 400
    somebody.sign_in()
    page.wait_for_selector("#consent")
    yield "consent", 200
    page.click("#allow")
    somebody.back_at_the_app()
    somebody.go(request(prompt="login"))
    yield "confirm", 200
    somebody.go(f"https://{ID}/account")
    yield "account", 200
    for name in (
        "profile",
        "factors",
        "passkeys",
        "totp",
        "recovery-codes",
        "password",
        "sessions",
        "apps",
        "activity",
        "download",
        "delete",
    ):
        somebody.go(f"https://{ID}/account/{name}")
        yield f"account {name}", 200
    somebody.go(f"https://{ID}/logout")
    yield "sign out", 200
    page.click("#sign-out")
    page.wait_for_selector("#signed-out")
    yield "signed out", 200
    somebody.go(request("nobody"))
    yield "error", 400


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(visit, person, scheme):
    somebody = visit(person, color_scheme=scheme)
    reports = {}
    for name, _ in stations(somebody):
        reports[name] = violations(somebody.page)

    assert dict.fromkeys(reports, "") == reports


def test_every_page_keeps_its_promises_in_its_headers(visit, person):
    somebody = visit(person)
    answers = []
    somebody.page.on("response", lambda answer: answers.append(answer) if is_page(answer) else None)
    seen = {}
    for name, status in stations(somebody):
        seen[name] = (status, answers[-1].status, answers[-1].all_headers())

    for name, (expected, status, headers) in seen.items():
        assert expected == status, name
        assert {
            "cache-control": "no-store",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "strict-transport-security": "max-age=63072000; includeSubDomains",
        }.items() <= headers.items(), name
        assert is_strict(headers["content-security-policy"]), name
    assert "same-origin" == seen["account"][2].get("cross-origin-opener-policy")
    assert f"form-action 'self' https://{APP};" in seen["consent"][2]["content-security-policy"]
    assert f"form-action 'self' https://{APP};" in seen["sign in"][2]["content-security-policy"]


WEIGHT = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .reduce((sum, one) => sum + one.decodedBodySize, 0)"""


def test_every_page_with_all_that_it_loads_is_small(visit, person):
    """As the browser unpacks it: nothing is counted smaller for being compressed on its way, or kept from before."""
    somebody = visit(person)
    weights = {name: somebody.page.evaluate(WEIGHT) for name, _ in stations(somebody)}

    assert {} == {name: weight for name, weight in weights.items() if not 5_000 < weight < 60_000}


def is_page(answer):
    return answer.url.startswith(f"https://{ID}/") and "text/html" in answer.headers.get("content-type", "")


def is_strict(policy):
    return policy.startswith("default-src 'none'; ") and "unsafe" not in policy and "*" not in policy


def test_a_page_asks_nobody_else_for_anything(visit, person):
    somebody = visit(person)
    hosts = set()
    somebody.page.on("request", lambda sent: hosts.add(sent.url.split("/")[2]))
    somebody.go(request())
    somebody.sign_in()
    expect(somebody.page.locator("#consent")).to_be_visible()

    assert {ID} == hosts
