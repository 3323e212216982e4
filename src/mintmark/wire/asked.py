"""What came in: one HTTP request as a value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from mintmark import languages
from mintmark.protocol.errors import InvalidRequest
from mintmark.protocol.params import Params

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)  # no slots: cookies are read once, when they are wanted
class Asked:
    method: str
    path: str
    query_string: bytes
    headers: Sequence[tuple[bytes, bytes]]  # names in lower case
    body: bytes
    address: str  # of the client; of the last untrusted hop where trusted proxies stand before us
    request_id: str

    @cached_property
    def _first(self) -> Mapping[bytes, bytes]:
        return dict(reversed(self.headers))

    def header(self, name: bytes) -> str | None:
        """The value, decoded as Latin-1; the first of several."""
        value = self._first.get(name)
        return None if value is None else value.decode("latin-1")

    def count(self, name: bytes) -> int:
        if len(self._first) == len(self.headers):  # every name stands once
            return int(name in self._first)
        return sum(given == name for given, _ in self.headers)

    def query(self) -> Params:
        try:
            return Params.read(self.query_string.decode("ascii"))
        except UnicodeDecodeError as error:
            raise InvalidRequest("the query is not percent-encoded", check="query encoding") from error

    def form(self) -> Params:
        """The body's parameters; `invalid_request` for another content type (RFC 6749 §3.2)."""
        content_type = self.header(b"content-type") or ""
        if content_type != FORM and content_type.partition(";")[0].strip().lower() != FORM:
            raise InvalidRequest(f"Content-Type must be {FORM}", check="content type", expected=FORM, got=content_type)
        try:
            return Params.read(self.body.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise InvalidRequest("the body is not UTF-8", check="body encoding", expected="UTF-8") from error

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """What the browser asks for, the most wanted first."""
        return languages.accepted(self.header(b"accept-language"))

    @cached_property
    def cookies(self) -> dict[str, str]:
        """Name to value; of a name that stands twice, the first."""
        found: dict[str, str] = {}
        for name, value in self.headers:
            if name == b"cookie":
                for pair in value.decode("latin-1").split(";"):
                    key, _, content = pair.strip().partition("=")
                    found.setdefault(key, content)
        return found
