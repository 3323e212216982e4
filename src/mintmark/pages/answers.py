"""Pages as answers: with every security header, and the person's cookie where they have none yet."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mintmark import browser as browsers
from mintmark import logos
from mintmark.browser import Browser
from mintmark.protocol.client import Client
from mintmark.protocol.errors import Overloaded, Refusal, TooManyAttempts
from mintmark.server import Server
from mintmark.texts import _
from mintmark.wire import refusals
from mintmark.wire.answer import Answer
from mintmark.wire.asked import Asked


def page(
    server: Server,
    template: str,
    *,
    browser: Browser | None = None,
    form_action: Sequence[str] = (),
    frame_origins: Sequence[str] = (),
    status: int = 200,
    coop: bool = False,
    ui_locales: Sequence[str] = (),
    languages: Sequence[str] = (),
    **context: Any,  # what the template asks for
) -> Answer:
    """form_action: where the page's form may end besides here, since Chromium holds redirects to it too.

    frame_origins: what its frames may load. ui_locales: what the request under way asks for, which counts before what
    the browser does; `languages` says that where no browser is given.
    """
    language = server.languages.best((*ui_locales, *languages, *(() if browser is None else browser.languages)))
    body = server.pages.page(template, language, **context)
    made = server.pages.headers(form_action, coop=coop, frame_origins=frame_origins)
    headers = ((b"content-language", language.tag.encode()), *((name.encode(), value.encode()) for name, value in made))
    answer = Answer(status, headers, body)
    if browser is not None and browser.is_new:
        return browsers.with_cookie(server, answer, browser.secret)
    return answer


def error(server: Server, asked: Asked, refusal: Refusal) -> Answer:
    """The page for a refusal that nobody else can be told (RFC 6749 §4.1.2.1)."""
    code = refusals.code(refusal)
    answer = (
        page(
            server,
            "error.html",
            languages=asked.languages,
            status=refusal.status,
            code=code,
            description=refusal.description,
            trace_id=asked.request_id,
        )
        .traced(asked.request_id)
        ._replace(error=code)
    )
    if isinstance(refusal, TooManyAttempts | Overloaded):
        return answer.plus((b"retry-after", str(refusal.retry_after).encode()))
    return answer


async def shown(server: Server, client: Client, now: datetime) -> dict[str, str | None]:
    """What pages tell of a client. Its logo comes from here, and where it is not here yet, nobody waits for it."""
    return {
        "name": client.name,
        "logo_url": await logos.url(server, client, now),
        "policy_url": client.policy_uri,
        "tos_url": client.tos_uri,
    }


def failed(server: Server, asked: Asked) -> Answer:
    """What we could not mend: a reference for the operator, and nothing of what happened."""
    return (
        page(
            server,
            "error.html",
            languages=asked.languages,
            status=500,
            code="server_error",
            description=_("Something broke on our side."),
            trace_id=asked.request_id,
        )
        .traced(asked.request_id)
        ._replace(error="server_error")
    )
