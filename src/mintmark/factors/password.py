"""The password: the same words and the same time for unknown, disabled and wrong (hardening 4.2)."""

from datetime import datetime

from mintmark import browser as browsers
from mintmark.events import PasswordRehashed, SignInFailed, SignInThrottled
from mintmark.factors.factor import Factor, Offer, Proved, WrongProof
from mintmark.factors.throttle import Attempt, attempt, failed, succeeded
from mintmark.protocol import session, throttling
from mintmark.protocol.acr import Proof
from mintmark.protocol.authorization import Holder
from mintmark.protocol.errors import InvalidGrant, TooManyAttempts
from mintmark.protocol.names import normalise_username
from mintmark.protocol.params import Params
from mintmark.protocol.throttling import Wait
from mintmark.server import Server
from mintmark.store import people
from mintmark.store.changes import Change, Conflict
from mintmark.store.held import NOTHING, Held
from mintmark.store.people import Person
from mintmark.texts import _
from mintmark.wire.asked import Asked

CHECKS = {"unknown": "unknown person", "disabled": "disabled person", "wrong password": "password"}
LONGEST_NAME = 320  # characters: the longest e-mail address


class WrongPassword(WrongProof):
    """Says the same for whatever was wrong."""


async def verify(
    server: Server, asked: Asked, username: str, password: str, now: datetime
) -> tuple[Person, tuple[Change, ...]]:
    """The person, and what the sign-in must write with itself. Raises WrongPassword, TooManyAttempts, Overloaded."""
    key = normalise_username(username[:LONGEST_NAME])
    person = await people.find_signing_in(server.store, key)
    whose = _attempt(server, asked, key, person)
    able = person is not None and person.holder.disabled_at is None
    async with server.turns.turn(whose):
        passed = await attempt(server.store, now, whose, server.settings)
        if isinstance(passed, Wait):
            server.see(SignInThrottled(person_id=None if person is None else person.holder.id), asked, now)
            raise TooManyAttempts(
                _("Too many tries. Wait a moment."),
                passed.seconds,
                check="sign-in throttle",
                expected=_whose(person),
                got=f"wait {passed.seconds} s",
            )
        verdict = await server.hashing.verify(password, person.password_hash if person is not None and able else None)
    if person is None or not able or not verdict.matches:
        why = "unknown" if person is None else "disabled" if not able else "wrong password"
        server.see(SignInFailed(person_id=None if person is None else person.holder.id, why=why), asked, now)
        await failed(server.store, now, whose, server.settings)
        raise _wrong(CHECKS[why], person, username)
    if verdict.rehashed is not None and person.password_hash is not None:
        await _rehash(server, asked, person, person.password_hash, verdict.rehashed, now)
    return person, succeeded(now, whose)


async def prove(server: Server, offer: Offer) -> Proved:
    username, password = offer.params.get("username") or "", offer.params.get("password") or ""
    if not username or not password:
        raise WrongProof(_("Enter your name and password."), check="sign-in form", expected="both")
    person, changes = await verify(server, offer.asked, username, password, offer.now)
    return Proved(person, Proof(session.PASSWORD, offer.now, ("pwd",)), changes)


async def prove_for_client(server: Server, asked: Asked, username: str, password: str, now: datetime) -> Person:
    """For the password grant: the throttles of the sign-in page, answered as `invalid_grant`."""
    try:
        person, changes = await verify(server, asked, username, password, now)
    except WrongPassword as error:
        raise InvalidGrant(
            "username or password is not right", check=error.check, expected=error.expected, got=error.got
        ) from error
    has = person.held or NOTHING
    if has.passkey or has.totp:
        raise InvalidGrant(
            "username or password is not right",
            check="second factor",
            expected="somebody who has no second factor",
            got=f"person {person.holder.id}",
        )
    await server.commit(changes, [], asked, now)
    return person


def _wrong(check: str, person: Person | None, username: str) -> WrongPassword:
    """The same words for each; only operators are told which it was. What was typed may be a password: never shown."""
    return WrongPassword(_("That name or password is not right."), check=check, expected=_whose(person), got=username)


def _whose(person: Person | None) -> str:
    return "the name of a person" if person is None else f"person {person.holder.id}"


def _attempt(server: Server, asked: Asked, key: str, person: Person | None) -> Attempt:
    """Whoever was found by another name is counted under their username: one person, one count."""
    account = throttling.account_key(key if person is None else person.holder.username)
    mark = None if person is None else browsers.is_known_device(server, asked, person.holder.id)
    device = None if mark is None else throttling.device_key(account, mark)
    return Attempt(account, asked.address, device)


async def _rehash(server: Server, asked: Asked, person: Person, old: str, new: str, now: datetime) -> None:
    try:
        await server.commit(
            [people.rehash(person.holder.id, old, new)], [PasswordRehashed(person_id=person.holder.id)], asked, now
        )
    except Conflict:
        return  # the password was changed meanwhile: the new one needs no rehash


def _available(server: Server, holder: Holder, held: Held) -> bool:
    return held.password


def _recognises(params: Params) -> bool:
    return params.get("password") is not None


FACTOR = Factor(
    name="password",
    means=session.PASSWORD,
    label=_("Use your password"),
    template="factors/password.html",
    available=_available,
    recognises=_recognises,
    prove=prove,
    second=False,  # it comes with the name
)
