"""The whole server, wired on one page: settings in, an ASGI application out."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from mintmark import answering, keyring, logs, refused, traced, upkeep
from mintmark.admin import mounted
from mintmark.counting import OTHER
from mintmark.counts import Counts
from mintmark.endpoints import (
    authorize,
    end_session,
    introspect,
    logo,
    probe,
    register,
    registered,
    revoke,
    token,
    userinfo,
)
from mintmark.endpoints.health import Health
from mintmark.endpoints.metrics import Metrics, watched
from mintmark.endpoints.well_known import WellKnown
from mintmark.factors import email_code
from mintmark.factors.hashing import Hashing
from mintmark.factors.throttle import Turns
from mintmark.journal import Journal
from mintmark.keys.sealing import Sealer
from mintmark.lanes import Lanes
from mintmark.languages import Languages
from mintmark.metrics.workers import Folder
from mintmark.pages import (
    answers,
    check_session,
    code,
    consent,
    forgot,
    link,
    passkey_options,
    sign_in,
    sign_out,
    sign_up,
)
from mintmark.pages.account import doors as account
from mintmark.pages.branding import Look
from mintmark.pages.render import Pages
from mintmark.protocol import acr_levels
from mintmark.protocol.budget import Budget
from mintmark.protocol.errors import Refusal
from mintmark.registry import Registry
from mintmark.server import Leaving, Server
from mintmark.settings import Settings, Throttle
from mintmark.store import connect, epochs, migrate
from mintmark.wire.answer import NO_STORE, NOSNIFF, Answer, Headers
from mintmark.wire.asgi import Doors, Route
from mintmark.wire.asked import Asked
from mintmark.wire.visit import Visit, Watched

if TYPE_CHECKING:  # an extra, and imported only where traces are on
    from mintmark.tracing import Tracing

HSTS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


async def open_server(
    settings: Settings,
    *,
    clock: Clock = utc_now,
    random: Callable[[int], bytes] = os.urandom,
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    leaving: Leaving | None = None,
    tracing: "Tracing | None" = None,
) -> Server:
    """Opens the store, makes what is missing of keys and secrets, and reads what was configured.

    Raises BadBranding, Unmigrated, Unavailable, BadDatabaseUrl or WrongSealingKey: then nothing was made.
    """
    look = Look.read(settings)
    store = await connect.connect(settings.database_url.get_secret_value())
    more = None
    if tracing is not None:
        from mintmark import tracing as traces

        store, more = traces.Store(store, tracing), traces.ids
    try:
        await migrate.require_migrated(store)
        await epochs.require_begun(store)
        sealer = Sealer(settings.sealing_key_bytes)
        now = clock()
        await keyring.make_secrets(store, sealer, random, now)
        await keyring.make_keys(store, sealer, settings, keyring.AT_FIRST, now)
        registry = Registry(store, sealer, settings.issuer)
        await registry.renew()
    except BaseException:
        await store.close()
        raise
    counts = Counts()
    return Server(
        settings=settings,
        store=store,
        registry=registry,
        sealer=sealer,
        hashing=_hashing(settings),
        turns=Turns(),
        lanes=Lanes(),
        pages=_pages(settings, look),
        client_failures=_budget(settings.throttle_client_auth),
        journal=Journal(logs.logger(settings.log_format, more=more), random, count=counts.event),
        clock=clock,
        random=random,
        wait=wait,
        outbound=traced.outbound(settings, tracing),
        counts=counts,
        languages=Languages(settings.default_language),
        leaving=leaving or Leaving(),
        levels=acr_levels.read(settings.acr_levels),
    )


def _hashing(settings: Settings) -> Hashing:
    return Hashing(
        settings.password_hash_memory,
        settings.password_hash_time_cost,
        settings.password_hash_parallelism,
        settings.password_threads or os.cpu_count() or 1,
        settings.password_queue,
    )


def _pages(settings: Settings, look: Look) -> Pages:
    sign_up = settings.sign_up != "off"
    named = (settings.operator_name, settings.issuer_path, settings.privacy_url, settings.terms_url)
    return Pages(*named, look, sign_up=sign_up)


def _budget(throttle: Throttle | None) -> Budget:
    """off: more than anybody could try."""
    if throttle is None:
        return Budget(sys.maxsize, timedelta(minutes=1))
    return Budget(throttle.count, throttle.per or timedelta(minutes=1))


def routes(server: Server) -> dict[str, Route]:
    """Every door by its exact path, under the issuer's."""
    known = WellKnown(server)
    json, page = partial(answering.as_json, server), partial(answering.told, server)
    health = Health(server)
    found = {
        "/token": Route({"POST": json(token.token)}),
        "/refresh": Route({"POST": json(token.refresh)}),
        "/revoke": Route({"POST": json(revoke.revoke)}),
        "/introspect": Route({"POST": json(introspect.introspect)}),
        "/logo": Route({"GET": json(logo.show)}),
        "/userinfo": Route({"GET": json(userinfo.userinfo), "POST": json(userinfo.userinfo)}),
        "/.well-known/jwks.json": Route({"GET": json(_public(known.jwks))}),
        "/.well-known/openid-configuration": Route({"GET": json(_public(known.metadata))}),
        "/.well-known/oauth-authorization-server": Route({"GET": json(_public(known.metadata))}),
        "/authorize": Route(
            {"GET": page(authorize.authorize), "POST": page(authorize.authorize_by_post)}, "page", head=False
        ),
        "/login": Route({"GET": page(sign_in.show), "POST": page(sign_in.submit)}, "page"),
        "/login/passkey": Route({"POST": json(passkey_options.sign_in)}),
        "/account/passkeys/options": Route({"POST": json(passkey_options.register)}),
        "/consent": Route({"GET": page(consent.show), "POST": page(consent.submit)}, "page"),
        "/logout": Route({"GET": page(sign_out.show), "POST": page(sign_out.submit)}, "page"),
        "/end_session": Route(
            {"GET": page(end_session.end_session), "POST": page(end_session.end_session_by_post)}, "page", head=False
        ),
        "/check_session": Route({"GET": page(check_session.show)}, "page"),
        "/forgot": Route({"GET": page(forgot.show), "POST": page(forgot.submit)}, "page"),
        "/link": Route({"GET": page(link.show), "POST": page(link.submit)}, "page"),
        **account.routes(page),
    }
    if email_code.is_on(server):
        found["/code"] = Route({"GET": page(code.show), "POST": page(code.submit)}, "page")
    if server.settings.sign_up != "off":
        found["/sign-up"] = Route({"GET": page(sign_up.show), "POST": page(sign_up.submit)}, "page")
    if server.settings.registration != "off":
        found["/register"] = Route(
            {
                "POST": json(register.register),
                "GET": json(registered.show),
                "PUT": json(registered.change),
                "DELETE": json(registered.delete),
            }
        )
    under = {server.path + path: route for path, route in found.items()}
    if server.path:  # the inserted forms stand at the root (RFC 8414 §3.1)
        for name in ("openid-configuration", "oauth-authorization-server"):
            under[f"/.well-known/{name}{server.path}"] = found[f"/.well-known/{name}"]
    under["/health"] = Route({"GET": json(_public(health.live))})
    under["/health/live"] = Route({"GET": json(_public(health.live))})
    under["/health/ready"] = Route({"GET": json(_public(health.ready))})
    return under | _static(server)


def _static(server: Server) -> dict[str, Route]:
    pages = server.pages
    assert isinstance(pages, Pages)  # noqa: S101  made above

    def door(name: str) -> Route:
        file = pages.static[name]
        headers: Headers = tuple((key.encode(), value.encode()) for key, value in file.headers)
        answer = Answer(200, headers, file.body)

        async def give(asked: Asked) -> Answer:
            return answer

        return Route({"GET": give}, "page")

    return {f"{server.path}/static/{name}": door(name) for name in pages.static}


def _public(door: Callable[[Asked], Awaitable[Answer]]) -> answering.Door:
    """A door that needs nothing of the server but what it was made with."""

    async def give(server: Server, asked: Asked) -> Answer:
        return await door(asked)

    return give


def build(
    settings: Settings,
    *,
    started: Callable[[], None] = lambda: None,
    workers: Path | None = None,
    tracing: "Tracing | None" = None,
    **made: object,
) -> Doors:
    """The application. The server is opened when the application starts (ASGI lifespan), and closed with it.

    started: called when everything is there that requests need. workers: the folder in which the workers of one host
    leave what they count; None: this is the only one. tracing: None, where it is off. made: `clock`, `random`, `wait`
    of `open_server`, for tests.
    """
    found: dict[str, Route] = {}
    always: Headers = (HSTS,) if settings.is_https else ()
    opened: list[Server] = []

    def page_refused(asked: Asked, error: Exception) -> Answer:
        assert isinstance(error, Refusal)  # noqa: S101
        return answers.error(opened[0], asked, error)

    def told(asked: Asked, error: Refusal) -> None:
        refused.tell(opened[0], asked, error, opened[0].clock())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if tracing is not None:
                stack.push_async_callback(asyncio.to_thread, tracing.close)
            server = await stack.enter_async_context(running(settings, tracing=tracing, **made))
            opened.append(server)
            app.state.server = server
            metrics = Metrics(server, None if workers is None else Folder(workers))
            found.update(watched(routes(server) | {"/metrics": _metrics(metrics)}, server.counts, server.path))
            app.router.routes.append(mounted.mount(f"{server.path}/admin/api", _operators(server)))
            app.mount(f"{server.path}{probe.PATH}", probe.application(server, always))
            if metrics.workers is not None:
                await stack.enter_async_context(metrics.workers.kept(metrics.values))
            started()
            yield

    app = FastAPI(
        title="Mintmark",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        exception_handlers={404: _nothing_there(always, opened)},
    )
    doors = (app, found, settings.body_limit, settings.trusted_proxies, always, page_refused, told)
    if tracing is None:
        return Doors(*doors)
    from mintmark import tracing as traces

    return traces.Doors(*doors, traces.Numbers(), tracing=tracing)


def _metrics(metrics: Metrics) -> Route:
    return Route({"GET": answering.as_json(metrics.server, _public(metrics.scrape))})


def _operators(server: Server) -> Watched:
    def told(visit: Visit, method: str, seconds: float) -> None:
        if visit.request_id is not None:
            door = "/admin/api" + visit.door
            logs.answered(server.journal.log, visit.request_id, door, method, visit.status, seconds)

    return Watched(mounted.Late(server), "/admin/api", server.counts, told)


def _nothing_there(
    always: Headers, opened: list[Server]
) -> Callable[[Request, Exception], Coroutine[object, object, Response]]:
    """What no door answers, with the headers that every answer has."""
    headers = {name.decode(): value.decode() for name, value in (*NO_STORE, *NOSNIFF, *always)}

    async def answer(request: Request, error: Exception) -> Response:
        opened[0].counts.door(OTHER).note(request.method, 404, "", 0.0)
        return JSONResponse({"detail": "Not Found"}, 404, headers)

    return answer


@asynccontextmanager
async def running(settings: Settings, **made: object) -> AsyncIterator[Server]:
    """An open server with its upkeep; closed in the right order, with nothing observed lost."""
    server = await open_server(settings, **made)  # type: ignore[arg-type]  # names and types of open_server
    tasks = upkeep.start(server)
    try:
        yield server
    finally:
        await upkeep.stop(tasks)
        await upkeep.let_go(server)
        await upkeep.last_flush(server)
        await server.store.close()
