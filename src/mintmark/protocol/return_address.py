"""The only way to get an address to redirect to: one that the client registered (RFC 9700 §2.1, §4.1.3)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from mintmark.protocol.errors import UntrustedRequest
from mintmark.texts import _

# Loopback addresses of native apps: the port is free, each name stands only for itself (RFC 8252 §7.3).
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|\[::1\]|localhost)(?::[0-9]{1,5})?(/[^#]*|\?[^#]*|)")
_URI = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")  # RFC 3986 §2: no space, no backslash, no quotes
# What no browser reads in another way, and what may stand in a policy for browsers: no `%2e`, no `;`.
_HOST = re.compile(r"[A-Za-z0-9._-]+")
_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?=/|$)", re.IGNORECASE)
LONGEST = 2048


@dataclass(frozen=True, slots=True)
class ReturnAddress:
    """A redirect URI that stands, letter by letter, among those that the client registered."""

    uri: str

    @classmethod
    def read(cls, sent: str | None, registered: Iterable[str]) -> "ReturnAddress":
        """A page for whatever is not registered, or was not sent: we would not know whom to answer."""
        if sent is None:
            raise UntrustedRequest("redirect_uri is missing", check="redirect_uri", expected=_known(registered))
        if not is_registered(sent, registered):
            raise UntrustedRequest(
                _("The return address is not one that this app has registered."),
                check="redirect_uri",
                expected=_known(registered),
                got=sent,
            )
        return cls(sent)

    @classmethod
    def after_logout(cls, sent: str, registered: Iterable[str]) -> "ReturnAddress":
        """Where a browser may go once its session is over (OIDC RP-Initiated Logout §3): else a page."""
        if not is_registered(sent, registered):
            raise UntrustedRequest(
                _("The address to go on to is not one that this app has registered for it."),
                check="post_logout_redirect_uri",
                expected=_known(registered),
                got=sent,
            )
        return cls(sent)

    @property
    def is_native(self) -> bool:
        """A loopback or private-use scheme address: any program of the machine could stand behind it."""
        return self.is_loopback or not self.uri.startswith(("https://", "http://"))

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.uri)

    @property
    def host(self) -> str:
        """What the person is shown: the host, or the scheme of an app, which chooses what looks like a host itself."""
        parts = urlsplit(self.uri)
        return (parts.hostname if parts.scheme in ("http", "https") else None) or f"{parts.scheme}:"

    @property
    def form_action(self) -> str:
        """The source for a `form-action` directive: Chromium applies it to the redirects after a POST too."""
        parts = urlsplit(self.uri)
        if parts.scheme not in ("http", "https") or not _HOST.fullmatch(parts.hostname or ""):
            return f"{parts.scheme}:"  # an IPv6 address is no source that the directive knows (CSP3 §2.3.1)
        return f"{parts.scheme}://{parts.netloc}"

    def with_query(self, answer: Iterable[tuple[str, str]]) -> str:
        """The registered query stays as it is (RFC 6749 §3.1.2)."""
        joint = "&" if "?" in self.uri else "?"
        return f"{self.uri}{joint}{encoded(answer)}"

    def with_fragment(self, answer: Iterable[tuple[str, str]]) -> str:
        return f"{self.uri}#{encoded(answer)}"


def is_loopback(uri: str) -> bool:
    """An address of this machine, at whatever port (RFC 8252 §7.3)."""
    return _LOOPBACK.fullmatch(uri) is not None


def web_host(uri: str) -> str | None:
    """The host of a registered address; None: any program of the machine could stand behind it."""
    return None if ReturnAddress(uri).is_native else urlsplit(uri).hostname


def _known(registered: Iterable[str]) -> str:
    return "exactly one of: " + (" ".join(registered) or "none is registered")


def encoded(answer: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in answer)


def is_registered(sent: str, registered: Iterable[str]) -> bool:
    """Exactly equal; of a loopback address the port alone is free."""
    if len(sent) > LONGEST or not _URI.fullmatch(sent) or "#" in sent:
        return False
    loopback = _LOOPBACK.fullmatch(sent)
    for address in registered:
        if sent == address:
            return True
        if loopback is not None and (other := _LOOPBACK.fullmatch(address)) and loopback.groups() == other.groups():
            return _port_is_possible(sent)
    return False


def refused_at_registration(uri: str, *, native: bool) -> str | None:
    """Why an address may not be registered; None: it may (RFC 9700 §4.1, RFC 8252 §7.1)."""
    if len(uri) > LONGEST or not _URI.fullmatch(uri):
        return f"is longer than {LONGEST} characters, or holds one that no URI has (RFC 3986 §2)"
    if "#" in uri or "*" in uri:
        return "holds a fragment or a wildcard"
    try:
        parts = urlsplit(uri)
        if parts.port == 0 or "@" in parts.netloc:
            return "holds user information or port 0"
    except ValueError:
        return "is not a URI"
    if _DOT_SEGMENT.search(parts.path):
        return "holds dot segments"
    return _refused_scheme(uri, parts.scheme, parts.hostname, native=native)


def _refused_scheme(uri: str, scheme: str, host: str | None, *, native: bool) -> str | None:
    if scheme == "https":
        return None if host and (_HOST.fullmatch(host) or ":" in host) else "has no host that is a name or an address"
    if scheme == "http":
        return None if _LOOPBACK.fullmatch(uri) else "is http, which only loopback addresses may be"
    if not native or "." not in scheme:
        return "has a scheme that is neither https nor an app's own with a dot in it (RFC 8252 §7.1)"
    return None


def _port_is_possible(uri: str) -> bool:
    authority = uri.removeprefix("http://").partition("/")[0].partition("?")[0]
    port = authority.rpartition(":")[2]
    return not port.isdigit() or 0 < int(port) < 65536
