"""Doors as they are asked: whatever they refuse, and what nobody foresaw, becomes an answer of the right kind."""

import time
from collections.abc import Awaitable, Callable

from mintmark import logs, refused
from mintmark.pages import answers
from mintmark.protocol.authorization_request import RefusedWithRedirect
from mintmark.protocol.errors import Overloaded, Refusal
from mintmark.server import Server
from mintmark.store.changes import Unavailable
from mintmark.texts import _
from mintmark.wire import refusals
from mintmark.wire.answer import Answer
from mintmark.wire.asgi import Handle
from mintmark.wire.asked import Asked

Door = Callable[[Server, Asked], Awaitable[Answer]]


def as_json(server: Server, door: Door) -> Handle:
    """A refusal becomes JSON, and what we cannot mend `server_error`, with its trace in the log alone."""

    async def handle(asked: Asked) -> Answer:
        try:
            return await door(server, asked)
        except Refusal as refusal:
            refused.tell(server, asked, refusal, server.clock())
            return refusals.as_json(refusal, asked.request_id)
        except Unavailable:
            busy = Overloaded("the database does not answer", check="store")
            refused.tell(server, asked, busy, server.clock())
            return refusals.as_json(busy, asked.request_id)
        except Exception as error:  # noqa: BLE001  whatever it is, its trace goes to the log and never on the wire
            logs.failed(server.journal.log, asked)
            refused.fault(server, asked, error, server.clock())
            return refusals.fault(asked.request_id)

    return handle


def as_page(server: Server, door: Door) -> Handle:
    """A refusal becomes a page, or goes back to the client where its address is known."""

    async def handle(asked: Asked) -> Answer:
        try:
            return await door(server, asked)
        except RefusedWithRedirect as refusal:
            refused.tell(server, asked, refusal.error, server.clock())
            return refusals.as_redirect(refusal, server, asked.request_id, asked.languages)
        except Refusal as refusal:
            refused.tell(server, asked, refusal, server.clock())
            return answers.error(server, asked, refusal)
        except Unavailable:
            busy = Overloaded(_("The server is busy. Try again in a moment."), check="store")
            refused.tell(server, asked, busy, server.clock())
            return answers.error(server, asked, busy)
        except Exception as error:  # noqa: BLE001  whatever it is, its trace goes to the log and never on the wire
            logs.failed(server.journal.log, asked)
            refused.fault(server, asked, error, server.clock())
            return answers.failed(server, asked)

    return handle


def told(server: Server, door: Door) -> Handle:
    """A page, with a line in the log for each request."""
    page = as_page(server, door)

    async def handle(asked: Asked) -> Answer:
        began = time.perf_counter()
        answer = await page(asked)
        seconds = time.perf_counter() - began
        logs.answered(server.journal.log, asked.request_id, asked.path, asked.method, answer.status, seconds)
        return answer

    return handle
