"""Codes can be guessed: attempts at each factor are counted by themselves, whatever the password did (ASVS 6.3.1)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mintmark import browser as browsers
from mintmark.events import FactorRefused
from mintmark.factors.factor import Offer, WrongProof
from mintmark.factors.throttle import Attempt, attempt, succeeded
from mintmark.protocol import throttling
from mintmark.protocol.errors import TooManyAttempts
from mintmark.protocol.throttling import Wait
from mintmark.server import Server
from mintmark.store.changes import Change
from mintmark.store.people import Person
from mintmark.texts import _


@asynccontextmanager
async def counted(server: Server, offer: Offer, person: Person, factor: str) -> AsyncIterator[tuple[Change, ...]]:
    """One attempt, which counts unless what is given is committed with the proof. Raises TooManyAttempts, Overloaded.

    A WrongProof that leaves it is told to the audit trail; its `check` says why.
    """
    whose = _attempt(server, offer, person, factor)
    async with server.turns.turn(whose):
        passed = await attempt(server.store, offer.now, whose, server.settings)
        if isinstance(passed, Wait):
            _tell(server, offer, person, factor, "too many tries")
            raise TooManyAttempts(
                _("Too many tries. Wait a moment."),
                passed.seconds,
                check="factor throttle",
                expected=f"person {person.holder.id}",
                got=f"wait {passed.seconds} s",
            )
        try:
            yield succeeded(offer.now, whose)
        except WrongProof as error:
            _tell(server, offer, person, factor, error.check)
            raise


def _tell(server: Server, offer: Offer, person: Person, factor: str, why: str) -> None:
    server.see(FactorRefused(person_id=person.holder.id, factor=factor, why=why), offer.asked, offer.now)


def _attempt(server: Server, offer: Offer, person: Person, factor: str) -> Attempt:
    """Counted under the id, which no name that is typed at the sign-in page is."""
    account = throttling.account_key(f"{factor} {person.holder.id}")
    mark = browsers.is_known_device(server, offer.asked, person.holder.id)
    return Attempt(account, offer.asked.address, None if mark is None else throttling.device_key(account, mark))
