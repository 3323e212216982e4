"""From proofs to a session: what a sign-in needs, what it has, and what it asks for next.

A page that has a proof calls `prove`. It begins the session, makes the one that is there stronger, or leads to the next
step; a sign-in of one factor writes nothing before its session.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from mintmark import browser as browsers
from mintmark import ending, factors, underway
from mintmark.browser import Browser
from mintmark.events import Event, SignedIn
from mintmark.factors import FACTORS
from mintmark.factors.factor import Offer, Proved, WrongProof
from mintmark.mails import notices
from mintmark.protocol import acr, ids
from mintmark.protocol.acr import Level, Needs, Proof
from mintmark.protocol.errors import UntrustedRequest
from mintmark.protocol.limits import Limits
from mintmark.protocol.params import Params
from mintmark.protocol.session import Session
from mintmark.server import Server, decided
from mintmark.store import held, people, sessions, sign_ins
from mintmark.store.changes import Change
from mintmark.store.people import Person
from mintmark.store.sign_ins import SignIn
from mintmark.texts import _
from mintmark.underway import UnderWay
from mintmark.wire.answer import Answer, redirect
from mintmark.wire.asked import Asked

LASTS = timedelta(minutes=10)  # a sign-in of several steps
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


async def visit(server: Server, asked: Asked, params: Params, now: datetime) -> Visit:
    """Raises what `underway.find` raises; a sign-in that is over, or another browser's, is none."""
    browser = await browsers.read(server, asked, now)
    id = params.get("request")
    found = None if id is None else await underway.find(server, id, browser, asked, now)
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


def needs(visit: Visit, person: Person) -> Needs:
    """What this sign-in of this person needs: two factors of whoever has set up a second one."""
    two = factors.oblige(visit.server, person.holder, person.held or held.NOTHING)
    account = Level("", kinds=2 if two else 1)
    return Needs(every=(account,), not_before=visit.now - FRESH if visit.fresh else None)


def missing(visit: Visit, person: Person, proofs: Sequence[Proof]) -> tuple[str, ...]:
    """The factors one of which comes next; (): nothing is missing that this person could prove."""
    has = list(factors.of(visit.server, person.holder, person.held or held.NOTHING))
    return acr.missing(needs(visit, person), proofs, has, visit.now) or ()


async def fresh(server: Server, browser: Browser, now: datetime) -> bool:
    """Whether who is signed in proved all that a sign-in needs within the last minutes: before every change.

    Where it is not so, lead to `{issuer}/login?fresh=passkeys`, which asks for what is missing, and ends at
    `/account/passkeys` again.
    """
    session, person = browser.session, browser.person
    if session is None or person is None:
        return False
    has = await held.find(server.store, person.holder.id)
    kinds = 2 if factors.oblige(server, person.holder, has) else 1
    return Needs(every=(Level("", kinds=kinds),), not_before=now - FRESH).met(session.proofs, now)


async def prove(server: Server, asked: Asked, params: Params, factor: str, now: datetime) -> Answer:
    """Proves it, and goes on. Raises WrongProof, TooManyAttempts: the page comes again, and nothing has changed."""
    way = FACTORS[factor]
    once: list[Proved] = []

    async def attempt() -> Answer:
        here = await visit(server, asked, params, now)  # anew: what was here may have ended meanwhile
        if way.spends or not once:
            once[:] = [await way.prove(server, _offer(here, params, factor))]
        return await go_on(here, once[0])

    return await decided(attempt)


def _offer(here: Visit, params: Params, factor: str) -> Offer:
    """A factor that says who somebody is says it anew; any other needs somebody who has it."""
    way, person, sign_in = FACTORS[factor], here.person, here.sign_in
    if person is None and not way.first:
        raise WrongProof(
            _("That took too long. Sign in again."), check="sign-in step", expected="a sign-in that is under way"
        )
    if person is not None and not way.first and not _has(here, person, factor):
        raise WrongProof(
            _("You have not set this up."), check="factor", expected="a factor that the person has", got=factor
        )
    return Offer(here.asked, params, person, here.browser, here.now, None if sign_in is None else sign_in.id)


def _has(here: Visit, person: Person, factor: str) -> bool:
    return FACTORS[factor].available(here.server, person.holder, person.held or held.NOTHING)


async def go_on(here: Visit, proved: Proved) -> Answer:
    """After a right proof. Another person than the one whose sign-in was under way begins anew."""
    person = proved.person
    if person.held is None:
        person = replace(person, held=await held.find(here.server.store, person.holder.id))
    proofs = acr.merged(here.proofs_of(person), proved.proof)
    if missing(here, person, proofs):
        return await _next_step(here, person, proved)
    limits = here.server.registry.session_limits(person.holder.groups, here.now)
    secret, session = await _begin(here, person, proved, proofs)
    await keep_to_limit(here.server, here.asked, person, limits.max_sessions, here.now)
    answer = browsers.with_cookie(here.server, redirect(here.next(person)), secret)
    answer = browsers.with_state(here.server, here.asked, answer, session.id)
    return browsers.with_device(here.server, answer, person.holder.id)


async def _next_step(here: Visit, person: Person, proved: Proved) -> Answer:
    """Remembers the proof in this browser. Nobody is signed in by it."""
    server, now = here.server, here.now
    if here.sign_in is not None and here.is_of(person):
        id = here.sign_in.id
        change = sign_ins.advance(here.sign_in, acr.merged(here.sign_in.proofs, proved.proof))
    else:
        id = ids.secret("", server.random(32))
        proofs = (proved.proof,)
        change = sign_ins.add(
            SignIn(id, here.browser.digest, person.holder.id, proofs, person.state, now + LASTS, None), now
        )
    await server.commit([people.unchanged(person), change, *proved.changes], proved.facts, here.asked, now)
    return redirect(here.page(id))


async def _begin(here: Visit, person: Person, proved: Proved, proofs: tuple[Proof, ...]) -> tuple[str, Session]:
    """A session with a new secret. The same person keeps theirs; another person ends it."""
    server, now, current = here.server, here.now, here.browser.session
    secret = browsers.new_secret(server, here.browser)
    limits = server.registry.session_limits(person.holder.groups, now)
    if limits.over(now):
        raise UntrustedRequest(
            _("Nobody can sign in any more."),
            check="not_after",
            expected="a not_after that lies ahead",
            got=limits.not_after,
        )
    changes: list[Change] = [people.stands(person.holder), *proved.changes]
    if here.sign_in is not None and here.is_of(person):
        changes[0] = people.unchanged(person)
        changes.append(sign_ins.end(here.sign_in, now))
    events: list[Event] = []
    session = _session(here, person, proofs, limits)
    replaced = None
    if current is not None and current.id == session.id:
        changes.append(sessions.prove_again(session, ids.digest(secret)))
    else:
        agent = here.asked.header(b"user-agent") or ""
        changes.append(sessions.add(session, ids.digest(secret), here.asked.address, agent))
        changes += await notices.new_browser(server, here.asked, person, now)
        if current is not None:
            replaced = current.id
            ended, told = await ending.session(server, current.id, current.person_id, "another person signed in", now)
            changes, events = [*changes, *ended], [*told]
    told_amr = " ".join(session.amr)
    signed_in = SignedIn(person_id=person.holder.id, session_id=session.id, amr=told_amr, replaced=replaced)
    await server.commit(changes, [signed_in, *proved.facts, *events], here.asked, now)
    return secret, session


def _session(here: Visit, person: Person, proofs: tuple[Proof, ...], limits: Limits) -> Session:
    """As it is from now on, with what it is worth."""
    now, current = here.now, here.browser.session
    level, authenticated_at = acr.highest(acr.LEVELS, proofs, now), acr.authenticated_at(proofs) or now
    if current is not None and current.person_id == person.holder.id:
        idle = min(now + limits.session_idle, current.expires_at)
        return replace(
            current,
            authenticated_at=authenticated_at,
            last_used_at=now,
            idle_expires_at=idle,
            acr=level,
            amr=acr.amr(proofs),
            proved=proofs,
        )
    end = now + limits.session_lifetime
    expires_at = end if limits.not_after is None else min(end, limits.not_after)
    return Session(
        id=ids.uuid7(now, here.server.random(10)),
        person_id=person.holder.id,
        created_at=now,
        authenticated_at=authenticated_at,
        last_used_at=now,
        idle_expires_at=min(now + limits.session_idle, expires_at),
        expires_at=expires_at,
        ended_at=None,
        acr=level,
        amr=acr.amr(proofs),
        proved=proofs,
    )


async def keep_to_limit(server: Server, asked: Asked, person: Person, most: int | None, now: datetime) -> None:
    """`max_sessions`: the oldest end when one too many has begun, however many began at once."""
    if most is None:
        return

    async def trim() -> None:
        live = await sessions.live_of(server.store, person.holder.id, now)
        for seen in live[: max(0, len(live) - most)]:
            id = seen.session.id
            changes, events = await ending.session(server, id, person.holder.id, "too many sessions", now)
            await server.commit(changes, events, asked, now)

    await decided(trim)
