"""Sends an event to a receiver by Standard Webhooks: signed anew at every attempt, and no redirect is followed."""

from dataclasses import dataclass
from datetime import datetime

from mintmark.outbound import NotReached, Outbound, Pointless
from mintmark.protocol import webhook
from mintmark.protocol.webhook import Webhook
from mintmark.server import Server
from mintmark.store.outbox import Message


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a message that tries a receiver."""

    arrived: bool
    status: int | None  # None: no answer came
    why: str  # "" where it arrived


async def send(server: Server, message: Message) -> None:
    """Raises NotReached, Pointless where there is no such receiver any more."""
    found = next((one for one in server.registry.webhooks if one.id == message.receiver), None)
    if found is None:
        raise Pointless("there is no such webhook any more")
    if found.disabled_at is not None:
        raise NotReached("the webhook is disabled")
    status = await _post(server.outbound, found, message.id, server.clock(), message.payload)
    if not _is_taken(status):
        raise NotReached(_told(status))


async def attempt(outbound: Outbound, one: Webhook, id: str, now: datetime) -> Tried:
    """Sends a message that says nothing, once, and waits for what comes of it; a disabled one is tried as well."""
    body = webhook.written(webhook.TEST, now, {"name": one.name})
    try:
        status = await _post(outbound, one, id, now, body)
    except NotReached as error:
        return Tried(False, None, str(error))
    return Tried(_is_taken(status), status, "" if _is_taken(status) else _told(status))


async def _post(outbound: Outbound, one: Webhook, id: str, now: datetime, body: str) -> int:
    headers = [("content-type", "application/json"), *webhook.headers(one.keys, id, now, body)]
    return (await outbound.ask("POST", one.url, headers, body.encode())).status


def _is_taken(status: int) -> bool:
    return 200 <= status < 300


def _told(status: int) -> str:
    if 300 <= status < 400:
        return f"it answered {status}, a redirect, which is not followed: set the URL that it leads to"
    return f"it answered {status}"
