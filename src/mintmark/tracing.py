"""Traces by OpenTelemetry: a span for each request, for what it asks the store, and for what goes out.

Off, nothing of this is in the way of a request. The names of attributes are those of the semantic conventions for HTTP
and databases; no span has an address of a person, a query, a parameter or a secret.
"""

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import metadata
from threading import Thread
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from mintmark import networks
from mintmark.counting import METHODS
from mintmark.networks import Network
from mintmark.store.changes import Change, Conflict, Run, Value
from mintmark.store.executor import Executor, Read, Row
from mintmark.store.measures import Measures
from mintmark.store.measures import of as measures_of
from mintmark.wire import asgi, visit
from mintmark.wire.answer import Answer

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

TRACEPARENT = TraceContextTextMapPropagator()  # W3C Trace Context; no baggage, which anybody could fill
PATIENCE = 2.0  # seconds for the last spans to leave


class Tracing:
    """One for each server, beside the global provider of OpenTelemetry and without it."""

    def __init__(self, processor: "SpanProcessor", attributes: Mapping[str, str] | None = None) -> None:
        """OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES and OTEL_TRACES_SAMPLER are read by the SDK itself."""
        version = metadata.version("mintmark")
        given = {"service.version": version, **(attributes or {})}
        self._provider = TracerProvider(resource=Resource.create(given), shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self.tracer = self._provider.get_tracer("mintmark", version)

    def span(self, name: str, kind: SpanKind, within: Context | None = None) -> AbstractContextManager[Span]:
        return self.tracer.start_as_current_span(
            name, within, kind, record_exception=False, set_status_on_exception=False
        )

    def close(self) -> None:
        """Blocks until the last spans have left, for two seconds at most: a collector may not be there."""
        ending = Thread(target=self._provider.shutdown, name="last spans", daemon=True)
        ending.start()
        ending.join(PATIENCE)


def ids() -> Mapping[str, str]:
    """For a line of the log: of which trace it is."""
    seen = trace.get_current_span().get_span_context()
    if not seen.is_valid:
        return {}
    return {"otel_trace": trace.format_trace_id(seen.trace_id), "otel_span": trace.format_span_id(seen.span_id)}


class Numbers(asgi.Numbers):
    """Request ids, which the span has as well: by them the log and `mintmark why` find what was asked."""

    __slots__ = ()

    def next(self) -> str:
        number = super().next()
        trace.get_current_span().set_attribute("mintmark.request_id", number)
        return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors(asgi.Doors):
    """The doors, with a span for each request."""

    tracing: Tracing

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        if scope["type"] != "http" or scope["path"] in self.routes:
            await asgi.Doors.__call__(self, scope, receive, send)
            return
        seen = scope[visit.KEY] = visit.Visit(status=0)

        async def watch(message: MutableMapping[str, Any]) -> None:  # Any: ASGI's own shape
            if message["type"] == "http.response.start":
                seen.status = message["status"]
            await send(message)

        with self._request(scope, "") as span:
            await self.app(scope, receive, watch)
            if seen.request_id is not None:
                _name(span, scope, f"/admin/api{seen.door}")
                span.set_attribute("mintmark.request_id", seen.request_id)
            _end(span, seen.status, seen.error)

    async def _answer(self, route: asgi.Route, scope: asgi.Scope, receive: asgi.Receive) -> Answer:
        with self._request(scope, "" if route.tally is None else route.tally.name) as span:
            answer = await asgi.Doors._answer(self, route, scope, receive)
            _end(span, answer.status, answer.error)
        return answer

    def _request(self, scope: asgi.Scope, door: str) -> AbstractContextManager[Span]:
        within = trace_of(scope, self.trusted_proxies)
        method = _method(scope)
        span = self.tracing.tracer.start_span(
            f"{method} {door}".strip(),
            within,
            SpanKind.SERVER,
            attributes={"http.request.method": method, **({"http.route": door} if door else {})},
        )
        return trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False)


def trace_of(scope: asgi.Scope, trusted: Sequence[Network]) -> Context:
    """What a trusted proxy says this request is part of. A stranger's word is not taken: a trace of its own begins."""
    peer = scope["client"][0] if scope.get("client") else ""
    if not networks.hold(trusted, peer):
        return Context()
    said = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return TRACEPARENT.extract({name: said[name] for name in ("traceparent", "tracestate") if name in said}, Context())


def _method(scope: asgi.Scope) -> str:
    return scope["method"] if scope["method"] in METHODS else "_OTHER"


def _name(span: Span, scope: asgi.Scope, door: str) -> None:
    span.update_name(f"{_method(scope)} {door}")
    span.set_attribute("http.route", door)


def _end(span: Span, status: int, error: str) -> None:
    span.set_attribute("http.response.status_code", status)
    if error:
        span.set_attribute("mintmark.error", error)
    if status >= 500 or not status:
        span.set_attribute("error.type", str(status or "_OTHER"))
        span.set_status(Status(StatusCode.ERROR))


class Store:
    """The executor, with a span for each call that a traced request makes. What upkeep asks makes no trace."""

    def __init__(self, behind: Executor, tracing: Tracing) -> None:
        self._behind, self._tracing = behind, tracing
        self._tables: dict[Read, str] = {}

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        return self._behind.dialect

    @property
    def statements(self) -> int:
        return self._behind.statements

    @property
    def measures(self) -> Measures | None:
        return measures_of(self._behind)

    async def fetch(self, read: Read, /, **parameters: Value) -> list[Row]:
        if not trace.get_current_span().is_recording():
            return await self._behind.fetch(read, **parameters)
        table = self._tables.get(read)
        if table is None:
            self._tables[read] = table = _table(read)
        with self._span(f"SELECT {table}", "SELECT", table) as span:
            try:
                rows = await self._behind.fetch(read, **parameters)
            except Exception as error:
                _failed(span, error)
                raise
            span.set_attribute("db.response.returned_rows", len(rows))
            return rows

    async def commit(self, changes: Sequence[Change], /) -> None:
        if not changes or not trace.get_current_span().is_recording():
            await self._behind.commit(changes)
            return
        tables = ",".join(dict.fromkeys(one.table.name for one in changes if not isinstance(one, Run)))
        with self._span("COMMIT", "COMMIT", tables) as span:
            span.set_attribute("db.operation.batch.size", len(changes))
            try:
                await self._behind.commit(changes)
            except Exception as error:
                _failed(span, error)
                raise

    async def close(self) -> None:
        await self._behind.close()

    def _span(self, name: str, operation: str, table: str) -> AbstractContextManager[Span]:
        attributes = {"db.system.name": self.dialect, "db.operation.name": operation, "db.collection.name": table}
        span = self._tracing.tracer.start_span(name, None, SpanKind.CLIENT, attributes=attributes)
        return trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False)


def _table(read: Read) -> str:
    """The first that it reads from; the joins say no more of what was wanted."""
    found = read.statement.get_final_froms()
    while found and not hasattr(found[0], "name") and hasattr(found[0], "left"):
        found = [found[0].left]
    return str(getattr(found[0], "name", "")) if found else ""


def _failed(span: Span, error: Exception) -> None:
    """A conflict is the ordinary way in which one of two is told that the other was first."""
    span.set_attribute("error.type", type(error).__name__)
    if not isinstance(error, Conflict):
        span.set_status(Status(StatusCode.ERROR))


class Asks(Protocol):
    """Whatever sends something out."""

    async def ask(
        self, method: str, url: str, headers: Iterable[tuple[str, str]] = (), body: bytes = b"", **more: Any
    ) -> Any: ...  # Any: its own; a reply has a `status`


class Outbound:
    """What goes out, with a span, and with the trace in a header for whoever gets it."""

    def __init__(self, behind: Asks, tracing: Tracing) -> None:
        self._behind, self._tracing = behind, tracing

    async def ask(
        self, method: str, url: str, headers: Iterable[tuple[str, str]] = (), body: bytes = b"", **more: Any
    ) -> Any:  # Any: as above
        # The host alone: who was given an address keeps secrets in its path and query.
        attributes = {"http.request.method": method, "server.address": urlsplit(url).hostname or ""}
        with self._tracing.span(method, SpanKind.CLIENT) as span:
            span.set_attributes(attributes)
            carried: dict[str, str] = {}
            TRACEPARENT.inject(carried)
            try:
                reply = await self._behind.ask(method, url, [*headers, *carried.items()], body, **more)
            except Exception as error:
                _failed(span, error)
                raise
            span.set_attribute("http.response.status_code", reply.status)
            return reply
