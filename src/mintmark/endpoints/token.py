"""The token door: it owns the phases that every grant shares (RFC 6749 §3.2)."""

from collections.abc import Awaitable
from datetime import datetime

from mintmark import client_auth, factors, mint
from mintmark.endpoints import credentials
from mintmark.events import Event
from mintmark.grants import GRANTS
from mintmark.grants.earning import Earned, TokenRequest, must_stand
from mintmark.protocol import acr_levels
from mintmark.protocol.errors import InvalidGrant, Refusal, UnauthorizedClient, UnsupportedGrantType
from mintmark.protocol.grant import Grant
from mintmark.protocol.limits import Limits
from mintmark.protocol.params import Params
from mintmark.server import Server, decided
from mintmark.store import held
from mintmark.store.changes import Change, Conflict, Insert, Require, Run, Update
from mintmark.store.people import Person
from mintmark.wire.answer import Answer, json_answer
from mintmark.wire.asked import Asked


def token(server: Server, asked: Asked) -> Awaitable[Answer]:
    return exchange(server, asked, None)


def refresh(server: Server, asked: Asked) -> Awaitable[Answer]:
    """The refresh door: the same code, with the grant type said by the address."""
    return exchange(server, asked, "refresh_token")


async def exchange(server: Server, asked: Asked, grant_type: str | None) -> Answer:
    now = server.clock()
    params = credentials.form(asked)
    spent: set[bytes] = set()
    try:
        return await decided(lambda: _attempt(server, asked, params, grant_type, spent, now))
    except Refusal as refusal:
        await remember(server, refusal, asked, now)
        raise


async def _attempt(
    server: Server, asked: Asked, params: Params, grant_type: str | None, spent: set[bytes], now: datetime
) -> Answer:
    """Read, decide, write once."""
    client = await client_auth.authenticate(server, asked, params, now, spent)
    wanted = grant_type or params.require("grant_type")
    if wanted not in GRANTS:
        raise UnsupportedGrantType(
            "grant_type is not one that is supported", check="grant_type", expected=" ".join(GRANTS), got=wanted
        )
    client.must_allow(wanted)
    # Before anything of the person is looked at: from elsewhere nobody learns whether a password was right.
    _must_come_from_there(server.registry.limits(client, (), (), now, offline=False), asked)

    async def prove(username: str, password: str) -> Person:
        person = await factors.password.prove_for_client(server, asked, username, password, now)
        if factors.oblige(server, person.holder, person.held or held.NOTHING):
            raise InvalidGrant(
                "this person signs in with more than a password", check="second factor", expected="a browser"
            )
        return person

    request = TokenRequest(params, client, now, prove, lambda limits: _must_come_from_there(limits, asked))
    earned = await GRANTS[wanted](server, request)
    _check(server, asked, request, earned)
    if earned.grant.limits.max_active_tokens is None:
        return await _issue(server, asked, wanted, earned, now)
    async with server.lanes.turn(mint.holder_of(earned.grant)):
        return await _issue(server, asked, wanted, earned, now)


async def _issue(server: Server, asked: Asked, grant_type: str, earned: Earned, now: datetime) -> Answer:
    grant = earned.grant
    tokens = await mint.issue(server, grant, now)
    await _write(server, asked, earned, tokens.changes, now)
    server.counts.tokens(
        grant_type, grant.limits.access_token_format, id_token=grant.id_token, refresh_token=bool(grant.refresh_token)
    )
    return json_answer(tokens.answer)


def _check(server: Server, asked: Asked, request: TokenRequest, earned: Earned) -> None:
    """What no grant may forget: the standing of all involved, and from where the client may come."""
    grant = earned.grant
    if grant.standing is not None:
        must_stand(server, request, grant.standing, earned.issued_ms)
    _must_come_from_there(grant.limits, asked)
    _must_be_proved(server, grant)
    if not grant.audience:
        raise InvalidGrant("no resource of the grant is left", check="audience", got=" ".join(grant.audience))


def _must_be_proved(server: Server, grant: Grant) -> None:
    """A policy that demands more by now holds for what is issued from then on."""
    if grant.standing is None or not grant.limits.require_factors:
        return
    authorization = grant.standing.authorization
    unmet = acr_levels.unmet(grant.limits.require_factors, authorization.acr, authorization.amr, server.levels)
    if unmet:
        raise InvalidGrant(
            "the person has to prove more for this",
            check="require_factors",
            expected=" ".join(unmet),
            got=authorization.acr,
        )


def _must_come_from_there(limits: Limits, asked: Asked) -> None:
    if not limits.allow(asked.address):
        raise UnauthorizedClient(
            "this client may not come from there",
            check="allowed_networks",
            expected=_networks(limits),
            got=asked.address,
        )


def _networks(limits: Limits) -> str:
    return " ".join(map(str, limits.allowed_networks or ())) or "no address at all"


async def _write(server: Server, asked: Asked, earned: Earned, minted: list[Change], now: datetime) -> None:
    """One commit before the answer leaves; no change, no commit."""
    changes: list[Change] = [*earned.changes, *minted]
    facts: list[Event] = list(earned.facts)
    if earned.observed is not None and server.settings.audit_every_token:
        facts.append(earned.observed)
    if changes or facts:
        try:
            await server.commit(changes, facts, asked, now)
        except Conflict:
            server.registry.forget()  # what was kept in memory may be what is no longer so
            raise
    if earned.observed is not None and not server.settings.audit_every_token:
        server.see(earned.observed, asked, now)


async def remember(server: Server, refusal: Refusal, asked: Asked, now: datetime) -> None:
    """A refusal that must be kept is committed before it is answered; somebody else may have kept it first."""
    if not refusal.remember:
        return
    changes = [one for one in refusal.remember if isinstance(one, Insert | Update | Require | Run)]
    facts = [one for one in refusal.remember if isinstance(one, Event)]

    async def keep() -> None:
        try:
            await server.commit(changes, facts, asked, now)
        except Conflict:
            return  # it is over already

    await decided(keep)
