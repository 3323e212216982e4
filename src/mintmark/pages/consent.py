"""The consent page: what may this app do? (OIDC Core §3.1.2.4, RFC 6749 §10.2)."""

import json
from datetime import datetime

from mintmark import browser as browsers
from mintmark import underway
from mintmark.browser import Browser
from mintmark.pages import answers, words
from mintmark.protocol import consent, next_step
from mintmark.protocol.errors import UntrustedRequest
from mintmark.protocol.next_step import Decision
from mintmark.protocol.params import Params
from mintmark.server import Server, decided
from mintmark.store import consents, requests
from mintmark.store.consents import Consent
from mintmark.store.people import Person
from mintmark.texts import _
from mintmark.underway import UnderWay
from mintmark.wire.answer import Answer, redirect
from mintmark.wire.asked import Asked


async def show(server: Server, asked: Asked) -> Answer:
    now = server.clock()
    browser = await browsers.read(server, asked, now)
    found = await underway.find(server, asked.query().get("request") or "", browser, asked, now)
    if browser.session is None or browser.person is None:
        return redirect(underway.address(server, found.client.id, found.kept.id))
    given = await consents.find(server.store, browser.person.holder.id, found.client.id)
    return await _page(server, browser, browser.person, found, given, now)


async def submit(server: Server, asked: Asked) -> Answer:
    """The answer is kept with the request, and /authorize goes on from there."""
    now = server.clock()
    params = asked.form()
    browser = await browsers.read(server, asked, now)
    browsers.check_form(server, asked, params, browser)
    return await decided(lambda: _keep(server, asked, params, browser, now))


async def _keep(server: Server, asked: Asked, params: Params, browser: Browser, now: datetime) -> Answer:
    found = await underway.find(server, params.get("request") or "", browser, asked, now)
    if browser.session is not None:
        decision = Decision(browser.session.person_id, _decided(params, found))
        await server.commit([requests.decide(found.kept.id, decision)], [], asked, now)
    return redirect(underway.address(server, found.client.id, found.kept.id))


def _decided(params: Params, found: UnderWay) -> tuple[str, ...] | None:
    """What was left checked; a box that was not sent is declined. None: refused, or nothing left."""
    answer = params.get("decision")
    if answer not in ("allow", "deny"):
        raise UntrustedRequest(_("The form has no answer in it."), check="decision", expected="allow or deny")
    return next_step.allowed(found.request, params.all("scope")) if answer == "allow" else None


async def _page(
    server: Server, browser: Browser, person: Person, found: UnderWay, given: Consent | None, now: datetime
) -> Answer:
    address = found.request.return_address
    sign_in_again = f"{server.path}/login?request={found.kept.id}"
    return answers.page(
        server,
        "consent.html",
        browser=browser,
        ui_locales=found.request.ui_locales,
        form_action=(address.form_action,),
        client=await answers.shown(server, found.client, now),
        person_name=person_name(person),
        groups=_groups(server, found, person, given, now),
        redirect_host=address.host,
        localhost_warning=address.is_loopback,
        someone_else_url=sign_in_again,
        csrf_token=browsers.csrf_token(server, browser),
        request=found.kept.id,
        action=f"{server.path}/consent",
    )


def _groups(
    server: Server, found: UnderWay, person: Person, given: Consent | None, now: datetime
) -> list[dict[str, object]]:
    """Resource by resource, what is new before what was allowed already. One group alone needs no heading."""
    asked = server.registry.catalogue.places(found.request.to_allow, found.request.audience)
    before = () if given is None else consent.covered(given.by_resource(server.issuer), asked)
    listed = consent.groups(asked, before)
    is_headed = len(listed) > 1
    return [
        {
            "title": words.group(_names(server, one.places), before=one.before) if is_headed else "",
            "scopes": [_row(server, found, person, word, now, is_headed=is_headed) for word in one.scopes],
        }
        for one in listed
    ]


def _names(server: Server, places: tuple[str, ...]) -> list[str]:
    """What resources are called; nothing for the server's own, which tells of the person."""
    known = server.registry.catalogue.resources
    return [known[one].name or one for one in places if one != server.issuer]


def _row(server: Server, found: UnderWay, person: Person, word: str, now: datetime, *, is_headed: bool) -> words.Row:
    catalogue = server.registry.catalogue
    owners = [catalogue.resources[one] for one in catalogue.owners(word) if one in found.request.audience]
    limits = server.registry.limits(
        found.client, found.request.audience, person.holder.groups, now, offline=found.request.offline
    )
    return words.scope(
        word,
        description=owners[0].scopes[word] if owners else "",
        resource=(owners[0].name or owners[0].id) if owners and not is_headed else "",
        email=person.holder.email,
        idle=limits.refresh_token_idle,
    )


def person_name(person: Person) -> str:
    return str(json.loads(person.holder.claims).get("name") or person.holder.username)
