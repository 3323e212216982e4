"""One line an event, for people (console) or machines (json)."""

import sys
from typing import Any, Literal

import structlog

from mintmark.journal import Log
from mintmark.wire.asked import Asked


def logger(form: Literal["console", "json"]) -> Log:
    """Writes to stdout. Made once; nothing global is configured."""
    last: Any = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    )
    bound: Log = structlog.wrap_logger(
        structlog.WriteLogger(sys.stdout),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(20),
        cache_logger_on_first_use=True,
    )
    return bound


def failed(log: Log, asked: Asked) -> None:
    """A fault of ours, with its trace: here alone, never on the wire."""
    log.warning("failed", request=asked.request_id, door=asked.path, method=asked.method, exc_info=True)
