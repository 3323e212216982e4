"""The short way between uvicorn and a door: a body that has come whole, and an answer that leaves in one piece.

ASGI carries an answer in two messages, and uvicorn writes each of them to the kernel by itself: two segments, and two
wake-ups of whoever waits. This is a tenth of what a small answer costs. Where anything stands between the door and
uvicorn, or the two do not fit one another, ASGI's own way is gone; the bytes are the same.
"""

import re
from typing import Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from mintmark.protocol.memory import Memory
from mintmark.wire.answer import Headers

KEPT: Final = 64  # heads of answers that are written out; those of one kind are always the same
PERSONAL: Final = frozenset({b"set-cookie", b"location", b"x-trace-id"})  # of one person or request, perhaps secret
_NO_NAME: Final = re.compile(rb"[^!#$%&'*+.^_`|~0-9A-Za-z-]")  # RFC 9110 §5.6.2
_NO_VALUE: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")  # RFC 9110 §5.5


def cycle_of(bound: object) -> RequestResponseCycle | None:
    """uvicorn's state of the request whose `receive` or `send` this is. None: it is somebody else's."""
    cycle = getattr(bound, "__self__", None)
    return cycle if type(cycle) is RequestResponseCycle else None


def body_of(cycle: RequestResponseCycle) -> bytes | None:
    """None: more of it is to come, or nothing any more."""
    try:
        return None if cycle.more_body or cycle.disconnected else bytes(cycle.body)
    except AttributeError:  # another uvicorn than this was written for
        return None


class Heads:
    """The heads of answers, as they are written. Those that are the same for everybody are kept."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: Memory[tuple[int, Headers, Headers], tuple[bytes, bytes]] = Memory(KEPT)

    def written(self, status: int, headers: Headers, always: Headers) -> tuple[bytes, bytes] | None:
        """The status line, and the headers. None: one of them cannot be written, which uvicorn refuses."""
        key = (status, headers, always)
        found = self._kept.get(key)
        if found is not None:
            return found
        both = (*headers, *always)
        if any(_NO_NAME.search(name) or _NO_VALUE.search(value) or name == b"connection" for name, value in both):
            return None
        made = STATUS_LINE[status], b"".join([b"%b: %b\r\n" % (name.lower(), value) for name, value in both])
        return made if any(name in PERSONAL for name, _ in both) else self._kept.keep(key, made)


def answered(
    cycle: RequestResponseCycle, heads: Heads, status: int, headers: Headers, always: Headers, body: bytes
) -> bool:
    """Whether the answer was written. False: nothing was, and it has to go ASGI's way."""
    try:
        usual = cycle.keep_alive and not (cycle.response_started or cycle.disconnected or cycle.flow.write_paused)
        is_head = cycle.scope["method"] == "HEAD"
        write, first, tell, done = cycle.transport.write, cycle.default_headers, cycle.message_event, cycle.on_response
    except AttributeError:  # as above
        return False
    written = heads.written(status, headers, always) if usual and not is_head else None
    if written is None:
        return False
    line, rest = written
    sent_first = b"".join([b"%b: %b\r\n" % one for one in first])
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    write(b"%b%b%bcontent-length: %d\r\n\r\n%b" % (line, sent_first, rest, len(body), body))
    tell.set()
    done()
    return True
