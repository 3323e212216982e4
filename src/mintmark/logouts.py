"""Who took part in a session hears of its end: back-channel logout (OIDC Back-Channel Logout §2.3 to §2.8).

An end marks its session in its own commit, whoever ends it, and costs nothing more. The clients are found afterwards,
and a message for each is written into the outbox in the commit that takes the mark away: so none is missed, not even
one that signed in at that very moment, and however many sessions end at once, nobody waits for it.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import replace
from datetime import datetime

import orjson

from mintmark import envelopes, subjects
from mintmark.outbound import Declined, NotReached, Pointless
from mintmark.protocol import ids, jose, logout
from mintmark.protocol import scope as scopes
from mintmark.protocol.client import Client
from mintmark.protocol.errors import Refusal
from mintmark.protocol.session import Session
from mintmark.server import Server
from mintmark.store import outbox, participants, sessions
from mintmark.store.changes import Change, Conflict
from mintmark.store.outbox import Message
from mintmark.store.sessions import Ended

AT_ONCE = 50  # sessions in one change set
MOST = 200  # change sets of one run: the rest is left to the next
SUBJECT = "session_ended"
TRUSTED = "RS256"  # in the place of none
SECONDS = 5.0  # for all of an attempt: it says 200, or it is asked again later
MOST_READ = 1024  # bytes of an answer, which nobody needs


def joining(server: Server, client: Client, session: Session, scope: Collection[str], now: datetime) -> list[Change]:
    """A client that takes part in a session from now on, in the commit that relies on its being alive."""
    if scopes.OPENID not in scope or not logout.hears(client):
        return []
    return [participants.add(session.id, client.id, subjects.of(server.registry, client, session.person_id), now)]


async def tell(server: Server) -> None:
    """A message for each client that took part in a session whose end is not told yet. Raises Unavailable."""
    for _ in range(MOST):
        ended = await sessions.untold(server.store, AT_ONCE)
        if not ended:
            return
        taking_part = await participants.of(server.store, [one.id for one in ended])
        changes: list[Change] = []
        for one in ended:
            changes += [change async for change in _told(server, one, taking_part.get(one.id, {}))]
        try:
            await server.store.commit(changes)
        except Conflict:
            return  # another node is at it
        if len(ended) < AT_ONCE:
            return


async def _told(server: Server, ended: Ended, taking_part: Mapping[str, str | None]) -> AsyncIterator[Change]:
    yield sessions.told(ended)
    if not taking_part:
        return
    yield participants.forget(ended.id)
    now = server.clock()
    for client_id, subject in taking_part.items():
        client = await server.registry.client(client_id)
        if client is None or client.disabled_at is not None or logout.back_channel(client) is None:
            continue
        sub = subject or subjects.of(server.registry, client, ended.person_id)
        payload = orjson.dumps({"sub": sub, "sid": ended.id}).decode()
        id = ids.uuid7(now, server.random(10))
        yield outbox.add(id, outbox.LOGOUT, client.id, SUBJECT, payload, now)


async def send(server: Server, message: Message) -> None:
    """Posts a logout token. Raises NotReached; Declined where the client would not, Pointless where it is gone."""
    client = await server.registry.client(message.receiver)
    address = None if client is None or client.disabled_at is not None else logout.back_channel(client)
    if client is None or address is None:
        raise Pointless("there is no such client any more, or it is not told of logouts")
    body = f"logout_token={await _token(server, client, message, server.clock())}".encode()
    headers = [("content-type", "application/x-www-form-urlencoded")]
    reply = await server.outbound.ask("POST", address, headers, body, seconds=SECONDS, most=MOST_READ)
    if 200 <= reply.status < 300:
        return
    if reply.status == 400:  # "the logout request was invalid or the logout failed" (§2.8): once more, not for days
        raise Declined("it answered 400: it could not log the person out, or does not take our logout token")
    if 300 <= reply.status < 400:
        raise NotReached(f"it answered {reply.status}, a redirect, which is not followed")
    raise NotReached(f"it answered {reply.status}")


async def _token(server: Server, client: Client, message: Message, now: datetime) -> str:
    """Made at each attempt, so that it is never an old one that arrives; signed, and encrypted, as ID tokens are."""
    told = orjson.loads(message.payload)
    claims = logout.token_claims(
        issuer=server.issuer,
        client_id=client.id,
        subject=told["sub"],
        session_id=told["sid"],
        jti=ids.uuid7(now, server.random(10)),
        now=now,
    )
    alg = TRUSTED if client.id_token_alg == jose.UNSIGNED else client.id_token_alg  # never unsigned (§2.4)
    try:
        envelope = await envelopes.of(server, client, "id_token", alg, now)
    except Refusal as refusal:
        raise NotReached(refusal.description) from None
    return await replace(envelope, typ="logout+jwt").close(claims)
