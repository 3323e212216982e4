"""Whether traces are on, by OpenTelemetry's own variables. Its libraries are imported only if they are."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from mintmark.outbound import Outbound
from mintmark.settings import Settings

if TYPE_CHECKING:
    from mintmark.tracing import Tracing

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
HTTP = "http/protobuf"


class NotTraced(Exception):
    """Traces are wanted, and cannot be had. The server serves without them."""


def configured(environ: Mapping[str, str]) -> "Tracing | None":
    """None: nobody wants traces. Raises NotTraced."""
    if not any(environ.get(name) for name in ENDPOINTS) or environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    exporter = environ.get("OTEL_TRACES_EXPORTER", "otlp")
    if exporter == "none":
        return None
    protocol = next((environ[name] for name in PROTOCOLS if environ.get(name)), HTTP)
    if exporter != "otlp" or protocol != HTTP:
        raise NotTraced(f"traces are off: they leave by OTLP over {HTTP} only, not by {exporter} over {protocol}")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise NotTraced("traces are off: an OTEL_ variable asks for them; install mintmark[otel]") from None
    from mintmark.tracing import Tracing

    named = "OTEL_SERVICE_NAME" in environ or "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    return Tracing(BatchSpanProcessor(OTLPSpanExporter()), {} if named else {"service.name": "mintmark"})


def outbound(settings: Settings, tracing: "Tracing | None") -> Outbound:
    """The way out, with a span for each request where there are traces."""
    plain = Outbound(settings.outbound_allow, settings.outbound_ca)
    if tracing is None:
        return plain
    from mintmark import tracing as traces

    return cast(Outbound, traces.Outbound(cast("traces.Asks", plain), tracing))  # it answers what an Outbound is asked
