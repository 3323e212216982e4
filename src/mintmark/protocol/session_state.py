"""The session state that a client's page compares, without asking us (OIDC Session Management §2, §3.2)."""

import re
from hashlib import sha256
from urllib.parse import urlsplit

_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")


def origin(redirect_uri: str) -> str | None:
    """As a browser names the origin of that page (RFC 6454 §6.1); None: no page of the web."""
    try:
        parts = urlsplit(redirect_uri)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not _HOST.fullmatch(host):
        return None
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" if port in (None, _PORTS[parts.scheme]) else f"{parts.scheme}://{host}:{port}"


def state(client_id: str, origin: str, browser_state: str, salt: str) -> str:
    """`session_state`: what the script of `check_session_iframe` computes again. browser_state: "" where none is."""
    told = f"{client_id} {origin} {browser_state} {salt}"
    return f"{sha256(told.encode()).hexdigest()}.{salt}"
