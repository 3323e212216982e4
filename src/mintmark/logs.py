"""One line an event, for people (console) or machines (json)."""

import asyncio
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO

import orjson
import structlog

from mintmark.journal import Log
from mintmark.wire.asked import Asked

AT_ONCE: Final = 0.05  # seconds: lines of so long are written together


def logger(form: Literal["console", "json"], to: TextIO | None = None) -> Log:
    """Writes to stdout. Made once; nothing global is configured."""
    return structlog.wrap_logger(  # type: ignore[no-any-return]  # structlog gives Any
        Lines(to or sys.stdout),
        processors=[_as_json] if form == "json" else _for_people(),
        wrapper_class=structlog.make_filtering_bound_logger(20),
        cache_logger_on_first_use=True,
    )


class Lines:
    """Lines of a moment are written together: a system call a line would cost more than all the rest of it."""

    def __init__(self, to: TextIO) -> None:
        self._to = to
        self._waiting: list[str] = []

    def msg(self, line: str) -> None:
        self._waiting.append(line)
        if len(self._waiting) > 1:
            return
        try:
            asyncio.get_running_loop().call_later(AT_ONCE, self.flush)
        except RuntimeError:
            self.flush()

    info = warning = error = msg

    def flush(self) -> None:
        lines, self._waiting = self._waiting, []
        try:
            self._to.write("\n".join([*lines, ""]))
            self._to.flush()
        except (OSError, ValueError):
            return  # nobody reads the log any more: what it tells of goes on


def _as_json(logger: object, level: str, event: MutableMapping[str, Any]) -> str:
    structlog.processors.format_exc_info(logger, level, event)
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = {"time": now, "level": level, **event}
    try:
        return orjson.dumps(line, default=str).decode()
    except TypeError:  # half a surrogate pair, which no UTF-8 can hold
        return orjson.dumps({"time": now, "level": level, "event": event["event"], "unreadable": ascii(event)}).decode()


def _for_people() -> list[Any]:
    return [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
        structlog.processors.format_exc_info,
        structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty()),
    ]


def failed(log: Log, asked: Asked) -> None:
    """A fault of ours, with its trace: here alone, never on the wire."""
    log.warning("failed", request=asked.request_id, door=asked.path, method=asked.method, exc_info=sys.exc_info())


def flush(log: Log) -> None:
    """At the end: what waits is written."""
    lines = getattr(log, "_logger", None)
    if isinstance(lines, Lines):
        lines.flush()
