"""Traces: a span for each request, for what it asks the store and for what goes out; off, nothing of it is there."""

import asyncio
import gzip
import io
import os
import subprocess
import sys
import threading
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, format_span_id, format_trace_id

from mintmark import app, logs, traced, tracing
from mintmark.store.changes import Conflict, Unavailable
from mintmark.traced import NotTraced
from mintmark.wire import asgi
from tests.databases import *  # noqa: F403
from tests.issuer import API, PASSWORD, SECRET, VERIFIER, start

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
PROXY = "10.0.0.1"


@pytest.fixture
def spans():
    return InMemorySpanExporter()


@pytest.fixture
def traces(spans):
    return tracing.Tracing(SimpleSpanProcessor(spans))


@pytest.fixture
async def issuer(database, traces, monkeypatch):
    monkeypatch.setattr("tests.issuer.app.build", partial(app.build, tracing=traces))
    async for one in start(database, MINTMARK_TRUSTED_PROXIES="10.0.0.0/8"):
        yield one


def of_kind(spans, kind):
    return [span for span in spans.get_finished_spans() if span.kind is kind]


def servers(spans):
    return of_kind(spans, SpanKind.SERVER)


async def test_a_request_is_a_span_by_its_door_and_outcome(issuer, spans):
    spans.clear()
    await issuer.token(grant_type="client_credentials", scope="api:read", resource=API)
    await issuer.token(grant_type="nope")
    good, bad = servers(spans)

    assert "POST /token" == good.name == bad.name
    assert {"http.request.method": "POST", "http.route": "/token", "http.response.status_code": 200}.items() <= dict(
        good.attributes
    ).items()
    assert "mintmark.error" not in good.attributes
    assert (400, "unsupported_grant_type") == (
        bad.attributes["http.response.status_code"],
        bad.attributes["mintmark.error"],
    )
    assert StatusCode.UNSET is bad.status.status_code, "a client's mistake is none of ours"


async def test_a_span_has_the_request_id_of_the_log(issuer, spans):
    spans.clear()
    await issuer.token(grant_type="nope")
    [span] = servers(spans)

    assert [span.attributes["mintmark.request_id"]] == issuer.refusals("request")


async def test_what_a_request_asks_the_store_is_in_its_trace(issuer, spans):
    tokens = await issuer.tokens()
    spans.clear()
    await issuer.refresh(tokens["refresh_token"])
    [request] = servers(spans)
    asked = of_kind(spans, SpanKind.CLIENT)

    assert {request.context.trace_id} == {span.context.trace_id for span in asked}
    assert {request.context.span_id} == {span.parent.span_id for span in asked}
    assert {"SELECT refresh_tokens", "COMMIT"} <= {span.name for span in asked}
    assert {issuer.server.store.dialect} == {span.attributes["db.system.name"] for span in asked}
    commit = next(span for span in asked if span.name == "COMMIT")
    assert "refresh_tokens" in commit.attributes["db.collection.name"]
    assert 1 < commit.attributes["db.operation.batch.size"]


async def test_upkeep_makes_no_trace(issuer, spans):
    spans.clear()
    await issuer.server.registry.renew()
    await issuer.server.journal.flush(issuer.server.store)

    assert () == spans.get_finished_spans()


async def test_the_operators_doors_are_named_by_their_templates(issuer, spans):
    spans.clear()
    await issuer.http.get("/admin/api/sessions/abc")
    await issuer.http.get("/nowhere/abc")
    known, unknown = servers(spans)

    assert "GET /admin/api/sessions/{id}" == known.name
    assert (401, "invalid_token") == (known.attributes["http.response.status_code"], known.attributes["mintmark.error"])
    assert known.attributes["mintmark.request_id"]
    assert ("GET", 404) == (unknown.name, unknown.attributes["http.response.status_code"])


async def test_a_fault_of_ours_is_an_error(issuer, spans, monkeypatch):
    async def broken(*parameters):
        raise ZeroDivisionError("canary")

    monkeypatch.setattr("mintmark.endpoints.token.client_auth.authenticate", broken)
    spans.clear()
    await issuer.token(grant_type="client_credentials")
    [span] = servers(spans)
    issuer.lines.clear()

    assert StatusCode.ERROR is span.status.status_code
    assert ("500", "server_error") == (span.attributes["error.type"], span.attributes["mintmark.error"])
    assert "canary" not in span.to_json()


async def test_the_trace_of_a_trusted_proxy_goes_on_here(issuer, spans):
    spans.clear()
    await issuer.browser(PROXY).get("/login", headers={"traceparent": PARENT, "tracestate": "a=1"})
    [span] = servers(spans)

    assert "0af7651916cd43dd8448eb211c80319c" == format_trace_id(span.context.trace_id)
    assert "b7ad6b7169203331" == format_span_id(span.parent.span_id)


@pytest.mark.parametrize(
    ("address", "header"),
    [
        ("192.0.2.1", PARENT),
        (PROXY, "nonsense"),
        (PROXY, PARENT[:-2] + "zz"),
        (PROXY, "00-" + "0" * 32 + "-b7ad6b7169203331-01"),
    ],
)
async def test_a_strangers_trace_is_not_taken_up(issuer, spans, address, header):
    spans.clear()
    await issuer.browser(address).get("/login", headers={"traceparent": header})
    [span] = servers(spans)

    assert span.parent is None
    assert "0af7651916cd43dd8448eb211c80319c" != format_trace_id(span.context.trace_id)


async def test_no_span_tells_a_secret_an_address_or_who_it_was(issuer, spans):
    code = await issuer.code()
    tokens = (await issuer.redeem(code)).json()
    heir = (await issuer.refresh(tokens["refresh_token"])).json()
    await issuer.introspect(heir["access_token"])
    await issuer.http.get("/authorize", params=issuer.request(state="canary-of-the-query"))
    secrets = [
        SECRET,
        PASSWORD,
        VERIFIER,
        code,
        *(one[name] for one in (tokens, heir) for name in ("access_token", "refresh_token", "id_token")),
    ]
    told = "".join(span.to_json() for span in spans.get_finished_spans())

    assert [] == [secret for secret in [*secrets, "canary", "alice", "127.0.0.1"] if secret in told]
    assert "POST /login" in told


async def test_two_at_once_have_a_trace_each(issuer, spans):
    spans.clear()
    await asyncio.gather(*(issuer.token(grant_type="client_credentials", scope="api:read") for _ in range(5)))

    assert 5 == len({span.context.trace_id for span in servers(spans)})


async def test_a_line_of_the_log_says_of_which_trace_it_is(traces):
    out = io.StringIO()
    log = logs.logger("json", out, tracing.ids)
    with traces.span("a request", SpanKind.SERVER) as span:
        log.info("inside")
    log.info("outside")
    logs.flush(log)
    inside, outside = out.getvalue().splitlines()

    assert format_trace_id(span.get_span_context().trace_id) in inside
    assert '"otel_trace"' not in outside


@pytest.mark.parametrize(
    ("error", "status"), [(Unavailable("gone"), StatusCode.ERROR), (Conflict("lost"), StatusCode.UNSET)]
)
async def test_what_the_store_refuses_is_told(traces, spans, error, status):
    class Behind:
        dialect, statements = "sqlite", 0

        async def commit(self, changes):
            raise error

    store = tracing.Store(Behind(), traces)  # type: ignore[arg-type]  # what a commit needs
    change = SimpleNamespace(table=SimpleNamespace(name="codes"))
    with traces.span("a request", SpanKind.SERVER), pytest.raises(type(error)):
        await store.commit([change])  # type: ignore[list-item]  # the same
    commit = next(span for span in spans.get_finished_spans() if span.name == "COMMIT")

    assert status is commit.status.status_code
    assert type(error).__name__ == commit.attributes["error.type"]


async def test_what_goes_out_carries_its_trace_and_tells_no_path(traces, spans):
    seen: dict[str, Any] = {}

    class Behind:
        async def ask(self, method, url, headers=(), body=b"", **more):
            seen.update(headers=dict(headers), url=url, **more)
            return SimpleNamespace(status=204)

    reply = await tracing.Outbound(Behind(), traces).ask(
        "POST", "https://shop.example/secret?key=1", [("a", "b")], b"x", seconds=3
    )
    [span] = spans.get_finished_spans()

    assert 204 == reply.status == span.attributes["http.response.status_code"]
    assert "shop.example" == span.attributes["server.address"]
    assert SpanKind.CLIENT is span.kind
    assert "secret" not in span.to_json()
    assert "b" == seen["headers"]["a"]
    ids = f"00-{format_trace_id(span.context.trace_id)}-{format_span_id(span.context.span_id)}-0"
    assert ids == seen["headers"]["traceparent"][:-1]
    assert 3 == seen["seconds"]


async def test_what_cannot_be_reached_is_an_error(traces, spans):
    class Behind:
        async def ask(self, *arguments, **more):
            raise ConnectionError("no")

    with pytest.raises(ConnectionError):
        await tracing.Outbound(Behind(), traces).ask("POST", "https://shop.example/")
    [span] = spans.get_finished_spans()

    assert StatusCode.ERROR is span.status.status_code


# ── off and on


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"OTEL_SERVICE_NAME": "mintmark"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_it_is_off_unless_it_is_wanted(environ):
    assert traced.configured(environ) is None


@pytest.mark.parametrize("more", [{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, {"OTEL_TRACES_EXPORTER": "zipkin"}])
def test_what_cannot_be_had_is_said(more):
    with pytest.raises(NotTraced, match="http/protobuf"):
        traced.configured({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", **more})


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)

    with pytest.raises(NotTraced, match=r"install mintmark\[otel\]"):
        traced.configured({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"})


async def test_off_there_is_nothing_in_the_way(sqlite_database):
    async for one in start(sqlite_database):
        assert type(one.application) is asgi.Doors
        assert not isinstance(one.server.store, tracing.Store)


def test_off_and_unscraped_neither_library_is_imported():
    slow = ("opentelemetry.sdk", "opentelemetry.exporter", "prometheus_client", "mintmark.tracing")
    code = f"import sys; from mintmark import app, traced; print([name for name in {slow} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]" == done.stdout.strip()


class Receiver(ThreadingHTTPServer):
    """What a collector does: takes spans over OTLP/HTTP."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Taking)
        self.taken = []


class Taking(BaseHTTPRequestHandler):
    def do_POST(self):  # its own name
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.taken.append(  # type: ignore[attr-defined]  # it is a Receiver
            (self.path, self.headers["content-type"], ExportTraceServiceRequest.FromString(body))
        )
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def receiver():
    server = Receiver()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


async def test_spans_reach_a_collector_before_the_server_has_ended(sqlite_database, receiver, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{receiver.server_address[1]}")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "tokens-of-acme")
    monkeypatch.delenv("OTEL_SDK_DISABLED", raising=False)
    monkeypatch.setattr("tests.issuer.app.build", partial(app.build, tracing=traced.configured(os.environ)))
    async for one in start(sqlite_database):
        await one.token(grant_type="client_credentials", scope="api:read")
    resources = [resource for _, _, request in receiver.taken for resource in request.resource_spans]
    sent = [span for resource in resources for scope in resource.scope_spans for span in scope.spans]

    assert {("/v1/traces", "application/x-protobuf")} == {taken[:2] for taken in receiver.taken}
    assert "POST /token" in {span.name for span in sent}
    named = {one.key: one.value.string_value for one in resources[0].resource.attributes}
    assert "tokens-of-acme" == named["service.name"]
    assert named["service.version"]


async def test_a_collector_that_is_not_there_keeps_nobody_waiting(sqlite_database, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("tests.issuer.app.build", partial(app.build, tracing=traced.configured(os.environ)))
    began = time.monotonic()
    async for one in start(sqlite_database):
        assert 200 == (await one.token(grant_type="client_credentials", scope="api:read")).status_code
        began = time.monotonic()

    assert time.monotonic() - began < 5
