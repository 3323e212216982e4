"""The issuer: a URL that is compared character by character, so there is one way to write it (RFC 8414 §2, §3.3)."""

import re
from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

_DEFAULT_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")  # the path of doors and cookies: nothing that is written in two ways


def check(text: str) -> str:
    """Raises ValueError with a sentence that fits behind the setting's name."""
    fault = next(_faults(text), None)
    if fault:
        raise ValueError(f"must be such as https://id.example.org or https://example.org/id; {fault}")
    return text


def _faults(text: str) -> Iterator[str]:
    """Each looks only at what the ones before it have passed."""
    if not text.startswith(("https://", "http://")):
        yield "it begins with https://"
    if not re.fullmatch(r"[!-~]+", text) or "\\" in text:
        yield "a character in it belongs in no URL"
    if "?" in text or "#" in text:
        yield "it has no query and no fragment"
    if text.endswith("/"):
        yield "it has no trailing slash"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        yield "its host or its port is none"
    else:
        yield from _faults_of_parts(parts, port)


def _faults_of_parts(parts: SplitResult, port: int | None) -> Iterator[str]:
    host = parts.hostname or ""
    if "@" in parts.netloc:
        yield "it has no user name and no password"
    if parts.netloc != parts.netloc.lower():
        yield "its host is written in lower case"
    if not _HOST.fullmatch(host) and not _is_bracketed_address(parts.netloc, host):
        yield "its host is a name or an address"
    if parts.netloc.endswith(":") or port == 0 or port == _DEFAULT_PORTS[parts.scheme]:
        yield "its port stands there only if it is not the scheme's own"
    if not _PATH.fullmatch(parts.path) or {".", ".."} & set(parts.path.split("/")):
        yield "its path has only letters, digits, and . _ ~ - between single slashes"
    if parts.scheme == "http" and not is_loopback(host):
        yield "http is for localhost and loopback addresses only"


def _is_bracketed_address(netloc: str, host: str) -> bool:
    return netloc.startswith("[") and "%" not in host and is_address(host)


def is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether what listens there is reached from this machine only (RFC 8252 §7.3)."""
    return host == "localhost" or (is_address(host) and ip_address(host).is_loopback)


@lru_cache(16)  # a process has one issuer, tests have several; every request asks
def cookie_name(issuer: str) -> str:
    """Of the cookie on http: two servers on one loopback host are told apart by it."""
    return f"mintmark-{sha256(issuer.encode()).hexdigest()[:8]}"
