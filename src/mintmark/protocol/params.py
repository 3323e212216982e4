"""The parameters of a request, as they came (RFC 6749 §3.1, §3.2; RFC 6749 Appendix B)."""

from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from mintmark.protocol.errors import InvalidRequest

MOST = 200  # parameters in one request; the fullest real one has about thirty
MAY_REPEAT = frozenset({"resource"})  # RFC 8707 §2
# No secrets, and the same in request after request: what they decode to is remembered, where it is short.
THE_SAME = frozenset({"scope", "resource", "redirect_uri"})
SHORT, REMEMBERED = 300, 1_024  # characters; values


class Params:
    """Names and values of a form or query. An empty value is an absent one."""

    __slots__ = ("_values",)

    def __init__(self, values: dict[str, list[str]]) -> None:
        self._values = values

    @classmethod
    def read(cls, encoded: str) -> "Params":
        """Refuses what is not UTF-8, holds a NUL, or has too many parts. Repeats are kept: see `refuse_repeated`."""
        values: dict[str, list[str]] = {}
        if not encoded:
            return cls(values)
        if "\0" in encoded or "%00" in encoded:
            raise InvalidRequest("a parameter holds a NUL character", check="parameter NUL")
        pairs = encoded.split("&", MOST)
        if len(pairs) > MOST:
            raise InvalidRequest(f"more than {MOST} parameters", check="parameter count", expected=f"{MOST} at most")
        for pair in pairs:
            if not pair:  # `a=1&&b=2&` holds two parameters, and none that is repeated
                continue
            name, _, value = pair.partition("=")
            if "%" in name or "+" in name:
                name = decode(name)
            if "%" in value or "+" in value:
                value = _decoded(value) if name in THE_SAME and len(value) <= SHORT else decode(value)
            values.setdefault(name, []).append(value)
        return cls(values)

    def get(self, name: str) -> str | None:
        """The value; None where it is absent or empty. A repeated parameter is refused."""
        found = self._values.get(name)
        if found is None:
            return None
        if len(found) > 1:
            raise repeated(name)
        return found[0] or None

    def require(self, name: str) -> str:
        """The value, or `invalid_request`."""
        value = self.get(name)
        if value is None:
            raise InvalidRequest(f"{name} is missing", check="parameter", expected=name)
        return value

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a parameter that may repeat, without the empty ones."""
        return tuple(value for value in self._values.get(name, ()) if value)

    def sent(self, name: str) -> bool:
        """Whether the name stands there at all, empty or repeated."""
        return name in self._values

    def sent_none(self, names: frozenset[str]) -> bool:
        """Whether none of them stands there."""
        return names.isdisjoint(self._values)

    def is_repeated(self, name: str) -> bool:
        return len(self._values.get(name, ())) > 1

    def refuse_repeated(self) -> None:
        """A parameter, known or not, stands once (RFC 6749 §3.1); `resource` alone may repeat."""
        for name, values in self._values.items():
            if len(values) > 1 and name not in MAY_REPEAT:
                raise repeated(name)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((name, value) for name, values in self._values.items() for value in values)


def repeated(name: str) -> InvalidRequest:
    shown = name if name.isascii() and name.isprintable() and len(name) <= 40 else "a parameter"
    return InvalidRequest(f"{shown} is sent more than once", check="repeated parameter", got=name)


@lru_cache(REMEMBERED)
def _decoded(text: str) -> str:
    return decode(text)


def decode(text: str) -> str:
    """`application/x-www-form-urlencoded`, strictly UTF-8."""
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode("utf-8")
    except UnicodeError as error:
        raise InvalidRequest("a parameter is not UTF-8", check="parameter encoding", expected="UTF-8") from error
