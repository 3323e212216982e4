"""The whole server, wired on one page: settings in, an ASGI application out."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from mintmark import keyring, logs, refused, upkeep
from mintmark.admin import api
from mintmark.endpoints import authorize, health, introspect, revoke, token, userinfo
from mintmark.endpoints.well_known import WellKnown
from mintmark.factors.hashing import Hashing
from mintmark.factors.throttle import Turns
from mintmark.journal import Journal
from mintmark.keys.sealing import Sealer
from mintmark.lanes import Lanes
from mintmark.pages import account, answers, consent, sign_in, sign_out
from mintmark.pages.render import Pages
from mintmark.protocol.authorization_request import RefusedWithRedirect
from mintmark.protocol.budget import Budget
from mintmark.protocol.errors import Overloaded, Refusal
from mintmark.registry import Registry
from mintmark.server import Server
from mintmark.settings import Settings, Throttle
from mintmark.store import connect, migrate
from mintmark.store.changes import Unavailable
from mintmark.wire import refusals
from mintmark.wire.answer import NO_STORE, NOSNIFF, Answer, Headers, json_answer
from mintmark.wire.asgi import Doors, Handle, Route
from mintmark.wire.asked import Asked

HSTS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")
Door = Callable[[Server, Asked], Awaitable[Answer]]
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


async def open_server(
    settings: Settings,
    *,
    clock: Clock = utc_now,
    random: Callable[[int], bytes] = os.urandom,
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Server:
    """Opens the store, makes what is missing of keys and secrets, and reads what was configured.

    Raises Unmigrated, Unavailable, BadDatabaseUrl or WrongSealingKey: then nothing was made.
    """
    store = await connect.connect(settings.database_url.get_secret_value())
    try:
        await migrate.require_migrated(store)
        sealer = Sealer(settings.sealing_key_bytes)
        now = clock()
        await keyring.make_secrets(store, sealer, random, now)
        await keyring.make_keys(store, sealer, settings, keyring.AT_FIRST, now)
        registry = Registry(store, sealer, settings.issuer)
        await registry.renew()
    except BaseException:
        await store.close()
        raise
    return Server(
        settings=settings,
        store=store,
        registry=registry,
        sealer=sealer,
        hashing=Hashing(
            settings.password_hash_memory,
            settings.password_hash_time_cost,
            settings.password_hash_parallelism,
            settings.password_threads or os.cpu_count() or 1,
            settings.password_queue,
        ),
        turns=Turns(),
        lanes=Lanes(),
        pages=Pages(settings.operator_name, settings.issuer_path, settings.privacy_url, settings.terms_url),
        client_failures=_budget(settings.throttle_client_auth),
        journal=Journal(logs.logger(settings.log_format), random),
        clock=clock,
        random=random,
        wait=wait,
    )


def _budget(throttle: Throttle | None) -> Budget:
    """off: more than anybody could try."""
    if throttle is None:
        return Budget(sys.maxsize, timedelta(minutes=1))
    return Budget(throttle.count, throttle.per or timedelta(minutes=1))


def routes(server: Server) -> dict[str, Route]:
    """Every door by its exact path, under the issuer's."""
    known = WellKnown(server)
    json, page = partial(_json, server), partial(_page, server)
    found = {
        "/token": Route({"POST": json(token.token)}),
        "/refresh": Route({"POST": json(token.refresh)}),
        "/revoke": Route({"POST": json(revoke.revoke)}),
        "/introspect": Route({"POST": json(introspect.introspect)}),
        "/userinfo": Route({"GET": json(userinfo.userinfo), "POST": json(userinfo.userinfo)}),
        "/.well-known/jwks.json": Route({"GET": json(_public(known.jwks))}),
        "/.well-known/openid-configuration": Route({"GET": json(_public(known.metadata))}),
        "/.well-known/oauth-authorization-server": Route({"GET": json(_public(known.metadata))}),
        "/authorize": Route(
            {"GET": page(authorize.authorize), "POST": page(authorize.authorize_by_post)}, "page", head=False
        ),
        "/login": Route({"GET": page(sign_in.show), "POST": page(sign_in.submit)}, "page"),
        "/consent": Route({"GET": page(consent.show), "POST": page(consent.submit)}, "page"),
        "/logout": Route({"GET": page(sign_out.show), "POST": page(sign_out.submit)}, "page"),
        "/account": Route({"GET": page(account.show), "POST": page(account.submit)}, "page"),
    }
    under = {server.path + path: route for path, route in found.items()}
    if server.path:  # the inserted forms stand at the root (RFC 8414 §3.1)
        for name in ("openid-configuration", "oauth-authorization-server"):
            under[f"/.well-known/{name}{server.path}"] = found[f"/.well-known/{name}"]
    under["/health"] = Route({"GET": json(health.live)})
    under["/health/live"] = Route({"GET": json(health.live)})
    under["/health/ready"] = Route({"GET": json(health.ready)})
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


def _public(door: Callable[[Asked], Awaitable[Answer]]) -> Door:
    """A door that needs nothing of the server but what it was made with."""

    async def give(server: Server, asked: Asked) -> Answer:
        return await door(asked)

    return give


def _json(server: Server, door: Door) -> Handle:
    """A refusal becomes JSON, and what we cannot mend `server_error`, with its trace in the log alone."""

    async def handle(asked: Asked) -> Answer:
        try:
            return await door(server, asked)
        except Refusal as refusal:
            refused.tell(server, asked, refusal, server.clock())
            return refusals.as_json(refusal)
        except Unavailable:
            return refusals.as_json(Overloaded("the database does not answer"))
        except Exception:  # noqa: BLE001  whatever it is, its trace goes to the log and never on the wire
            logs.failed(server.journal.log, asked)
            return json_answer({"error": "server_error", "error_description": f"reference {asked.request_id}"}, 500)

    return handle


def _page(server: Server, door: Door) -> Handle:
    """A refusal becomes a page, or goes back to the client where its address is known."""

    async def handle(asked: Asked) -> Answer:
        try:
            return await door(server, asked)
        except RefusedWithRedirect as refusal:
            refused.tell(server, asked, refusal.error, server.clock())
            return refusals.as_redirect(refusal, server.issuer)
        except Refusal as refusal:
            refused.tell(server, asked, refusal, server.clock())
            return answers.error(server, asked, refusal)
        except Unavailable:
            return answers.error(server, asked, Overloaded("The server is busy. Try again in a moment."))
        except Exception:  # noqa: BLE001  whatever it is, its trace goes to the log and never on the wire
            logs.failed(server.journal.log, asked)
            return answers.failed(server, asked)

    return handle


def build(settings: Settings, *, started: Callable[[], None] = lambda: None, **made: object) -> Doors:
    """The application. The server is opened when the application starts (ASGI lifespan), and closed with it.

    started: called when everything is there that requests need. made: `clock`, `random`, `wait` of `open_server`, for
    tests.
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
        async with running(settings, **made) as server:
            opened.append(server)
            app.state.server = server
            found.update(routes(server))
            app.router.routes.append(api.mount(server))
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
        exception_handlers={404: _nothing_there(always)},
    )
    return Doors(app, found, settings.body_limit, settings.trusted_proxies, always, page_refused, told)


def _nothing_there(always: Headers) -> Callable[[Request, Exception], Coroutine[object, object, Response]]:
    """What no door answers, with the headers that every answer has."""
    headers = {name.decode(): value.decode() for name, value in (*NO_STORE, *NOSNIFF, *always)}

    async def answer(request: Request, error: Exception) -> Response:
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
        await upkeep.last_flush(server)
        await server.store.close()
