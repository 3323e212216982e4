"""A request under way is read once and then remembered, for as long as it would be read the same."""

import pytest

from mintmark.protocol import authorization_request
from tests.issuer import PASSWORD, hidden
from tests.journeys.counting import *  # noqa: F403


@pytest.fixture
def readings(monkeypatch):
    """How often a request was read."""
    found, read = [], authorization_request.read

    def counted(*arguments, **more):
        found.append(arguments)
        return read(*arguments, **more)

    monkeypatch.setattr(authorization_request, "read", counted)
    return found


async def page_of(browser, request):
    begun = await browser.get("/authorize", params=request)
    return await browser.get(begun.headers["location"])


async def sign_in(browser, page):
    form = {**hidden(page.text), "username": "alice", "password": PASSWORD}
    return await browser.post("/login", data=form)


async def test_the_steps_of_a_sign_in_read_it_no_more(issuer, readings):
    browser = issuer.browser()
    page = await page_of(browser, issuer.request())
    back = await sign_in(browser, page)
    consent = await browser.get(back.headers["location"])
    await browser.get(consent.headers["location"])

    assert 1 == len(readings)  # when it came


async def test_two_requests_are_two(issuer):
    first, second = issuer.browser(), issuer.browser()
    pages = [await page_of(first, issuer.request(state="one")), await page_of(second, issuer.request(state="two"))]
    answers = []
    for browser, page in zip((first, second), pages, strict=True):
        answer = await sign_in(browser, page)
        while "state=" not in answer.headers.get("location", ""):
            if answer.is_redirect:
                answer = await browser.get(answer.headers["location"])
            else:
                answer = await browser.post("/consent", data={**hidden(answer.text), "decision": "deny"})
        answers.append(answer.headers["location"])

    assert ["state=one" in answers[0], "state=two" in answers[1]] == [True, True]


@pytest.mark.parametrize("hint", ["login_hint", "id_token_hint"])
async def test_whom_an_app_names_is_not_remembered(issuer, hint):
    browser = issuer.browser()
    value = "alice" if hint == "login_hint" else (await issuer.tokens())["id_token"]
    issuer.server.registry.requests.clear()
    await page_of(browser, issuer.request(**{hint: value}))

    assert 0 == len(issuer.server.registry.requests)


async def test_what_is_configured_meanwhile_counts_from_the_next_step_on(issuer):
    browser = issuer.browser()
    page = await page_of(browser, issuer.request())
    assert 1 == len(issuer.server.registry.requests)
    await issuer.set_policy({"refresh_token_lifetime": "1h"})  # of whatever: all is read anew

    assert 0 == len(issuer.server.registry.requests)
    await issuer.disable_client("web")
    assert 400 == (await sign_in(browser, page)).status_code


async def shown(issuer, browser, address):
    """The page, and how many statements it took."""
    before = issuer.server.store.statements
    page = await browser.get(address)
    return page, issuer.server.store.statements - before


async def test_the_page_that_comes_next_reads_nothing_and_the_one_of_later_does(cost, issuer):
    browser = issuer.browser()
    await page_of(browser, issuer.request())  # what is configured is known
    address = (await browser.get("/authorize", params=issuer.request())).headers["location"]
    next_, none = await shown(issuer, browser, address)
    issuer.later(seconds=1)
    later, one = await shown(issuer, browser, address)

    assert (200, 200) == (next_.status_code, later.status_code)
    assert (0, 1) == (none, one)


async def test_what_is_just_kept_is_no_other_browsers(issuer):
    begun = await issuer.browser().get("/authorize", params=issuer.request())
    other = issuer.browser()
    await page_of(other, issuer.request())

    assert 403 == (await other.get(begun.headers["location"])).status_code


async def test_what_is_completed_within_a_second_is_finished(issuer):
    await issuer.tokens()
    browser = issuer.browser()
    address = (await browser.get("/authorize", params=issuer.request())).headers["location"]
    back = await sign_in(browser, await browser.get(address))
    answer = await browser.get(back.headers["location"])
    again = await browser.get(address)

    assert "code=" in answer.headers["location"]
    assert (400, True) == (again.status_code, "finished" in again.text)


async def test_what_was_refused_within_a_second_is_finished(issuer):
    browser = issuer.browser()
    address = (await browser.get("/authorize", params=issuer.request())).headers["location"]
    back = await sign_in(browser, await browser.get(address))
    consent = await browser.get((await browser.get(back.headers["location"])).headers["location"])
    answer = await browser.post("/consent", data={**hidden(consent.text), "decision": "deny"})
    answer = await browser.get(answer.headers["location"])
    again = await browser.get(address)

    assert "error=access_denied" in answer.headers["location"]
    assert 400 == again.status_code
