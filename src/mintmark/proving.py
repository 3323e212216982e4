"""From proofs to a session: what a sign-in needs, what it has, and what it asks for next.

A page that has a proof calls `prove`. It begins the session, makes the one that is there stronger, or leads to the next
step; a sign-in of one factor writes nothing before its session.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from mintmark import browser as browsers
from mintmark import ending, factors, trust
from mintmark.browser import Browser
from mintmark.events import Event, SignedIn, SignInFailed, SignInThrottled
from mintmark.factors import throttle
from mintmark.factors.factor import Factor, Offer, Proved, WrongProof
from mintmark.factors.throttle import Attempt, Over
from mintmark.mails import notices
from mintmark.protocol import acr, acr_levels, ids, throttling
from mintmark.protocol.acr import Level, Needs, Proof
from mintmark.protocol.errors import Refusal, TooManyAttempts, UntrustedRequest
from mintmark.protocol.limits import Limits
from mintmark.protocol.params import Params
from mintmark.protocol.session import Session
from mintmark.protocol.throttling import Pass, Wait
from mintmark.server import Server, decided
from mintmark.settings import Settings
from mintmark.steps import FRESH, Visit, missing, visit
from mintmark.store import held, people, sessions, sign_ins, trusted_browsers
from mintmark.store.changes import Change, Conflict
from mintmark.store.people import Person
from mintmark.store.sign_ins import SignIn
from mintmark.texts import _
from mintmark.wire.answer import Answer, redirect
from mintmark.wire.asked import Asked

LASTS = timedelta(minutes=10)  # a sign-in of several steps


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
    way = factors.FACTORS[factor]
    once: list[Proved] = []

    async def attempt() -> Answer:
        here = await visit(server, asked, params, now)  # anew: what was here may have ended meanwhile
        if way.spends or not once or not await _is_as_it_was(server, once[0].person):
            once[:] = [await _tried(here, way, params)]
        return await go_on(here, once[0], trust_it=params.get("trust") is not None)

    return await decided(attempt)


async def _is_as_it_was(server: Server, person: Person) -> bool:
    """Whether what was proved still holds: a password that was changed meanwhile proves nothing any more."""
    found = await people.find(server.store, person.holder.id)
    return found is not None and found.state == person.state


async def _tried(here: Visit, way: Factor, params: Params) -> Proved:
    """Counted before it is known whether it is right, each factor for itself; the password counts names."""
    offer = _offer(here, params, way)
    if way.name == throttle.PASSWORD:
        return await way.prove(here.server, offer)
    server, now, whose = here.server, here.now, _whose(here, way, offer.person)
    async with server.turns.turn(whose):
        passed = await throttle.attempt(server.store, now, whose, server.settings)
        if not isinstance(passed, Pass):
            raise await _stopped(here, offer.person, passed)
        try:
            proved = await way.prove(server, offer)
        except WrongProof as error:
            await _failed(here, way, offer.person, whose, error)
            raise
    return replace(proved, changes=(*proved.changes, *throttle.succeeded(now, whose)))


async def _failed(here: Visit, way: Factor, person: Person | None, whose: Attempt, error: WrongProof) -> None:
    """What was no try is taken back. A factor that says who somebody is tells of its failures itself."""
    server, now = here.server, here.now
    if not error.counts:
        await server.store.commit(throttle.taken_back(now, whose))
        return
    if person is not None and not way.first:
        told = SignInFailed(person_id=person.holder.id, why=f"wrong {way.name}")
        server.see(told, here.asked, now, check=error.check)
    await throttle.failed(server.store, now, whose, server.settings)


def _offer(here: Visit, params: Params, way: Factor) -> Offer:
    """A factor that says who somebody is says it anew; any other needs somebody who has it."""
    person, sign_in = here.person, here.sign_in
    begins = way.first or way.may_begin(here.server)
    if person is None and not begins:
        raise WrongProof(
            _("That took too long. Sign in again."), check="sign-in step", expected="a sign-in that is under way"
        )
    if person is not None and not begins and not _has(here, person, way):
        raise WrongProof(
            _("You have not set this up."), check="factor", expected="a factor that the person has", got=way.name
        )
    return Offer(here.asked, params, person, here.browser, here.now, None if sign_in is None else sign_in.id)


def _has(here: Visit, person: Person, way: Factor) -> bool:
    return way.available(here.server, person.holder, person.held or held.NOTHING)


def _whose(here: Visit, way: Factor, person: Person | None) -> Attempt:
    sign_in = None if here.sign_in is None else here.sign_in.id
    if person is None:
        return Attempt(None, here.asked.address, factor=way.name)
    account = throttling.account_key(person.holder.username)
    mark = browsers.is_known_device(here.server, here.asked, person.holder.id)
    device = None if mark is None else throttling.device_key(account, mark)
    return Attempt(account, here.asked.address, device, way.name, sign_in)


async def _stopped(here: Visit, person: Person | None, why: Wait | Over) -> Refusal:
    """Too many tries: of this account by this factor, or of this one sign-in, which is over by that."""
    here.server.see(SignInThrottled(person_id=None if person is None else person.holder.id), here.asked, here.now)
    if isinstance(why, Wait):
        return TooManyAttempts(
            _("Too many tries. Wait a moment."),
            why.seconds,
            check="factor throttle",
            expected="a person" if person is None else f"person {person.holder.id}",
            got=f"wait {why.seconds} s",
        )
    if here.sign_in is not None:
        with suppress(Conflict):
            await here.server.store.commit([sign_ins.end(here.sign_in, here.now)])
    return WrongProof(
        _("Too many tries. Sign in again."), check="sign-in tries", expected=f"the right one within {throttle.STEPS}"
    )


async def go_on(here: Visit, proved: Proved, *, trust_it: bool = False, then: str | None = None) -> Answer:
    """After a right proof. Another person than the one whose sign-in was under way begins anew.

    then: where the session leads; None: as `Visit.next` says.
    """
    person, server = proved.person, here.server
    if person.held is None:
        person = replace(person, held=await held.find(server.store, person.holder.id))
    proofs = acr.merged(here.proofs_of(person), proved.proof)
    left, changes = missing(here, person, proofs), list[Change]()
    if left and (trusted := await trust.find(server, here.asked, person.holder, here.now)) is not None:
        shown = acr.merged(proofs, trust.proof(trusted))
        if missing(here, person, shown) == ():
            left, proofs, changes = (), shown, [trusted_browsers.used(trusted, here.now)]
    if left is None:
        raise UntrustedRequest(
            _("You cannot sign in this way."),
            check="factors",
            expected="factors that are enough",
            got=proved.proof.factor,
        )
    if left:
        return await _next_step(here, person, proved)
    begun = trust.begin(server, here.asked, person.holder, here.now) if trust_it and _both(here, proved) else None
    changes += [] if begun is None else begun.changes
    secret, session = await _begin(here, person, proved, proofs, changes, trusted=begun is not None)
    limits = server.registry.session_limits(person.holder.groups, here.now)
    await keep_to_limit(server, here.asked, person, limits.max_sessions, here.now)
    answer = browsers.with_cookie(server, redirect(then or here.next(person)), secret)
    answer = browsers.with_state(server, here.asked, answer, session.id)
    answer = trust.with_cookie(server, answer, person.holder, begun)
    return browsers.with_device(server, answer, person.holder.id)


def _both(here: Visit, proved: Proved) -> bool:
    """Whether two kinds were shown in this very sign-in: only then is there anything that trust could stand for."""
    shown = here.sign_in.proofs if here.sign_in is not None and here.is_of(proved.person) else ()
    return len({kind for proof in (*shown, proved.proof) for kind in proof.means.kinds}) > 1


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


async def _begin(
    here: Visit, person: Person, proved: Proved, proofs: tuple[Proof, ...], more: Sequence[Change], *, trusted: bool
) -> tuple[str, Session]:
    """A session with a new secret. The same person keeps theirs; another person ends it. A password that was changed
    since it was looked at begins none."""
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
    changes: list[Change] = [people.unchanged(person), *proved.changes, *more]
    if here.sign_in is not None and here.is_of(person):
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
    signed_in = SignedIn(
        person_id=person.holder.id,
        session_id=session.id,
        amr=" ".join(session.amr),
        replaced=replaced,
        trusted=trusted or None,
    )
    await server.commit(changes, [signed_in, *proved.facts, *events], here.asked, now)
    return secret, session


def _session(here: Visit, person: Person, proofs: tuple[Proof, ...], limits: Limits) -> Session:
    """As it is from now on, with what it is worth."""
    now, current = here.now, here.browser.session
    level, authenticated_at = acr.highest(here.server.levels, proofs, now), acr.authenticated_at(proofs) or now
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


def wrong(settings: Settings) -> Iterator[str]:
    """What is wrong with the settings of levels."""
    try:
        acr_levels.read(settings.acr_levels)
    except ValueError as error:
        yield f"MINTMARK_ACR_LEVELS: {error}"


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
