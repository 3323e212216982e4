"""Browsers that a person trusts: there, and for a while, the second factor is what was shown when it was trusted."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mintmark import browser as browsers
from mintmark.protocol import ids
from mintmark.protocol.acr import Means, Proof
from mintmark.protocol.authorization import Holder
from mintmark.server import Server
from mintmark.store import trusted_browsers
from mintmark.store.changes import Change
from mintmark.store.trusted_browsers import TrustedBrowser
from mintmark.wire.answer import Answer
from mintmark.wire.asked import Asked

MEANS = Means("trusted_browser", frozenset({"possession"}))
PREFIX = "mmt_"


@dataclass(frozen=True, slots=True)
class Trust:
    """A trust that begins: what is written with the session, and the secret that the browser is given."""

    secret: str
    lasts: timedelta
    changes: list[Change]


async def find(server: Server, asked: Asked, holder: Holder, now: datetime) -> TrustedBrowser | None:
    """None too where the person ended all sessions since, or the operator trusts no browser any more."""
    secret = asked.cookies.get(browsers.trust_cookie(server, holder.id))
    if secret is None or len(secret) > 100 or server.settings.trusted_browser is None:
        return None
    found = await trusted_browsers.find(server.store, browsers.trust_digest(secret, holder.id))
    if found is None or found.person_id != holder.id:
        return None
    until = min(found.expires_at, found.created_at + server.settings.trusted_browser)
    ended = max(holder.ended_before, holder.sessions_ended_before, server.registry.ended_before)
    return found if now < until and ids.ms(found.created_at) > ended else None


def proof(browser: TrustedBrowser) -> Proof:
    """As old as the trust: where something fresh is asked for, it does not count."""
    return Proof(MEANS, browser.created_at, ())


def begin(server: Server, asked: Asked, holder: Holder, now: datetime) -> Trust | None:
    """None: the operator has switched it off."""
    lasts = server.settings.trusted_browser
    if lasts is None:
        return None
    secret = ids.secret(PREFIX, server.random(32))
    found = TrustedBrowser(
        id=ids.uuid7(now, server.random(10)),
        person_id=holder.id,
        user_agent=asked.header(b"user-agent") or "",
        address=asked.address,
        created_at=now,
        last_used_at=now,
        expires_at=now + lasts,
    )
    digest = browsers.trust_digest(secret, holder.id)
    return Trust(secret, lasts, trusted_browsers.add(found, digest, server.settings.trusted_browsers_most))


def with_cookie(server: Server, answer: Answer, holder: Holder, trust: Trust | None) -> Answer:
    return answer if trust is None else browsers.with_trust(server, answer, holder.id, trust.secret, trust.lasts)
