"""One line an event, for people (console) or machines (json)."""

import asyncio
import sys
import time
import traceback
from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Literal, TextIO

import orjson

from mintmark.journal import Log
from mintmark.wire.asked import Asked

AT_ONCE: Final = 0.05  # seconds: lines of so long are written together

Line = MutableMapping[str, Any]  # Any: whatever an event tells; `time` is seconds since the epoch until it is rendered
Render = Callable[[object, str, Line], str]


def logger(
    form: Literal["console", "json"],
    to: TextIO | None = None,
    more: Callable[[], Mapping[str, str]] | None = None,
) -> Log:
    """Writes to stdout. Made once; nothing global is configured. more: what else each line tells."""
    to = to or sys.stdout
    render = _as_json if form == "json" else _in_colours() if to.isatty() else _as_words
    return Deferred(Lines(to, render, more))


class Deferred:
    """Takes an event down as it is; what renders it comes later. structlog's own wrappers render at once."""

    def __init__(self, lines: "Lines") -> None:
        self._lines = lines

    def info(self, event: str, **fields: Any) -> None:
        self._lines.take({"time": time.time(), "level": "info", "event": event, **fields})

    def warning(self, event: str, **fields: Any) -> None:
        if fields.get("exc_info") is True:
            fields["exc_info"] = sys.exc_info()  # it is another one, or none, when the line is rendered
        self._lines.take({"time": time.time(), "level": "warning", "event": event, **fields})

    def flush(self) -> None:
        self._lines.flush()


class Lines:
    """Lines of a moment are rendered and written together: one by one, they would cost as much as all the rest."""

    def __init__(self, to: TextIO, render: Render, more: Callable[[], Mapping[str, str]] | None) -> None:
        self._to, self._render, self._more = to, render, more
        self._waiting: list[Line] = []

    def take(self, line: Line) -> None:
        if self._more is not None:
            line.update(self._more())
        self._waiting.append(line)
        if len(self._waiting) > 1:
            return
        try:
            asyncio.get_running_loop().call_later(AT_ONCE, self.flush)
        except RuntimeError:
            self.flush()

    def flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            self._to.write("".join([self._rendered(line) for line in waiting]))
            self._to.flush()
        except (OSError, ValueError):
            return  # nobody reads the log any more: what it tells of goes on

    def _rendered(self, line: Line) -> str:
        if "exc_info" in line:
            line["exception"] = "".join(traceback.format_exception(*line.pop("exc_info"))).rstrip()
        return self._render(None, line["level"], line) + "\n"


def _as_json(logger: object, level: str, line: Line) -> str:
    moment = datetime.fromtimestamp(line["time"], UTC).isoformat(timespec="milliseconds")
    line["time"] = moment.replace("+00:00", "Z")
    try:
        return orjson.dumps(line, default=str).decode()
    except TypeError:  # half a surrogate pair, which no UTF-8 can hold
        event = line["event"]
        return orjson.dumps({"time": line["time"], "level": level, "event": event, "unreadable": ascii(line)}).decode()


def _as_words(logger: object, level: str, line: Line) -> str:
    """For people who read a file: without colours."""
    moment = _clock(int(line.pop("time")))
    del line["level"]
    event, trace = line.pop("event"), line.pop("exception", None)
    words = " ".join([f"{key}={_word(value)}" for key, value in line.items()])
    return f"{moment} {level:7} {event} {words}" + (f"\n{trace}" if trace else "")


@lru_cache(2)
def _clock(at: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))


def _word(value: object) -> str:
    """As it is where it cannot be mistaken for two values, or for two lines."""
    text = str(value)
    return text if text.isprintable() and " " not in text and '"' not in text and text else ascii(text)


def _in_colours() -> Render:
    """For a person at a terminal; nobody else waits for what draws it."""
    import structlog

    console = structlog.dev.ConsoleRenderer(colors=True)

    def render(logger: object, level: str, line: Line) -> str:
        moment = _clock(int(line.pop("time")))
        return console(logger, level, {"timestamp": moment, **line})

    return render


def failed(log: Log, asked: Asked) -> None:
    """A fault of ours, with its trace: here alone, never on the wire."""
    log.warning("failed", request=asked.request_id, door=asked.path, method=asked.method, exc_info=sys.exc_info())


def answered(log: Log, request_id: str, door: str, method: str, status: int, seconds: float) -> None:
    """For doors that people and operators use; a token door's requests are told by what came of them."""
    write = log.warning if status >= 500 else log.info
    milliseconds = round(seconds * 1000, 1)
    write("answered", request=request_id, door=door, method=method, status=status, duration_ms=milliseconds)


def flush(log: Log) -> None:
    """At the end: what waits is written."""
    if isinstance(log, Deferred):
        log.flush()
