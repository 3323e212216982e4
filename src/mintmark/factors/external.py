"""The operator's own service: it is asked whether somebody is who they say, and only its signed yes is a yes.

It may first ask for something, a few rounds long. What goes on between the rounds is with the browser, sealed, and
bound to it; nothing is kept here. `amr` says `ext`, which is ours: RFC 8176 has no word for it.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import orjson

from mintmark.events import SignInFailed, SignInThrottled
from mintmark.factors.factor import AsksFirst, Factor, Offer, Proved, WrongProof
from mintmark.factors.throttle import Attempt, attempt, succeeded
from mintmark.keys.sealing import WrongSealingKey
from mintmark.outbound import NotReached
from mintmark.protocol import external_factor, ids, throttling
from mintmark.protocol.acr import Means, Proof
from mintmark.protocol.authorization import Holder
from mintmark.protocol.errors import TooManyAttempts
from mintmark.protocol.external_factor import Answered, Ask, ExternalFactor, No, Question, Yes
from mintmark.protocol.names import normalise_username
from mintmark.protocol.params import Params
from mintmark.protocol.throttling import Pass, Wait
from mintmark.server import Server
from mintmark.store import people
from mintmark.store.changes import Change
from mintmark.store.held import Held
from mintmark.store.people import Person
from mintmark.texts import _

NAME = "external"
AMR = "ext"
LASTS = timedelta(minutes=5)  # between one round and the next
LONGEST_NAME = 320
LONGEST_KEPT = 8192  # characters of what the browser brings back


@dataclass(frozen=True, slots=True)
class Going:
    """Where a proof stands."""

    factor: str
    place: Literal["first", "second"]
    username: str
    person_id: str | None  # of the second place; None: who it is, is looked up
    round: int
    state: str


async def prove(server: Server, offer: Offer) -> Proved:
    going = _continued(server, offer) or _begun(server, offer)
    one = server.registry.external_factors.get(going.factor)
    if one is None or going.place not in one.use:
        raise WrongProof(_("Choose a way."), check="external factor", expected="one that is declared for this step")
    person = offer.person
    counted: tuple[Change, ...] = ()
    if going.place == "first":
        person = await people.find_signing_in(server.store, normalise_username(going.username))
        counted = await _count(server, offer, going, person)
    elif person is None or person.holder.id != going.person_id:
        raise _wrong(server, offer, one, person, "another person than it was asked about")
    found = await _ask(server, offer, one, going, person)
    if isinstance(found, Ask) and going.round < external_factor.MOST_ROUNDS:
        raise _asking(server, offer, going, found)
    if not isinstance(found, Yes):
        why = found.why if isinstance(found, No) else "it asked once more than it may"
        raise _wrong(server, offer, one, person, why)
    if person is None or person.holder.disabled_at is not None:
        raise _wrong(server, offer, one, person, "it knows somebody who may not sign in here")
    means = Means(NAME, frozenset({one.proves}), begins=going.place == "first")
    return Proved(person, Proof(means, offer.now, (AMR,)), counted)


def _begun(server: Server, offer: Offer) -> Going:
    """Whoever is known is asked about; otherwise whoever they say they are."""
    factor, username = offer.params.get("external") or "", (offer.params.get("username") or "").strip()
    if username or offer.person is None:
        if not username:
            raise WrongProof(_("Enter your name first."), check="sign-in form", expected="a name")
        return Going(factor, "first", username[:LONGEST_NAME], None, 1, "")
    holder = offer.person.holder
    return Going(factor, "second", holder.username, holder.id, 1, "")


def _continued(server: Server, offer: Offer) -> Going | None:
    """What the browser brings back; None: it brings nothing that is good here, and now."""
    kept = offer.params.get("external_state")
    if kept is None or len(kept) > LONGEST_KEPT:
        return None
    try:
        blob = base64.urlsafe_b64decode(kept + "=" * (-len(kept) % 4))
        found: dict[str, Any] = orjson.loads(server.sealer.open(blob, bound_to=_bound_to(offer)))
    except (WrongSealingKey, binascii.Error, ValueError):
        return None
    until = found.pop("until")
    return Going(**found) if ids.ms(offer.now) < until else None


def _asking(server: Server, offer: Offer, going: Going, found: Ask) -> WrongProof:
    """The page with the question. Where something was typed already, it counts as a try: it may have been a guess."""
    until = ids.ms(offer.now + LASTS)
    kept = orjson.dumps(
        {
            "factor": going.factor,
            "place": going.place,
            "username": going.username,
            "person_id": going.person_id,
            "round": going.round + 1,
            "state": found.state,
            "until": until,
        }
    )
    blob = server.sealer.seal(kept, bound_to=_bound_to(offer))
    question = {
        "kind": found.kind,
        "label": _in_language(found.label, offer),
        "state": base64.urlsafe_b64encode(blob).rstrip(b"=").decode(),
    }
    shows = {"external_ask": question, "message": None}
    if going.round == 1:
        return Asks("", shows=shows, check="external question")
    return AsksAgain("", shows=shows, check="external question")


class Asks(AsksFirst):
    """Not proved yet: the page comes again, with what the service wants to be shown."""


class AsksAgain(WrongProof):
    """The same, after something was typed."""

    status = 200


def _bound_to(offer: Offer) -> str:
    return f"external_factor.round:{offer.browser.digest.hex()}"


async def _ask(server: Server, offer: Offer, one: ExternalFactor, going: Going, person: Person | None) -> Answered:
    """Whatever is no answer in time means no."""
    given = offer.params.get("external_input") or ""
    if len(given) > external_factor.LONGEST_INPUT:
        return No("what was typed is too long to be sent")
    now, id = offer.now, ids.uuid7(offer.now, server.random(10))
    question = Question(
        factor=one.name,
        username=going.username if person is None else person.holder.username,
        person_id=None if person is None else person.holder.id,
        request_id=offer.asked.request_id,
        address=offer.asked.address,
        user_agent=(offer.asked.header(b"user-agent") or "")[:500],
        round=going.round,
        given=given if going.round > 1 else None,
        state=going.state,
    )
    body = external_factor.body(question, now)
    seconds, most = one.timeout.total_seconds(), external_factor.LONGEST_ANSWER
    try:
        reply = await server.outbound.ask(
            "POST", one.url, external_factor.headers(one, id, now, body), body.encode(), seconds=seconds, most=most
        )
    except NotReached as error:
        return No(str(error))
    if not reply.is_whole:
        return No(f"its answer is longer than {most} bytes, or did not end in time")
    return external_factor.answered(one, id, server.clock(), reply.status, reply.headers, reply.body)


async def _count(server: Server, offer: Offer, going: Going, person: Person | None) -> tuple[Change, ...]:
    """Each try at a name, whether or not anybody bears it. What a success writes."""
    name = going.username if person is None else person.holder.username
    whose = Attempt(throttling.account_key(name), offer.asked.address, factor=NAME)
    passed = await attempt(server.store, offer.now, whose, server.settings)
    if isinstance(passed, Pass):
        return succeeded(offer.now, whose)
    seconds = passed.seconds if isinstance(passed, Wait) else 1
    server.see(SignInThrottled(person_id=None if person is None else person.holder.id), offer.asked, offer.now)
    raise TooManyAttempts(
        _("Too many tries. Wait a moment."), seconds, check="factor throttle", got=f"wait {seconds} s"
    )


def _wrong(server: Server, offer: Offer, one: ExternalFactor, person: Person | None, why: str) -> WrongProof:
    """The page says nothing of why: operators find it. Where nobody is known yet, it tells of its failures itself."""
    if offer.person is None:
        told = SignInFailed(person_id=None if person is None else person.holder.id, why=f"wrong {NAME}")
        server.see(told, offer.asked, offer.now, check="external answer")
    return WrongProof(
        _("That did not prove it is you."), check="external answer", expected=f"a signed yes of {one.name}", got=why
    )


def _in_language(label: Mapping[str, str], offer: Offer) -> str:
    return next((label[tag] for tag in offer.browser.languages if tag in label), label[external_factor.DEFAULT])


async def prepare(server: Server, offer: Offer) -> Mapping[str, object]:
    """What may be chosen: at the first step, and at a further one."""
    ways = server.registry.external_factors.values()
    shown = {
        place: [{"name": one.name, "label": one.labelled(offer.browser.languages)} for one in ways if place in one.use]
        for place in external_factor.USES
    }
    return {"external_first": shown["first"], "external_ways": shown["second"], "external_ask": None}


def begins(server: Server) -> bool:
    return any("first" in one.use for one in server.registry.external_factors.values())


def means(server: Server) -> Means:
    """What it can prove as a further step."""
    there = server.registry.external_factors.values()
    return Means(NAME, frozenset(one.proves for one in there if "second" in one.use))


def _available(server: Server, holder: Holder, held: Held) -> bool:
    return any("second" in one.use for one in server.registry.external_factors.values())


def _recognises(params: Params) -> bool:
    return params.get("external") is not None or params.get("external_state") is not None


FACTOR = Factor(
    name=NAME,
    means=Means(NAME, frozenset({"possession"})),
    label=_("Another way to prove it is you"),
    template="factors/external.html",
    available=_available,
    recognises=_recognises,
    prove=prove,
    prepare=prepare,
    may_begin=begins,
    means_here=means,
)
