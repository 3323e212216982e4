"""Metadata and keys: what every client reads first (RFC 8414 §3, OIDC Discovery §4, RFC 7517)."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx2

from mintmark.outside import visit
from mintmark.outside.findings import Findings
from mintmark.outside.visit import Visitor

NAMES = ("openid-configuration", "oauth-authorization-server")
Document = Mapping[str, Any]  # Any: JSON
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "k"}


def look(visitor: Visitor, found: Findings) -> bool:
    """False: there is no Mintmark behind this address, or none that can be reached."""
    documents = [one for name in NAMES for one in _metadata(visitor, found, name) if one]
    if not documents:
        return _nothing_there(visitor, found)
    for document in documents:
        _issuer(visitor, found, document)
        _endpoints(visitor, found, document)
    first = documents[0]
    _keys(visitor, found, str(first.get("jwks_uri", f"{visitor.issuer}/.well-known/jwks.json")))
    return True


def _metadata(visitor: Visitor, found: Findings, name: str) -> Iterator[Document]:
    """By the form under the issuer, and by the inserted one at the root of the host (RFC 8414 §3.1)."""
    yield _read(visitor, found, f"{visitor.issuer}/.well-known/{name}")
    if not visitor.path:
        return
    url = f"{visitor.origin}/.well-known/{name}{visitor.path}"
    inserted = _read(visitor, found, url)
    if not inserted:
        fault = f"{url} is not there, where RFC 8414 clients look."
        found.fault("metadata-inserted", fault, "Pass /.well-known/ at the root of the host on to Mintmark too.")
    yield inserted


def _read(visitor: Visitor, found: Findings, url: str) -> Document:
    """Empty where there is none."""
    answer = visitor.ask("GET", url)
    if answer is None or answer.status_code != 200:
        return {}
    document = visit.document(answer)
    if document:
        cached(found, answer, "metadata")
    return document


def _nothing_there(visitor: Visitor, found: Findings) -> bool:
    stripped = visitor.get("/health/live") if visitor.path else None
    if visit.document(stripped).get("status") == "live":
        fault = f"The proxy takes {visitor.path} out of the path before it passes a request on."
        found.fault("path-stripped", fault, "Pass the path on as it is (nginx: proxy_pass without a path or slash).")
        return False
    answer = visitor.get("/.well-known/openid-configuration")
    if answer is None:
        found.fault("unreachable", "Nobody answers.", "See that the proxy listens, and that Mintmark runs behind it.")
    elif answer.status_code in (502, 503, 504):
        fault = f"The proxy answers {answer.status_code}: it does not reach Mintmark."
        found.fault("upstream", fault, "See that Mintmark runs, and that the proxy has its address and port.")
    elif answer.is_redirect:
        fault = f"The metadata is redirected to {answer.headers.get('location', '')[:200]}."
        found.fault("metadata-redirect", fault, "Answer at the issuer itself, which clients compare by character.")
    else:
        fault = f"There is no metadata document at {visitor.issuer}/.well-known/ (status {answer.status_code})."
        found.fault("metadata", fault, "Pass every path under the issuer on to Mintmark, as it came.")
    return False


def _issuer(visitor: Visitor, found: Findings, document: Document) -> None:
    issuer = document.get("issuer")
    if issuer == visitor.issuer:
        return
    fault = f"The metadata says the issuer is {issuer!r}, not {visitor.issuer!r}: clients compare by character."
    found.fault("issuer", fault, "Set MINTMARK_ISSUER to the address that clients use, or give them this one.")


def _endpoints(visitor: Visitor, found: Findings, document: Document) -> None:
    issuer = str(document.get("issuer"))
    for name, value in document.items():
        if name.endswith(("_endpoint", "jwks_uri")) and not str(value).startswith(f"{issuer}/"):
            fault = f"{name} is {str(value)[:200]}, which is not under the issuer."
            found.fault("rewritten", fault, "Let the proxy leave bodies alone (no sub_filter, no rewriting).")


def _keys(visitor: Visitor, found: Findings, url: str) -> None:
    answer = visitor.ask("GET", url)
    keys = visit.document(answer).get("keys")
    if answer is None or answer.status_code != 200 or not isinstance(keys, list) or not keys:
        fault = f"The keys cannot be read at {url}: no API can verify a token."
        found.fault("jwks", fault, "Pass /.well-known/jwks.json on to Mintmark, and see mintmark keys list.")
        return
    kids = [key.get("kid") for key in keys if isinstance(key, Mapping)]
    if len(kids) < len(keys) or None in kids or len(set(kids)) < len(kids):
        found.fault("jwks-kid", "A key has no kid, or two have the same.", "Let the proxy leave bodies alone.")
    if any(PRIVATE & key.keys() for key in keys if isinstance(key, Mapping)):
        fault = "The keys are published with their private halves."
        found.fault("jwks-private", fault, "Run mintmark keys rotate --emergency, and find out who serves this file.")
    cached(found, answer, "jwks")


def cached(found: Findings, answer: httpx2.Response, what: str) -> None:
    """It may be kept for as long as Mintmark says, and no longer."""
    control = visit.values(answer, "cache-control")
    said = ", ".join(control)
    if len(control) != 1 or "public" not in said or "max-age=" not in said:
        fault = f"Cache-Control of the {what} is {said or 'missing'}, not the public, max-age=… that Mintmark sends."
        found.fault(f"{what}-cache", fault, "Let the proxy pass Cache-Control on (nginx: no expires, no add_header).")
