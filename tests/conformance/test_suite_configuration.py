"""The configuration for the official suite, in docs/operations/: its browser commands work on our pages.

A small interpreter of them stands in for the suite's: tasks that match the address in turn, `text`, `click`, `wait`.
"""

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.browser import Browser, Page
from tests.conformance.plans import PLANS, Run
from tests.conformance.provider import PASSWORD
from tests.conformance.test_dynamic import PICTURE
from tests.conformance.test_logout import Leaving

FILE = Path(__file__).parents[2] / "docs" / "operations" / "conformance-suite.json"


class Automated:
    """The tasks for one module; `taken` counts its screenshots."""

    def __init__(self, configuration: dict[str, Any], module: str, browser: Browser) -> None:
        self.entries = configuration["override"].get(module, configuration)["browser"]
        self.browser = browser
        self.taken = 0

    def go(self, address: str) -> Page:
        tasks = next(entry["tasks"] for entry in self.entries if fnmatchcase(address, entry["match"]))
        page = self.browser.go(address)
        for task in tasks:
            if fnmatchcase(page.url, task["match"]):
                page = self._do(page, task.get("commands", []))
            else:
                assert task.get("optional"), f"{task['task']} is not done at {page.url}: {page.text}"
        return page

    def _do(self, page: Page, commands: list[list[Any]]) -> Page:
        filled: dict[str, str] = {}
        for command in commands:
            match command:
                case ["text", "name", name, text]:
                    filled[name] = text
                case ["click", "id", id]:
                    form = next(
                        form for form in page.read.forms if id in [one.attributes["id"] for one in form.buttons]
                    )
                    page = self.browser.submit(page, form, id, **filled)
                case ["wait", "id", id, _]:
                    assert page.find(id) is not None
                case ["wait", "xpath", path, _, text, placeholder]:
                    ids = re.findall(r"@id='([^']+)'", path)
                    said = [found.text for id in ids if (found := page.find(id)) is not None]
                    assert any(re.search(text, one) for one in said), f"{path} says no {text!r}: {page.text}"
                    self.taken += placeholder.startswith("update-image-placeholder")
                case _:
                    raise AssertionError(f"no command that is known: {command}")
        return page


@pytest.fixture
def run(request):
    return Run("rp-initiated-logout", request.param)


@pytest.fixture
def automated(run, rp, browser, station):
    text = FILE.read_text().replace("https://id.example", rp.op.issuer).replace("the person's password", PASSWORD)
    return Automated(json.loads(text), run.module, browser)


def configured(*names):
    return pytest.mark.parametrize("run", names, indirect=True)


def test_it_overrides_modules_that_there_are():
    known = {name for names in PLANS.values() for name in names}

    assert set(json.loads(FILE.read_text())["override"]) <= known


@configured("oidcc-server")
def test_the_person_signs_in_and_allows(run, rp, automated):
    automated.go(rp.start().address())

    rp.redeem(rp.folder.heard("callback")[-1].one())


@configured("oidcc-prompt-login", "oidcc-max-age-1")
def test_the_second_sign_in_is_pictured(run, rp, automated):
    automated.go(rp.start().address())
    automated.go(rp.address(prompt="login"))

    assert 2 == automated.taken


@configured("oidcc-ensure-registered-redirect-uri", "oidcc-redirect-uri-query-added")
def test_an_error_page_is_pictured(run, rp, automated):
    automated.go(rp.start().address(redirect_uri=rp.folder.url("callback?foo=bar")))

    assert 1 == automated.taken


@configured("oidcc-registration-logo-uri", "oidcc-registration-policy-uri", "oidcc-registration-tos-uri")
def test_the_sign_in_page_is_pictured(run, rp, automated):
    member = run.module.removeprefix("oidcc-registration-").replace("-", "_")
    automated.go(rp.start(**{member: rp.folder.put("document", PICTURE, "image/png")}).address())

    assert 1 == automated.taken


@configured("oidcc-rp-initiated-logout")
def test_a_sign_out_comes_back(run, rp, browser, automated):
    leaving = signed_in(rp, browser, automated)
    automated.go(leaving.address())

    assert {"state": leaving.state} == leaving.landed()


@configured("oidcc-rp-initiated-logout-bad-post-logout-redirect-uri", "oidcc-rp-initiated-logout-no-id-token-hint")
def test_a_sign_out_that_goes_nowhere_is_pictured(run, rp, browser, automated):
    leaving = signed_in(rp, browser, automated)
    without_hint = run.module.endswith("hint")
    changed = {"id_token_hint": None} if without_hint else {"post_logout_redirect_uri": leaving.landing + "/foo"}
    automated.go(leaving.address(**changed))

    assert 1 == automated.taken
    leaving.somebody_is_signed_in()


@configured(
    "oidcc-rp-initiated-logout-no-params",
    "oidcc-rp-initiated-logout-no-post-logout-redirect-uri",
    "oidcc-rp-initiated-logout-only-state",
)
def test_the_signed_out_page_is_pictured(run, rp, browser, automated):
    leaving = signed_in(rp, browser, automated)
    left_out = {"no-params": "id_token_hint post_logout_redirect_uri state", "only-state": "id_token_hint "
                "post_logout_redirect_uri"}  # fmt: skip
    names = left_out.get(run.module.removeprefix("oidcc-rp-initiated-logout-"), "post_logout_redirect_uri")
    automated.go(leaving.address(**dict.fromkeys(names.split())))

    assert 1 == automated.taken
    leaving.nobody_is_signed_in()


def signed_in(rp, browser, automated):
    """By the commands, too."""
    leaving = Leaving(rp, browser)
    rp.start(post_logout_redirect_uris=[leaving.landing])
    automated.go(rp.address())
    leaving.flow = rp.go_on(rp.folder.heard("callback")[-1].one())
    return leaving
