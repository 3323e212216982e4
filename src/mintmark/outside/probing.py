"""How requests arrive at the server, told by itself to whoever holds its sealing key (keys/probe.py)."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from mintmark.keys import probe
from mintmark.outside import proxies, visit
from mintmark.outside.findings import Findings
from mintmark.outside.visit import Visitor

PATH = "/health/probe/"
FORGED = "203.0.113.9"  # RFC 5737: nobody's
WITHOUT_SETTINGS = (
    "whether the proxy is trusted, and how requests arrive behind it: run this where the server's own settings are"
)
Arrived = Mapping[str, Any]  # Any: JSON


def look(visitor: Visitor, found: Findings, sealing_key: bytes | None, moment: Callable[[], datetime]) -> None:
    """sealing_key: None, there are no settings of that issuer here."""
    if sealing_key is None:
        found.unseen.append(WITHOUT_SETTINGS)
        return
    plain, asked = _ask(visitor, sealing_key, moment()), moment()
    if not plain:
        why = "the server does not answer to this sealing key (MINTMARK_SEALING_KEYS), or its clock is minutes off"
        found.unseen.append(f"how requests arrive behind the proxy: {why}")
        return
    forged = _ask(visitor, sealing_key, moment(), {"x-forwarded-for": FORGED})
    _believed(found, plain, forged)
    _unchanged(visitor, found, plain)
    proxies.clock(found, datetime.fromtimestamp(plain["now"], UTC), asked)


def _ask(visitor: Visitor, key: bytes, now: datetime, headers: Mapping[str, str] | None = None) -> Arrived:
    given = {
        probe.HEADER: probe.signed(key, visitor.issuer, now),
        "authorization": "Bearer mintmark-check",
        **(headers or {}),
    }
    answer = visitor.ask("GET", f"{visitor.issuer}{PATH}?a=%2F&b=+", headers=given)
    return visit.document(answer) if answer is not None and answer.status_code == 200 else {}


def _believed(found: Findings, plain: Arrived, forged: Arrived) -> None:
    forwarded = plain["headers"].get("x-forwarded-for", [])
    peer = plain["peer"]
    if forged and forged["address"] == FORGED and not _through_two(forged):
        fault = "A forged X-Forwarded-For is believed: anybody can seem to come from anywhere."
        mending = "Let the first proxy set the header anew, and name no caller's network in MINTMARK_TRUSTED_PROXIES."
        found.fault("forged-address", fault, mending)
    elif forwarded and not plain["peer_is_trusted"]:
        fault = f"The proxy at {peer} is not trusted: throttles and networks see its address for every caller."
        found.fault("untrusted-proxy", fault, f"Put {peer} into MINTMARK_TRUSTED_PROXIES.")
    elif plain["peer_is_trusted"] and not forwarded:
        fault = f"The proxy at {peer} says nothing of who asks: throttles see its address for every caller."
        found.fault("no-forwarded-for", fault, "Let it send X-Forwarded-For with the caller's address.")


def _through_two(forged: Arrived) -> bool:
    """Who checks from a trusted proxy's own machine is believed, as a proxy should be."""
    hops = [hop.strip() for value in forged["headers"].get("x-forwarded-for", []) for hop in value.split(",")]
    return len(hops) > 1 and hops[-1] != FORGED


def _unchanged(visitor: Visitor, found: Findings, plain: Arrived) -> None:
    if plain["http_version"] == "1.0":
        fault = "The proxy speaks HTTP/1.0 to Mintmark: a new connection for each request."
        found.warn(
            "http-1.0", fault, 'Let it speak 1.1 (nginx: proxy_http_version 1.1; proxy_set_header Connection "").'
        )
    if plain["path"] != f"{visitor.path}{PATH}":
        fault = f"The path arrives as {plain['path']}, not as {visitor.path}{PATH}."
        found.fault("path-rewritten", fault, "Pass the path on as it came (nginx: proxy_pass without a path).")
    if plain["query"] != "a=%2F&b=+":
        fault = "The query arrives changed: signatures and state would not."
        found.fault("query-rewritten", fault, "Pass the query on as it came.")
    if not plain["authorization"]:
        fault = "The Authorization header does not arrive."
        found.fault("authorization-stripped", fault, "Pass Authorization on.")
