"""The steps of a sign-in: what was proved in a browser so far, and what is still missing for what it is wanted for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from mintmark import browser as browsers
from mintmark import factors, underway
from mintmark.browser import Browser
from mintmark.protocol import acr, acr_levels, next_step
from mintmark.protocol.acr import Level, Means, Needs, Proof
from mintmark.protocol.next_step import Terms
from mintmark.protocol.params import Params
from mintmark.server import Server
from mintmark.store import held, people, sign_ins
from mintmark.store.people import Person
from mintmark.store.requests import KeptRequest
from mintmark.store.sign_ins import SignIn
from mintmark.underway import UnderWay
from mintmark.wire.asked import Asked

FRESH = timedelta(minutes=10)  # a proof before changes to the account
ANYWHERE = "1"  # no page of the account in particular
_PAGE = re.compile(r"[a-z]{1,20}(-[a-z]{1,20})?")


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser at the sign-in page: what it has under way, and what was proved in it so far."""

    server: Server
    asked: Asked
    now: datetime
    browser: Browser
    found: UnderWay | None  # the app's request; None: the person came by themselves
    sign_in: SignIn | None  # the sign-in under way; None: its first step, or the person who is signed in here
    person: Person | None  # of either
    fresh: str = ""  # the page of the account where a change asks for fresh proof: they are back there afterwards

    def proofs_of(self, person: Person) -> tuple[Proof, ...]:
        """What this very person has proved here, and now."""
        session = self.browser.session
        known = session.proofs if session is not None and session.person_id == person.holder.id else ()
        return acr.merged(known, *(self.sign_in.proofs if self.is_of(person) and self.sign_in is not None else ()))

    def is_of(self, person: Person) -> bool:
        """Whether the sign-in under way is this person's."""
        return self.sign_in is not None and self.sign_in.person_id == person.holder.id

    def page(self, sign_in: str | None = None) -> str:
        """The address of the next step."""
        query = {
            **({} if self.found is None else {"request": self.found.kept.id}),
            **({} if sign_in is None else {"step": sign_in}),
            **({"fresh": self.fresh} if self.fresh else {}),
        }
        return f"{self.server.issuer}/login" + (f"?{urlencode(query)}" if query else "")

    def next(self, person: Person) -> str:
        """Where a session leads. Who asked to be deleted is first asked whether they would rather stay."""
        server, found = self.server, self.found
        account = f"{server.issuer}/account"
        if person.holder.delete_after is not None:
            return f"{account}/keep" + ("" if found is None else f"?{urlencode({'request': found.kept.id})}")
        if found is not None:
            return underway.address(server, found.client.id, found.kept.id)
        return account if self.fresh in ("", ANYWHERE) else f"{account}/{self.fresh}"


async def visit(
    server: Server, asked: Asked, params: Params, now: datetime, *, kept: KeptRequest | None = None
) -> Visit:
    """Raises what `underway.find` raises; a sign-in that is over, or another browser's, is none.

    kept: what is known of the request already.
    """
    browser = await browsers.read(server, asked, now)
    id = params.get("request")
    found = None if id is None else await underway.find(server, id, browser, asked, now, kept=kept)
    sign_in = await _sign_in(server, params.get("step"), browser, now)
    person_id = None if browser.session is None else browser.session.person_id
    if sign_in is not None:
        person_id = sign_in.person_id
    person = None if person_id is None else await _person(server, person_id, sign_in)
    if person is None:
        sign_in = None
    return Visit(server, asked, now, browser, found, sign_in, person, fresh=_page_of(params))


def _page_of(params: Params) -> str:
    """A name alone, so that it leads nowhere but to our own account (CWE-601)."""
    name = params.get("fresh") or ""
    return name if not name or _PAGE.fullmatch(name) else ANYWHERE


async def _sign_in(server: Server, id: str | None, browser: Browser, now: datetime) -> SignIn | None:
    found = None if id is None or len(id) > 100 else await sign_ins.find(server.store, id)
    if found is None or found.ended_at is not None or now >= found.expires_at:
        return None
    return found if browsers.compare(found.browser_digest, browser.digest) else None


async def _person(server: Server, id: str, sign_in: SignIn | None) -> Person | None:
    """None too where the account is not what it was when the sign-in began."""
    found = await people.find(server.store, id)
    if found is None or found.holder.disabled_at is not None:
        return None
    if sign_in is not None and sign_in.person_state != found.state:
        return None
    return replace(found, held=await held.find(server.store, id))


def wanted(visit: Visit, person: Person) -> list[Needs]:
    """What this sign-in of this person needs, the best first: with all that the app would like, and what it demands.

    The last is what the account itself asks for: two factors of whoever has set up a second one.
    """
    server, found = visit.server, visit.found
    two = factors.oblige(server, person.holder, person.held or held.NOTHING)
    account = Level("", kinds=2 if two else 1, begins=True)
    if found is None:
        return [Needs((account,), not_before=visit.now - FRESH if visit.fresh else None)]
    request, groups = found.request, person.holder.groups
    limits = server.registry.limits(found.client, request.audience, groups, visit.now, offline=request.offline)
    terms = Terms(found.kept.created_at, server.levels, acr_levels.demanded(limits.require_factors))
    wished, needed = next_step.wished(request, terms, visit.now), next_step.needs(request, terms, visit.now)
    asked = [replace(one, every=(account, *one.every)) for one in (wished, needed)]
    return [*asked, Needs((account,), not_before=needed.not_before)]


def missing(visit: Visit, person: Person, proofs: Sequence[Proof]) -> tuple[str, ...] | None:
    """The factors one of which comes next; (): nothing is missing that this person could prove. None: hopeless."""
    means = list(factors.of(visit.server, person.holder, person.held or held.NOTHING))
    found = (acr.missing(needs, proofs, means, visit.now) for needs in wanted(visit, person))
    return next((one for one in found if one is not None), None)


def is_beyond(visit: Visit, person: Person) -> bool:
    """Whether the app demands what this person, who is signed in, has not set up."""
    means = list(factors.of(visit.server, person.holder, person.held or held.NOTHING))
    demanded = wanted(visit, person)[-2:][0]
    return acr.missing(demanded, visit.proofs_of(person), means, visit.now) is None


async def has(server: Server, person: Person) -> list[Means]:
    """What they can prove."""
    return list(factors.of(server, person.holder, await held.find(server.store, person.holder.id)))
