"""What came in: one HTTP request as a value."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

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

    def header(self, name: bytes) -> str | None:
        """The value, decoded as Latin-1; the first of several."""
        for given, value in self.headers:
            if given == name:
                return value.decode("latin-1")
        return None

    def count(self, name: bytes) -> int:
        return sum(given == name for given, _ in self.headers)

    def query(self) -> Params:
        try:
            return Params.read(self.query_string.decode("ascii"))
        except UnicodeDecodeError as error:
            raise InvalidRequest("the query is not percent-encoded") from error

    def form(self) -> Params:
        """The body's parameters; `invalid_request` for another content type (RFC 6749 §3.2)."""
        content_type = self.header(b"content-type") or ""
        if content_type.partition(";")[0].strip().lower() != FORM:
            raise InvalidRequest(f"Content-Type must be {FORM}", check="content type", expected=FORM)
        try:
            return Params.read(self.body.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise InvalidRequest("the body is not UTF-8") from error

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
