"""Requests to the server as a client sends them: redirects are looked at and never followed, cookies never kept."""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2

PATIENCE = 10.0  # seconds for one answer


class BadResolve(ValueError):
    """A `--resolve` that is none."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a host is asked for instead of what its name resolves to. None: the port of the URL."""

    address: str
    port: int | None = None


def read_places(texts: Sequence[str]) -> dict[tuple[str, int | None], Place]:
    """`host:address`, `host:port:address` or `host:port:address:port`; an IPv6 address in brackets."""
    found: dict[tuple[str, int | None], Place] = {}
    for text in texts:
        words = _words(text)
        try:
            match words:
                case [host, address]:
                    found[host, None] = Place(address)
                case [host, port, address]:
                    found[host, int(port)] = Place(address)
                case [host, port, address, other]:
                    found[host, int(port)] = Place(address, int(other))
                case _:
                    raise ValueError
        except ValueError:
            raise BadResolve(
                f"--resolve {text} must be such as id.example.org:192.0.2.7 or id.example.org:443:192.0.2.7:8443"
            ) from None
    return found


def _words(text: str) -> list[str]:
    words: list[str] = []
    while text:
        if text.startswith("["):
            word, _, rest = text[1:].partition("]")
            text = rest.removeprefix(":")
        else:
            word, _, text = text.partition(":")
        words.append(word)
    return words if all(words) else []


@dataclass(slots=True)
class Visitor:
    """Asks one server. A certificate that is none is told elsewhere, and keeps nobody from looking at the rest."""

    issuer: str
    places: Mapping[tuple[str, int | None], Place] = field(default_factory=dict)
    ca: str | None = None  # a PEM bundle trusted instead of the system's
    source: str | None = None  # of our own addresses the one to ask from
    _client: httpx2.Client | None = None

    def __enter__(self) -> "Visitor":
        unverified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
        transport = httpx2.HTTPTransport(verify=unverified, trust_env=False, local_address=self.source)
        agent = {"user-agent": "mintmark check --public"}
        self._client = httpx2.Client(transport=transport, trust_env=False, timeout=PATIENCE, headers=agent)
        return self

    def __exit__(self, *raised: object) -> None:
        if self._client is not None:
            self._client.close()

    @property
    def host(self) -> str:
        return urlsplit(self.issuer).hostname or ""

    @property
    def origin(self) -> str:
        return self.issuer.removesuffix(self.path)

    @property
    def path(self) -> str:
        return urlsplit(self.issuer).path

    @property
    def is_https(self) -> bool:
        return self.issuer.startswith("https://")

    @property
    def port(self) -> int:
        return urlsplit(self.issuer).port or (443 if self.is_https else 80)

    def place(self, port: int) -> tuple[str, int]:
        """Where to connect to."""
        found = self.places.get((self.host, port)) or self.places.get((self.host, None))
        return (self.host, port) if found is None else (found.address, found.port or port)

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        form: Mapping[str, str] | None = None,
    ) -> httpx2.Response | None:
        """The answer; None: there is none. Cookies of before are not sent."""
        assert self._client is not None  # noqa: S101  it was entered
        parts = httpx2.URL(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address, at = self.place(port)
        extensions: dict[str, Any] = {"sni_hostname": parts.host}  # Any: httpx2's own
        given = {"host": parts.netloc.decode(), **(headers or {})}
        asked = self._client.build_request(
            method,
            parts.copy_with(host=address, port=at),
            headers=given,
            content=content,
            data=form,
            extensions=extensions,
        )
        self._client.cookies.clear()
        try:
            return self._client.send(asked)
        except (httpx2.TransportError, httpx2.DecodingError, OSError):
            return None

    def get(self, path: str, **headers: str) -> httpx2.Response | None:
        """Of a path under the issuer's; `accept_encoding="gzip"` is the header of that name."""
        return self.ask("GET", self.issuer + path, headers=_names(headers))

    def post(self, path: str, form: Mapping[str, str], **headers: str) -> httpx2.Response | None:
        return self.ask("POST", self.issuer + path, form=form, headers=_names(headers))


def _names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def is_json(answer: httpx2.Response | None) -> bool:
    return answer is not None and answer.headers.get("content-type", "").split(";")[0].strip() == "application/json"


def document(answer: httpx2.Response | None) -> Mapping[str, Any]:  # Any: JSON
    """The JSON object of an answer; empty where it is none."""
    try:
        found = None if answer is None else answer.json()
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}


def values(answer: httpx2.Response, name: str) -> list[str]:
    """Each header of the name, as it was sent."""
    return [value for key, value in answer.headers.multi_items() if key == name]
