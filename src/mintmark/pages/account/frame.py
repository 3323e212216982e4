"""What every page of the account shares: who sits there, the way around, and fresh proof before a change."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from mintmark import browser as browsers
from mintmark import proving
from mintmark.browser import Browser
from mintmark.events import Event
from mintmark.pages import answers
from mintmark.pages.consent import person_name
from mintmark.protocol.authorization import Holder
from mintmark.protocol.params import Params
from mintmark.protocol.session import Session
from mintmark.server import Server, decided
from mintmark.store import accounts, people, sessions
from mintmark.store.changes import Change, Conflict
from mintmark.store.people import Person
from mintmark.texts import _
from mintmark.wire.answer import Answer, redirect
from mintmark.wire.asked import Asked

# The pages in the order of their links, each with its title; "" is the overview.
PLACES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "": _("Overview"),
        "profile": _("Profile"),
        "factors": _("How you sign in"),
        "sessions": _("Sessions"),
        "apps": _("Apps"),
        "activity": _("Activity"),
        "download": _("Your data"),
    }
)
# What was done, as the page says it that comes afterwards.
DONE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "session": _("That session has ended."),
        "sessions": _("All other sessions have ended."),
        "app": _("That app has no access any more."),
        "profile": _("Your profile has been saved."),
        "email": _("We have sent a link to your new address. It becomes yours when you follow it."),
        "password": _("Your password is changed. Your other sessions have ended."),
        "browser": _("That browser is not trusted any more."),
        "joined": _("Your account is ready. With a passkey you need no password: add one now, or here later."),
        "kept": _("Your account stays. Welcome back."),
    }
)
Door = Callable[[Server, Asked], Awaitable[Answer]]
Decided = tuple[Sequence[Change], Sequence[Event]]


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who is signed in, at a page of their account."""

    server: Server
    asked: Asked
    now: datetime
    params: Params  # of the query, or of the form
    browser: Browser
    session: Session
    person: Person  # as far as a session knows them: `Person.holder`

    @property
    def id(self) -> str:
        return self.person.holder.id

    @property
    def holder(self) -> Holder:
        return self.person.holder

    def address(self, place: str, done: str | None = None) -> str:
        """Of a page: built from what we know ourselves, and never from what came with the request."""
        page = f"{self.server.issuer}/account" + (f"/{place}" if place else "")
        return page if done is None else f"{page}?done={done}"


Show = Callable[[Visit], Awaitable[Answer]]


def shown(show: Show) -> Door:
    """GET: for whoever is signed in; anybody else goes to the sign-in page."""

    async def door(server: Server, asked: Asked) -> Answer:
        now = server.clock()
        browser = await browsers.read(server, asked, now)
        if browser.session is None or browser.person is None:
            return to_sign_in(server)
        return await show(Visit(server, asked, now, asked.query(), browser, browser.session, browser.person))

    return door


def changed(change: Show, place: str) -> Door:
    """POST: from our own form, and with fresh proof; without it, to the steps of `/login`, and back to the page."""

    async def door(server: Server, asked: Asked) -> Answer:
        found = await posted(server, asked)
        if found is None:
            return to_sign_in(server)
        return await change(found) if await is_fresh(found) else to_proof(server, place)

    return door


async def posted(server: Server, asked: Asked) -> Visit | None:
    """None: nobody is signed in. Raises ForgedForm."""
    now = server.clock()
    browser = await browsers.read(server, asked, now)
    params = asked.form()
    browsers.check_form(server, asked, params, browser)
    if browser.session is None or browser.person is None:
        return None
    return Visit(server, asked, now, params, browser, browser.session, browser.person)


async def is_fresh(visit: Visit) -> bool:
    return await proving.fresh(visit.server, visit.browser, visit.now)


def to_sign_in(server: Server) -> Answer:
    return redirect(f"{server.issuer}/login")


def to_proof(server: Server, place: str) -> Answer:
    return redirect(proof_address(server, place))


def proof_address(server: Server, place: str) -> str:
    """Where whoever is signed in proves it anew, and then is back at the page."""
    return f"{server.issuer}/login?fresh={place or '1'}"


async def written(visit: Visit, decide: Callable[[], Awaitable[Decided]]) -> bool:
    """Reads, decides and writes; whether anything was there to write. Of two at once, one is first."""

    async def write() -> bool:
        changes, events = await decide()
        if changes:
            await visit.server.commit(changes, events, visit.asked, visit.now)
        return bool(changes)

    return await decided(write)


async def ended(visit: Visit, decide: Callable[[], Awaitable[Decided]]) -> bool:
    """As `written`, of an end: where another was first, it is over, and that is what was wanted."""

    async def write() -> bool:
        changes, events = await decide()
        if not changes:
            return False
        try:
            await visit.server.commit(changes, events, visit.asked, visit.now)
        except Conflict:
            return False
        return True

    return await decided(write)


async def change_proofs(visit: Visit) -> list[Change]:
    """As `accounts.change_proofs`, where the session and its person still stand: it goes on."""
    person = await people.find(visit.server.store, visit.id)
    if person is None:
        raise Conflict("the person is gone")
    stands = [people.stands(person.holder), sessions.stands(visit.session.id)]
    return [*stands, *accounts.change_proofs(person, visit.now)]


def page(
    visit: Visit, template: str, place: str, *, fresh: bool = True, status: int = 200, coop: bool = True, **context: Any
) -> Answer:
    """fresh: False, where the page first asks for proof. coop: as of `answers.page`. context: for the template."""
    server = visit.server
    return answers.page(
        server,
        f"account/{template}",
        browser=visit.browser,
        coop=coop,
        status=status,
        place=place,
        places=PLACES.items(),
        person={"name": person_name(visit.person), "email": visit.holder.email},
        leaving=None if visit.holder.delete_after is None else visit.holder.delete_after.date().isoformat(),
        done=DONE.get(visit.params.get("done") or "") if visit.asked.method != "POST" else None,
        prove_url=None if fresh else proof_address(server, place),
        csrf_token=browsers.csrf_token(server, visit.browser),
        **context,
    )
